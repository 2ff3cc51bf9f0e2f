# SPDX-License-Identifier: MIT
"""The control domain: guests are made, watched and ended from its prompt."""

import re
from pathlib import Path

import pytest

import cpio
from machine import Machine, default_build

BUILD = default_build()
SECONDS = 20
PROMPT = r"^pavise> "
GRUB = Path("/usr/lib/grub-xen/grub-x86_64-xen.bin")


def control_domain(ramdisk=BUILD / "control-domain.cpio", **parameters):
    return Machine("pavise", BUILD / "control-domain.elf", ramdisk=ramdisk, build=BUILD,
                   **parameters)


class Prompt:
    """What is typed at the prompt, and what is said until it comes again."""

    def __init__(self, machine):
        self.machine = machine
        machine.wait_for(PROMPT, SECONDS)

    def type(self, line):
        self.machine.send(line + "\r")
        self.machine.wait_for(re.escape(line) + r"\n", SECONDS)

    def run(self, line):
        self.type(line)
        return self.machine.wait_for(rf"((?:.*\n)*?){PROMPT}", SECONDS)[1]

    def free_kib(self):
        return int(self.run("info").split("free memory  :")[1].split()[0])

    def state(self, name):
        """The state column of a domain in `list`; None when it is not there."""
        for line in self.run("list").splitlines():
            words = line.split()
            if words and words[0] == name:
                return words[4]
        return None


@pytest.fixture(params=[1, 2])
def machine(request):
    with control_domain(smp=request.param) as started:
        yield started


def test_hello_is_created_seen_listed_and_destroyed(machine):
    prompt = Prompt(machine)
    prompt.run("create hello.cfg name=first")
    machine.wait_for(r"Domain 1 \(first\) has ended: poweroff", SECONDS)
    prompt.run("destroy first")
    before = prompt.free_kib()
    prompt.type("create -c hello.cfg")
    machine.wait_for(r"Hello from mini-os, a guest of xen-3.0-x86_64 with 4096 KiB", SECONDS)
    machine.wait_for(r"argument 3: configuration", SECONDS)
    machine.wait_for(r"Domain 2 \(hello\) has ended: poweroff", SECONDS)
    machine.send("\x1d")
    machine.wait_for(PROMPT, SECONDS)
    assert prompt.state("hello") == "---s--"
    assert prompt.free_kib() < before
    assert prompt.run("destroy hello") == ""
    assert prompt.state("hello") is None
    assert prompt.free_kib() == before


def test_echo_answers_is_paused_and_shut_down(machine):
    prompt = Prompt(machine)
    prompt.run("create echo.elf memory=4")
    prompt.type("console echo")
    machine.wait_for(r"echo: type a line", SECONDS)
    machine.send("to the guest\r")
    machine.wait_for(r"^1: to the guest", SECONDS)
    machine.send("\x1d")
    machine.wait_for(PROMPT, SECONDS)
    prompt.run("pause echo")
    assert prompt.state("echo")[2] == "p"
    prompt.run("unpause echo")
    assert prompt.state("echo")[2] == "-"
    prompt.type("shutdown echo")
    machine.wait_for(r"Domain 1 \(echo\) has ended: poweroff", SECONDS)
    assert prompt.state("echo") is None


def test_the_console_ends_with_the_domain(machine):
    prompt = Prompt(machine)
    output = prompt.run("create -c stress.cfg cmdline=0.2")
    assert "stress: SUCCESS" in output
    assert "Domain 1 (stress) has ended: poweroff" in output
    machine.send("\x04")
    machine.wait_for(r"powered the machine off", SECONDS)


MISTAKES = {
    "create": "usage: create",
    "create nothing.elf": 'create: "nothing.elf" cannot be read',
    "create hello.cfg memory=many": "create: ",
    "create hello.cfg memory=100000": "create: ",
    "create -x hello.cfg": "create: unknown option -x",
    "destroy 0": "destroy: domain 0 cannot be destroyed",
    "list nobody": 'list: there is no domain "nobody"',
    "console nobody": 'console: there is no domain "nobody"',
    "unknown verb": "unknown: no such verb",
    "a " * 50: "more than 40 words",
}


def test_mistakes_get_one_line_and_leave_nothing():
    with control_domain() as machine:
        prompt = Prompt(machine)
        before = prompt.free_kib()
        for line, answer in MISTAKES.items():
            output = prompt.run(line)
            assert output.startswith(answer) and output.count("\n") == 1
        assert prompt.state("hello") is None
        assert prompt.free_kib() == before


@pytest.mark.skipif(not GRUB.exists(), reason="grub-xen-host is not installed")
def test_grub_answers(tmp_path):
    """Debian's GRUB for PV guests, as it is packaged, at its prompt."""
    ramdisk = tmp_path / "ramdisk.cpio"
    ramdisk.write_bytes(cpio.archive({"grub.bin": GRUB.read_bytes()}))
    with control_domain(ramdisk) as machine:
        prompt = Prompt(machine)
        prompt.type("create -c grub.bin memory=64")
        machine.wait_for(r"grub> ", SECONDS)
        machine.send("ls\r")
        machine.wait_for(r"\(memdisk\) \(proc\)", SECONDS)
        machine.send("halt\r")
        machine.wait_for(r"Domain 1 \(grub\) has ended: poweroff", SECONDS)
