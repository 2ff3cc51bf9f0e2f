# SPDX-License-Identifier: MIT
"""A kernel module in one guest attacks the hypervisor and domain 0 while two others work,
a mini-os and a Linux: their results are right and do not take much longer, the tool
answers, the module has had nothing that it must not have, and of the attacker nothing is
left when it is destroyed. What becomes of the attacker before does not matter."""

import time
from pathlib import Path

import pytest

import images
import modules
from guest import Ended, Guest
from test_domu import BOOT_SECONDS, BUILD, KERNELS, vmlinuz
from tool import ToolMachine

META = KERNELS[1]
KINDS = ["calls", "tables", "ports", "msrs", "instructions", "descriptors", "events", "grants",
         "console", "xenstore"]
SEEDS = [1, 2]
ATTACK_SECONDS = 4
# The attacker has two vCPUs, so a victim may have half of what it has without it, and less
# while domain 0 serves the attacker.
SLOWER = 4
ANSWER_SECONDS = 5
END_SECONDS = 30
# What only the machine's console would show, were the serial port the attacker's.
TYPED = "HOSTILE-TYPED-THIS"
ATTACK = """
echo userland
insmod /hostile.ko kind={kind} seed={seed} seconds={seconds}
echo "attack over"
read order
"""
VICTIM = """
echo userland
while read order; do
    for i in 1 2 3 4 5 6 7 8; do
        seq 20000 | md5sum; dd if=/dev/zero bs=64k count=64 2>/dev/null | md5sum
    done
    echo "work done"
done
"""
# Of `seq 20000`, and of 4 MiB of zero bytes.
RESULTS = ["e071f707df7bbeee2a6a1eb48011ddd0", "b5cfa9d6c8febd618f91ac2843d50a1c"]


@pytest.fixture(name="module", scope="module")
def hostile_module(tmp_path_factory):
    return modules.compile_module(BUILD, Path(__file__).with_name("hostile"),
                                  tmp_path_factory.mktemp("module") / "hostile", META)


def usage(machine):
    """What domains have of the machine and of domain 0."""
    info = machine.json("info")
    used = {k: v for k, v in info["usage"].items() if not k.startswith("heap")}
    return used | info["memory"]


def work(guest):
    """The victim works once. Returns how long that took, having checked the results."""
    start = time.monotonic()
    before = len(guest.output())
    guest.type("work")
    guest.wait_for(r"^work done", BOOT_SECONDS)
    lines = [line.split()[0] for line in guest.output()[before:].splitlines()
             if line.endswith("  -")]
    assert lines == RESULTS * 8
    return time.monotonic() - start


def wait_over(guest):
    """The attack has gone on for its time, or the guest has ended or hangs by it."""
    try:
        guest.wait_for(r"^attack over|end Kernel panic", ATTACK_SECONDS + END_SECONDS)
    except Ended:
        pass


def answers(machine):
    start = time.monotonic()
    assert "Domain-0" in machine.run("list")
    assert time.monotonic() - start < ANSWER_SECONDS


def destroy(machine, name):
    if machine.call("destroy", name).returncode:
        machine.fail("domid", name, code=3)


def expect_usage(machine, before):
    deadline = time.monotonic() + END_SECONDS
    while (now := usage(machine)) != before and time.monotonic() < deadline:
        time.sleep(0.2)
    assert now == before


def attack(machine, folder, module, kind, seed, during):
    """One attacker's life; `during` is called when it has begun. Returns its console."""
    script = ATTACK.format(kind=kind, seed=seed, seconds=ATTACK_SECONDS)
    disk = images.ramdisk(folder / "attacker.gz", script, {"hostile.ko": module}, ["insmod"])
    with Guest(machine, folder, vmlinuz(META), disk, name=f"attacker{seed}", memory=160,
               vcpus=2) as attacker:
        attacker.wait_for(rf"hostile: {kind} begins, seed {seed}", BOOT_SECONDS)
        during()
        wait_over(attacker)
        answers(machine)
        destroy(machine, attacker.name)
        return attacker.output()


@pytest.mark.parametrize("kind", KINDS)
def test_only_the_attacker_suffers(tmp_path, module, kind):
    victim_disk = images.ramdisk(tmp_path / "victim.gz", VICTIM)
    with ToolMachine(smp=2, memory=1024, append="dom0_mem=160M",
                     log=tmp_path / "machine.log") as machine, \
            Guest(machine, tmp_path, vmlinuz(META), victim_disk, name="victim",
                  memory=160) as victim:
        victim.wait_for(r"^userland", BOOT_SECONDS)
        alone = work(victim)
        times = []

        def victims_work():
            stress = machine.popen("create", "-c", BUILD / "guests/stress.elf", "memory=8",
                                   f"cmdline={ATTACK_SECONDS - 1}")
            answers(machine)
            times.append(work(victim))
            assert "stress: SUCCESS" in stress.communicate(timeout=END_SECONDS)[0]

        machine.run("create", "-c", BUILD / "guests/stress.elf", "memory=8", "cmdline=0.1")
        before = usage(machine)
        for seed in SEEDS:
            said = attack(machine, tmp_path, module, kind, seed, victims_work)
            assert "BREACH" not in said, said[-3000:]
            expect_usage(machine, before)
        assert work(victim) < SLOWER * alone
        assert max(times) < SLOWER * alone, (alone, times)
        assert TYPED not in machine.output()
        assert machine.running()
