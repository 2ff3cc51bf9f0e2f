# SPDX-License-Identifier: MIT
"""Power-on to domain 0's end on many machines, by every way of loading."""

import pytest

import boot_matrix
from boot_matrix import BOOT_SECONDS, HELLO, assert_runs, make_machine
from machine import Machine


@pytest.mark.parametrize("combination", boot_matrix.covering(), ids=boot_matrix.name)
def test_boot(iso, combination):
    loader, smp, memory, cpu = combination
    assert_runs(make_machine(loader, smp=smp, memory=memory, cpu=cpu), smp)


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
