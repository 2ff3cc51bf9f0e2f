# SPDX-License-Identifier: MIT
"""Linux as a created domain, its console in a file.

    with ToolMachine(...) as machine, Guest(machine, folder, kernel, ramdisk) as guest:
        guest.wait_for("userland")
        guest.type("poweroff -f")
"""

import re
import subprocess
import time

POLL_SECONDS = 0.05
SECONDS = 60
SHELL = """
echo userland
while read line; do eval "$line"; echo "== done"; done
"""
CONFIG = """name = "{name}"
kernel = "{kernel}"
ramdisk = "{ramdisk}"
cmdline = "{cmdline}"
memory = {memory}
vcpus = {vcpus}
{more}
"""


class Ended(Exception):
    """The guest's console has ended before what was waited for came."""


class Guest:
    """A domain made by `create -c`; more: further lines of its configuration."""

    def __init__(self, machine, folder, kernel, ramdisk, *, name="linux", memory=256, vcpus=1,
                 cmdline="console=hvc0 panic=-1", more='on_crash = "destroy"', create=()):
        self.machine = machine
        self.name = name
        self.config = folder / f"{name}.cfg"
        self.config.write_text(CONFIG.format(name=name, kernel=kernel, ramdisk=ramdisk,
                                             cmdline=cmdline, memory=memory, vcpus=vcpus, more=more))
        self.log = folder / f"{name}.log"
        self._options = create
        self._seen = 0
        self._console = None

    def __enter__(self):
        with open(self.log, "wb") as log:
            self._console = self.machine.popen("create", "-c", *self._options, self.config,
                                               stdout=log, stderr=subprocess.STDOUT)
        return self

    def __exit__(self, *_):
        self._console.kill()
        self._console.communicate()

    def attach(self, timeout):
        """The console of the domain that has been started again under this name."""
        self._console.communicate(timeout=timeout)
        with open(self.log, "ab") as log:
            self._console = self.machine.popen("console", self.name, stdout=log,
                                               stderr=subprocess.STDOUT)

    def output(self):
        return self.log.read_bytes().decode("utf-8", "replace").replace("\r", "")

    def wait_for(self, pattern, timeout):
        """The match of pattern in the console's text behind the last match."""
        deadline = time.monotonic() + timeout
        regexp = re.compile(pattern, re.MULTILINE)
        while True:
            alive = self._console.poll() is None
            match = regexp.search(self.output(), self._seen)
            if match:
                self._seen = match.end()
                return match
            if not alive or time.monotonic() > deadline:
                raise Ended(f"no {pattern!r}; {'alive' if alive else 'ended'}; the console:\n"
                            f"{self.output()[-4000:]}")
            time.sleep(POLL_SECONDS)

    def type(self, line):
        self._console.stdin.write(line + "\n")
        self._console.stdin.flush()

    def wait_end(self, timeout):
        """The status of the command that shows the console, once the domain has gone."""
        return self._console.wait(timeout)


class Shell(Guest):
    """A guest whose ramdisk's script, SHELL, does what is typed."""

    def run(self, line, timeout=SECONDS):
        """What a command line prints."""
        self.type(line)
        self.wait_for(re.escape(line[-20:]) + r"$", SECONDS)
        return self.wait_for(r"((?:.*\n)*?)^== done\n", timeout)[1]

    def expect(self, line, pattern):
        """Runs it until it prints the pattern."""
        deadline = time.monotonic() + SECONDS
        while not re.search(pattern, output := self.run(line), re.MULTILINE):
            assert time.monotonic() < deadline, f"{line}: {output}"
            time.sleep(0.2)
