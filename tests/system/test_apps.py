# SPDX-License-Identifier: MIT
"""mini-os applications as domain 0, on Pavise and where it says so on Debian's Xen."""

import re

import pytest

import cpio
from machine import Machine, XEN_IMAGE, default_build

BUILD = default_build()
GUESTS = BUILD / "guests"
TEST_APPS = BUILD / "tests" / "apps"
SECONDS = 60

HYPERVISORS = ["pavise", pytest.param("xen", marks=pytest.mark.skipif(
    not XEN_IMAGE.exists(), reason="xen-hypervisor-4.17-amd64 is not installed"))]

FILES = {
    "etc": None,
    "etc/motd": b"welcome\nsecond line\n",
    "./data/big.bin": bytes((i * 7 + i // 256) % 256 for i in range(100000)),
    "data/deep/er/file": b"x",
    "empty": b"",
}


@pytest.fixture
def ramdisk(tmp_path):
    path = tmp_path / "ramdisk.cpio"
    path.write_bytes(cpio.archive(FILES))
    return path


def boot(app, hypervisor="pavise", folder=GUESTS, **parameters):
    parameters = {"memory": 256, **parameters}
    return Machine(hypervisor, folder / f"{app}.elf", build=BUILD, **parameters)


def said(text):
    """A whole line; Xen puts a mark in front of what domain 0 prints."""
    return rf"^(?:\(\w+\) )?{text}\n"


def assert_powers_off(machine):
    machine.wait_for(r"powered the machine off|Hardware Dom0 halted", SECONDS)


@pytest.mark.parametrize("hypervisor", HYPERVISORS)
def test_hello(hypervisor):
    with boot("hello", hypervisor, args="one 'two words'") as machine:
        machine.wait_for(said(r"Hello from mini-os, a guest of xen-3.0-x86_64p? .*"), SECONDS)
        machine.wait_for(said("argument 1: one"), SECONDS)
        machine.wait_for(said("argument 2: two words"), SECONDS)
        assert_powers_off(machine)


def test_echo_edits_lines():
    with boot("echo") as machine:
        machine.wait_for(said("echo: type a line.*"), SECONDS)
        machine.send("hello\r")
        machine.wait_for(said("1: hello"), SECONDS)
        machine.send("wrong\x15fox\x7fur\r")
        machine.wait_for(said("2: four"), SECONDS)
        machine.send("\x04")
        machine.wait_for(said("echo: 2 lines."), SECONDS)
        assert_powers_off(machine)


@pytest.mark.parametrize("hypervisor", HYPERVISORS)
@pytest.mark.parametrize("seed", [1, 2])
def test_stress(hypervisor, seed):
    with boot("stress", hypervisor, args=f"1.5 {seed}", smp=2) as machine:
        assert machine.wait_for(said(r"stress: (\w+)"), SECONDS)[1] == "SUCCESS"


@pytest.mark.parametrize("kind", ["memory", "mutex", "condition", "spawn", "timer", "table",
                                  "float"])
def test_stress_notices_what_is_broken(kind):
    with boot("stress", args=f"0.7 1 {kind}") as machine:
        machine.wait_for(said(rf"{kind} +\d: +\d+ rounds, FAILED"), SECONDS)
        assert machine.wait_for(said(r"stress: (\w+)"), SECONDS)[1] == "FAILURE"
        machine.wait_for(r"[Dd]omain 0.*(?:shutdown code 3|crash)", SECONDS)
    others = re.findall(r"^(\w+) +\d: +\d+ rounds, FAILED", machine.output(), re.MULTILINE)
    assert set(others) == {kind}


def test_stress_in_little_memory():
    """4 MiB is the least that a domain 0 gets by the boot protocol."""
    with boot("stress", append="dom0_mem=4M", args="0.5") as machine:
        assert machine.wait_for(said(r"stress: (\w+)"), SECONDS)[1] == "SUCCESS"


@pytest.mark.parametrize("hypervisor", HYPERVISORS)
def test_c_library(hypervisor, ramdisk):
    args = r"""A_NAME=value one 'two words' "thr\"ee" fo\ ur"""
    with boot("libc", hypervisor, TEST_APPS, args=args, ramdisk=ramdisk) as machine:
        result = machine.wait_for(said(r"Test result: (\w+)"), SECONDS)[1]
        assert result == "SUCCESS", machine.output()
        machine.wait_for(said("atexit function runs"), SECONDS)


@pytest.mark.parametrize("how, message", [
    ("exit", r"mini-os: the program has failed with exit status 3"),
    ("abort", r"PANIC: abort\(\) in thread \"main\""),
    ("assert", r"assertion .* failed: .*\n(?:.*\n)*?.*PANIC: abort"),
    ("null", r"PANIC: unexpected trap: vector 14 .*cr2 0000000000000000"),
    ("overflow", r""),
    ("execute", r"PANIC: unexpected trap: vector 14"),
    ("raise", r"PANIC: signal \d+ in thread"),
])
def test_failure_ends_the_domain_with_a_crash(how, message):
    with boot("fail", folder=TEST_APPS, args=how) as machine:
        machine.wait_for(rf"text before the end(?:.*\n)*?.*{message}", SECONDS)
        machine.wait_for(r"[Dd]omain 0.*(?:shutdown code 3|crash)", SECONDS)


@pytest.mark.parametrize("hypervisor", HYPERVISORS)
def test_foreign_frames(hypervisor):
    with boot("foreign", hypervisor, TEST_APPS) as machine:
        result = machine.wait_for(said(r"Test result: (\w+)"), SECONDS)[1]
        assert result == "SUCCESS", machine.output()


def test_bulk_memory():
    with boot("bulk", folder=TEST_APPS) as machine:
        result = machine.wait_for(said(r"Test result: (\w+)"), SECONDS)[1]
        assert result == "SUCCESS", machine.output()


def test_waiting_for_several_things():
    with boot("poll", folder=TEST_APPS) as machine:
        for prompt, text in [("line", "one\r"), ("half a line", "two ha"),
                             ("the rest", "lves\r"), ("the end", "\x04"), ("before", "ab"),
                             ("byte", "x")]:
            machine.wait_for(rf"type (?:a )?{prompt}\n", SECONDS)
            machine.send(text)
        result = machine.wait_for(said(r"Test result: (\w+)"), SECONDS)[1]
        assert result == "SUCCESS", machine.output()


def test_exit_waits_for_no_other_thread():
    with boot("exit", folder=TEST_APPS) as machine:
        machine.wait_for("flushed at the end", SECONDS)
        assert_powers_off(machine)


BAD_ARCHIVES = {
    "text": b"this is no archive " * 20,
    "cut off": cpio.archive(FILES)[:70000],
    "no trailer": cpio.archive({"a": b"b"})[:116],
    "wild sizes": cpio.archive({"a": b"b"}).replace(b"00000001", b"FFFFFFFF"),
}


@pytest.mark.parametrize("kind", BAD_ARCHIVES)
def test_bad_ramdisk(tmp_path, kind):
    path = tmp_path / "ramdisk"
    path.write_bytes(BAD_ARCHIVES[kind])
    with boot("hello", ramdisk=path) as machine:
        machine.wait_for(said(r"mini-os: the ramdisk is no sound cpio archive.*"), SECONDS)
        machine.wait_for(said(r"Hello from mini-os.*"), SECONDS)


@pytest.mark.parametrize("how, end", [("", ""), ("hostile", "absent")])
def test_store_and_console_of_an_ordinary_domain(how, end):
    with boot("xenbus", folder=TEST_APPS, args=how) as machine:
        result = machine.wait_for(said(r"Test result: (\w+)"), SECONDS)[1]
        assert result == "SUCCESS", machine.output()
        machine.wait_for(said(f'the end, shutdown node "{end}"'), SECONDS)
        assert_powers_off(machine)
