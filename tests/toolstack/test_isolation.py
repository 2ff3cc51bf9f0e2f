# SPDX-License-Identifier: MIT
"""Guests that attack xenstore and the consoles (tests/apps/attack.c, mixed.c)."""

import re

import pytest

import cpio
from machine import Machine, default_build

BUILD = default_build()
SECONDS = 200
ROUNDS = 300
MARGIN = 1.25  # of the fair share
QUOTA = 1_250_000  # bytes that the daemon may keep for a guest, whatever it does


@pytest.fixture
def ramdisk(tmp_path):
    path = tmp_path / "ramdisk.cpio"
    guest = BUILD / "tests" / "apps" / "attack.elf"
    path.write_bytes(cpio.archive({"guest.elf": guest.read_bytes()}))
    return path


def run(ramdisk, *guests, **parameters):
    """What the machine prints with guests of these command lines, of which none has found
    anything wrong; and the most bytes that xenstore had."""
    program = BUILD / "tests" / "toolstack" / "mixed.elf"
    args = " ".join(f"'{guest}'" for guest in guests)
    with Machine("pavise", program, args=args, ramdisk=ramdisk, build=BUILD,
                 **parameters) as machine:
        verdict = machine.wait_for(r"Test result: (\w+)", SECONDS)[1]
        output = machine.output()
    assert verdict == "SUCCESS", output
    assert "BAD" not in output, output
    finished = re.findall(r"^\d+: \w+: good$", output, re.MULTILINE)
    assert len(finished) >= sum(guest.startswith("!") for guest in guests), output
    return output, int(re.search(r"xenstore had (\d+) bytes", output)[1])


def duration(ramdisk, *attackers):
    """Instructions that the victim's round trips take, all on one processor."""
    output, most = run(ramdisk, f"!victim {ROUNDS}", *attackers, smp=1,
                       qemu=["-icount", "shift=0"])
    assert most < (len(attackers) + 1) * QUOTA
    found = re.search(r"victim: \d+ rounds, (\d+) us, worst (\d+) us", output)
    print(attackers, found[0])
    return int(found[1])


def test_nothing_is_seen_or_changed_without_the_right_to(ramdisk):
    """Domain 2 is the victim; 3 and 4 try, at the same time."""
    run(ramdisk, "!victim 200", "!rights 2", "!rights 3")


def test_quotas_hold(ramdisk):
    output, most = run(ramdisk, "!victim 50", "!quota", "!quota")
    assert most < 3 * QUOTA
    for what in ("nodes in a transaction", "nodes", "watches", "transactions"):
        assert len(re.findall(rf": \d+ {what}, then error -\d+", output)) == 2


def test_broken_protocol_is_begun_anew(ramdisk):
    output, _ = run(ramdisk, "!victim 200", "!garbage", "!garbage", "!garbage")
    assert output.count("garbage: good") == 3


@pytest.mark.parametrize("kind", ["flood", "list", "commit", "refused", "shout", "deaf"])
def test_others_are_slowed_by_the_attackers_share(ramdisk, kind):
    """With N attackers the victim's share is 1 / (N + 1), whatever their requests cost."""
    alone = duration(ramdisk)
    for n in (1, 4):
        assert duration(ramdisk, *[kind] * n) < alone * (n + 1) * MARGIN


def test_all_at_once(ramdisk):
    run(ramdisk, "!victim 100", "!rights 2", "!quota", "!garbage", "flood", "list", "commit",
        "shout", "deaf", smp=2)
