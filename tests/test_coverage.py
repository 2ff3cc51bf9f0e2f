# SPDX-License-Identifier: MIT
"""Every row of the ABI's tables has a guest test, and the report notices one that has not."""

import shutil
from pathlib import Path

import coverage

ROOT = Path(__file__).resolve().parents[1]


def copy_tree(to):
    for part in ("hypercall-abi", "tests/guest"):
        shutil.copytree(ROOT / part, to / part)
    shutil.copy(ROOT / "tests" / "untested.txt", to / "tests")


def append(path, text):
    path.write_text(path.read_text() + text)


def test_every_row_has_a_test():
    assert coverage.examine().problems == []


def test_gaps_and_stale_names_are_noticed(tmp_path):
    copy_tree(tmp_path)
    append(tmp_path / "hypercall-abi/include/abi/ops/sched.def",
           "OP(90, SCHEDOP_new, new, void, NONE, ANY, NEVER)\n"
           "OP_ABSENT(91, SCHEDOP_left_out, ENOSYS)\n"
           "OP(92, SCHEDOP_unreachable, unreachable, void, NONE, ANY, NEVER)\n")
    append(tmp_path / "tests/guest/hello/main.c", "COVERS(SCHEDOP_misspelt);\n")
    append(tmp_path / "tests/untested.txt",
           "SCHEDOP_unreachable needs another machine\nSCHEDOP_yield it has a test\n")
    report = coverage.examine(tmp_path)
    assert [line.split(":")[0] for line in report.problems] == [
        "SCHEDOP_misspelt", "SCHEDOP_yield", "SCHEDOP_new", "SCHEDOP_left_out"]
