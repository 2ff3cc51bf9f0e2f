# SPDX-License-Identifier: MIT
"""Bytes between domain 0 and the machine around it, through each kind of channel.

Domain 0 is tests/apps/channel.c, which does what it is told on its console.
"""

import os
import shutil
import socket
import subprocess
import threading
import time
import zlib

import pytest

from boot_matrix import OVMF, IsoMachine
from machine import Machine, default_build

BUILD = default_build()
APP = BUILD / "tests" / "apps" / "channel.elf"
NAME = "org.pavise.control"
SECONDS = 30
SIZE = {"virtio": 4 << 20, "line": 4 << 20, "serial": 50_000}
GRUB_MENU = """\
set timeout=0
menuentry "Pavise" {
    multiboot2 /boot/pavise.elf console=com1 dom0_mem=64M
    module2 /boot/domain0.elf
}
"""


def device(kind, path, where="", options=""):
    """QEMU's arguments for a channel whose other end is the socket at path. "line": the
    virtio device has no messages to interrupt by."""
    end = f"path={path},server=on,wait=off"
    if kind == "serial":
        return ["-serial", f"unix:{path},server=on,wait=off"]
    if kind == "line":
        options += ",vectors=0"
    return ["-device", f"virtio-serial-pci,id=vs{options}{where}",
            "-chardev", f"socket,id=channel,{end}",
            "-device", f"virtserialport,bus=vs.0,chardev=channel,name={NAME}"]


class Domain0:
    """The program in domain 0: a line each way."""

    def __init__(self, machine, path):
        self.machine = machine
        self.path = path
        machine.wait_for(r"^channel: ready\n", SECONDS)

    def tell(self, line):
        self.machine.send(line + "\r")
        self.machine.wait_for(rf"^{line}\n", SECONDS)

    def answer(self, pattern=".*"):
        return self.machine.wait_for(rf"^({pattern})\n", SECONDS)[1]

    def ask(self, line, pattern=".*"):
        self.tell(line)
        return self.answer(pattern)

    def pages(self):
        return int(self.ask("pages").split()[1])

    def connect(self):
        """The other end, once domain 0 has seen that it is there."""
        end = socket.socket(socket.AF_UNIX)
        end.settimeout(SECONDS)
        end.connect(str(self.path))
        assert self.ask("up") == "up"
        return end


def receive_exactly(end, n):
    received = bytearray()
    while len(received) < n:
        part = end.recv(min(65536, n - len(received)))
        assert part, "the other end has closed"
        received += part
    return bytes(received)


def check_receive(domain0, end, n):
    data = os.urandom(n)
    domain0.tell(f"receive {n}")
    end.sendall(data)
    assert domain0.answer().split()[:3] == ["receive", str(n), f"{zlib.adler32(data):08x}"]


def check_send(domain0, end, n):
    domain0.tell(f"send {n}")
    data = receive_exactly(end, n)
    assert domain0.answer().split()[:3] == ["send", str(n), f"{zlib.adler32(data):08x}"]


def check_echo(domain0, end, n):
    data = os.urandom(n)
    domain0.tell(f"echo {n}")
    sender = threading.Thread(target=end.sendall, args=(data,))
    sender.start()
    assert receive_exactly(end, n) == data
    sender.join()
    domain0.answer(rf"echo {n} .*")


def check_all(domain0, end, n):
    check_receive(domain0, end, n)
    check_send(domain0, end, n)
    check_echo(domain0, end, n)


def boot(qemu, **parameters):
    return Machine("pavise", APP, build=BUILD, memory=256, qemu=qemu, **parameters)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "channel"


@pytest.mark.parametrize("smp", [1, 2])
@pytest.mark.parametrize("kind, description", [
    ("virtio", rf"open virtio port {NAME}, PCI \S+, message \d+"),
    ("line", rf"open virtio port {NAME}, PCI \S+, line \d+"),
    ("serial", r"open serial line at 0x2f8, line 3"),
])
def test_bytes_arrive(path, kind, description, smp):
    with boot(device(kind, path), smp=smp) as machine:
        domain0 = Domain0(machine, path)
        domain0.ask("open", description)
        check_all(domain0, domain0.connect(), SIZE[kind])


MACHINES = {
    "q35": ["-machine", "q35"],
    "q35-line": ["-machine", "q35"],
    "modern": [],
    "bridge": ["-device", "pci-bridge,id=bridge,chassis_nr=1"],
    "bridges": ["-device", "pci-bridge,id=outer,chassis_nr=1",
                "-device", "pci-bridge,id=bridge,chassis_nr=2,bus=outer,addr=1f"],
    "port": ["-machine", "q35", "-device", "pcie-root-port,id=bridge,chassis=1"],
    "function": ["-device", "virtio-rng-pci,addr=9.0,multifunction=on"],
    "second": ["-device", "virtio-serial-pci,id=first",
               "-device", "virtserialport,bus=first.0,name=org.other"],
    "8 GiB": ["-m", "8192"],
    "Skylake": ["-cpu", "Skylake-Client-v1"],
}
PLACES = {"bridge": ",bus=bridge,addr=3", "bridges": ",bus=bridge,addr=4",
          "port": ",bus=bridge", "function": ",addr=9.7"}


@pytest.mark.parametrize("name", MACHINES)
def test_the_device_is_found(path, name):
    options = ",disable-legacy=on" if name == "modern" else ""
    kind = "line" if name.endswith("line") else "virtio"
    qemu = MACHINES[name] + device(kind, path, PLACES.get(name, ""), options)
    with boot(qemu, append="dom0_mem=5G" if name == "8 GiB" else "") as machine:
        domain0 = Domain0(machine, path)
        domain0.ask("open", "open virtio.*")
        check_all(domain0, domain0.connect(), 1 << 20)


def test_the_port_is_found_among_thirty(path, tmp_path):
    qemu = ["-device", "virtio-serial-pci,id=vs"]
    for i in range(1, 31):
        name = NAME if i == 17 else f"{NAME}.{i}" if i % 2 else f"org.{i}"
        at = path if i == 17 else tmp_path / f"other{i}"
        qemu += ["-chardev", f"socket,id=c{i},path={at},server=on,wait=off",
                 "-device", f"virtserialport,bus=vs.0,nr={i},chardev=c{i},name={name}"]
    with boot(qemu) as machine:
        domain0 = Domain0(machine, path)
        domain0.ask("open", "open virtio.*")
        check_all(domain0, domain0.connect(), 1 << 20)


@pytest.mark.parametrize("kind", ["virtio", "serial"])
@pytest.mark.parametrize("firmware", [None, OVMF], ids=["bios", "uefi"])
def test_started_by_grub(tmp_path, path, kind, firmware):
    root = tmp_path / "iso"
    (root / "boot" / "grub").mkdir(parents=True)
    (root / "boot" / "grub" / "grub.cfg").write_text(GRUB_MENU)
    shutil.copy(BUILD / "pavise.elf", root / "boot" / "pavise.elf")
    shutil.copy(APP, root / "boot" / "domain0.elf")
    subprocess.run(["grub-mkrescue", "--locales=", "--fonts=", "--themes=",
                    "-o", tmp_path / "image.iso", root], check=True, capture_output=True)
    with IsoMachine(firmware, iso=tmp_path / "image.iso", build=BUILD,
                    qemu=device(kind, path)) as machine:
        domain0 = Domain0(machine, path)
        domain0.ask("open", "open .*")
        check_all(domain0, domain0.connect(), SIZE[kind] // 4)


@pytest.mark.parametrize("kind", ["virtio", "line"])
@pytest.mark.parametrize("smp", [1, 2])
def test_the_other_end_comes_and_goes(path, kind, smp):
    with boot(device(kind, path), smp=smp) as machine:
        domain0 = Domain0(machine, path)
        domain0.ask("open", "open .*")
        for _ in range(10):
            with domain0.connect() as end:
                check_echo(domain0, end, 10_000)
            assert domain0.ask("down") == "down"


@pytest.mark.parametrize("smp", [1, 2])
def test_the_other_end_goes_while_it_is_sent_to(path, smp):
    with boot(device("virtio", path), smp=smp) as machine:
        domain0 = Domain0(machine, path)
        domain0.ask("open", "open .*")
        for wanted in (1, 100_000, 3_000_000):
            with domain0.connect() as end:
                domain0.tell("flood")
                receive_exactly(end, wanted)
            assert int(domain0.answer("flood .*").split()[1]) >= wanted
        with domain0.connect() as end:
            check_all(domain0, end, 100_000)


@pytest.mark.parametrize("smp", [1, 2])
def test_the_other_end_goes_while_it_sends(path, smp):
    with boot(device("virtio", path), smp=smp) as machine:
        domain0 = Domain0(machine, path)
        domain0.ask("open", "open .*")
        for size in (1, 4096, 60_000, 1_000_000):
            with domain0.connect() as end:
                domain0.tell("until-down")
                end.sendall(bytes(size))
            assert int(domain0.answer("until-down .*").split()[1]) <= size
        with domain0.connect() as end:
            check_all(domain0, end, 100_000)


@pytest.mark.parametrize("kind", SIZE)
def test_nothing_is_lost_while_nobody_reads(path, kind):
    """The sender is held up instead, at either end."""
    data = os.urandom(SIZE[kind])
    with boot(device(kind, path)) as machine:
        domain0 = Domain0(machine, path)
        domain0.ask("open", "open .*")
        end = domain0.connect()
        sender = threading.Thread(target=end.sendall, args=(data,))
        sender.start()
        time.sleep(0.5)
        answer = domain0.ask(f"receive {len(data)}").split()
        sender.join()
        assert answer[:3] == ["receive", str(len(data)), f"{zlib.adler32(data):08x}"]
        domain0.tell(f"send {len(data)}")
        time.sleep(0.5)
        check = zlib.adler32(receive_exactly(end, len(data)))
        assert domain0.answer().split()[2] == f"{check:08x}"


@pytest.mark.parametrize("kind", SIZE)
def test_opened_again_and_again(path, kind):
    with boot(device(kind, path)) as machine:
        domain0 = Domain0(machine, path)
        pages = set()
        for _ in range(8):
            domain0.ask("open", "open .*")
            with domain0.connect() as end:
                check_echo(domain0, end, 5_000)
            assert domain0.ask("close") == "closed"
            pages.add(domain0.pages())
        assert len(pages) == 1


def test_a_device_without_the_port_leaves_the_serial_line(path):
    other = ["-device", "virtio-serial-pci,id=first",
             "-device", "virtserialport,bus=first.0,name=org.other"]
    with boot(other + device("serial", path)) as machine:
        domain0 = Domain0(machine, path)
        domain0.ask("open", "open serial .*")
        check_all(domain0, domain0.connect(), 10_000)


@pytest.mark.parametrize("qemu", [
    [], ["-device", "virtio-serial-pci"], ["-device", "virtio-serial-pci,max_ports=1"],
    ["-device", "virtio-serial-pci", "-device", f"virtserialport,name={NAME[:-1]}"],
], ids=["nothing", "no port", "no ports", "another name"])
def test_no_channel(qemu):
    with boot(qemu) as machine:
        domain0 = Domain0(machine, None)
        before = domain0.pages()
        for _ in range(3):
            assert domain0.ask("open") == "none"
        assert before - domain0.pages() <= 3  # page tables of the device's registers


def test_the_hypervisors_own_line_is_not_taken(path):
    """The console is at COM2: domain 0 must keep its hands off."""
    qemu = ["-serial", f"unix:{path},server=on,wait=on"]
    with boot(qemu, append="com1=115200,8n1,0x2f8,3") as machine:
        end = socket.socket(socket.AF_UNIX)
        deadline = time.monotonic() + SECONDS
        while end.connect_ex(str(path)) and time.monotonic() < deadline:
            time.sleep(0.02)
        end.settimeout(SECONDS)
        text = b""
        while b"channel: ready" not in text:
            text += end.recv(4096)
        end.sendall(b"open\r")
        while b"none" not in text:
            text += end.recv(4096)
        assert b"serial line" not in text.partition(b"channel: ready")[2]
