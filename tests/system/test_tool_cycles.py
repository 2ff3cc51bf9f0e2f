# SPDX-License-Identifier: MIT
"""A thousand domains are made and ended through the tool, with kills at random moments: of
domains in any phase of their lives, and of the tool itself while it makes one, watches one
or waits for one. Free frames, event channels, grants, mapped frames, xenstore nodes and
the control domain's heap are exactly as at the start.
"""

import json
import os
import random
import shutil
import threading
import time

import pytest

from machine import default_build
from tool import ToolMachine

BUILD = default_build()
CYCLES = int(os.environ.get("CYCLES", "1000"))
WORKERS = 3
SECONDS = 60
LIFE = 0.02  # a guest starts, works and ends in about that time


class Worker(threading.Thread):
    """Its own domains, one after another."""

    def __init__(self, machine, number, cycles):
        super().__init__()
        self.machine, self.number, self.cycles = machine, number, cycles
        self.rng = random.Random(number)
        self.failure = None
        self.killed = 0

    def run(self):
        try:
            for turn in range(self.cycles):
                self.cycle(f"w{self.number}-{turn}")
        except BaseException as error:  # the main thread raises it
            self.failure = error

    def cycle(self, name):
        kind = self.rng.choice(["paused", "runs", "runs", "create", "console", "shutdown"])
        source = self.rng.choice(["hello.cfg", "stress.cfg", "own.cfg"])
        words = ["create", source, f"name={name}"]
        if kind in ("paused", "runs"):
            self.do(*words, *(["-p"] if kind == "paused" else []))
        elif kind == "create":
            self.kill(self.machine.popen(*words))
        elif kind == "console":
            self.kill(self.machine.popen(*words, "-c"))
        else:
            self.do(*words, "-p")
            self.kill(self.machine.popen("shutdown", "-w", name))
        time.sleep(self.rng.random() * LIFE)
        self.destroy(name)

    def kill(self, process):
        time.sleep(self.rng.random() * 2 * LIFE)
        process.kill()
        process.communicate()
        self.killed += 1

    def destroy(self, name):
        """It may not be there yet: what was ordered before a kill can still be done."""
        self.do("destroy", name, codes=(0, 3))

    def do(self, *words, codes=(0,)):
        """Clients that were killed have their sessions for a while: there may be no room."""
        done = self.machine.call(*words, timeout=SECONDS)
        while done.returncode == 10 and "too many" in done.stderr:
            time.sleep(LIFE)
            done = self.machine.call(*words, timeout=SECONDS)
        assert done.returncode in codes, done.stderr


def ask(machine, verb):
    """The JSON of a verb, as soon as there is room for it."""
    done = machine.call("--format", "json", verb, timeout=SECONDS)
    while done.returncode == 10:
        time.sleep(LIFE)
        done = machine.call("--format", "json", verb, timeout=SECONDS)
    return json.loads(done.stdout)


def usage(machine):
    info = ask(machine, "info")
    used = {k: v for k, v in info["usage"].items() if k != "heap_size"}
    return {**used, "free_kib": info["memory"]["free_kib"]}


def clear(machine):
    """Ends all domains that are left."""
    for domain in ask(machine, "list")["domains"]:
        if domain["id"]:
            machine.call("destroy", str(domain["id"]), timeout=SECONDS)


def at_rest(machine, wanted):
    deadline = time.monotonic() + SECONDS
    while True:
        clear(machine)
        now = usage(machine)
        if now == wanted or time.monotonic() > deadline:
            return now
        time.sleep(0.1)


@pytest.fixture(name="machine")
def fixture_machine(tmp_path):
    shutil.copy(BUILD / "guests/hello.elf", tmp_path / "own.elf")
    (tmp_path / "own.cfg").write_text('kernel = "own.elf"\nmemory = 4\nname = "own"\n')
    with ToolMachine(smp=2, cwd=tmp_path, append="loglvl=warning guest_loglvl=none") as m:
        yield m


def test_a_thousand_domains_leave_nothing_behind(machine):
    for source in ("own.cfg", "hello.cfg"):
        machine.run("create", "-p", source, "name=first")
        machine.run("destroy", "first")
    before = usage(machine)
    workers = [Worker(machine, n, CYCLES // WORKERS + 1) for n in range(WORKERS)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    for worker in workers:
        if worker.failure:
            raise worker.failure
    assert sum(worker.killed for worker in workers) > CYCLES / 4
    assert at_rest(machine, before) == before
