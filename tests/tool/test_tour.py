# SPDX-License-Identifier: MIT
"""The README's tour, word for word: its commands are run, in the order of the page, and
say what the page shows. Numbers and states that differ from run to run may differ."""

import os
import re
import subprocess
from pathlib import Path

from machine import default_build

ROOT = Path(__file__).resolve().parents[2]
PART = re.compile(r"<!-- tour: .*? -->\n```\n(.*?)```\n<!-- end -->", re.DOTALL)
SAYS_END = "end of the command"


def tour(text):
    """(command, what it says) in order."""
    steps = []
    for line in "".join(PART.findall(text)).splitlines(keepends=True):
        if line.startswith("$ "):
            steps.append((line[2:].rstrip("\n"), []))
        else:
            steps[-1][1].append(line)
    return [(command, "".join(lines)) for command, lines in steps]


def comparable(text):
    """Without what differs from run to run: times, dates, the state of a domain that runs,
    sizes and numbers of processors, and an empty last line of a table."""
    text = re.sub(r"\b[A-Z][a-z]{2} [A-Z][a-z]{2} +\d+ [\d:]{8} \d{4}\b", "DATE", text)
    text = re.sub(r"[r-][b-]----", "STATE", text)
    text = re.sub(r" +\d+(\.\d)?(?=\s|$)", " N", text)
    text = re.sub(r"with \d+ KiB", "with N KiB", text)
    return text.rstrip("\n")


def run(steps, folder, environment):
    """What each command of one shell says, on either stream."""
    script = "".join(f"{command}\necho '{SAYS_END}'\n" for command, _ in steps)
    done = subprocess.run(["bash", "-c", script], cwd=folder, env=environment, text=True,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, timeout=300, check=True)
    return done.stdout.split(f"{SAYS_END}\n")[:-1]


def test_tour(tool, tmp_path):
    folder, runtime = tmp_path / "pavise", tmp_path / "run"
    folder.mkdir()
    runtime.mkdir()
    for entry in ROOT.iterdir():
        if entry.name != "build":
            (folder / entry.name).symlink_to(entry)
    (folder / "build").symlink_to(default_build())
    # Not the make that runs the tests.
    environment = {k: v for k, v in os.environ.items()
                   if not k.startswith(("PAVISE", "MAKE", "MFLAGS"))}
    environment |= {"XDG_RUNTIME_DIR": str(runtime), "XDG_STATE_HOME": str(runtime),
                    "BUILD": str(default_build())}
    steps = tour((ROOT / "README.md").read_text())
    assert len(steps) > 10
    try:
        said = run(steps, folder, environment)
    finally:
        subprocess.run([tool, "down", "--force"], env=environment, capture_output=True,
                       check=False)
    for (command, shown), text in zip(steps, said, strict=True):
        if command != "make":
            assert comparable(text) == comparable(shown), command


def test_the_page_is_read_right():
    page = "<!-- tour: x -->\n```\n$ a b\nsaid 1\nsaid 2\n$ c\n```\n<!-- end -->\n"
    assert tour(page) == [("a b", "said 1\nsaid 2\n"), ("c", "")]
    assert comparable("x  12 -b----  0.3\n\n") == comparable("x   4 r-----  1.5\n")
    assert comparable("x  12 --p---") != comparable("x  12 -b----")
