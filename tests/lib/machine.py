# SPDX-License-Identifier: MIT
"""A machine in QEMU that boots a hypervisor with a PV guest as domain 0.

    with Machine("pavise", "build/tests/guest/hello.elf", smp=4) as machine:
        machine.wait_for(r"Test result: (\\w+)", timeout=10)

The serial console goes to a log file, from which everything is read back; what is sent
goes to the serial line. Only the process that was started here is ever killed.
"""

import gzip
import os
import re
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

XEN_PACKAGE = "xen-hypervisor-4.17-amd64"
XEN_IMAGE = Path("/boot/xen-4.17-amd64.gz")
POLL_SECONDS = 0.02


class MachineError(Exception):
    """The machine could not be set up: a program or an image is missing."""


class Timeout(Exception):
    """What was waited for did not come in time."""


class Ended(Exception):
    """QEMU ended while something was still waited for."""


def default_build():
    """The output folder: $BUILD, or build/ in the repository."""
    root = Path(__file__).resolve().parents[2]
    build = Path(os.environ.get("BUILD", "build"))
    return build if build.is_absolute() else root / build


def xen_image(build):
    """The path of Debian's Xen as an ELF file below build; unpacked when needed."""
    if not XEN_IMAGE.exists():
        raise MachineError(f"{XEN_IMAGE} is missing: apt-get install {XEN_PACKAGE}")
    elf = build / "xen" / XEN_IMAGE.with_suffix(".elf").name
    if not elf.exists() or elf.stat().st_mtime < XEN_IMAGE.stat().st_mtime:
        elf.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=elf.parent)
        with gzip.open(XEN_IMAGE) as packed, os.fdopen(handle, "wb") as unpacked:
            shutil.copyfileobj(packed, unpacked)
        os.replace(name, elf)
    return elf


def hypervisor_image(hypervisor, build):
    """The ELF file of a hypervisor, "pavise" or "xen"."""
    if hypervisor == "xen":
        return xen_image(build)
    if hypervisor != "pavise":
        raise MachineError(f"no such hypervisor: {hypervisor}")
    elf = build / "pavise.elf"
    if not elf.exists():
        raise MachineError(f"{elf} is missing: make")
    return elf


class Machine:
    """One QEMU process. Arguments:

    hypervisor  "pavise" or "xen"
    guest       path of domain 0's ELF file
    args        its command line
    ramdisk     path of a second module
    cpu, smp, memory
                QEMU's -cpu, -smp and -m (MiB)
    append      hypervisor options, after the usual ones
    qemu        list of further QEMU arguments; -smp, -m and -cpu in it take the place of
                the parameters of that name
    build       output folder
    log         the console's file; a temporary one without it
    """

    options = "console=com1 com1=115200,8n1 dom0_mem=64M noreboot loglvl=all guest_loglvl=all"

    def __init__(self, hypervisor, guest, *, args="", ramdisk=None, cpu="max,smap=off",
                 smp=2, memory=512, append="", qemu=(), build=None, log=None):
        self.build = Path(build) if build else default_build()
        self.log = Path(log) if log else self._temporary_log()
        self.process = None
        self._machine = {"-cpu": cpu, "-smp": str(smp), "-m": str(memory)}
        self._qemu = list(qemu)
        self._append = f"{self.options} {append}".strip()
        self._modules = self._module_list(guest, args, ramdisk)
        self._image = hypervisor_image(hypervisor, self.build)
        self._seen = 0

    @staticmethod
    def _temporary_log():
        handle, name = tempfile.mkstemp(prefix="console-", suffix=".log")
        os.close(handle)
        return Path(name)

    @staticmethod
    def _module_list(guest, args, ramdisk):
        """QEMU separates modules by commas; one within a module is doubled."""
        if not Path(guest).exists():
            raise MachineError(f"{guest} is missing: make guest-tests")
        modules = [f"{guest} {args}".strip()] + ([str(ramdisk)] if ramdisk else [])
        return ",".join(module.replace(",", ",,") for module in modules)

    def command(self):
        """The QEMU command line as a list."""
        given = set(self._qemu)
        machine = [word for option, value in self._machine.items() if option not in given
                   for word in (option, value)]
        return ["qemu-system-x86_64", "-accel", "tcg", *machine, "-nodefaults",
                "-no-reboot", "-display", "none", "-serial", "stdio",
                "-kernel", str(self._image), "-append", self._append,
                "-initrd", self._modules, *self._qemu]

    def start(self):
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(self.command(), stdin=subprocess.PIPE,
                                            stdout=log, stderr=subprocess.STDOUT)
        return self

    def output(self):
        """All console text so far, with plain line ends."""
        return self.log.read_bytes().decode("utf-8", "replace").replace("\r", "")

    def send(self, text):
        """Types text on the serial console."""
        self.process.stdin.write(text.encode())
        self.process.stdin.flush()

    def running(self):
        return self.process is not None and self.process.poll() is None

    def wait_for(self, pattern, timeout):
        """The match of pattern (a regular expression, multi-line) in the console text
        behind the last match. Raises Timeout, or Ended when QEMU ends before."""
        deadline = time.monotonic() + timeout
        regexp = re.compile(pattern, re.MULTILINE)
        while True:
            alive = self.running()
            match = regexp.search(self.output(), self._seen)
            if match:
                self._seen = match.end()
                return match
            if not alive:
                raise Ended(f"QEMU ended before {pattern!r}")
            if time.monotonic() > deadline:
                raise Timeout(f"no {pattern!r} within {timeout} s")
            time.sleep(POLL_SECONDS)

    def wait_end(self, timeout):
        """QEMU's exit status. Raises Timeout."""
        try:
            return self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            raise Timeout(f"QEMU still runs after {timeout} s") from None

    def stop(self):
        """Kills QEMU if it still runs."""
        if self.running():
            self.process.kill()
        if self.process:
            self.process.stdin.close()
            self.process.wait()

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()
