# SPDX-License-Identifier: MIT
"""Programs for guests, linked statically: a ramdisk needs nothing else to run them."""

import os
import subprocess


def program(build, source, *flags):
    """The path of the compiled C source; compiled again when it is newer."""
    path = build / "linux" / "programs" / source.stem
    if not path.exists() or path.stat().st_mtime < source.stat().st_mtime:
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(f".{os.getpid()}")
        subprocess.run(["gcc", "-std=gnu11", "-O2", "-Wall", "-Wextra", "-Werror", "-static",
                        *flags, "-o", part, source], check=True)
        part.rename(path)
    return path
