# SPDX-License-Identifier: MIT
"""What whole-system tests share."""

import os
import subprocess
from pathlib import Path

import pytest

from machine import default_build

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def iso():
    """The bootable image, its domain 0 the hello test; one process at a time makes it."""
    environment = {**os.environ, "BUILD": str(default_build())}
    lock = default_build() / "iso.lock"
    hello = default_build() / "tests" / "guest" / "hello.elf"
    subprocess.run(["flock", str(lock), "make", "-s", f"ISO_KERNEL={hello}", "iso"], cwd=ROOT,
                   env=environment, check=True)
