# SPDX-License-Identifier: MIT
"""Guest tests: what their main.c asks for, running one, and its verdict.

The comment lines understood are described in tests/guest/lib/test.h.
"""

import re
import shlex
from dataclasses import dataclass, field, replace
from pathlib import Path

from machine import Ended, Machine, Timeout

GUEST_TESTS = Path(__file__).resolve().parents[1] / "guest"

RESULT = r"^(?:\(\w+\) )?Test result: (SUCCESS|SKIP|ERROR|FAILURE)$"
CRASH = r"^.*(?:[Dd]omain 0|[Dd]om0|d0)\b.*(?:crash|shutdown code 3).*$"
SETTLE_SECONDS = 1
ENDED_BY_CRASH = r"domain 0 has ended \(shutdown code 3\)"
PANIC = r"^.*(?:Panic on CPU|HYPERVISOR PANIC).*$"
SETTING = re.compile(r"^\s*(?:/\*|\*)?\s*(qemu|also|dom0|hypervisor|args|timeout|expect|case|xen): "
                     r"(.*?)\s*(?:\*/)?$")
EXPECT_CRASH = re.compile(r'crash "(.*)"$')
CASE = re.compile(r'(\S+) crash "(.*)"$')


@dataclass
class GuestTest:
    """A directory below tests/guest, with the settings in its main.c."""

    name: str
    qemu: list = field(default_factory=list)
    also: list = field(default_factory=list)   # further runs: QEMU arguments
    append: list = field(default_factory=list)
    args: str = ""
    timeout: float = 30
    crash: str = ""     # regular expression for the crash that is expected
    cases: list = field(default_factory=list)  # further runs: (argument, crash)
    differs: str = ""   # why Xen gives another result
    hangs: str = ""     # why Xen gives none

    def _set(self, key, value):
        if key == "qemu":
            self.qemu += shlex.split(value)
        elif key == "also":
            self.also.append(shlex.split(value))
        elif key == "dom0":
            self.append += [f"dom0_{option}" for option in value.split()]
        elif key == "hypervisor":
            self.append += value.split()
        elif key == "args":
            self.args = value
        elif key == "timeout":
            self.timeout = float(value)
        elif key == "expect":
            self.crash = self._matched(EXPECT_CRASH, value).group(1)
        elif key == "case":
            self.cases.append(self._matched(CASE, value).groups())
        elif key == "xen":
            how, reason = self._matched(re.compile(r"(differs|hangs) (.+)$"), value).groups()
            setattr(self, how, reason)

    def _matched(self, regexp, value):
        match = regexp.match(value)
        if not match:
            raise ValueError(f"{self.name}/main.c: cannot read {value!r}")
        return match

    def variants(self):
        """The runs that the test consists of, each with its name: itself, then one for
        each of its other machines and of its cases."""
        yield self.name, self
        for qemu in self.also:
            yield f"{self.name}-{''.join(qemu).lstrip('-')}", replace(self, qemu=qemu)
        for argument, crash in self.cases:
            yield f"{self.name}-{argument}", replace(self, args=argument, crash=crash)

    @classmethod
    def load(cls, name):
        test = cls(name)
        for line in (GUEST_TESTS / name / "main.c").read_text().splitlines():
            match = SETTING.match(line)
            if match:
                test._set(*match.groups())
        return test


@dataclass
class Verdict:
    """SUCCESS, SKIP, ERROR, FAILURE; CRASH, PANIC (of the hypervisor), ENDED, TIMEOUT."""

    result: str
    detail: str = ""
    output: str = ""

    @property
    def good(self):
        return self.result in ("SUCCESS", "SKIP")


def names():
    """All guest tests."""
    return sorted(main.parent.name for main in GUEST_TESTS.glob("*/main.c"))


def _first_failure(output):
    match = re.search(r"^(?:FAIL|ERROR|SKIP|FAILURE|PANIC): .*$", output, re.MULTILINE)
    return match.group(0) if match else ""


def _watch(machine, timeout):
    try:
        match = machine.wait_for(f"{RESULT}|(?P<crash>{CRASH})|(?P<panic>{PANIC})", timeout)
    except Ended:
        return Verdict("ENDED", "QEMU ended without a result")
    except Timeout:
        return Verdict("TIMEOUT", f"no result within {timeout:g} s")
    if match.group("panic"):
        return Verdict("PANIC", match.group(0))
    if match.group("crash"):
        return Verdict("CRASH", match.group(0))
    return Verdict(match.group(1))


def _judge_crash(test, verdict, hypervisor):
    """A crash that was asked for is a success; the message is Pavise's own, and so is how
    the machine ends in good order after domain 0 has."""
    if verdict.result != "CRASH":
        return Verdict("FAILURE", f"expected a crash, got {verdict.result}", verdict.output)
    if re.search(PANIC, verdict.output, re.MULTILINE):
        return Verdict("PANIC", "the hypervisor did not survive the crash", verdict.output)
    if hypervisor == "pavise" and not re.search(ENDED_BY_CRASH, verdict.output):
        return Verdict("FAILURE", "the machine did not say that domain 0 has ended",
                       verdict.output)
    if hypervisor == "pavise" and not re.search(test.crash, verdict.output):
        return Verdict("FAILURE", f"crashed without a line like {test.crash!r}",
                       verdict.output)
    return Verdict("SUCCESS", "crashed as expected", verdict.output)


def run(test, hypervisor, build, qemu=(), patience=1):
    """Boots the test, and again for each of its other machines and cases; returns the
    Verdict of the first run that fails, else of the test itself. patience multiplies the
    timeout. Console text: build/tests/guest/NAME.HYPERVISOR.log; variants() names them."""
    first = None
    for name, variant in test.variants():
        verdict = _run_once(replace(variant, timeout=variant.timeout * patience),
                            hypervisor, build, qemu, f"{name}.{hypervisor}.log")
        first = first or verdict
        if not verdict.good:
            if variant is not test:
                verdict.detail = f"{name}: {verdict.detail}"
            return verdict
    return first


def _run_once(test, hypervisor, build, qemu, log):
    base = Path(build) / "tests" / "guest" / test.name
    if not base.with_suffix(".elf").exists():
        return Verdict("ERROR", "not built: make guest-tests")
    with Machine(hypervisor, base.with_suffix(".elf"), args=test.args, build=build,
                 append=" ".join(test.append), qemu=[*test.qemu, *qemu],
                 log=base.with_name(log)) as machine:
        verdict = _watch(machine, test.timeout)
        if verdict.result == "CRASH":
            verdict.output = _settle(machine)
    verdict.output = verdict.output or machine.output()
    if test.crash:
        return _judge_crash(test, verdict, hypervisor)
    verdict.detail = verdict.detail or _first_failure(verdict.output)
    return verdict


def _settle(machine):
    """The text after a crash, when its report has had time to come out."""
    try:
        machine.wait_end(SETTLE_SECONDS)
    except Timeout:
        pass
    return machine.output()
