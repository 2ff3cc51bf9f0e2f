# SPDX-License-Identifier: MIT
"""`trace`: a guest's calls and events as they happen, from the user's machine."""

import re
import time

import pytest

from tool import ToolMachine, interrupt

SECONDS = 60


@pytest.fixture
def machine():
    with ToolMachine() as started:
        yield started


def free_kib(machine):
    return machine.json("info")["memory"]["free_kib"]


def tracing(machine, *words):
    """A trace in the background that has begun."""
    before = free_kib(machine)
    process = machine.popen("trace", *words)
    deadline = time.monotonic() + SECONDS
    while free_kib(machine) == before:  # the rings are made
        assert time.monotonic() < deadline and process.poll() is None
    return process


def traced_from_start(machine, config, *options):
    """The lines of a guest's whole life."""
    name = config.split(".")[0]
    machine.run("create", "-p", "-q", config)
    process = tracing(machine, name, "-c", "all", *options)
    time.sleep(0.5)
    machine.run("unpause", name)
    return process


def test_what_a_guest_does(machine):
    process = traced_from_start(machine, "hello.cfg")
    out, err = process.communicate(timeout=SECONDS)
    assert process.returncode == 0 and err == ""
    lines = [line.split(None, 2) for line in out.splitlines()]
    assert all(owner == "d1v0" for _, owner, _ in lines)
    times = [float(seconds) for seconds, _, _ in lines]
    assert times == sorted(times)
    texts = [text for _, _, text in lines]
    assert texts[0].startswith("runs on CPU ")
    for pattern in (r"set_trap_table\(traps=0x\w+\) = 0",
                    r"mmu_update\(\[\{ptr=0x\w+, val=0x\w+\}.*\], count=\d+, .*=self\) = 0",
                    r"event_channel_op\(EVTCHNOP_bind_virq, \{virq=0, vcpu=0\}\) = 0 -> "
                    r"\{port=\d+\}",
                    r"event_channel_op\(EVTCHNOP_send, \{port=\d+\}\) = 0",
                    r"sched_op\(SCHEDOP_shutdown, \{reason=0\}\) = 0"):
        assert any(re.fullmatch(pattern, text) for text in texts), pattern


def test_ends(machine):
    """... by ^C, and when the guest is destroyed; the rings are given back each time."""
    machine.run("create", "-q", "echo.cfg")
    machine.run("trace", "echo", "-n", "1", "-t", "1")
    before = free_kib(machine)
    process = tracing(machine, "echo")
    machine.fail("trace", "echo", "-S", "8", code=4)
    interrupt(process)
    assert process.wait(SECONDS) == 130
    assert free_kib(machine) == before
    process = tracing(machine, "echo")
    machine.run("destroy", "echo")
    assert process.wait(SECONDS) == 0


def test_refusals(machine):
    machine.fail("trace", "nobody", code=3)
    machine.run("create", "-q", "echo.cfg")
    machine.fail("trace", "echo", "-c", "calls,everything", code=2)
    machine.fail("trace", "echo", "-S", "0", code=2)
    machine.fail("trace", "echo", "-t", "soon", code=2)
    before = free_kib(machine)
    machine.run("trace", "echo", "-S", "16384", "-t", "0.1")
    assert free_kib(machine) == before


def test_losses_are_told(machine):
    process = traced_from_start(machine, "stress.cfg", "-S", "4", "-t", "3")
    out, _ = process.communicate(timeout=SECONDS)
    assert process.returncode == 0
    assert re.search(r"^ *[\d.]+ d1v\d+ \d+ records lost$", out, re.MULTILINE)
