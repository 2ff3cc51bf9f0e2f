# SPDX-License-Identifier: MIT
"""What tests/apps/work.c computes, computed here."""

import struct
import zlib

ROUNDS = 5
BLOCK = 8192


def result(number, thread):
    """Of one of its threads, for its number and the word that is typed: w and the number
    times 7919."""
    crc, total = 0, 0.0
    for round_number in range(ROUNDS):
        text = f"w{number * 7919}:{number}:{thread}:{round_number}:{crc:08x};".encode()
        crc = zlib.crc32((text * (BLOCK // len(text) + 1))[:BLOCK])
        total = total * 0.75 + crc / 4294967296
    return zlib.crc32(struct.pack("<d", total), crc)
