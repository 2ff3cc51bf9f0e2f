# SPDX-License-Identifier: MIT
"""Power-on to domain 0's end on many machines, by every way of loading; and boot input
that cannot be used, which ends with one clear line."""

import os
import re
import subprocess
from pathlib import Path

import pytest

from machine import Machine, default_build

ROOT = Path(__file__).resolve().parents[2]
OVMF = Path("/usr/share/ovmf/OVMF.fd")
BUILD = default_build()
HELLO = BUILD / "tests" / "guest" / "hello.elf"
BOOT_SECONDS = 60


class IsoMachine(Machine):
    """The same machine started by GRUB from the ISO, whose domain 0 is the hello test."""

    def __init__(self, firmware=None, **parameters):
        super().__init__("pavise", HELLO, **parameters)
        self._firmware = ["-bios", str(firmware)] if firmware else []

    def command(self):
        words = super().command()
        for option in ("-kernel", "-append", "-initrd"):
            at = words.index(option)
            del words[at:at + 2]
        return [*words, "-cdrom", str(self.build / "pavise.iso"), *self._firmware]


@pytest.fixture(scope="session")
def iso():
    environment = {**os.environ, "BUILD": str(BUILD)}
    subprocess.run(["make", "-s", "iso"], cwd=ROOT, env=environment, check=True)


def assert_runs(machine, cpus):
    with machine:
        online = machine.wait_for(r"(\d+) of (\d+) CPUs online", BOOT_SECONDS)
        assert online.groups() == (str(cpus), str(cpus))
        assert machine.wait_for(r"Test result: (\w+)", BOOT_SECONDS)[1] == "SUCCESS"
        machine.wait_for("powered the machine off", BOOT_SECONDS)
        machine.wait_end(BOOT_SECONDS)
        assert "panic" not in machine.output()


@pytest.mark.parametrize("smp", [1, 2, 4])
@pytest.mark.parametrize("cpu", ["qemu64", "max", "Skylake-Client-v1", "EPYC"])
def test_processors(cpu, smp):
    assert_runs(Machine("pavise", HELLO, cpu=cpu, smp=smp), smp)


@pytest.mark.parametrize("memory", [128, 512, 3072, 4096, 16384])
def test_memory_sizes(memory):
    assert_runs(Machine("pavise", HELLO, memory=memory), 2)


def test_large_pages_of_2_mib_only():
    assert_runs(Machine("pavise", HELLO, cpu="max,pdpe1gb=off", memory=6144), 2)


@pytest.mark.parametrize("machine_type", ["pc", "q35"])
def test_machine_types(machine_type):
    assert_runs(Machine("pavise", HELLO, qemu=["-machine", machine_type]), 2)


@pytest.mark.parametrize("clock", ["hpet", "acpi", "pit"])
def test_clocks(clock):
    machine = Machine("pavise", HELLO, append=f"clocksource={clock}")
    with machine:
        assert machine.wait_for(r"clock: TSC .* by (\w+)", BOOT_SECONDS)[1] == clock
        assert machine.wait_for(r"Test result: (\w+)", BOOT_SECONDS)[1] == "SUCCESS"


def test_one_processor_without_acpi():
    machine = Machine("pavise", HELLO, qemu=["-machine", "pc,acpi=off"])
    with machine:
        assert machine.wait_for(r"(\d) of 1 CPUs online", BOOT_SECONDS)[1] == "1"
        assert machine.wait_for(r"Test result: (\w+)", BOOT_SECONDS)[1] == "SUCCESS"


@pytest.mark.parametrize("append, cpus", [("maxcpus=2", 2), ("nosmp", 1)])
def test_fewer_processors_on_request(append, cpus):
    assert_runs(Machine("pavise", HELLO, smp=4, append=append), cpus)


@pytest.mark.parametrize("smp, memory", [(1, 512), (4, 4096)])
def test_grub_on_bios(iso, smp, memory):
    assert_runs(IsoMachine(smp=smp, memory=memory), smp)


@pytest.mark.parametrize("smp, memory", [(1, 512), (2, 4096)])
def test_grub_on_uefi(iso, smp, memory):
    assert_runs(IsoMachine(OVMF, smp=smp, memory=memory), smp)


def test_unknown_options_are_reported():
    with Machine("pavise", HELLO, append="maxcpus=many nonsense loglvl=all") as machine:
        machine.wait_for(r'bad value in "maxcpus=many"', BOOT_SECONDS)
        machine.wait_for(r'unknown option "nonsense"', BOOT_SECONDS)


def assert_refused(machine, reason):
    """One line that says why, nothing worse, and the machine stands still."""
    with machine:
        machine.wait_for(f"Pavise cannot start: .*{reason}", BOOT_SECONDS)
        assert machine.running()
        output = machine.output()
        assert len(re.findall("cannot start", output)) == 1
        assert "panic" not in output


class ModulelessMachine(Machine):
    def command(self):
        words = super().command()
        at = words.index("-initrd")
        return words[:at] + words[at + 2:]


def test_no_module():
    assert_refused(ModulelessMachine("pavise", HELLO), "no module")


def test_too_little_memory():
    assert_refused(Machine("pavise", HELLO, memory=16), "too little memory")


def test_no_long_mode():
    assert_refused(Machine("pavise", HELLO, cpu="qemu32"), "64-bit mode")


def broken_kernel(tmp_path, change):
    data = bytearray(HELLO.read_bytes())
    path = tmp_path / "kernel"
    path.write_bytes(change(data) or data)
    return path


def set_byte(offset, value):
    def change(data):
        data[offset] = value
    return change


BROKEN = {
    "text": lambda data: b"this is no kernel\n" * 1000,
    "one byte": lambda data: b"\x7f",
    "8 KiB of it": lambda data: data[:8192],
    "headers only": lambda data: data[:64],
    "32-bit": set_byte(4, 1),
    "big endian": set_byte(5, 2),
    "other machine": set_byte(18, 40),
    "wild program headers": set_byte(38, 0x7f),
}


@pytest.mark.parametrize("kind", BROKEN)
def test_broken_kernel(tmp_path, kind):
    assert_refused(Machine("pavise", broken_kernel(tmp_path, BROKEN[kind])), "")
