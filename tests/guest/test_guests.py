# SPDX-License-Identifier: MIT
"""Every guest test as domain 0 on Pavise, one case each."""

import pytest

import guest_test
from machine import default_build


@pytest.mark.parametrize("name", guest_test.names())
def test_guest(name):
    verdict = guest_test.run(guest_test.GuestTest.load(name), "pavise", default_build())
    if verdict.result == "SKIP":
        pytest.skip(verdict.detail)
    assert verdict.good, f"{verdict.result} {verdict.detail}\n{verdict.output}"
