# SPDX-License-Identifier: MIT
"""A thousand guests at once, each with work whose result is computed here too."""

import re

import cpio
from crowd import ROUNDS, result
from machine import Machine, default_build

BUILD = default_build()
GUESTS, THREADS = 1000, 3
SECONDS = 400


def test_a_thousand_guests_at_once(tmp_path):
    ramdisk = tmp_path / "ramdisk.cpio"
    guest = BUILD / "tests" / "apps" / "work.elf"
    ramdisk.write_bytes(cpio.archive({"guest.elf": guest.read_bytes()}))
    program = BUILD / "tests" / "toolstack" / "crowd.elf"
    with Machine("pavise", program, args=f"{GUESTS} {ROUNDS} 2048", ramdisk=ramdisk,
                 build=BUILD, smp=2, memory=4096) as machine:
        verdict = machine.wait_for(r"Test result: (\w+)", SECONDS)[1]
        output = machine.output()
    print("\n".join(re.findall(r"^\w+: .* for each guest .*", output, re.MULTILINE)))
    assert verdict == "SUCCESS", output
    results = {int(number): [int(word, 16) for word in words.split()]
               for number, words in re.findall(r"^work (\d+): (.*)$", output, re.MULTILINE)}
    assert results == {number: [result(number, thread) for thread in range(THREADS)]
                       for number in range(GUESTS)}
