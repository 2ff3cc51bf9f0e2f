# SPDX-License-Identifier: MIT
"""1,000 domains killed at random moments; `make test-cycles` runs this alone."""

from dataclasses import replace

import guest_test
from machine import default_build

CYCLES = 1000
SECONDS = 1200


def test_cycles():
    test = replace(guest_test.GuestTest.load("domain_cycles"), args=str(CYCLES),
                   timeout=SECONDS)
    verdict = guest_test.run(test, "pavise", default_build())
    assert verdict.good, f"{verdict.result} {verdict.detail}\n{verdict.output}"
    assert f"NOTE: {CYCLES} cycles" in verdict.output
