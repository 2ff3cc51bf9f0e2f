# SPDX-License-Identifier: MIT
"""Shared by the tests of created domains."""

import pytest

from tool import ToolMachine


@pytest.fixture(name="machine")
def small_machine(tmp_path):
    with ToolMachine(smp=2, memory=1024, append="dom0_mem=128M",
                     log=tmp_path / "machine.log") as machine:
        yield machine
