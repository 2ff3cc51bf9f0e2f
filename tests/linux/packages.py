# SPDX-License-Identifier: MIT
"""Root file systems of Debian's packages: the named ones and all that they depend on, their
files as packaged, without what only a reader of documentation needs. No script of a package
is run, so what such scripts make (alternatives, /etc/passwd, caches) is not there."""

import re
import subprocess

import images

DOCUMENTATION = re.compile(r"usr/share/(doc|doc-base|man|info|locale|lintian|bug|help|menu|zsh|"
                           r"bash-completion|applications|icons|pixmaps|i18n/charmaps)/")
ROW = re.compile(r"(?P<package>\S+)$|"
                 r"  ?(?P<either>\|| )(?:Pre)?Depends: (?P<needs>\S+)$|"
                 r"    (?P<provider>\S+)$")
LEFT_OUT = [f"--no-{kind}" for kind in
            ("recommends", "suggests", "conflicts", "breaks", "replaces", "enhances")]


def _graph(names):
    """What each package depends on, as read from apt: the first of alternatives, and the
    first that provides a package that is only a name."""
    out = subprocess.run(["apt-cache", "depends", "--recurse", *LEFT_OUT, *names], check=True,
                         capture_output=True, text=True).stdout
    graph, needs, settled = {}, [], False
    for row in filter(None, map(ROW.match, out.splitlines())):
        if row["package"]:
            needs, settled = graph.setdefault(row["package"], []), False
        elif row["needs"]:
            if not settled:
                needs.append(row["needs"])
            settled = row["either"] == "|"
        elif needs and needs[-1].startswith("<"):
            needs[-1] = row["provider"]
    return graph


def closure(names, without=()):
    """The names and all packages that they depend on, but not the packages `without` nor what
    only those depend on."""
    graph = _graph(names)
    found, todo = set(), list(names)
    while todo:
        name = todo.pop()
        if name not in found and name not in without and not name.startswith("<"):
            found.add(name)
            todo += graph.get(name, [])
    return sorted(found)


def tree(build, names, without=()):
    """{path: file} for images.ramdisk() of packages with what they depend on; /usr is
    merged, as Debian's is."""
    files = {name: f"usr/{name}" for name in images.MERGED}
    for folder in images.packages(build, closure(names, without)):
        for path in sorted(folder.rglob("*")):
            inside = images.merged(str(path.relative_to(folder)))
            if (path.is_symlink() or not path.is_dir()) and not DOCUMENTATION.match(inside):
                files[inside] = path
    return files
