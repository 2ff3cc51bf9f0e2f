#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Debian's Linux, its kernel file exactly as packaged, as a guest of Pavise and of Debian's
Xen 4.17, and without a hypervisor: the same kernel and ramdisk in the same QEMU with
-icount. Figures are virtual time in ns, which is instructions and waiting.

`create` of Pavise twice: of a kernel in the machine's own ramdisk, which it unpacks itself
(create-here), as xl does; and of files that the program `pavise` sends (create, what users
do), with all that domain 0 does to receive them: its processor time, which is instructions
alone.

Exit status: 0; 1 when a row misses its aim and --check is given; 2 when a machine did not
get through.
"""

import argparse
import re
import subprocess
import sys
import time
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS / "lib"), str(TESTS / "linux")]

import cpio  # noqa: E402
import images  # noqa: E402
import xl  # noqa: E402
from machine import Ended, Machine, Timeout, default_build  # noqa: E402
from tool import Failed, ToolMachine  # noqa: E402

from run import ICOUNT  # noqa: E402
from tool_bench import MEMORY, bench_rows, rows_of  # noqa: E402

CPU = "max,smap=off"
# The most that ours may be of theirs; 1 for all others, which are mostly the guest's own
# work, such as clearing pages.
AIMS = {name: 0.8 for name in ("fork-exit", "fork-exec", "page-fault", "context-switch-by-pipe",
                               "mmap-munmap-256-pages", "munmap-256-pages", "system-call")}
AIMS.update({"create-to-userland": 0.6, "create-2": 0.05, "create-2-here": 0.05})
# Names of Xen's rows where they differ: xl has one way.
XEN_ROWS = {"create-here": "create", "create-2-here": "create-2",
            "create-here-to-userland": "create-to-userland"}

GUEST_SCRIPT = """
ticks now userland
rows
ticks run compile tcc -c /work.c -o /tmp/work.o
ticks run compile-again tcc -c /work.c -o /tmp/work.o
ticks run shell sh -c 'for i in 1 2 3 4 5 6 7 8; do ls /proc | md5sum; done >/dev/null'
echo BENCH over
poweroff -f
"""
CONFIG = """
kernel = "/vmlinuz"
ramdisk = "/guest.cpio.gz"
memory = 256
vcpus = 1
cmdline = "console=hvc0 quiet panic=-1 norandmaps"
"""
# A first domain, whose kernel must be unpacked; then a second, which is not started.
XL_SCRIPT = """
cat >/linux.cfg <<END
{config}
tsc_mode = "native"
END
ticks run create xl create -p -q linux.cfg 'name="linux"'
ticks now unpaused
xl unpause linux
until grep -q 'BENCH over' {logs}/guest-linux.log; do sleep 1; done
grep BENCH {logs}/guest-linux.log
sleep 1
ticks run create-2 xl create -p -q linux.cfg 'name="second"'
echo "BENCH end 0"
poweroff -f
"""
PAVISE_SCRIPT = """
time create-here create -p -q /linux.cfg name=linux on_poweroff="preserve"
now unpaused
run unpause linux
until "BENCH over" console linux
run destroy linux
time create-2-here create -p -q /linux.cfg name=second
run destroy second
"""


def work_to_compile():
    """A C program that includes nothing."""
    function = """
static int f{n}(int *a, int b) {{
    int sum = {n};
    for (int i = 0; i < b; i++) {{
        if (a[i] % 3 == {n} % 3) sum += a[i] * {n}; else sum ^= i << 2;
        switch (sum & 3) {{ case 0: sum--; break; case 1: a[i] = sum; break; default: ; }}
    }}
    return sum;
}}"""
    calls = "".join(f"    sum += f{n}(a, 16);\n" for n in range(400))
    return ("".join(function.format(n=n) for n in range(400))
            + "\nint main(void) {\n    int a[16] = { 1, 2, 3 }, sum = 0;\n" + calls
            + "    return sum & 1;\n}\n").encode()


def guest_ramdisk(build):
    tcc = images.package(build, "tcc")
    programs = build / "tests" / "bench"
    files = {"bin/ticks": programs / "ticks", "bin/rows": programs / "rows",
             "work.c": work_to_compile(), "bin/tcc": tcc / "usr/bin/tcc"}
    files.update(xl.libraries(build, ["libc6"]))
    return images.ramdisk(programs / "guest.cpio.gz", GUEST_SCRIPT, files)


def kernel(build):
    return next(images.kernel_folder(build).glob("boot/vmlinuz*"))


def with_sums(rows):
    """Adds the rows that are made of others."""
    boot = rows["userland"] - rows["unpaused"]
    sums = {name + "-to-userland": rows[name] + boot
            for name in ("create", "create-here") if name in rows}
    return {**rows, "boot": boot, **sums}


def measure_xen(build, disk):
    programs = build / "tests" / "bench"
    script = XL_SCRIPT.format(config=CONFIG, logs=xl.CONSOLE_LOGS)
    files = {"bin/ticks": programs / "ticks", "vmlinuz": kernel(build), "guest.cpio.gz": disk}
    ramdisk = xl.ramdisk(build, programs / "xl-linux.cpio.gz", script, files, "xenstored")
    with Machine("xen", images.vmlinux(build), args="console=hvc0 panic=-1 quiet",
                 ramdisk=ramdisk, smp=1, memory=MEMORY, append="dom0_mem=1024M", qemu=ICOUNT,
                 build=build, cpu=CPU, log=programs / "linux-xen.log") as machine:
        return with_sums(rows_of(machine, 900))


def measure_pavise(build, disk):
    programs = build / "tests" / "bench"
    ramdisk = programs / "tool-linux.cpio"
    ramdisk.write_bytes(cpio.archive({
        "script": PAVISE_SCRIPT.encode(), "linux.cfg": CONFIG.encode(),
        "vmlinuz": kernel(build).read_bytes(), "guest.cpio.gz": disk.read_bytes()}))
    with Machine("pavise", programs / "tool.elf", ramdisk=ramdisk, smp=1, memory=MEMORY,
                 append="dom0_mem=256M", qemu=ICOUNT, build=build, cpu=CPU,
                 log=programs / "linux-pavise.log") as machine:
        rows = rows_of(machine, 600)
    return with_sums({**rows, **measure_sent(build, disk)})


def measure_sent(build, disk):
    """Domain 0's instructions for `pavise create`, the first time and the second."""
    folder = build / "tests" / "bench" / "sent"
    folder.mkdir(exist_ok=True)
    (folder / "vmlinuz").write_bytes(kernel(build).read_bytes())
    (folder / "guest.cpio.gz").write_bytes(disk.read_bytes())
    (folder / "linux.cfg").write_text(CONFIG.replace('"/', '"'))
    # Time passes while the machine waits for the tool: sessions would end otherwise.
    with ToolMachine(build=build, cwd=folder, smp=1, memory=MEMORY, append="dom0_mem=256M",
                     cpu=CPU, qemu=["-icount", "shift=0,sleep=on"],
                     log=folder.with_suffix(".log")) as machine:
        def used(*words):
            times = [machine.json("list")["domains"][0]["cpu_time_ns"] for _ in range(2)]
            machine.run(*words, timeout=600)
            times.append(machine.json("list")["domains"][0]["cpu_time_ns"])
            return times[2] - times[1] - (times[1] - times[0])
        return {name: used("create", "-p", "-q", "linux.cfg", f"name={name}")
                for name in ("create", "create-2")}


def measure_native(build, disk):
    """Without a hypervisor; the rows of user space only."""
    log = build / "tests" / "bench" / "linux-native.log"
    command = ["qemu-system-x86_64", "-accel", "tcg", "-cpu", CPU, "-smp", "1", "-m", "256",
               "-nodefaults", "-no-reboot", "-display", "none", "-serial", f"file:{log}",
               "-kernel", str(kernel(build)), "-append", "console=ttyS0 quiet panic=-1 norandmaps",
               "-initrd", str(disk), *ICOUNT]
    log.write_text("")
    with subprocess.Popen(command) as qemu:
        deadline = time.monotonic() + 300
        while "BENCH over" not in log.read_text(errors="replace"):
            if qemu.poll() is not None or time.monotonic() > deadline:
                qemu.kill()
                raise Timeout("no end of Linux without a hypervisor")
            time.sleep(0.2)
        qemu.kill()
    rows = bench_rows(log.read_text(errors="replace").replace("\r", ""))
    del rows["userland"]
    return rows


ORDER = ("create create-2 create-here create-2-here boot create-to-userland "
         "create-here-to-userland system-call fork-exit fork-exec page-fault "
         "page-fault-zeroed mmap-touch-munmap mmap-munmap-256-pages munmap-256-pages "
         "mprotect-256-pages signal signal-of-a-fault pipe context-switch-by-pipe sleep-100us "
         "shell compile compile-again").split()


def print_rows(ours, theirs, native):
    """Prints the table; returns the names of the rows that miss their aim."""
    missed = []
    print(f"{'Linux as a guest':24} {'Pavise':>12} {'Xen':>12} {'ratio':>6} {'aim':>5}  "
          f"{'native':>11}")
    for name in ORDER:
        like = XEN_ROWS.get(name, name)
        our, their, bare = ours.get(name), theirs.get(like), native.get(name)
        aim = AIMS.get(name, 1)
        ratio = our / their if our and their else None
        miss = ratio is not None and ratio > aim
        missed += [name] * miss
        print(f"{name:24} {our or '-':>12} {their or '-':>12} "
              f"{f'{ratio:.2f}' if ratio is not None else '-':>6} {aim:>5}  {bare or '-':>11}"
              + ("  missed" if miss else ""))
    return missed


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--build", type=Path, default=default_build())
    parser.add_argument("--only", choices=["pavise", "xen", "native"])
    parser.add_argument("--check", action="store_true", help="fail when an aim is missed")
    args = parser.parse_args()
    build = args.build.resolve()
    measures = {"pavise": measure_pavise, "xen": measure_xen, "native": measure_native}
    results = dict.fromkeys(measures, {})
    try:
        disk = guest_ramdisk(build)
        for name, measure in measures.items():
            if args.only in (None, name):
                results[name] = measure(build, disk)
    except (Timeout, Ended, Failed) as problem:
        print(f"bench-linux: {problem}; see {build}/tests/bench", file=sys.stderr)
        return 2
    missed = print_rows(*results.values())
    return 1 if missed and args.check else 0


if __name__ == "__main__":
    sys.exit(main())
