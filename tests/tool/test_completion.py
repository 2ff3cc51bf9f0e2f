# SPDX-License-Identifier: MIT
"""Completion in bash: verbs, options, domains, files here and there."""

import os
import subprocess
from pathlib import Path

import pytest

from tool import ToolMachine

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = """
source toolstack/completion/pavise
cd "$FOLDER"
COMP_POINT=${#COMP_LINE}
_pavise "$TOOL"
printf '%s\\n' "${COMPREPLY[@]}"
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = tmp_path_factory.mktemp("here")
    (made / "guest.cfg").write_text("")
    (made / "with blank").write_text("")
    (made / "kernels").mkdir()
    return made


@pytest.fixture(scope="module")
def machine(tool):
    with ToolMachine() as started:
        started.run("create", "-q", "-p", "echo.cfg", "name=guest-one")
        yield started


def complete(tool, folder, line, endpoint="/no/such/socket"):
    """What bash offers behind this line."""
    environment = {**os.environ, "COMP_LINE": line, "TOOL": str(tool), "FOLDER": str(folder),
                   "PAVISE_ENDPOINT": str(endpoint), "XDG_RUNTIME_DIR": str(folder)}
    done = subprocess.run(["bash", "-c", SCRIPT], cwd=ROOT, env=environment, text=True,
                          capture_output=True, timeout=30, check=True)
    assert done.stderr == ""
    return done.stdout.split("\n")[:-1]


def test_verbs(tool, folder):
    offered = complete(tool, folder, "pavise ")
    assert {"create", "list", "up", "down", "machines", "help"} <= set(offered)
    assert "complete" not in offered and "relay" not in offered
    assert complete(tool, folder, "pavise unp") == ["unpause"]
    assert "up" in complete(tool, folder, "pavise -H somewhere u")


def test_options(tool, folder):
    assert "--paused" in complete(tool, folder, "pavise create --")
    assert complete(tool, folder, "pavise up --ram") == ["--ramdisk"]
    assert complete(tool, folder, "pavise list --format j") == ["json"]
    assert "--host" in complete(tool, folder, "pavise --")


def test_local_files(tool, folder):
    assert "guest.cfg" in complete(tool, folder, "pavise create gu")
    assert "with blank" in complete(tool, folder, "pavise create with")
    assert "kernels" in complete(tool, folder, "pavise inspect ")
    assert "kernels" in complete(tool, folder, "pavise up --kernel ")
    assert complete(tool, folder, "pavise destroy gu") == [""]


def test_domains_and_files_of_the_machine(tool, folder, machine):
    def offered(line):
        return complete(tool, folder, line, machine.socket)

    assert offered("pavise destroy gu") == ["guest-one"]
    assert set(offered("pavise console ")) == {"Domain-0", "guest-one"}
    assert offered("pavise vcpu-pin guest-one a") == ["all"]
    assert set(offered("pavise create /e")) == {"/echo.cfg", "/echo.elf"} | {
        f"/{name}" for name in os.listdir("/") if name.startswith("e")}
    assert "guest.cfg" in offered("pavise create ")


def test_the_endpoint_of_the_line_is_asked(tool, folder, machine):
    assert complete(tool, folder, f"pavise -H {machine.socket} destroy gu") == ["guest-one"]
