# SPDX-License-Identifier: MIT
"""The README's way to a first Debian guest, as it stands there."""

import os
import re
import subprocess
from pathlib import Path

from machine import default_build

ROOT = Path(__file__).resolve().parents[2]
PART = re.compile(r"<!-- debian: .*? -->\n```\n(.*?)```\n<!-- end -->", re.DOTALL)


def test_debian_in_five_minutes(tmp_path):
    script = PART.search((ROOT / "README.md").read_text())[1]
    tools = default_build() / "bin"
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PAVISE")}
    environment |= {"XDG_RUNTIME_DIR": str(tmp_path), "XDG_STATE_HOME": str(tmp_path),
                    "PATH": f"{tools}:{os.environ['PATH']}"}
    try:
        done = subprocess.run(["bash", "-e", "-c", script], cwd=tmp_path, env=environment,
                              stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              timeout=300, check=False)
    finally:
        subprocess.run([tools / "pavise", "down", "--force"], env=environment,
                       capture_output=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert 'Domain 1 has been created: "debian"' in done.stdout
    said = done.stdout.replace("\r", "").splitlines()
    at = next(i for i, line in enumerate(said) if line.endswith("poweroff -f") and "# " in line)
    assert said[at + 1:at + 3] == ["2", "xen"], done.stdout
    assert said[-1] == 'Machine "default" is down.'
