#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Where the instructions of a bench row go: runs the bench guest on Pavise with every
executed instruction logged, and prints instructions per function of the row's median
round, in the order in which they are first met. With --trace: every instruction.

    tests/bench/profile.py page-fault-bounce grant-map
"""

import argparse
import bisect
import functools
import os
import re
import subprocess
import sys
from array import array
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))

from machine import Machine, default_build  # noqa: E402

from run import ICOUNT  # noqa: E402


class Image:
    """An ELF file's symbols and instructions."""

    def __init__(self, path):
        self.path = path
        lines = self._run("nm", "-n").splitlines()
        symbols = [line.split() for line in lines if line.split()[-2] in "tTwW"]
        self.addresses = [int(words[0], 16) for words in symbols]
        self.names = [words[-1] for words in symbols]

    def _run(self, *command):
        return subprocess.run([*command, str(self.path)], check=True, text=True,
                              capture_output=True).stdout

    def symbol(self, address):
        return self.names[bisect.bisect_right(self.addresses, address) - 1]

    def address(self, name):
        return self.addresses[self.names.index(name)]

    @functools.cache
    def instructions(self):
        """{address: text}"""
        found = re.findall(r"^ *([0-9a-f]+):\t(.*)$",
                           self._run("objdump", "-d", "--no-show-raw-insn"), re.MULTILINE)
        return {int(address, 16): text for address, text in found}

    def text(self, address):
        """The instruction; those of the hypercall page are in no image."""
        return self.instructions().get(address, "?").expandtabs()


def executed(guest, build, cpu):
    """Yields the address of every instruction from power-on on."""
    pipe = build / "tests" / "bench" / "profile.pipe"
    pipe.unlink(missing_ok=True)
    os.mkfifo(pipe)
    qemu = [*ICOUNT, "-singlestep", "-d", "exec,nochain", "-D", str(pipe)]
    with Machine("pavise", guest, smp=1, memory=256, cpu=cpu, append="dom0_max_vcpus=2",
                 qemu=qemu, build=build, log=pipe.with_suffix(".log")):
        with open(pipe, "rb", buffering=1 << 20) as trace:
            for line in trace:
                words = line.split(b"/", 2)
                if len(words) == 3:
                    yield int(words[1], 16)
    pipe.unlink()


def median_rounds(addresses, guest):
    """The instructions of each row's median round: what lies between two readings of the
    TSC. The guest calls sample() after each round, report() after each row."""
    rdtsc = {at for at, text in guest.instructions().items() if text.startswith("rdtsc")}
    sample, report, end = map(guest.address, ("sample", "report", "bench_end"))
    rows, rounds, window, last = [], [], array("Q"), array("Q")
    for address in addresses:
        if address in rdtsc:
            last, window = window, array("Q")
        elif address == sample:
            rounds.append(last)
        elif address == report:
            rounds = sorted(rounds or [last], key=len)
            rows.append(rounds[len(rounds) // 2])
            rounds = []
        elif address == end:
            break
        else:
            window.append(address)
    return rows


def print_row(name, window, images, trace):
    counts = Counter()
    for address in window:
        image = next(image for image in images if address >= image.addresses[0])
        symbol = image.symbol(address)
        counts[symbol] += 1
        if trace:
            print(f"{symbol:28} {address:x} {image.text(address)}")
    print(f"{name}: {len(window)} instructions")
    for symbol, count in counts.items():
        print(f"  {count:6} {symbol}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("rows", nargs="*", metavar="ROW", help="all without one")
    parser.add_argument("--build", type=Path, default=default_build())
    parser.add_argument("--cpu", default="max,smap=off")
    parser.add_argument("--trace", action="store_true", help="print every instruction")
    args = parser.parse_args()
    build = args.build.resolve()
    images = Image(build / "tests" / "bench" / "bench.elf"), Image(build / "pavise.elf")
    rows = median_rounds(executed(images[0].path, build, args.cpu), images[0])
    names = re.findall(r"BENCH (\S+) \d+", (build / "tests" / "bench" / "profile.log").read_text())
    for name, window in zip(names, rows):
        if name in args.rows or not args.rows:
            print_row(name, window, images, args.trace)


if __name__ == "__main__":
    main()
