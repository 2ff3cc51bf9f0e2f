# SPDX-License-Identifier: MIT
"""Single programs of Debian's packages, with the shared libraries that they need and
nothing else of all that their packages depend on."""

import re
import subprocess
from pathlib import Path

import images
import packages

LOADER = "usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2"


def _needed(path):
    out = subprocess.run(["objdump", "-p", path], check=True, capture_output=True, text=True).stdout
    return re.findall(r"NEEDED +(\S+)", out)


def programs(build, names, *paths):
    """{path: file} for images.ramdisk(): the programs at `paths` of the packages `names`."""
    tree = packages.tree(build, names)
    libraries = {Path(path).name: (path, file) for path, file in tree.items()
                 if re.fullmatch(r"usr/lib/x86_64-linux-gnu/[^/]+\.so[^/]*", path)}
    found = {name: f"usr/{name}" for name in images.MERGED}
    found.update({path: tree[path] for path in paths})
    found["usr/lib64/ld-linux-x86-64.so.2"] = tree[LOADER].resolve()
    todo = [name for path in paths for name in _needed(tree[path])]
    while todo:
        path, file = libraries[todo.pop()]
        if path not in found:
            found[path] = file.resolve()
            todo += _needed(file)
    return found
