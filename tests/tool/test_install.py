# SPDX-License-Identifier: MIT
"""make install: what was installed works without the tree."""

import os
import subprocess
from pathlib import Path

from machine import default_build

ROOT = Path(__file__).resolve().parents[2]


def make(target, prefix):
    environment = {**os.environ, "BUILD": str(default_build())}
    lock = default_build() / "tool.lock"
    subprocess.run(["flock", str(lock), "make", "-s", target, f"PREFIX={prefix}"], cwd=ROOT,
                   env=environment, check=True, capture_output=True)


def test_installed(tool, tmp_path):
    prefix = tmp_path / "usr"
    make("install", prefix)
    environment = {"PATH": f"{prefix}/bin:{os.environ['PATH']}", "XDG_RUNTIME_DIR": str(tmp_path),
                   "XDG_STATE_HOME": str(tmp_path)}

    def pavise(*words):
        return subprocess.run(["pavise", *words], env=environment, cwd=tmp_path, text=True,
                              capture_output=True, timeout=60, check=True).stdout

    try:
        pavise("up", "installed")
        assert "created" in pavise("create", "hello.cfg")
        pavise("down")
    finally:
        subprocess.run(["pavise", "down", "--force"], env=environment, capture_output=True,
                       check=False)
    assert {p.name for p in (prefix / "share/man").rglob("*.?")} == {"pavise.1", "pavise.cfg.5"}
    make("uninstall", prefix)
    assert not [path for path in prefix.rglob("*") if not path.is_dir()]
