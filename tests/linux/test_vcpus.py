# SPDX-License-Identifier: MIT
"""A guest's vCPUs go off and on line, by the tool and by the guest's own hand, while
programs check their memory on all of them and others are bound to the one that goes."""

import random
import re
from pathlib import Path

import pytest

import images
import static
from guest import SHELL, Shell
from test_domu import BOOT_SECONDS, BUILD, COMPLAINTS, KERNELS, vmlinuz
from test_domu_control import online, wait
from tool import ToolMachine

VCPUS = 4
ROUNDS = 8
CPUS = "/sys/devices/system/cpu"
# Takes CPUs off line and on again, the busiest way; what is refused is told.
TOGGLE = """#!/bin/sh
n=0
while [ $n -lt $1 ]; do
    for state in 0 1; do
        for cpu in 3 1 2; do
            echo $state > /sys/devices/system/cpu/cpu$cpu/online || echo "refused: $cpu $state"
        done
    done
    n=$((n + 1))
done
echo "toggled $n times"
"""
LOAD = """#!/bin/sh
renice -n 15 -p $$
exec churn 60 4 1 > /tmp/load
"""
# A timer and a computation that are bound to a CPU.
BEAT = """#!/bin/sh
renice -n 10 -p $$
while :; do sleep 0.02; echo beat; done > /tmp/beats$1 &
while :; do :; done
"""


def program(path, text):
    path.write_text(text)
    path.chmod(0o755)
    return path


def linux(machine, folder):
    files = {"bin/churn": static.program(BUILD, Path(__file__).with_name("memory") / "churn.c"),
             "bin/load": program(folder / "load", LOAD),
             "bin/toggle": program(folder / "toggle", TOGGLE),
             "bin/beat": program(folder / "beat", BEAT)}
    ramdisk = images.ramdisk(folder / "initrd.gz", SHELL, files,
                             ["kill", "killall", "renice", "sed", "tail", "taskset", "wc"])
    return Shell(machine, folder, vmlinuz(KERNELS[1]), ramdisk, vcpus=VCPUS)


def expect_online(machine, guest, n):
    """Guest and tool agree on the first n vCPUs."""
    guest.expect(f"cat {CPUS}/online", rf"^0-{n - 1}$" if n > 1 else "^0$")
    wait(lambda: online(machine) == n, f"the tool sees {n} vCPUs")


def interrupts(guest):
    """How many of them each vCPU that is on line has had."""
    lines = guest.run("cat /proc/interrupts").splitlines()
    head = next(i for i, line in enumerate(lines) if "CPU0" in line)
    counts = [0] * len(lines[head].split())
    for line in lines[head + 1:]:
        for cpu, count in enumerate(line.split()[1:len(counts) + 1]):
            counts[cpu] += int(count) if count.isdigit() else 0
    return counts


def expect_work(guest, n):
    """Every vCPU that is on line gets interrupts, and the bound timers go on."""
    def beats():
        return [int(guest.run(f"cat /tmp/beats{cpu} 2>/dev/null | wc -l").split()[0]) for cpu in range(1, VCPUS)]

    before, was = interrupts(guest), beats()
    assert len(before) == n
    wait(lambda: all(now > then for now, then in zip(interrupts(guest), before)), "interrupts")
    wait(lambda: all(now > then for now, then in zip(beats(), was)), "timers of all CPUs")


def set_vcpus(machine, guest, n):
    """What is added is there by the tool, and taken into use by the guest."""
    machine.run("vcpu-set", "-i", "linux", n)
    for cpu in range(1, n):
        guest.expect(f"echo 1 > {CPUS}/cpu{cpu}/online; cat {CPUS}/cpu{cpu}/online", "^1$")
    expect_online(machine, guest, n)


@pytest.mark.parametrize("smp", [1, 2])
def test_vcpus_come_and_go_under_load(tmp_path, smp):
    with ToolMachine(smp=smp, memory=768, append="dom0_mem=128M",
                     log=tmp_path / "machine.log") as machine, \
            linux(machine, tmp_path) as guest:
        guest.wait_for(r"^userland", BOOT_SECONDS)
        guest.run("dmesg -n 1")  # or each change is told amidst what commands say
        guest.run("load & load=$!")
        guest.run("for cpu in 1 2 3; do taskset -c $cpu beat $cpu & done")
        expect_work(guest, VCPUS)
        numbers = random.Random(smp)
        for _ in range(ROUNDS):
            n = numbers.randrange(1, VCPUS + 1)
            set_vcpus(machine, guest, n)
            expect_work(guest, n)
        line = machine.fail("vcpu-set", "-i", "linux", VCPUS + 1, code=1)
        assert "can have 1 to 4 vCPUs, not 5" in line
        set_vcpus(machine, guest, VCPUS)

        assert f"toggled {ROUNDS} times" in (said := guest.run(f"toggle {ROUNDS}", 400))
        assert "refused" not in said
        expect_online(machine, guest, VCPUS)
        expect_work(guest, VCPUS)
        guest.run("kill $load; until grep . /tmp/load; do sleep 1; done; killall beat")
        assert re.search(r"churn: \d{4,} pages checked, no word wrong", guest.output())
        guest.expect(f"dmesg | grep -icE '{COMPLAINTS}'", r"^0$")
        machine.run("destroy", "linux")
