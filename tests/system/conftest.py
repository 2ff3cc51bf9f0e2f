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
    """The bootable image is up to date; one process at a time makes it."""
    environment = {**os.environ, "BUILD": str(default_build())}
    lock = default_build() / "iso.lock"
    subprocess.run(["flock", str(lock), "make", "-s", "iso"], cwd=ROOT, env=environment,
                   check=True)
