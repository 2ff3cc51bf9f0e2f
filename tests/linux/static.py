# SPDX-License-Identifier: MIT
"""Programs for guests, linked statically: a ramdisk needs nothing else to run them."""

import os
import subprocess
from pathlib import Path


def program(build, source, *flags):
    """The path of a compiled C source, or of the program that a folder's sources are; they
    are compiled again when any source of such programs is newer."""
    sources = sorted(source.glob("*.c")) if source.is_dir() else [source]
    newest = max(path.stat().st_mtime for path in Path(__file__).parent.rglob("*.[ch]"))
    path = build / "linux" / "programs" / source.stem
    if not path.exists() or path.stat().st_mtime < newest:
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(f".{os.getpid()}")
        subprocess.run(["gcc", "-std=gnu11", "-O2", "-Wall", "-Wextra", "-Werror", "-static",
                        *flags, "-o", part, *sources], check=True)
        part.rename(path)
    return path
