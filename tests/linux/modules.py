# SPDX-License-Identifier: MIT
"""Modules compiled for Debian's kernels against the headers that Debian ships, which are
unpacked below the build folder."""

import os
import re
import shutil
import subprocess

import images


def headers(build, meta):
    """The build folder of a kernel, in a tree with all that it refers to; made once."""
    version = next(images.kernel_folder(build, meta).glob("boot/vmlinuz-*")).name[8:]
    tree = build / "linux" / f"headers-{version}"
    if not tree.exists():
        _unpack(build, f"linux-headers-{version}", tree)
    return tree / "usr/src" / f"linux-headers-{version}"


def _unpack(build, package, tree):
    out = subprocess.run(["apt-cache", "depends", "--no-recommends", package], check=True,
                         capture_output=True, text=True).stdout
    others = re.findall(r"Depends: (linux-headers-\S+-common\S*|linux-kbuild-\S+)", out)
    part = tree.with_name(f"{tree.name}.{os.getpid()}")
    for name in [package, *others]:
        shutil.copytree(images.package(build, name) / "usr", part / "usr", symlinks=True,
                        dirs_exist_ok=True)
    # Debian's file names an absolute path.
    common = next(name for name in others if "common" in name)
    makefile = part / "usr/src" / package / "Makefile"
    makefile.write_text(f"include {tree}/usr/src/{common}/Makefile\n")
    part.rename(tree)


def compile_module(build, source, folder, meta="linux-image-amd64"):
    """Compiles the folder `source` with its Kbuild in the new folder `folder`. Returns the
    path of the module that is named as the source's folder."""
    shutil.copytree(source, folder)
    done = subprocess.run(["make", "-C", headers(build, meta), f"M={folder}", "CC=gcc-12",
                           "modules"], env={"PATH": os.environ["PATH"]}, capture_output=True,
                          text=True, check=False)
    if done.returncode:
        raise RuntimeError(done.stdout + done.stderr)
    return folder / f"{source.name}.ko"
