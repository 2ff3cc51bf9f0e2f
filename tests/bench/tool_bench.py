#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Guests made, listed and ended: the toolstack of Pavise's control domain beside `xl` in
Debian's Linux on Debian's Xen 4.17, in the same QEMU with -icount, with the same smallest
guest of 4 MiB. Figures are virtual time in ns, which is instructions and waiting. Also
xenstore's answers, and memory for each guest.

Xen's figures are those with the xenstore daemon that is written in C, which is faster than
the one that Debian starts. A row `create-N` is the Nth guest while the others exist.

Exit status: 0; 1 when a row misses its aim and --check is given; 2 when a machine did not
get through.
"""

import argparse
import re
import sys
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS / "lib"), str(TESTS / "linux")]

import cpio  # noqa: E402
import images  # noqa: E402
import xl  # noqa: E402
from machine import Ended, Machine, Timeout, default_build  # noqa: E402

from run import ICOUNT  # noqa: E402

MEMORY = 4096  # MiB of the machine
GUEST_KIB = 4096
TINY = f'kernel = "/tiny.elf"\nmemory = {GUEST_KIB // 1024}\n'
STORE = TINY.replace("tiny", "store") + 'on_poweroff = "preserve"\n'
# Of Pavise's figures; a number, or (row, factor): that row's figure times the factor.
AIMS = {"prompt": 200e6, "create-to-first": 1.5e6, "create-100": ("create-1", 1.2),
        "create-200": ("create-1", 1.2), "destroy": 0.5e6}

# TSC of a guest: as it is, not emulated.
XL_SCRIPT = """
cat >/tiny.cfg <<END
{tiny}
tsc_mode = "native"
END
sed s/tiny/store/ /tiny.cfg >/store.cfg
available() {{ sed -n "s/MemAvailable: *\\\\([0-9]*\\\\) kB/BENCH $1 \\\\1/p" /proc/meminfo; }}

ticks now prompt
ticks run list-0 xl list
ticks run create-1 xl create -p -q tiny.cfg 'name="g1"'

ticks now create-start
xl create -q tiny.cfg 'name="first"'
until grep 'BENCH first .*' {logs}/guest-first.log; do usleep 1000; done
xl destroy first

ticks store
xl create -q store.cfg 'name="store"'
until grep -q 'BENCH end' {logs}/guest-store.log; do usleep 1000; done
grep guest-store {logs}/guest-store.log
xl destroy store 2>/dev/null
sleep 1

ticks free free-start
available domain0-start
for i in $(seq 2 {guests}); do
    case $i in
    10|100|200) ticks run create-$i xl create -p -q tiny.cfg "name=\\"g$i\\"" ;;
    *) xl create -p -q tiny.cfg "name=\\"g$i\\"" ;;
    esac
done
ticks free free-end
available domain0-end
ticks run list-many xl list
ticks run destroy xl destroy g{guests}
echo "BENCH end 0"
poweroff -f
"""


# The same for tests/bench/tool.
PAVISE_SCRIPT = """
now prompt
time list-0 list
time create-1 create -p -q /tiny.cfg name=g1
now create-start
run create -q /tiny.cfg name=first
until "BENCH first" console first
run destroy first
store
until "BENCH end" create -c -q /store.cfg name=store
run destroy store
memory free-start domain0-start
{creates}
memory free-end domain0-end
time list-many list
time destroy destroy g{guests}
"""


def creates(guests):
    """Lines that make all but the first."""
    return "\n".join((f"time create-{n}" if n in (10, 100, 200) else "run")
                     + f" create -p -q /tiny.cfg name=g{n}" for n in range(2, guests + 1))


def bench_rows(text):
    """{row: value} of a console's text."""
    return {name: int(value)
            for name, value in re.findall(r"BENCH (\S+) (\d+)$", text, re.MULTILINE)}


def rows_of(machine, timeout):
    """What a machine prints until the end."""
    end = machine.wait_for(r"BENCH end 0|PANIC|[Pp]anic|[Cc]rashed|BENCH failed",
                           timeout).group(0)
    if end != "BENCH end 0":
        raise Ended(f"the machine ended with {end!r}")
    return bench_rows(machine.output())


def with_sums(rows):
    """Adds the rows that are made of others."""
    guests = max(int(name[7:]) for name in rows if re.fullmatch(r"create-\d+", name)) - 1
    return {**rows, "create-to-first": rows["first"] - rows["create-start"],
            "hypervisor-kib": (rows["free-start"] - rows["free-end"]) / guests - GUEST_KIB,
            "domain0-kib": (rows["domain0-start"] - rows["domain0-end"]) / guests}


def measure_xen(build, guests):
    programs = build / "tests" / "bench"
    script = XL_SCRIPT.format(tiny=TINY, logs=xl.CONSOLE_LOGS, guests=guests)
    files = {"bin/ticks": programs / "ticks", "tiny.elf": programs / "tiny.elf",
             "store.elf": programs / "store.elf"}
    disk = xl.ramdisk(build, programs / "xl.cpio.gz", script, files, "xenstored")
    with Machine("xen", images.vmlinux(build), args="console=hvc0 panic=-1 quiet", ramdisk=disk,
                 smp=1, memory=MEMORY, append="dom0_mem=1024M", qemu=ICOUNT, build=build,
                 log=programs / "tool-xen.log") as machine:
        return with_sums(rows_of(machine, 1500))


def measure_pavise(build, guests):
    programs = build / "tests" / "bench"
    disk = programs / "tool.cpio"
    disk.write_bytes(cpio.archive({
        "script": PAVISE_SCRIPT.format(creates=creates(guests), guests=guests).encode(),
        "tiny.cfg": TINY.encode(), "store.cfg": STORE.encode(),
        "tiny.elf": (programs / "tiny.elf").read_bytes(),
        "store.elf": (programs / "store.elf").read_bytes()}))
    with Machine("pavise", programs / "tool.elf", ramdisk=disk, smp=1,
                 memory=MEMORY, qemu=ICOUNT, build=build,
                 log=programs / "tool-pavise.log") as machine:
        return with_sums(rows_of(machine, 300))


ORDER = ("prompt create-to-first create-1 create-10 create-100 create-200 destroy list-0 "
         "list-many local-store-read local-store-write local-store-transaction "
         "guest-store-read guest-store-write guest-store-transaction hypervisor-kib "
         "domain0-kib").split()


def aim_of(name, ours):
    """The most that a row may be; None without an aim."""
    aim = AIMS.get(name)
    return aim[1] * ours[aim[0]] if isinstance(aim, tuple) else aim


def print_rows(ours, theirs):
    """Prints the table; returns the names of the rows that miss their aim."""
    missed = []
    print(f"{'':26} {'Pavise':>12} {'Xen, xl':>14} {'ratio':>8}  aim")
    for name in ORDER:
        our, their = ours.get(name), theirs.get(name)
        aim = aim_of(name, ours) if our is not None else None
        text = [f"{value:{width}.0f}" if value is not None else f"{'-':>{width}}"
                for value, width in ((our, 12), (their, 14))]
        ratio = f"{our / their:8.4f}" if our is not None and their else f"{'-':>8}"
        miss = bool(aim) and our > aim
        missed += [name] * miss
        print(f"{name:26} {text[0]} {text[1]} {ratio}" + (f"  < {aim:.0f}" if aim else "")
              + ("  missed" if miss else ""))
    return missed


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--build", type=Path, default=default_build())
    parser.add_argument("--only", choices=["pavise", "xen"])
    parser.add_argument("--guests", type=int, default=200, help="how many on Pavise")
    parser.add_argument("--xen-guests", type=int, default=100, help="how many on Xen")
    parser.add_argument("--check", action="store_true", help="fail when an aim is missed")
    args = parser.parse_args()
    build = args.build.resolve()
    ours, theirs = {}, {}
    try:
        if args.only != "xen":
            ours = measure_pavise(build, args.guests)
        if args.only != "pavise":
            theirs = measure_xen(build, args.xen_guests)
    except (Timeout, Ended) as problem:
        print(f"bench-tool: {problem}; see {build}/tests/bench", file=sys.stderr)
        return 2
    missed = print_rows(ours, theirs)
    return 1 if missed and args.check else 0


if __name__ == "__main__":
    sys.exit(main())
