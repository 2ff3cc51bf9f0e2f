# SPDX-License-Identifier: MIT
"""The toolstack on mini-os as domain 0: it makes guests, which run and end."""

import re
from pathlib import Path

import pytest

import cpio
from machine import Machine, default_build

BUILD = default_build()
SECONDS = 120
GRUB = Path("/usr/lib/grub-xen/grub-x86_64-xen.bin")


def ramdisk_of(folder, kernel):
    path = folder / "ramdisk.cpio"
    path.write_bytes(cpio.archive({"guest.elf": kernel.read_bytes()}))
    return path


@pytest.fixture
def ramdisk(tmp_path):
    return ramdisk_of(tmp_path, BUILD / "guests/hello.elf")


def run(ramdisk, args, program="guests", **parameters):
    """Boots a program with arguments; its output when it has succeeded."""
    program = BUILD / "tests" / "toolstack" / f"{program}.elf"
    with Machine("pavise", program, args=args, ramdisk=ramdisk, build=BUILD,
                 **parameters) as machine:
        result = machine.wait_for(r"Test result: (\w+)", SECONDS)[1]
        assert result == "SUCCESS", machine.output()
        return machine.output()


@pytest.mark.parametrize("smp", [1, 2])
def test_guests_leave_nothing_behind(ramdisk, smp):
    run(ramdisk, "3 4 2048", smp=smp)


def test_sizes_of_guests(ramdisk):
    for kib in (1024, 2300, 40960):
        run(ramdisk, f"1 1 {kib}")


def test_many_at_once(ramdisk):
    """And the last one costs little more than the first."""
    output = run(ramdisk, "200 1 2048", smp=1, memory=1024, qemu=["-icount", "shift=0"])
    ticks = {int(n): int(t) for n, t in re.findall(r"create (\d+): (\d+) ticks", output)}
    assert ticks[0] < 1_000_000
    assert ticks[199] < ticks[0] * 1.2


@pytest.mark.parametrize("kib", [2048, 5000])
def test_memory_at_an_end(ramdisk, kib):
    run(ramdisk, str(kib), "exhaust", memory=160)


@pytest.mark.skipif(not GRUB.exists(), reason="grub-xen-host is not installed")
def test_grub_answers(tmp_path):
    """Debian's GRUB for PV guests, as it is packaged, at its prompt."""
    output = run(ramdisk_of(tmp_path, GRUB), "65536 'grub> ' ls set reboot ls halt", "talk")
    assert output.count("(memdisk) (proc)") == 2
    assert "grub_platform=xen" in output
    assert "guest: restarted" in output


def test_suspended_guest_goes_on(tmp_path):
    run(ramdisk_of(tmp_path, BUILD / "tests/apps/sleeper.elf"), "", "suspend")
