# SPDX-License-Identifier: MIT
"""User programs in Debian's kernel as a guest. What they say is compared with what the same
programs say under the same kernel on the machine itself, in the same QEMU."""

import base64
import contextlib
import gzip
import re

import pytest

import compiled
import images
from guest import Guest
from native import NativeMachine
from test_domu import BUILD, COMPLAINTS, KERNELS, vmlinuz
from tool import ToolMachine, interrupt

SECONDS = 600
# norandmaps: addresses in what programs say can be compared.
ARGUMENTS = "panic=-1 quiet norandmaps"
# Without 5-level page tables and protection keys, which PV guests do not have.
AMD = "max,smap=off,la57=off,pku=off"
INTEL = "Skylake-Client-v1,smap=off,pku=off"

# A kernel's complaints that are about itself and not about a program.
COMPLAINED = rf"dmesg | grep -vE 'traps: |segfault at' | grep -ciE '{COMPLAINTS}'"
# Consoles are slow: what programs say comes packed.
RUN = """
for program in {programs}; do
    /$program >/tmp/said
    status=$?
    echo "== begin $program"
    gzip -c /tmp/said | base64
    echo "== end $program $status"
done
echo "complaints: $({complained})"
echo "all over"
poweroff -f
"""

# What differs on purpose: with Xen's interface a guest's kernel runs in ring 3, so its
# selectors can be loaded there, and there is no 16-bit code, since returning to a 16-bit
# stack would need the kernel's own IRET.
NAMED = ["far_kernel_cs: ", "ds_kernel: ", "code of 16 bits in the LDT: "]


@pytest.fixture(name="programs", scope="module")
def compiled_programs():
    """{name in the ramdisk: file}"""
    files = {f"{name}{bits}": compiled.program(BUILD, name, bits)
             for name in ("opcodes", "faults", "tracer") for bits in (64, 32)}
    files["calls32"] = compiled.program(BUILD, "calls", 32)
    files["calls32-shared"] = compiled.program(BUILD, "calls", 32, shared=True)
    return files


def said(text):
    """{program: lines} of a console; each program has come to its end."""
    lines = {}
    for name, packed, status in re.findall(r"^== begin (\S+)\n(.*?)^== end \1 (\d+)$", text,
                                           re.DOTALL | re.MULTILINE):
        # Lines of the kernel's among those of base64.
        packed = "".join(re.findall(r"^[A-Za-z0-9+/=]+$", packed, re.MULTILINE))
        lines[name] = gzip.decompress(base64.b64decode(packed)).decode().splitlines()
        assert status == "0" and lines[name][-1] == "over", (name, status, lines[name][-5:])
    return lines


def int_errors(line):
    """QEMU 7.2 pushes 16n + 2 when it refuses `int n`, processors and hypervisors 8n + 2."""
    match = re.match(r"int ([0-9a-f]{2}): .*", line)
    if not match:
        return line
    number = int(match[1], 16)
    return line.replace(f"error {number * 16 + 2:#x} ", f"error {number * 8 + 2:#x} ")


def differences(there, here):
    """The pairs of lines that differ without a reason that is named."""
    assert [len(lines) for lines in there.values()] == [len(lines) for lines in here.values()]
    pairs = [(name, one, other) for name in there
             for one, other in zip(map(int_errors, there[name]), here[name])]
    return [pair for pair in pairs
            if pair[1] != pair[2] and not pair[1].startswith(tuple(NAMED))]


def disk_of(path, programs):
    script = RUN.format(programs=" ".join(programs), complained=COMPLAINED)
    return images.ramdisk(path, script, {**programs, **compiled.shared32(BUILD)},
                          ["gzip", "base64"])


def natively(folder, disk, cpu):
    with NativeMachine(vmlinuz(KERNELS[1]), ramdisk=disk, cpu=cpu, smp=2, memory=384,
                       args=f"{NativeMachine.arguments} {ARGUMENTS}",
                       log=folder / "native.log") as machine:
        machine.wait_for(r"^all over", SECONDS)
        return machine.output()


def log_is_quiet(machine):
    """The hypervisor has said nothing of the guest but MSRs that it refuses, as Xen does."""
    lines = [line for line in machine.output().splitlines() if re.search(r"\bd[1-9]\d*\b", line)]
    loud = [line for line in lines if not re.search(r"(RDMSR|WRMSR) 0x\w+ refused|\(d\d+\) ", line)]
    assert not loud, loud[:10]


@pytest.mark.parametrize("cpu", [AMD, INTEL], ids=["amd", "intel"])
def test_programs_say_what_they_say_natively(tmp_path, programs, cpu):
    disk = disk_of(tmp_path / "initrd.gz", programs)
    there = natively(tmp_path, disk, cpu)
    with ToolMachine(smp=2, memory=768, cpu=cpu, append="dom0_mem=128M",
                     log=tmp_path / "machine.log") as machine, \
            Guest(machine, tmp_path, vmlinuz(KERNELS[1]), disk, memory=384, vcpus=2,
                  cmdline=f"console=hvc0 {ARGUMENTS}") as guest:
        guest.wait_for(r"^all over", SECONDS)
        here = guest.output()
        log_is_quiet(machine)
    assert said(there).keys() == said(here).keys() == programs.keys()
    assert not differences(said(there), said(here))
    assert "complaints: 0" in here


# --- floating point ---

# One process on each vCPU, so that the vCPU sleeps when the process does; then many.
STATES = """
echo userland
read order
for processes in {phases}; do
    for i in $(seq $processes); do
        /registers $(({rounds} / processes)) $((100 * {guest} + i)) &
    done
    wait
done
echo "complaints: $({complained})"
echo "all over"
read order
"""
# Of a phase, in all its processes; each sleeps in a third of them.
ROUNDS = 9000
SWITCHES = 2000


def state_guest(machine, folder, number, vcpus):
    script = STATES.format(phases=f"{vcpus} {vcpus * 3}", guest=number, rounds=ROUNDS,
                           complained=COMPLAINED)
    disk = images.ramdisk(folder / f"{number}.gz", script,
                          {"registers": compiled.program(BUILD, "registers")})
    return Guest(machine, folder, vmlinuz(KERNELS[1]), disk, name=f"linux{number}", memory=160,
                 vcpus=vcpus)


def switches_of_processes(guest, vcpus, kind):
    """Having checked that no register was wrong."""
    guest.wait_for(r"^all over", SECONDS)
    rows = re.findall(r"^registers: (\w+), (\d+) switches, (\d+) signals, (\d+) wrong",
                      guest.output(), re.MULTILINE)
    assert len(rows) == 4 * vcpus, guest.output()[-2000:]
    assert all(row[0] == kind and row[3] == "0" and int(row[2]) > 0 for row in rows), rows
    assert "complaints: 0" in guest.output()
    return sum(int(row[1]) for row in rows)


@contextlib.contextmanager
def traced(machine, guest, folder):
    """A function that tells how often a vCPU of the guest has been switched to till now."""
    path = folder / f"{guest.name}.trace"
    with open(path, "wb") as out:
        tracer = machine.popen("trace", guest.name, "-c", "switches", stdout=out)
    try:
        yield lambda: path.read_text(errors="replace").count(" runs on CPU ")
    finally:
        interrupt(tracer)
        tracer.communicate()


@pytest.mark.parametrize("smp,vcpus,cpu", [(1, 1, AMD), (2, 4, AMD), (2, 2, INTEL)])
def test_registers_over_switches(tmp_path, smp, vcpus, cpu):
    """Two guests share the processors."""
    with ToolMachine(smp=smp, memory=768, cpu=cpu, append="dom0_mem=128M",
                     log=tmp_path / "machine.log") as machine, \
            state_guest(machine, tmp_path, 1, vcpus) as one, \
            state_guest(machine, tmp_path, 2, vcpus) as two:
        for guest in (one, two):
            guest.wait_for(r"^userland", SECONDS)
        with traced(machine, one, tmp_path) as switches_of_vcpus:
            for guest in (one, two):
                guest.type("go")
            seen = [switches_of_processes(guest, vcpus, "AVX") for guest in (one, two)]
            seen.append(switches_of_vcpus())
        log_is_quiet(machine)
    print(f"switches: {seen[:2]} of processes, {seen[2]} of a guest's vCPUs")
    assert min(seen) > SWITCHES, seen
