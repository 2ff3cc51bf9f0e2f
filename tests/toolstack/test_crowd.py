# SPDX-License-Identifier: MIT
"""A thousand guests at once, each with work whose result is computed here too."""

import re
import struct
import zlib

import cpio
from machine import Machine, default_build

BUILD = default_build()
GUESTS, ROUNDS, THREADS = 1000, 5, 3
BLOCK = 8192
SECONDS = 400


def result(number, thread):
    """What tests/apps/work.c says it computes, for the word that crowd.c types."""
    crc, total = 0, 0.0
    for round_number in range(ROUNDS):
        text = f"w{number * 7919}:{number}:{thread}:{round_number}:{crc:08x};".encode()
        crc = zlib.crc32((text * (BLOCK // len(text) + 1))[:BLOCK])
        total = total * 0.75 + crc / 4294967296
    return zlib.crc32(struct.pack("<d", total), crc)


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
