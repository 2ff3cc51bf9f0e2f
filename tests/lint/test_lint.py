# SPDX-License-Identifier: MIT
"""The sources keep their rules, and the checks notice when they do not."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from machine import default_build

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(Path(__file__).parent))


@pytest.mark.parametrize("target", ["lint-format", "lint-sources", "lint-headers", "lint-layers"])
def test_lint(target):
    run = subprocess.run(["make", "-s", f"BUILD={default_build()}", target], cwd=ROOT,
                         capture_output=True, text=True)
    assert run.returncode == 0, run.stdout[-4000:] + run.stderr[-4000:]


def test_layer_violation_is_noticed(tmp_path):
    import layers

    shutil.copytree(ROOT / "hypervisor", tmp_path / "hypervisor")
    assert layers.check(tmp_path) == []
    bad = tmp_path / "hypervisor" / "lib" / "bad.c"
    bad.write_text("#include <hv/sched.h>\n")
    assert len(layers.check(tmp_path)) == 1
