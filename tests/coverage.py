#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Which rows of the ABI's tables no guest test covers.

A row is covered when a test names it in COVERS(). A row that no test can reach is listed
in tests/untested.txt with the reason. Any other row without a test is an error, and so
are names in COVERS() or in the list that are no rows, and listed rows that have a test.
"""

import re
import sys
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
TABLES = Path("hypercall-abi/include/abi")

COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
ROW = re.compile(r"^(?:HYPERCALL|OP|VM_ASSIST|PLATFORM|DOMCTL|SYSCTL)(?:_ABSENT)?"
                 r"\(\s*\d+,\s*(\w+)", re.MULTILINE)
COVERS = re.compile(r"^COVERS\(([^)]*)\)", re.MULTILINE)


@dataclass
class Report:
    """rows: name -> table; tests: name -> tests that cover it; untested: name -> reason."""

    rows: dict
    tests: dict
    untested: dict
    problems: list = field(default_factory=list)

    def find_problems(self):
        for name, tests in sorted(self.tests.items()):
            if name not in self.rows:
                self.problems.append(f"{name}: no such row (COVERS in {', '.join(tests)})")
        for name in sorted(self.untested):
            if name not in self.rows:
                self.problems.append(f"{name}: no such row (untested.txt)")
            elif name in self.tests:
                self.problems.append(f"{name}: has a test; remove it from untested.txt")
        for name, table in self.rows.items():
            if name not in self.tests and name not in self.untested:
                self.problems.append(f"{name}: row of {table} without a test")


def read_rows(root):
    """name -> table. The subsystems' tables, not errno.def, which has no calls."""
    rows = {}
    tables = root / TABLES
    for table in [tables / "hypercalls.def", *sorted((tables / "ops").glob("*.def"))]:
        for name in ROW.findall(COMMENT.sub("", table.read_text())):
            rows[name] = table.relative_to(tables).as_posix()
    return rows


def read_tests(root):
    """name -> sorted names of the tests."""
    found = {}
    for source in sorted((root / "tests" / "guest").glob("*/*.c")):
        for names in COVERS.findall(source.read_text()):
            for name in re.findall(r"\w+", names):
                found.setdefault(name, set()).add(source.parent.name)
    return {name: sorted(tests) for name, tests in found.items()}


def read_untested(root):
    """name -> reason, from lines "NAME reason"; # begins a comment."""
    untested = {}
    for line in (root / "tests" / "untested.txt").read_text().splitlines():
        name, _, reason = line.partition(" ")
        if not line.startswith("#") and name:
            untested[name] = reason.strip()
    return untested


def examine(root=ROOT):
    report = Report(read_rows(root), read_tests(root), read_untested(root))
    report.find_problems()
    return report


def main():
    report = examine()
    if "--list" in sys.argv[1:]:
        for name, table in report.rows.items():
            print(f"{table:22} {name:40} {' '.join(report.tests.get(name, ['-']))}")
    for name, reason in report.untested.items():
        print(f"untested: {name}: {reason}")
    print("\n".join(report.problems), end="\n" if report.problems else "")
    covered = sum(name in report.tests for name in report.rows)
    print(f"{covered} of {len(report.rows)} rows have a test")
    return bool(report.problems)


if __name__ == "__main__":
    sys.exit(main())
