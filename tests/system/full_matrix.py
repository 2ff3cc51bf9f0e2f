# SPDX-License-Identifier: MIT
"""Every combination of the boot matrix: `make test-matrix`. `make test` boots a set of
them in which all pairs of values occur (test_boot.py)."""

import pytest

import boot_matrix


@pytest.mark.parametrize("combination", boot_matrix.product(), ids=boot_matrix.name)
def test_boot(iso, combination):
    loader, smp, memory, cpu = combination
    boot_matrix.assert_runs(
        boot_matrix.make_machine(loader, smp=smp, memory=memory, cpu=cpu), smp)
