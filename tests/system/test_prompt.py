# SPDX-License-Identifier: MIT
"""The control domain's prompt: editing, history, completion, quoting, interruption."""

import json
import random
import re

import pytest

from machine import Machine, default_build

BUILD = default_build()
SECONDS = 20
PROMPT = r"^(?:\x1b\[0K)?pavise> "

LEFT, RIGHT, UP, DOWN = "\x1b[D", "\x1b[C", "\x1b[A", "\x1b[B"
HOME, END, DELETE = "\x1b[H", "\x1b[F", "\x1b[3~"
BACKSPACE = "\x7f"


def ctrl(letter):
    return chr(ord(letter) & 31)


class Prompt:
    def __init__(self, machine):
        self.machine = machine
        self.wait()

    def wait(self):
        """What was said until the prompt came."""
        return self.machine.wait_for(rf"((?:.*\n)*?){PROMPT}", SECONDS)[1]

    def run(self, keys):
        """Types keys and the return key; what was said on the lines that follow."""
        self.machine.send(keys + "\r")
        return self.wait().partition("\n")[2]


@pytest.fixture(name="machine", scope="module")
def fixture_machine():
    with Machine("pavise", BUILD / "control-domain.elf", smp=1, build=BUILD,
                 ramdisk=BUILD / "control-domain.cpio") as started:
        started.prompt = Prompt(started)
        yield started


@pytest.fixture(name="prompt")
def fixture_prompt(machine):
    return machine.prompt


def no_verb(word):
    return f'there is no verb "{word}"'


# Keys, and the words that they make: a verb that does not exist is named in the answer.
EDITED = {
    "axe": "axe",
    "ac" + LEFT + "b" + RIGHT + "d": "abcd",
    "bcd" + HOME + "a" + END + "e": "abcde",
    "bcd" + ctrl("A") + "a" + ctrl("E") + "e": "abcde",
    "abxx" + BACKSPACE + BACKSPACE + "c": "abc",
    "xabc" + HOME + DELETE: "abc",
    "xabc" + ctrl("A") + ctrl("D"): "abc",
    "nothing" + ctrl("U") + "abc": "abc",
    "abcxyz" + LEFT * 3 + ctrl("K"): "abc",
    "abc xyz" + ctrl("W") * 2 + "def": "def",
    "acb" + ctrl("T"): "abc",
    "abc" + ctrl("U") + ctrl("Y") * 2: "abcabc",
    "abc" + "\x1b[5;3~" + "\x1bOP" + "d": "abcd",
}


@pytest.mark.parametrize("keys", EDITED)
def test_lines_are_edited(prompt, keys):
    assert no_verb(EDITED[keys]) in prompt.run(keys)


def test_the_history_gives_lines_again(prompt):
    prompt.run("first")
    prompt.run("second")
    assert no_verb("first") in prompt.run(UP + UP)
    assert no_verb("second") in prompt.run(UP + UP)
    assert no_verb("third") in prompt.run(UP + DOWN + "third")
    assert no_verb("firstly") in prompt.run(ctrl("R") + "fir" + END + "ly")


QUOTED = {
    'destroy "a b"': '"a b"',
    "destroy 'a  \"b'": '"a  "b"',
    r"destroy a\ b": '"a b"',
    r'destroy a"b\"c"d': '"ab"cd"',
}


@pytest.mark.parametrize("line", QUOTED)
def test_words_are_quoted_as_in_a_shell(prompt, line):
    output = prompt.run(line)
    assert QUOTED[line] in output and output.count("\n") == 1


def test_empty_lines_and_comments_do_nothing(prompt):
    assert prompt.run("") == ""
    assert prompt.run("   ") == ""
    assert prompt.run("# list everything") == ""


def test_interrupt_abandons_the_line(machine, prompt):
    machine.send("destroy everything" + ctrl("C"))
    assert "^C" in prompt.wait()
    assert "Domain-0" in prompt.run("list")


def test_several_lines_at_once_are_all_run(machine, prompt):
    machine.send("".join(f"line{n}\r" for n in range(40)))
    for n in range(40):
        assert no_verb(f"line{n}") in prompt.wait()


def test_long_lines(prompt):
    word = "0123456789" * 20
    assert no_verb(word) in prompt.run(word)
    assert no_verb(word + "end") in prompt.run(UP + "end")
    assert "too long" in prompt.run("0123456789" * 300)
    assert "more than 100 words" in prompt.run("w " * 101)
    assert "Domain-0" in prompt.run("list")


def test_messages_leave_the_line_alone(machine, prompt):
    prompt.run("create stress.cfg name=shortly cmdline=0.3")
    machine.send("li")
    machine.wait_for(r"Domain \d+ \(shortly\) has ended: poweroff\n", SECONDS)
    machine.wait_for(r"^pavise> li", SECONDS)
    machine.send("st\r")
    assert "Domain-0" in machine.prompt.wait()
    prompt.run("destroy shortly")


def test_interrupt_ends_a_command_that_waits(machine, prompt):
    prompt.run("create -p echo.cfg name=waiting")
    machine.send("shutdown -w waiting\rlost ahead" + ctrl("C"))
    assert "lost" not in prompt.wait().partition("\n")[2]
    machine.send("shutdown -w waiting\r")
    machine.wait_for(r"shutdown -w waiting\n", SECONDS)
    machine.send(ctrl("C"))
    prompt.wait()
    assert "waiting" in prompt.run("list")
    prompt.run("destroy waiting")


def test_what_is_typed_ahead_waits_for_the_prompt(machine, prompt):
    prompt.run("create stress.cfg name=ahead cmdline=0.3")
    machine.send("shutdown -w ahead\rtyped ahead\r")
    prompt.wait()
    assert no_verb("typed") in prompt.wait()
    prompt.run("destroy ahead")


def test_verbs_options_domains_and_files_are_completed(machine, prompt):
    prompt.run("create -p echo.cfg name=completed")
    assert re.search(r"completed\s+\d+", prompt.run("lis\tcompl\t"))
    assert "--p---" in prompt.run("list comp\t")
    machine.send("create h\t")
    machine.wait_for(r"create hello\.", SECONDS)
    machine.send("\t")
    machine.wait_for(r"^hello\.cfg +hello\.elf\n", SECONDS)
    machine.wait_for(r"pavise> create hello\.", SECONDS)
    machine.send("c\t-\t\t")
    machine.wait_for(r"--pause", SECONDS)
    machine.send(ctrl("C"))
    prompt.wait()
    prompt.run("destroy completed")


def test_any_bytes_leave_it_alive(machine, prompt):
    """Three ^A would switch the console's input to the hypervisor; while there is a domain
    ^D does not end the machine."""
    prompt.run("create -p hello.cfg name=there")
    rng = random.Random(6)
    keys = [chr(n) for n in range(2, 128)] + [UP, DOWN, LEFT, RIGHT, "\x1b[", "\x1b"]
    for _ in range(40):
        machine.send("".join(rng.choice(keys) for _ in range(100)))
    machine.send("\x1b\x1b" + ctrl("G") + ctrl("C") + "\r")
    machine.send(ctrl("U") + "still here\r")
    machine.wait_for(re.escape(no_verb("still")), SECONDS)
    prompt.wait()
    prompt.run("destroy there")


def test_dump_core(prompt):
    """The file is the machine's own here."""
    prompt.run("create -q -c hello.cfg")
    found = json.loads(prompt.run("--format json dump-core hello /tmp/core"))
    assert found["pages"] == 1024
    assert "dump-core: " in prompt.run("dump-core hello /tmp")
    assert "/tmp/core" in prompt.run("complete create /tmp/")
    prompt.run("destroy hello")
