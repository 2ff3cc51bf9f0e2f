# SPDX-License-Identifier: MIT
"""Packed kernels from the user's machine: what takes long to unpack is packed anew before
it is sent, once, and whatever cannot be goes as it is."""

import bz2
import lzma
import random
import subprocess
import time

import pytest

from kernel_image import bzimage
from proxy import Proxy
from tool import SECONDS, ToolMachine, tool_path

FILE, KERNEL = 6, 7  # exit codes

SLOW = {
    "xz": lambda plain: lzma.compress(plain, lzma.FORMAT_XZ, lzma.CHECK_CRC32, preset=1),
    "lzma": lambda plain: lzma.compress(plain, lzma.FORMAT_ALONE, preset=1),
    "bzip2": bz2.compress,
}


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    return tmp_path_factory.mktemp("files")


@pytest.fixture(scope="module")
def machine(files):
    with ToolMachine(cwd=files, memory=256, append="dom0_mem=16M") as started:
        yield started


@pytest.fixture
def proxy(machine):
    with Proxy(machine.socket) as started:
        yield started


def text(size):
    """Bytes of which xz makes a quarter, and lz4 more than half."""
    return bytes(random.Random(1).choices(b"abcd", k=size))


def kernel(files, machine, name, extra=b"", pack=SLOW["xz"]):
    """hello in a bzImage, with more bytes behind it; its path and size."""
    plain = (machine.build / "guests" / "hello.elf").read_bytes() + extra
    path = files / name
    path.write_bytes(bzimage(pack(plain), len(plain)))
    return path, path.stat().st_size


def create(machine, proxy, path, *words):
    """The tool's result, and how many bytes it has sent."""
    before = proxy.sent
    done = subprocess.run(
        [tool_path(machine.build), "-H", proxy.endpoint, "create", str(path), "memory=8", *words],
        cwd=machine.cwd, capture_output=True, text=True, timeout=SECONDS)
    return done, proxy.sent - before


@pytest.mark.parametrize("packing", SLOW)
def test_the_first_time_it_is_packed_anew(machine, files, proxy, packing):
    path, size = kernel(files, machine, packing, text(500000) + packing.encode(), SLOW[packing])
    done, sent = create(machine, proxy, path, "-c")
    assert done.returncode == 0 and "Hello from mini-os" in done.stdout, done
    assert size * 1.5 < sent
    done, sent = create(machine, proxy, path, "-c", "name=again")
    assert done.returncode == 0 and "Hello from mini-os" in done.stdout
    assert sent < 5000


def test_a_broken_one_is_refused_by_the_machine(machine, files, proxy):
    path, size = kernel(files, machine, "broken", text(500000))
    data = bytearray(path.read_bytes())
    data[size // 2] ^= 1
    path.write_bytes(data)
    done, sent = create(machine, proxy, path)
    assert done.returncode == KERNEL
    assert "cut off or corrupt: its xz payload cannot be unpacked" in done.stderr
    assert done.stderr.count("\n") == 1
    assert size < sent < size * 1.2


def test_one_that_changes_meanwhile_is_not_sent(machine, files, proxy):
    """It has been read once when the connection is there at last."""
    path = kernel(files, machine, "changing", text(500000))[0]
    proxy.is_down = True
    with subprocess.Popen([tool_path(machine.build), "-H", proxy.endpoint, "create", path],
                          stderr=subprocess.PIPE, text=True) as process:
        time.sleep(2)
        kernel(files, machine, "changing", text(500000) + b"!")
        proxy.is_down = False
        said = process.communicate(timeout=SECONDS)[1]
    assert process.returncode == FILE and "was not sent" in said and "has changed" in said


def test_what_there_is_no_room_for_goes_as_it_is(machine, files, proxy):
    """Anew it takes 10 MB, which is more than a client of this machine may send."""
    path, size = kernel(files, machine, "large", text(16 << 20))
    assert size < 6e6
    done, sent = create(machine, proxy, path, "-c", "memory=24")
    assert done.returncode == 0 and "Hello from mini-os" in done.stdout, done
    assert size < sent < size * 1.2


def test_others_go_as_they_are(machine, files, proxy):
    path = files / "plain"
    path.write_bytes((machine.build / "guests" / "hello.elf").read_bytes() + text(300000))
    done, sent = create(machine, proxy, path, "-c")
    assert done.returncode == 0 and path.stat().st_size < sent < path.stat().st_size * 1.2
