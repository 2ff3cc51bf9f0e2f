# SPDX-License-Identifier: MIT
"""A kernel module in one guest, or a program there, attacks the hypervisor and domain 0
while two others work, a mini-os and a Linux: their results are right and do not take much
longer, the tool answers, the attack has had nothing that it must not have, and of the
attacker nothing is left when it is destroyed. What becomes of the attacker before does not
matter. Each attack follows from its seed, which its console tells."""

import time
from pathlib import Path

import pytest

import images
import modules
import static
from guest import Ended, Guest
from test_domu import BOOT_SECONDS, BUILD, KERNELS, vmlinuz
from tool import ToolMachine

META = KERNELS[1]
FOLDER = Path(__file__).parent
KINDS = ["calls", "tables", "ports", "msrs", "instructions", "descriptors", "events", "grants",
         "console", "xenstore"]
# The same on other kernels and on one processor.
ELSEWHERE = [("calls", KERNELS[0]), ("tables", KERNELS[2]), ("grants", KERNELS[0])]
# Of the program: as a user who may do nothing, and as root by the kernel's own devices.
PROGRAM_KINDS = ["instructions", "processes", "devices", "privcmd"]
SEEDS = [1, 2]
ATTACK_SECONDS = 4
PROGRAM_SECONDS = 8  # of which much goes into starting processes
# On two processors. The attacker has two vCPUs, so a victim may have half of what it has
# without it, and less while domain 0 serves the attacker.
SLOWER = 4
ANSWER_SECONDS = 5
END_SECONDS = 30
# What only the machine's console would show, were the serial port the attacker's.
TYPED = "HOSTILE-TYPED-THIS"
MODULE = "insmod /hostile.ko kind={kind} seed={seed} seconds={seconds}"
# Newer kernels let no guest but domain 0 use privcmd, unless they are told to.
PROGRAM = """
insmod /xen-privcmd.ko unrestricted=1; insmod /msr.ko allow_writes=on
attacker {kind} {seed} {seconds}
"""
ATTACK = """
echo userland
{command}
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


class Attack:
    """What an attacker's ramdisk has, on a kernel: the files, and the command to begin."""

    def __init__(self, kind, meta, files, command, seconds):
        self.kind, self.meta, self.files = kind, meta, files
        self.command, self.seconds = command, seconds

    def ramdisk(self, path, seed):
        command = self.command.format(kind=self.kind, seed=seed, seconds=self.seconds)
        return images.ramdisk(path, ATTACK.format(command=command), self.files, ["insmod"])


@pytest.fixture(name="module", scope="module")
def hostile_module(tmp_path_factory):
    """Makes an attack by the module, which is compiled once for a kernel."""
    compiled = {}

    def make(kind, meta):
        if meta not in compiled:
            compiled[meta] = modules.compile_module(
                BUILD, FOLDER / "hostile", tmp_path_factory.mktemp("module") / "hostile", meta)
        return Attack(kind, meta, {"hostile.ko": compiled[meta]}, MODULE, ATTACK_SECONDS)
    return make


def program(kind):
    files = {f"{name}.ko": images.module(BUILD, name, META) for name in ("xen-privcmd", "msr")}
    files["bin/attacker"] = static.program(BUILD, FOLDER / "attacker")
    return Attack(kind, META, files, PROGRAM, PROGRAM_SECONDS)


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
        guest.wait_for(r"^attack over|end Kernel panic", PROGRAM_SECONDS + END_SECONDS)
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


def attack(machine, folder, plan, seed, during):
    """One attacker's life; `during` is called when it has begun. Returns its console."""
    disk = plan.ramdisk(folder / "attacker.gz", seed)
    with Guest(machine, folder, vmlinuz(plan.meta), disk, name=f"attacker{seed}", memory=160,
               vcpus=2) as attacker:
        attacker.wait_for(rf"{plan.kind} begins, seed {seed}", BOOT_SECONDS)
        during()
        wait_over(attacker)
        answers(machine)
        destroy(machine, attacker.name)
        return attacker.output()


def only_the_attacker_suffers(folder, plan, smp):
    slower = SLOWER * 2 / smp
    # A guest's lines are limited, as they are unless one asks for all.
    options = "dom0_mem=160M guest_loglvl=none/all"
    victim_disk = images.ramdisk(folder / "victim.gz", VICTIM)
    with ToolMachine(smp=smp, memory=1024, append=options,
                     log=folder / "machine.log") as machine, \
            Guest(machine, folder, vmlinuz(META), victim_disk, name="victim",
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
        # The kernel, unpacked, is kept.
        machine.run("create", "-p", kernel_of(folder, plan), timeout=BOOT_SECONDS)
        machine.run("destroy", "kept")
        before = usage(machine)
        for seed in SEEDS:
            said = attack(machine, folder, plan, seed, victims_work)
            assert "BREACH" not in said, said[-3000:]
            expect_usage(machine, before)
        print(f"{plan.kind}: a victim takes {max(times) / alone:.1f} times as long")
        assert work(victim) < slower * alone
        assert max(times) < slower * alone, (alone, times)
        assert TYPED not in machine.output()
        assert machine.running()


def kernel_of(folder, plan):
    path = folder / "kept.cfg"
    path.write_text(f'name = "kept"\nkernel = "{vmlinuz(plan.meta)}"\nmemory = 128\n')
    return path


@pytest.mark.parametrize("kind", KINDS)
def test_a_module_attacks(tmp_path, module, kind):
    only_the_attacker_suffers(tmp_path, module(kind, META), smp=2)


@pytest.mark.parametrize("kind, meta", ELSEWHERE)
def test_a_module_attacks_elsewhere(tmp_path, module, kind, meta):
    only_the_attacker_suffers(tmp_path, module(kind, meta), smp=1)


@pytest.mark.parametrize("kind", PROGRAM_KINDS)
def test_a_program_attacks(tmp_path, kind):
    only_the_attacker_suffers(tmp_path, program(kind), smp=2)
