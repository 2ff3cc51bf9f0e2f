# SPDX-License-Identifier: MIT
"""The machines that Pavise must boot on: ways of loading, processors, memory, models."""

import itertools
from pathlib import Path

from machine import Machine, default_build

OVMF = Path("/usr/share/ovmf/OVMF.fd")
HELLO = default_build() / "tests" / "guest" / "hello.elf"
BOOT_SECONDS = 120

AXES = {
    "loader": ["kernel", "bios", "uefi"],
    "smp": [1, 2, 4],
    "memory": [128, 512, 3072, 4096, 16384],
    "cpu": ["qemu64", "max", "Skylake-Client-v1", "EPYC"],
}


class IsoMachine(Machine):
    """The same machine started by GRUB from an ISO; without one, from that whose domain 0
    is the hello test."""

    def __init__(self, firmware=None, iso=None, **parameters):
        super().__init__("pavise", HELLO, **parameters)
        self._iso = iso or self.build / "pavise.iso"
        self._firmware = ["-bios", str(firmware)] if firmware else []

    def command(self):
        words = super().command()
        for option in ("-kernel", "-append", "-initrd"):
            at = words.index(option)
            del words[at:at + 2]
        return [*words, "-cdrom", str(self._iso), *self._firmware]


def make_machine(loader, **parameters):
    """A machine that runs the hello test, not started yet."""
    if loader == "kernel":
        return Machine("pavise", HELLO, **parameters)
    return IsoMachine(OVMF if loader == "uefi" else None, **parameters)


def assert_runs(machine, cpus):
    """Boots it: every processor comes up, domain 0 runs to its end, the power goes off."""
    with machine:
        online = machine.wait_for(r"(\d+) of (\d+) CPUs online", BOOT_SECONDS)
        assert online.groups() == (str(cpus), str(cpus))
        assert machine.wait_for(r"Test result: (\w+)", BOOT_SECONDS)[1] == "SUCCESS"
        machine.wait_for("powered the machine off", BOOT_SECONDS)
        assert machine.wait_end(BOOT_SECONDS) == 0
        assert "panic" not in machine.output().lower()


def _pairs(combination):
    return set(itertools.combinations(enumerate(combination), 2))


def product():
    """Every combination of the axes."""
    return list(itertools.product(*AXES.values()))


def covering():
    """Few combinations in which every value of an axis meets every value of each other."""
    wanted = set().union(*(_pairs(combination) for combination in product()))
    chosen = []
    while wanted:
        best = max(product(), key=lambda combination: len(_pairs(combination) & wanted))
        wanted -= _pairs(best)
        chosen.append(best)
    return chosen


def name(combination):
    """How a combination is called in the list of tests."""
    return "-".join(map(str, combination))
