# SPDX-License-Identifier: MIT
"""A thousand guests at once through the tool: made, watched and typed at by its commands."""

import re
from concurrent.futures import ThreadPoolExecutor

from crowd import ROUNDS, result
from machine import default_build
from tool import ToolMachine

GUESTS, THREADS = 1000, 3
USERS = 4  # commands at a time
SECONDS = 600

CONFIG = f'''name = "work"
kernel = "{default_build()}/tests/apps/work.elf"
memory = 2
'''


def create(machine, number):
    machine.run("create", "work.cfg", f'name="work-{number}"', f'extra="{number} {ROUNDS}"',
                timeout=SECONDS)


def finish(machine, number):
    """Types the guest's word and returns its results, when it has ended."""
    text = machine.run("console", f"work-{number}", input=f"w{number * 7919}\n",
                       timeout=SECONDS)
    words = re.search(rf"^work {number}: ([0-9a-f ]+)\r?$", text, re.MULTILINE)
    return [int(word, 16) for word in words[1].split()] if words else text


def test_a_thousand_guests_through_the_tool(tmp_path):
    (tmp_path / "work.cfg").write_text(CONFIG)
    numbers = range(GUESTS)
    with ToolMachine(smp=2, memory=4096, cwd=tmp_path) as machine, \
            ThreadPoolExecutor(USERS) as users:
        list(users.map(lambda number: create(machine, number), numbers))
        assert len(machine.json("list", timeout=SECONDS)["domains"]) == GUESTS + 1
        results = list(users.map(lambda number: finish(machine, number), numbers))
        for number in numbers:
            assert results[number] == [result(number, thread) for thread in range(THREADS)]
        assert [domain["name"] for domain in machine.json("list")["domains"]] == ["Domain-0"]
