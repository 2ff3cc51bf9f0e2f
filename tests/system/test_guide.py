# SPDX-License-Identifier: MIT
"""mini-os/README.md, "A guest in ten minutes": what it says is done, word for word."""

import os
import re
import subprocess
from pathlib import Path

import pytest

from machine import default_build

ROOT = Path(__file__).resolve().parents[2]
BUILD = default_build()
SECONDS = 120


def guide():
    """Its blocks in order: (language or "sh", text)."""
    text = (ROOT / "mini-os/README.md").read_text()
    part = text.split("## A guest in ten minutes\n")[1].split("\n## ")[0]
    blocks = re.findall(r"```(\w+)\n(.*?)```|((?:^    [^\n]*\n)+)", part, re.M | re.S)
    return [(language, code) if language else ("sh", re.sub(r"^    ", "", shell, flags=re.M))
            for language, code, shell in blocks]


@pytest.fixture
def folder(tmp_path):
    """As a clone in which everything is built, with a state folder of its own."""
    (tmp_path / "build").symlink_to(BUILD)
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "text").write_text("hello\n")
    (tmp_path / "run").mkdir(mode=0o700)
    return tmp_path


def run(folder, commands):
    done = subprocess.run(["bash", "-e", "-c", commands], cwd=folder, text=True,
                          env={**os.environ, "XDG_RUNTIME_DIR": str(folder / "run"),
                               "XDG_STATE_HOME": str(folder / "run")},
                          stdin=subprocess.DEVNULL, capture_output=True, timeout=SECONDS)
    assert done.returncode == 0, done.stdout + done.stderr
    return (done.stdout + done.stderr).replace("\r", "")


def stop_machines(folder):
    subprocess.run([BUILD / "bin" / "pavise", "down", "--force"], capture_output=True,
                   env={**os.environ, "XDG_RUNTIME_DIR": str(folder / "run"),
                        "XDG_STATE_HOME": str(folder / "run")}, check=False)


def test_guest_in_ten_minutes(folder):
    blocks = guide()
    files = {"c": "countdown.c", "python": "countdown.cfg"}
    said = []
    try:
        for language, text in blocks:
            if language != "sh":
                (folder / files[language]).write_text(text)
            elif not text.startswith("make "):
                said.append(run(folder, text))
    finally:
        stop_machines(folder)
    assert [language for language, _ in blocks].count("sh") == 5
    compiled, in_tool, in_qemu, _ = said
    assert not compiled
    for text, name in [(in_tool, "Pavise"), (in_qemu, "QEMU")]:
        assert f"3...\n2...\n1...\nGood bye, {name}.\n" in text
    assert (folder / "ramdisk.cpio").read_bytes().startswith(b"070701")


def test_make_targets_of_the_guide_exist():
    help_text = (ROOT / "Makefile").read_text()
    for language, text in guide():
        if language == "sh" and text.startswith("make "):
            for target in text.replace("make", "").split():
                assert re.search(rf"^#:   {target} ", help_text, re.MULTILINE), target
