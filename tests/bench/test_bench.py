# SPDX-License-Identifier: MIT
"""What the control domain's commands may cost at most: the aims of `make bench-tool`,
without Xen beside it."""

import tool_bench
from machine import default_build


def test_commands_cost_no_more_than_they_are_to():
    rows = tool_bench.measure_pavise(default_build(), 200)
    for name in tool_bench.AIMS:
        assert rows[name] <= tool_bench.aim_of(name, rows), name
    assert rows["guest-store-transaction"] < 100_000
    assert rows["hypervisor-kib"] < 32
