# SPDX-License-Identifier: MIT
"""Tests of what comes with the tool: man pages, completion, installation."""

import os
import subprocess
from pathlib import Path

import pytest

from machine import default_build

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def tool():
    """build/bin/pavise; one process at a time makes it."""
    build = default_build()
    build.mkdir(parents=True, exist_ok=True)
    subprocess.run(["flock", str(build / "tool.lock"), "make", "-s", "host-tool"], cwd=ROOT,
                   env={**os.environ, "BUILD": str(build)}, check=True)
    return build / "bin" / "pavise"
