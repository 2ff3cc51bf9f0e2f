# SPDX-License-Identifier: MIT
"""Every fuzz target for a few seconds, through its make rule; `make fuzz` takes longer."""

import subprocess
from pathlib import Path

import pytest

from machine import default_build

ROOT = Path(__file__).resolve().parents[2]
NAMES = sorted(p.stem[len("fuzz_"):] for p in Path(__file__).parent.glob("fuzz_*.c")
               if p.stem != "fuzz_host")
SECONDS = 5


@pytest.mark.parametrize("name", NAMES)
def test_fuzz(name):
    run = subprocess.run(["make", "-s", f"BUILD={default_build()}", f"FUZZ_SECONDS={SECONDS}",
                          f"fuzz-{name}"], cwd=ROOT, capture_output=True, text=True)
    assert run.returncode == 0, run.stdout[-4000:] + run.stderr[-4000:]
