# SPDX-License-Identifier: MIT
"""Shared by all tests: import path of tests/lib, and the closing line of a run."""

import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests" / "lib"))


class Tally:
    """Counts cases over all worker processes and prints `N passed, N failed, N skipped`
    as the very last line."""

    def __init__(self):
        self.passed = self.failed = self.skipped = 0

    def pytest_runtest_logreport(self, report):
        if report.skipped:
            self.skipped += 1
        elif report.failed:
            self.failed += 1
        elif report.when == "call":
            self.passed += 1

    def pytest_collectreport(self, report):
        if report.failed:
            self.failed += 1

    @pytest.hookimpl(trylast=True)
    def pytest_unconfigure(self, config):
        print(f"\n{self.passed} passed, {self.failed} failed, {self.skipped} skipped", flush=True)


def pytest_configure(config):
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(Tally(), "tally")
