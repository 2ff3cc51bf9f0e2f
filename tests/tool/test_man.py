# SPDX-License-Identifier: MIT
"""The man pages are well formed, and say what is true."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MAN = ROOT / "toolstack" / "man"
sys.path.insert(0, str(MAN))


def shown(page):
    """A page as a reader sees it."""
    done = subprocess.run(["man", "-E", "ascii", "-l", MAN / page], capture_output=True,
                          env={"LC_ALL": "C", "MANWIDTH": "100", "PATH": "/usr/bin:/bin",
                               "MAN_KEEP_FORMATTING": ""}, check=True)
    return re.sub(r".\x08", "", done.stdout.decode())


def section(text, name):
    return re.search(rf"^{name}\n((?:[ \t].*\n|\n)*)", text, re.MULTILINE)[1]


@pytest.mark.parametrize("page", ["pavise.1", "pavise.cfg.5"])
def test_page_is_well_formed(page):
    done = subprocess.run(["man", "--warnings", "-E", "ascii", "-l", "-Tascii", "-Z", MAN / page],
                          env={"LC_ALL": "C", "PATH": "/usr/bin:/bin"}, stdout=subprocess.DEVNULL,
                          stderr=subprocess.PIPE, text=True, check=True)
    assert done.stderr == ""


def test_verbs(tool):
    import verbs

    assert verbs.main(tool, fix=False) == 0, "toolstack/man/verbs.py build/bin/pavise --fix"


def test_a_wrong_page_is_noticed(tool, tmp_path, monkeypatch):
    import verbs

    page = tmp_path / "pavise.1"
    shutil.copy(MAN / "pavise.1", page)
    page.write_text(page.read_text().replace("leave it paused", "leave it alone"))
    monkeypatch.setattr(verbs, "PAGE", page)
    assert verbs.main(tool, fix=False) == 1
    assert verbs.main(tool, fix=True) == 0
    assert page.read_text() == (MAN / "pavise.1").read_text()


@pytest.mark.parametrize("verb", ["up", "down"])
def test_options_of_machines(tool, verb):
    done = subprocess.run([tool, "complete", verb, "--"], capture_output=True, text=True,
                          check=True)
    text = section(shown("pavise.1"), "MACHINES IN QEMU")
    known = set(done.stdout.split()) - {"--format", "--help"}
    assert known and not [option for option in known if option not in text]


def test_exit_codes():
    header = (ROOT / "toolstack/include/ts/cli.h").read_text()
    codes = re.findall(r"^    TS_EXIT_\w+ = (\d+),", header, re.MULTILINE)
    text = section(shown("pavise.1"), "EXIT STATUS")
    assert re.findall(r"^ {7}(\d+) ", text, re.MULTILINE) == codes


def test_keys():
    source = (ROOT / "toolstack/config/keys.c").read_text()
    keys = set(re.findall(r'^    \{ "(\w+)", \w+,', source, re.MULTILINE))
    page = (MAN / "pavise.cfg.5").read_text()
    described = set(re.findall(r"(?:^\.BR |\\fR, \" |\", \" |, \" )(\w+) \"? ?=", page, re.MULTILINE))
    text = section(shown("pavise.cfg.5"), "KEYS")
    assert not [key for key in keys if not re.search(rf"\b{key}\b", text)]
    assert described <= keys
