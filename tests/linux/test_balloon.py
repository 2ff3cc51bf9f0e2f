# SPDX-License-Identifier: MIT
"""A guest's memory shrinks and grows while programs use it: no word of theirs changes, and
guest, tool and hypervisor agree on how much it has, to the page."""

import random
import re
from pathlib import Path

import images
import static
from guest import SHELL, Shell
from test_domu import BOOT_SECONDS, BUILD, COMPLAINTS, KERNELS, vmlinuz
from test_domu_control import listed, wait

MIB = 1024
MEMORY, MAX_MEMORY = 256 * MIB, 384 * MIB
LEAST = 176 * MIB
STEPS = 24
LOAD_MIB = 80
# Of the hypervisor, to know a domain's frames: 96 bytes for each 2 MiB that it has a frame
# in, in whole pages.
BOOK_KIB = 4 * (1 + MAX_MEMORY // (2 * MIB) * 96 // 4096)
INFO = "/sys/devices/system/xen_memory/xen_memory0"


def linux(machine, folder, **parameters):
    """256 MiB, up to 384."""
    churn = static.program(BUILD, Path(__file__).with_name("memory") / "churn.c")
    ramdisk = images.ramdisk(folder / "initrd.gz", SHELL, {"bin/churn": churn},
                             ["sed", "tail", "rm"])
    return Shell(machine, folder, vmlinuz(KERNELS[1]), ramdisk, memory=MEMORY // MIB, vcpus=2,
                 more=f'maxmem = {MAX_MEMORY // MIB}\non_crash = "preserve"', **parameters)


def free_kib(machine):
    return machine.json("info")["memory"]["free_kib"]


def guests_numbers(guest):
    """What Linux has, wants and can use, KiB."""
    text = guest.run(f"cd {INFO}; sed s/^/has:/ info/current_kb; sed s/^/wants:/ target_kb; "
                     "sed -n s/^MemTotal:/usable:/p /proc/meminfo; cd /")
    return {key: int(value) for key, value in re.findall(r"^(\w+): *(\d+)", text, re.MULTILINE)}


class Books:
    """What stays whatever the guest has: how much of that it cannot use; and how much of the
    machine neither it has nor is free."""

    def __init__(self, machine, guest):
        self.machine, self.guest = machine, guest
        self.kept, self.sum = self.settled(MEMORY)

    def settled(self, kib):
        """All say that it has kib. Returns what it cannot use, and what it has with what is
        free."""
        wait(lambda: listed(self.machine)["memory_kib"] == kib, f"{kib} KiB")
        numbers = guests_numbers(self.guest)
        assert numbers["has"] == numbers["wants"] == kib
        return kib - numbers["usable"], kib + free_kib(self.machine)

    def check(self, kib):
        kept, total = self.settled(kib)
        assert kept == self.kept
        assert self.sum - BOOK_KIB <= total <= self.sum

    def set(self, kib):
        self.machine.run("mem-set", "linux", kib)
        self.check(kib)


def expect_no_complaints(guest):
    guest.expect(f"dmesg | grep -icE '{COMPLAINTS}|out of memory|oom'", r"^0$")


def test_targets_under_load(tmp_path, machine):
    """Programs on both vCPUs check what they have written, while targets come and go: first
    each when the last one is reached, then faster than that."""
    with linux(machine, tmp_path, create=["-p"]):
        wait(lambda: machine.call("domid", "linux").returncode == 0, "it is made")
        machine.run("destroy", "linux")
    free = free_kib(machine)  # with the unpacked kernel, which is kept
    with linux(machine, tmp_path) as guest:
        guest.wait_for(r"^userland", BOOT_SECONDS)
        books = Books(machine, guest)
        guest.run(f"churn {LOAD_MIB} 4 1 >/tmp/load & load=$!")
        numbers = random.Random(1)
        for _ in range(STEPS):
            books.set(numbers.randrange(LEAST, MAX_MEMORY + 1, 4))
        for _ in range(STEPS):
            machine.run("mem-set", "linux", numbers.randrange(LEAST, MAX_MEMORY + 1, 4))
        books.set(MEMORY)
        guest.run("kill $load; wait; cat /tmp/load")
        assert re.search(r"churn: \d{5,} pages checked, no word wrong", guest.output())
        expect_no_complaints(guest)
        guest.type("poweroff -f")
        assert guest.wait_end(60) == 0
    assert free_kib(machine) == free


def test_limits(tmp_path, machine):
    """Targets that cannot be: above the limit, below what the guest can do without. What the
    guest wants by itself it does not get."""
    with linux(machine, tmp_path) as guest:
        guest.wait_for(r"^userland", BOOT_SECONDS)
        books = Books(machine, guest)
        line = machine.fail("mem-set", "linux", f"{MAX_MEMORY + 4}", code=1)
        assert "can have up to 393216 KiB of memory, not 393220" in line
        books.check(MEMORY)
        books.set(MAX_MEMORY)

        books.set(LEAST)
        guest.run(f"echo {MEMORY} > {INFO}/target_kb; sleep 2")
        assert listed(machine)["memory_kib"] == LEAST
        machine.run("mem-set", "linux", MEMORY)
        books.check(MEMORY)

        guest.run("seq 150000 > /tmp/part; n=0; while [ $n -lt 64 ]; do cat /tmp/part; "
                  "n=$((n + 1)); done > /tmp/file")  # 62 MiB
        digest = guest.run("md5sum /tmp/file")
        machine.run("mem-set", "linux", 24 * MIB)
        wait(lambda: listed(machine)["memory_kib"] < 150 * MIB, "it gives what it can")
        assert listed(machine)["memory_kib"] > 62 * MIB
        assert listed(machine)["max_memory_kib"] == 24 * MIB
        machine.run("mem-set", "linux", MEMORY)
        books.check(MEMORY)
        assert guest.run("md5sum /tmp/file") == digest
