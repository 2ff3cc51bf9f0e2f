# SPDX-License-Identifier: MIT
"""Programs for guests, of 64 and of 32 bits, compiled by the host's gcc; for 32 bits with
Debian's libraries for it, which are unpacked below the build folder."""

import os
import subprocess
from pathlib import Path

import images

SOURCES = Path(__file__).with_name("programs")
FLAGS = ["-std=gnu11", "-Wall", "-Wextra", "-Werror", "-g", "-fno-stack-protector", "-fno-pie",
         "-no-pie"]
MACHINE_CODE = ["run_code.c", "run_code.h", "pieces.def"]


def libraries32(build):
    """The folder with the 32-bit C library, and gcc's flags to compile and link with it."""
    gcc = next((images.package(build, "lib32gcc-12-dev") / "usr/lib/gcc").glob("*/*/32"))
    develop = images.package(build, "libc6-dev-i386") / "usr"
    return ["-m32", "-isystem", develop / "include/x86_64-linux-gnu",
            "-idirafter", "/usr/include/x86_64-linux-gnu",
            *(f"-{option}{folder}/" for option in "BL" for folder in (develop / "lib32", gcc))]


def shared32(build):
    """{path in a ramdisk: file} of the 32-bit C library and its loader."""
    folder = images.package(build, "libc6-i386") / "lib32"
    return {"lib/ld-linux.so.2": folder / "ld-linux.so.2", "lib32/libc.so.6": folder / "libc.so.6"}


def _link(build, bits, shared):
    if bits == 64:
        return ["-static"]
    flags = libraries32(build)
    if not shared:
        return [*flags, "-static"]
    return [*flags, "-nodefaultlibs", "-Wl,--dynamic-linker=/lib/ld-linux.so.2",
            *shared32(build).values(), "-l:libc_nonshared.a", "-l:libgcc.a"]


def program(build, name, bits=64, optimize="-O1", shared=False):
    """The path of programs/NAME.c compiled, statically unless `shared` (32 bits only)."""
    own = SOURCES / f"{name}.c"
    sources = [own, *(SOURCES / part for part in MACHINE_CODE
                      if '"run_code.h"' in own.read_text())]
    path = build / "linux" / "programs" / f"{name}{bits}{'.shared' if shared else ''}"
    newest = max(source.stat().st_mtime for source in sources)
    if not path.exists() or path.stat().st_mtime < newest:
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(f".{os.getpid()}")
        code = [source for source in sources if source.suffix == ".c"]
        subprocess.run(["gcc", *FLAGS, optimize, *code, "-o", part,
                        *_link(build, bits, shared)], check=True)
        part.rename(path)
    return path
