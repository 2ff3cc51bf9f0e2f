#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Who uses which hypercall: traces of guests' whole lives, as hypercall-abi/users.txt.

Without arguments it writes that file anew: Debian's kernel from its first instruction to
its end, and mini-os. The index of hypercalls (`make docs`) has its column from there.
"""

import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests" / "lib"), str(ROOT / "tests" / "linux")]

import images  # noqa: E402
from guest import Guest  # noqa: E402
from machine import default_build  # noqa: E402
from tool import ToolMachine  # noqa: E402

FILE = ROOT / "hypercall-abi" / "users.txt"
KERNEL = "linux-image-cloud-amd64"
SECONDS = 120
ROOM = "8192"  # KiB for records of each CPU: nothing of a boot is lost
SCRIPT = """
dd if=/dev/zero bs=64k count=16 2>/dev/null | md5sum
echo userland
poweroff -f
"""
# What a request of mmu_update is called, by what the trace has behind its address.
REQUESTS = {"": "MMU_NORMAL_PT_UPDATE", " machphys": "MMU_MACHPHYS_UPDATE",
            " keep-ad": "MMU_PT_UPDATE_PRESERVE_AD",
            " untranslated": "MMU_PT_UPDATE_NO_TRANSLATE"}


def used(text):
    """The hypercalls and commands in a trace."""
    text = "\n".join(line for line in text.splitlines() if ", before 0x" not in line)
    names = set(re.findall(r"^ *[\d.]+ d\d+v\d+ +([a-z_0-9]+)\(.*\) = ", text, re.MULTILINE))
    names |= set(re.findall(r"[({ ,=]((?!DOMID)[A-Z]+[A-Z0-9]*_\w*[a-z]\w*|MMUEXT_\w+)", text))
    names |= {REQUESTS[kind] for kind in re.findall(r"\{ptr=0x[0-9a-f]+([a-z -]*),", text)}
    return names


def _free(machine):
    return machine.json("info")["memory"]["free_kib"]


def _trace(machine, name, folder, kinds):
    """Starts tracing the paused domain `name` and lets it run: (process, file)."""
    path = folder / f"{name}.trace"
    before = _free(machine)
    with open(path, "w", encoding="utf-8") as out:
        process = machine.popen("trace", name, "-c", kinds, "-S", ROOM, stdout=out)
    deadline = time.monotonic() + SECONDS
    while _free(machine) == before:  # the rings are made
        if time.monotonic() > deadline or process.poll() is not None:
            raise TimeoutError(f"{name} is not traced")
    time.sleep(0.5)
    machine.run("unpause", name)
    return process, path


def trace_linux(folder, kinds="calls,faults,emulation,events"):
    """The trace of Debian's kernel, as text."""
    build = default_build()
    ramdisk = images.ramdisk(folder / "initrd.gz", SCRIPT)
    kernel = next(images.kernel_folder(build, KERNEL).glob("boot/vmlinuz*"))
    with ToolMachine(smp=2, memory=1024, append="dom0_mem=128M", log=folder / "machine.log") \
            as machine, Guest(machine, folder, kernel, ramdisk, vcpus=2, create=("-p",)) as guest:
        deadline = time.monotonic() + SECONDS
        while machine.call("domid", guest.name).returncode:
            if time.monotonic() > deadline:
                raise TimeoutError("the domain is not created")
            time.sleep(0.1)
        process, path = _trace(machine, guest.name, folder, kinds)
        guest.wait_for("^userland", SECONDS)
        if process.wait(SECONDS):
            raise RuntimeError(process.stderr.read())
    return path.read_text(encoding="utf-8")


def trace_mini_os(folder, guest="stress.cfg"):
    """The trace of a guest on mini-os."""
    with ToolMachine(smp=2, log=folder / "machine.log") as machine:
        machine.run("create", "-p", "-q", guest)
        process, path = _trace(machine, guest.split(".")[0], folder, "calls")
        process.wait(SECONDS)
    return path.read_text(encoding="utf-8")


def linux_version():
    """As in "Linux 6.1"."""
    kernel = next(images.kernel_folder(default_build(), KERNEL).glob("boot/vmlinuz*"))
    return "Linux " + ".".join(kernel.name.split("-")[1].split(".")[:2])


def read():
    """{name: users} of the file."""
    rows = [line.split("\t") for line in FILE.read_text(encoding="utf-8").splitlines()
            if not line.startswith("#")]
    return {name: users.split(", ") for name, users in rows}


def main():
    """What an earlier trace has shown of the same version stays: not each shows all, such as
    flushes of TLBs of vCPUs that must just be running."""
    listed = read()
    with tempfile.TemporaryDirectory() as folder:
        traces = {linux_version(): used(trace_linux(Path(folder))),
                  "mini-os": used(trace_mini_os(Path(folder)))}
    for who, names in traces.items():
        names.update(name for name in listed if who in listed[name])
    names = sorted(set().union(*traces.values()))
    rows = [f"{name}\t{', '.join(who for who in traces if name in traces[who])}\n"
            for name in names]
    FILE.write_text("# Who uses what, by traces of their lives: tests/linux/users.py\n"
                    + "".join(rows), encoding="utf-8")
    subprocess.run(["git", "-C", str(ROOT), "diff", "--stat", str(FILE)], check=False)


if __name__ == "__main__":
    main()
