# SPDX-License-Identifier: MIT
"""A guest with the tools that test_work.py has it work with, all in a ramdisk; its kernel's
messages are collected, and its clocks compared with the host's."""

import re
import time
from dataclasses import dataclass
from pathlib import Path

import images
import packages
import static
from guest import SHELL, Shell

PACKAGES = "dash stress-ng gcc libc6-dev tar gzip bzip2 xz-utils coreutils findutils " \
           "util-linux".split()
# What only scripts of packages need.
WITHOUT = "base-files debconf debianutils dpkg linux-base ucf".split()
# Link-time optimization, sanitizers, profilers, a second linker: half of the bytes.
UNUSED = re.compile(r"/lto1$|lto-dump|libgp|gprofng|lib[altu]+san|-ld\.gold|-dwp$|/libgcc/libgcov")
SCRIPT = """
mkdir -p /dev/pts /dev/shm /dev/mqueue
mount -t devpts devpts /dev/pts
mount -t tmpfs shm /dev/shm
mount -t tmpfs tmp /tmp
mount -t mqueue mqueue /dev/mqueue
mount -t debugfs debugfs /sys/kernel/debug
mount -t tracefs tracefs /sys/kernel/tracing
chmod 1777 /tmp /dev/shm
export TMPDIR=/tmp PATH=/usr/bin:/usr/sbin
cd /tmp
# Busybox' shell would take programs of its own before these.
exec dash /shell
"""
TRIES, SECONDS_OF_TRIES, GOOD_ENOUGH = 10, 20, 0.01


def packed_files(build):
    """{path in the guest: path here} of the packages' files."""
    return {name: file for name, file in packages.tree(build, PACKAGES, WITHOUT).items()
            if not UNUSED.search(name)}


def ramdisk(build, path, more):
    """About 50 MB, 200 in memory; with the files `more`, by name."""
    files = packed_files(build)
    clocks = Path(__file__).with_name("work") / "clocks.c"
    files.update({
        "etc/passwd": b"root:x:0:0:root:/:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/sh\n",
        "etc/group": b"root:x:0:\nnogroup:x:65534:\n",
        "clocks": static.program(build, clocks, "-pthread"),
        "shell": SHELL.encode(), **more})
    return images.ramdisk(path, SCRIPT, files)


@dataclass(frozen=True)
class Moment:
    """The guest's clocks, in s, and how far each was ahead of the host's: bounds."""

    host: float
    monotonic: tuple[float, float]
    real: tuple[float, float]


class Worker(Shell):
    """dmesg: [(level, text)], of all messages that collect() has seen."""

    def __init__(self, *args, **parameters):
        super().__init__(*args, **parameters)
        self.dmesg = []

    def collect(self):
        """Takes new messages of the kernel."""
        text = self.run("dmesg --read-clear --decode --color=never")
        self.dmesg += re.findall(r"^\w+ *:(\w+) *: (.*)$", text, re.MULTILINE)

    def _answer(self, behind):
        """What has come on the console as an answer, behind an offset in its log."""
        deadline = time.monotonic() + 30
        with open(self.log, "rb") as log:
            while time.monotonic() < deadline:
                log.seek(behind)
                found = re.search(rb"^time (\d+) (\d+)\r?\n", log.read(), re.MULTILINE)
                if found:
                    return int(found[1]) / 1e9, int(found[2]) / 1e9
                time.sleep(0.0005)
        raise TimeoutError(f"no answer: {self.output()[-500:]}")

    def _ask(self):
        """One question for the time and its answer: how long that took and the Moment."""
        behind = self.log.stat().st_size
        before, real_before = time.monotonic(), time.time()
        self.type("?")
        monotonic, real = self._answer(behind)
        after, real_after = time.monotonic(), time.time()
        return after - before, Moment(after, (monotonic - after, monotonic - before),
                                      (real - real_after, real - real_before))

    def moment(self):
        """The Moment of the quickest of some answers."""
        self.type("/clocks serve")
        deadline, asked, best = time.monotonic() + SECONDS_OF_TRIES, 0, None
        while asked < TRIES or (best[0] > GOOD_ENOUGH and time.monotonic() < deadline):
            best = min(filter(None, (best, self._ask())), key=lambda answer: answer[0])
            asked += 1
        self.type("")
        self.wait_for("^== done\n", 60)
        return best[1]
