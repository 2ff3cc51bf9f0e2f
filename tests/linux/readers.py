# SPDX-License-Identifier: MIT
"""crash(8) and gdb(1) on a core of a domain, with the kernel's file that has the debugging
information: fetched through apt (280 MB, 590 MB unpacked; crash 4 MB)."""

import os
import re
import shutil
import subprocess

import images

ROOM = 2 << 30  # bytes that unpacking takes on the disk


def debug_file(build, meta):
    """Path of vmlinux with debugging information, of just the kernel that images has."""
    version = next(images.kernel_folder(build, meta).glob("boot/vmlinuz-*")).name[8:]
    folder = build / "linux" / f"debug-{version}"
    if not folder.exists():
        free = shutil.disk_usage(build).free
        assert free > ROOM, f"{free >> 20} MiB are free for {build}, {ROOM >> 20} are needed"
        images.unpack(f"linux-image-{version}-dbg", folder, "./usr/lib/debug/boot/vmlinux*")
    return next(folder.glob("usr/lib/debug/boot/vmlinux*"))


def _libraries(build):
    """Folders with the libraries of crash that a small system has not got."""
    out = subprocess.run(["apt-cache", "depends", "--no-recommends", "crash"], check=True,
                         capture_output=True, text=True).stdout
    names = set(re.findall(r"^ +Depends: (lib\S+)", out, re.MULTILINE))
    names -= {"libc6", "libgcc-s1", "libstdc++6"}
    return [folder for name in sorted(names)
            for folder in (images.package(build, name)).glob("*/lib/x86_64-linux-gnu")]


def crash(build, vmlinux, core, *commands):
    """What crash says to the commands."""
    program = images.package(build, "crash") / "usr/bin/crash"
    script = core.with_name("commands")
    script.write_text("\n".join([*commands, "quit"]) + "\n")
    environment = {**os.environ, "LD_LIBRARY_PATH": ":".join(map(str, _libraries(build)))}
    done = subprocess.run([program, "-s", "-i", script, vmlinux, core], capture_output=True,
                          text=True, timeout=300, check=False, env=environment,
                          stdin=subprocess.DEVNULL)
    return done.stdout + done.stderr


def gdb(vmlinux, core, *commands):
    """What gdb says to the commands."""
    words = [word for command in ("set pagination off", *commands) for word in ("-ex", command)]
    done = subprocess.run(["gdb", "-nx", "-batch", *words, vmlinux, core], capture_output=True,
                          text=True, timeout=300, check=False, stdin=subprocess.DEVNULL)
    return done.stdout


def backtrace(text, pattern=r"^ *#\d+ +(?:\[\w+\] |0x\w+ in )?(\w+)"):
    """The functions of a backtrace, the innermost first."""
    return re.findall(pattern, text, re.MULTILINE)
