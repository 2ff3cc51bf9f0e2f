# SPDX-License-Identifier: MIT
"""A machine with the control domain, and the tool `pavise` talking to it.

    with ToolMachine(smp=2) as machine:
        machine.run("create", "hello.cfg")
        assert machine.json("list")[0]["name"] == "Domain-0"

Commands go over the control channel through a relay, so any number of them can run at a
time: start() returns a process. Nothing is read from the console.
"""

import contextlib
import json
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

from machine import Machine, Timeout, default_build

SECONDS = 60
POLL_SECONDS = 0.01


class Failed(Exception):
    """A command ended otherwise than it should have; has what it said."""


def tool_path(build=None):
    return (Path(build) if build else default_build()) / "bin" / "pavise"


class ToolMachine(Machine):
    """Parameters are Machine's, and

    channel  "virtio", or "serial": the second serial line
    cwd      the folder in which commands run
    """

    def __init__(self, *, build=None, guest=None, ramdisk=None, channel="virtio", cwd=None,
                 qemu=(), **parameters):
        build = Path(build) if build else default_build()
        # Paths of Unix sockets are short.
        self._folder = Path(tempfile.mkdtemp(prefix="pavise-"))
        self.socket = self._folder / "control"
        self.cwd = cwd
        self._relay = None
        super().__init__("pavise", guest or build / "control-domain.elf",
                         ramdisk=ramdisk or build / "control-domain.cpio", build=build,
                         qemu=[*self._channel(channel), *qemu], **parameters)

    def _channel(self, kind):
        socket = f"socket,id=control,path={self._folder}/channel,server=on,wait=off"
        if kind == "serial":
            return ["-chardev", socket, "-serial", "chardev:control"]
        return ["-device", "virtio-serial-pci", "-chardev", socket, "-device",
                "virtserialport,chardev=control,name=org.pavise.control"]

    def start(self, timeout=SECONDS):
        """Starts the machine and its relay, and waits until commands are taken."""
        super().start()
        try:
            self._start_relay(timeout)
        except BaseException:
            self.stop()
            raise
        return self

    def _wait(self, is_so, what, timeout):
        deadline = time.monotonic() + timeout
        while not is_so():
            if time.monotonic() > deadline or not self.running():
                raise Timeout(f"{what}; the console: {self.output()[-2000:]}")
            time.sleep(POLL_SECONDS)

    def _relay_serves(self):
        """Started again if it has ended: QEMU's socket is there a moment before it takes
        connections."""
        if not self._relay or self._relay.poll() is not None:
            self._relay = subprocess.Popen([tool_path(self.build), "relay",
                                            self._folder / "channel", self.socket])
        return self.socket.exists()

    def _start_relay(self, timeout):
        channel = self._folder / "channel"
        self._wait(channel.exists, "QEMU has made no channel", timeout)
        self._wait(self._relay_serves, "the relay does not start", timeout)
        self._wait(lambda: self.call("list", timeout=timeout).returncode == 0,
                   "the control domain does not answer", timeout)

    @contextlib.contextmanager
    def without_relay(self, timeout=SECONDS):
        """The relay is killed and another one started; between the two the channel itself,
        a connected socket."""
        self._relay.kill()
        self._relay.wait()
        self.socket.unlink()
        with socket.socket(socket.AF_UNIX) as channel:
            channel.connect(str(self._folder / "channel"))
            yield channel
        self._start_relay(timeout)

    def restart_relay(self, timeout=SECONDS):
        """Kills the relay and starts another one."""
        with self.without_relay(timeout):
            pass

    def stop(self):
        if self._relay:
            self._relay.kill()
            self._relay.wait()
        super().stop()
        shutil.rmtree(self._folder, ignore_errors=True)

    def words(self, *words):
        """The tool's command line as a list."""
        return [str(word) for word in (tool_path(self.build), "-H", self.socket, *words)]

    def popen(self, *words, **parameters):
        """A command in the background: Popen, with pipes and text."""
        parameters = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE,
                      "stderr": subprocess.PIPE, "text": True, "cwd": self.cwd, **parameters}
        return subprocess.Popen(self.words(*words), **parameters)

    def call(self, *words, input="", timeout=SECONDS, **parameters):
        """The CompletedProcess of a command, however it ends."""
        return subprocess.run(self.words(*words), input=input, timeout=timeout, text=True,
                              capture_output=True, **{"cwd": self.cwd, **parameters})

    def run(self, *words, code=0, **parameters):
        """What a command has said on stdout. Failed when it ends with another code."""
        done = self.call(*words, **parameters)
        if done.returncode != code:
            raise Failed(f"{' '.join(map(str, words))}: exit code {done.returncode} instead "
                         f"of {code}\n{done.stdout}{done.stderr}")
        return done.stdout

    def fail(self, *words, code, **parameters):
        """The one line on stderr of a command that must end with this code."""
        done = self.call(*words, **parameters)
        if done.returncode != code or done.stdout or done.stderr.count("\n") != 1:
            raise Failed(f"{' '.join(map(str, words))}: exit code {done.returncode}, wanted "
                         f"{code} and one line\n{done.stdout}{done.stderr}")
        return done.stderr.rstrip("\n")

    def json(self, *words, **parameters):
        """What a command says as JSON."""
        return json.loads(self.run("--format", "json", *words, **parameters))


def interrupt(process):
    """^C for a command in the background."""
    process.send_signal(signal.SIGINT)
