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


@pytest.mark.parametrize("target", ["lint-format", "lint-sources", "lint-headers", "lint-layers",
                                    "lint-docs"])
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


OPTIONS_HEAD = "<!-- checked: boot options -->\n| option | what |\n|---|---|\n"


@pytest.mark.parametrize("text, problem", [
    ("<!-- checked: debug keys -->\n<!-- end -->\n", "out of date"),
    (OPTIONS_HEAD + "| `no_such_option=N` | nothing |\n<!-- end -->\n", "no boot option"),
    (OPTIONS_HEAD + "<!-- end -->\n", "dom0_mem is not in the table"),
    ("<!-- checked: CPUID leaves -->\n<!-- end -->\n", "out of date"),
    ("<!-- checked: CPU features -->\n<!-- end -->\n", "out of date"),
    ("<!-- checked: MSRs -->\n| `NO_SUCH` | 0 |\n<!-- end -->\n", "NO_SUCH is not in msr.c"),
    ("<!-- checked: MSRs -->\n<!-- end -->\n", "EFER is not in the table"),
    ("[gone](no/such/file.md)\n", "there is no no/such/file.md"),
    ("It calls `no_such_function()`.\n", "no function no_such_function"),
])
def test_false_documentation_is_noticed(tmp_path, text, problem):
    import docs

    shutil.copytree(ROOT / "hypervisor", tmp_path / "hypervisor")
    (tmp_path / "README.md").write_text(text)
    found = [*docs.checked_parts(tmp_path, "README.md", fix=False),
             *docs.dead_links(tmp_path, "README.md"),
             *docs.unknown_functions(tmp_path, "README.md")]
    assert any(problem in line for line in found), found
