# SPDX-License-Identifier: MIT
"""Every host unit test with both compilers, under ASan and UBSan, through its make rule."""

import subprocess
from pathlib import Path

import pytest

from machine import default_build

ROOT = Path(__file__).resolve().parents[2]
NAMES = sorted(p.stem[len("test_"):] for p in Path(__file__).parent.glob("test_*.c"))


@pytest.mark.parametrize("compiler", ["gcc", "clang"])
@pytest.mark.parametrize("name", NAMES)
def test_unit(name, compiler):
    target = default_build() / "host" / compiler / f"test_{name}.passed"
    target.unlink(missing_ok=True)
    run = subprocess.run(["make", "-s", f"BUILD={default_build()}", str(target)], cwd=ROOT,
                         capture_output=True, text=True)
    assert run.returncode == 0, run.stdout[-4000:] + run.stderr[-4000:]
