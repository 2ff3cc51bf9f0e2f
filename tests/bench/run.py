#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The bench guest on Pavise and on Debian's Xen 4.17 in the same QEMU, with -icount: the
guest's time-stamp counter then counts instructions. Prints ours, theirs and the ratio.

Exit status: 0; 1 when a row's ratio is above its aim and --check is given; 2 when a
machine did not get through.
"""

import argparse
import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))

from machine import Ended, Machine, Timeout, default_build  # noqa: E402

ICOUNT = ["-icount", "shift=0,sleep=off"]
# Rows whose aim is 0.3 of Xen's count; 0.5 for all others.
HOT = {"hypercall-null", "mmu_update-1", "mmu_update-32", "update_va_mapping", "pin-l1-empty",
       "pin-l1-full", "unpin-l1-full", "page-fault-bounce", "syscall-bounce",
       "evtchn-send-ipi", "evtchn-send-interdomain", "grant-map", "grant-unmap"}
FIGURES_ONLY = {"boot-to-guest", "rdtsc-pair", "machine-kib", "free-kib", "domain0-kib",
                "domain-kib"}
BOOT_AIM = 50_000_000
DOMAIN_AIM_KIB = 32


def measure(hypervisor, build, memory, cpu):
    """{row: value}, in the order of the guest's output."""
    log = build / "tests" / "bench" / f"{hypervisor}-{memory}.log"
    with Machine(hypervisor, build / "tests" / "bench" / "bench.elf", smp=1, memory=memory, cpu=cpu,
                 append="dom0_max_vcpus=2", qemu=ICOUNT, build=build, log=log) as machine:
        end = machine.wait_for(r"BENCH end|PANIC|[Cc]rashed", timeout=240).group(0)
        if end != "BENCH end":
            raise Ended(f"the guest ended with {end!r}")
        text = machine.output()
    rows = re.findall(r"BENCH (\S+) (\d+)$", text, re.MULTILINE)
    return {name: int(value) for name, value in rows}


def hypervisor_kib(rows, memory):
    return memory * 1024 - rows["free-kib"] - rows["domain0-kib"]


def print_rows(ours, theirs):
    """Prints the table; returns the names of the rows that miss their aim."""
    missed = []
    print(f"{'instructions':28} {'Pavise':>10} {'Xen':>10} {'ratio':>6}  aim")
    for name, our in ours.items():
        if name in FIGURES_ONLY:
            continue
        their = theirs.get(name)
        aim = 0.3 if name in HOT else 0.5
        if not their:
            print(f"{name:28} {our:10} {'-':>10}")
            continue
        miss = our / their > aim
        missed += [name] * miss
        print(f"{name:28} {our:10} {their:10} {our / their:6.2f}  {aim}"
              + ("  missed" if miss else ""))
    return missed


def print_figures(ours, theirs, memory):
    for name, rows in (("Pavise", ours), ("Xen", theirs)):
        if not rows:
            continue
        print(f"{name}: power-on to the guest {rows['boot-to-guest'] / 1e6:.1f} M instructions "
              f"(aim {BOOT_AIM / 1e6:.0f} M)", end="")
        if "free-kib" in rows:
            print(f"; hypervisor memory {hypervisor_kib(rows, memory)} KiB of {memory} MiB "
                  f"(aim {2048 + 6 * memory}), {rows['domain-kib']} KiB for a domain of 8 MiB "
                  f"(aim {DOMAIN_AIM_KIB})", end="")
        print()


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--build", type=Path, default=default_build())
    parser.add_argument("--only", choices=["pavise", "xen"])
    parser.add_argument("--memory", type=int, default=4096, help="MiB of the machine")
    parser.add_argument("--cpu", default="max,smap=off", help="QEMU's -cpu")
    parser.add_argument("--check", action="store_true", help="fail when an aim is missed")
    args = parser.parse_args()
    results = {}
    for hypervisor in [args.only] if args.only else ["pavise", "xen"]:
        try:
            results[hypervisor] = measure(hypervisor, args.build.resolve(), args.memory,
                                          args.cpu)
        except (Timeout, Ended) as problem:
            print(f"bench: {hypervisor}: {problem}; see {args.build}/tests/bench", file=sys.stderr)
            return 2
    ours, theirs = results.get("pavise", {}), results.get("xen", {})
    missed = print_rows(ours or theirs, theirs if ours else {})
    print_figures(ours, theirs, args.memory)
    return 1 if missed and args.check else 0


if __name__ == "__main__":
    sys.exit(main())
