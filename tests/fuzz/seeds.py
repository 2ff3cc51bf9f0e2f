# SPDX-License-Identifier: MIT
"""Writes the first corpus of every fuzz target: seeds.py OUTPUT makes OUTPUT/TARGET/NAME.
Right input, from which the fuzzer finds what is nearly right."""

import hashlib
import shutil
import struct
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))

import cpio  # noqa: E402
from kernel_image import (BASE, PAGE, XEN_FEATURES, XEN_HYPERCALL_PAGE, XEN_INIT_P2M,  # noqa: E402
                          XEN_LOADER, Kernel, bz_image)

INFO = 8  # machine address of the loader's structure; its first five bytes are the target's
RAM, RESERVED = 1, 2
MAP = [(0, 0x9fc00, RAM), (0x9fc00, 0x400, RESERVED), (0x100000, 0x7f00000, RAM),
       (0xfffc0000, 0x40000, RESERVED), (1 << 32, 1 << 30, RAM)]


def tag(kind, payload):
    size = 8 + len(payload)
    return struct.pack("<II", kind, size) + payload + bytes(-size % 8)


def multiboot2():
    entries = b"".join(struct.pack("<QQII", *entry, 0) for entry in MAP)
    tags = (tag(1, b"console=com1 loglvl=all\0") + tag(2, b"GRUB 2.06\0") +
            tag(3, struct.pack("<II", 0x300000, 0x380000) + b"root=x\0") +
            tag(14, b"RSD PTR ".ljust(20, b"\0")) + tag(15, b"RSD PTR ".ljust(36, b"\0")) +
            tag(12, bytes(8)) + tag(6, struct.pack("<II", 24, 0) + entries) + tag(0, b""))
    start = struct.pack("<BI", 1, INFO).ljust(INFO, b"\0")
    return start + struct.pack("<II", 8 + len(tags), 0) + tags


def multiboot1():
    texts = b"pavise.elf loglvl=all\0qemu\0kernel root=x\0".ljust(64, b"\0")
    module = struct.pack("<IIII", 0x300000, 0x380000, INFO + 120 + 27, 0)
    ranges = b"".join(struct.pack("<IQQI", 20, *entry) for entry in MAP)
    at = INFO + 120
    info = struct.pack("<IIIIIII", 1 << 2 | 1 << 3 | 1 << 6 | 1 << 9, 640, 65536, 0, at, 1,
                       at + 64) + bytes(16)
    info += struct.pack("<II", len(ranges), at + 80) + bytes(12) + struct.pack("<I", at + 22)
    start = struct.pack("<BI", 0, INFO).ljust(INFO, b"\0")
    return start + info.ljust(120, b"\0") + texts + module + ranges


def elf(kernel):
    """Offered features in front, as fuzz_elf_image.c takes them."""
    return struct.pack("<I", 1 << 0 | 1 << 4 | 1 << 5) + kernel


def string_kernel():
    """Without notes, but with a section __xen_guest."""
    text = (b"GUEST_OS=a,XEN_VER=xen-3.0,VIRT_BASE=0x400000,VIRT_ENTRY=0x400010,"
            b"HYPERCALL_PAGE=0,LOADER=generic,PAE=yes,FEATURES=x|y\0")
    names = b"\0__xen_guest\0"
    head = (b"\x7fELF\2\1\1" + bytes(9) +
            struct.pack("<HHIQQQIHHHHHH", 2, 62, 1, 0x400010, 64, 120, 0, 64, 56, 1, 64, 2, 0))
    load = struct.pack("<IIQQQQQQ", 1, 7, 0, 0x400000, 0x400000, 512, 8192, 4096)
    sections = struct.pack("<IIQQQQIIQQ", 0, 3, 0, 0, 248, len(names), 0, 0, 1, 0)
    sections += struct.pack("<IIQQQQIIQQ", 1, 1, 0, 0, 248 + len(names), len(text), 0, 0, 1, 0)
    return (head + load + sections + names + text).ljust(512, b"\0")


KERNELS = {
    "plain": Kernel().build(),
    "features": Kernel(notes={
        XEN_FEATURES: "!writable_page_tables|pae_pgdir_above_4gb"}).build(),
    "linux": Kernel(notes={XEN_INIT_P2M: 0x8000000000, XEN_HYPERCALL_PAGE: BASE, 9: "yes",
                           6: "linux", 16: 1, 17: 0x8801}).build(),
    "segments": Kernel(segments=[(PAGE, PAGE, 2 * PAGE), (1 << 20, 0, PAGE)]).build(),
    "loader": Kernel(notes={XEN_LOADER: "other"}).build(),
    "32-bit": Kernel(elf_class=1).build(),
    "bzimage": bz_image(),
}

LINES = {
    "options": "flag no-flag flag=off the-number=0x12 bytes=64M bytes=100b text=abc "
               "custom=x no-custom foo",
    "wrong": "the_number=x\tbytes=64MM text=12345678 no-bytes =5 flag=maybe no-foo",
}

CONFIGS = {
    "file": "name = \"web\"; type='pv' # c\nkernel='/k'\nmemory = 0x40\nvcpus=2\n"
            "cpus='0-3,^2'\nuuid='00112233-4455-6677-8899-aabbccddeeff'\n"
            "disk = [ 'a,b', \n\"d\\x41\", ]\nvif += []\non_crash='restart'\n",
    "settings": "kernel='k'\n\0name=b;extra=root=/dev/x;memory=\\\n5",
}


def remote_frame(to_server, kind, seq=0, ack=0, payload=b""):
    """A step of fuzz_ts_remote.c: a frame of session 1 with a full window."""
    return bytes([0 if to_server else 2, kind, 0, 16, 1, seq, ack, len(payload) // 4,
                  len(payload) % 4]) + payload


def remote_session():
    """Opens a session from either end, sends a file, executes, types."""
    data = b"data"
    digest = hashlib.blake2b(data, digest_size=32).digest()
    messages = [struct.pack("<BQ", 1, len(data)) + digest + b"file", b"\2" + data, b"\3\0",
                b"\x09\1\x50\0\x18\0", b"\4a\0b\0", b"\5", b"\6text", b"\7"]
    answers = [b"\x40\0\0\0\0", b"\x41\1output", b"\x44\1", b"\x42\0\0\0\0"]
    steps = bytes([5, 1, 0]) + remote_frame(True, 1) + remote_frame(False, 2)
    for seq, message in enumerate(messages):
        steps += remote_frame(True, 3, seq, 0, message)
    steps += bytes([4, 0, 1, 4, 5]) + remote_frame(False, 3, 0, 3, answers[0]) + bytes([4, 1])
    for seq, answer in enumerate(answers[1:], 1):
        steps += remote_frame(False, 3, seq, 5, answer)
    return steps + bytes([5, 1, 255, 5, 1, 255, 5, 1, 255])


CODE64, CODE32 = b"\1", b"\0"
PRIVILEGED = ["e460", "e6ff", "66ed", "f36e", "0f01d1", "0f20c0", "440f22c0", "0f31", "0f32",
              "0f30", "0fa2", "0f06", "0f09", "fa", "fb", "2e66f36c"]
STORES = ["488907", "48c70701000000", "4889442408", "f0480fb10f", "488705aabbccdd",
          "480fba3706", "66c7450012fe", "f348ab", "48a5", "88640110", "80270f", "4883670801"]


# Clients of the xenstore daemon: (client, message type, transaction, payload); 0 and 1
# are domains 1 and 2, 2 is domain 0's.
SESSIONS = {
    "nodes": [(0, 11, 0, b"a/b\0x"), (0, 2, 0, b"a/b\0"), (0, 1, 0, b"a\0"), (1, 3, 0, b"b\0"),
              (0, 14, 0, b"a\0n1\0b2\0"), (0, 12, 0, b"a/c/d\0"), (0, 13, 0, b"a\0"),
              (2, 1, 0, b"/local/domain\0"), (2, 21, 0, b"/local/domain/1\0001\0")],
    "watches": [(0, 4, 0, b"a\0t\0"), (1, 4, 0, b"/local/domain/1\0u\0"), (0, 11, 0, b"a/x\0001"),
                (0, 5, 0, b"a\0t\0"), (2, 4, 0, b"@releaseDomain\0r\0"), (2, 9, 0, b"2\0"),
                (0, 20, 0, b"\0")],
    "transactions": [(0, 6, 0, b"\0"), (0, 6, 0, b"\0"), (0, 11, 1, b"a\0001"), (0, 2, 2, b"a\0"),
                     (0, 13, 1, b"a\0"), (0, 12, 2, b"a/d\0"), (0, 7, 1, b"T\0"),
                     (0, 7, 2, b"T\0")],
    "domains": [(2, 8, 0, b"5\0006\0007\0"), (1, 10, 0, b"5\0"), (1, 17, 0, b"2\0"),
                (2, 18, 0, b"1\0"), (2, 19, 0, b"1\0002\0"), (2, 0, 0, b"quota\0001\0"),
                (2, 0, 0, b"quota\0set\0nodes\0005\0"), (2, 0, 0, b"check\0")],
}


def relayed():
    """Steps of fuzz_ts_relay.c: two clients speak, are answered, one leaves, time goes by."""
    def frame(who, kind, session):
        return bytes([8 * who + 5, 1, kind, session, 1, 7])

    def read(who):
        return bytes([8 * who + 2, 255])

    machine = 4
    return b"".join([
        bytes([0, 8]), frame(0, 1, 1), frame(1, 1, 2), read(machine), read(machine),
        frame(machine, 2, 2), read(1), frame(machine, 3, 1), read(0), bytes([0]),
        bytes([4, 100]), read(machine), frame(1, 5, 2), read(machine)])


def session(requests):
    """As fuzz_xenstore.c takes it: whole requests of clients that read their answers."""
    out = b""
    for who, kind, transaction, payload in requests:
        command = next(c for c in range(128, 256) if c % 3 == who and c // 3 % 8 >= 4)
        out += bytes([command, kind, transaction, len(payload)]) + payload
    return out


# fuzz_ts_unpack.c: numbers of packings (ts/unpack.h), programs that pack so.
PACKERS = [(1, "gzip -n -9"), (2, "xz --format=lzma -6"),
           (3, "xz --check=crc32 --x86 --lzma2=dict=1MiB"), (3, "xz -1 --block-size=5000"),
           (4, "lzop -9"), (5, "lz4 -l -9"), (6, "zstd -9"), (7, "bzip2 -1")]
UNPACKED = 16 << 10  # as fuzz_ts_unpack.c wants it


def packed():
    """(name, bytes) of the same bytes in every packing whose program is installed."""
    plain = b"".join(b"%d,%d;" % (n, n * n) for n in range(2000)).ljust(UNPACKED, b"\0")[:UNPACKED]
    for at, (number, command) in enumerate(PACKERS):
        words = command.split()
        if shutil.which(words[0]):
            done = subprocess.run([*words, "-c"], input=plain, capture_output=True, check=True)
            yield words[0] + str(at), bytes([number]) + done.stdout


def core():
    """A core of eight pages, every second of which is a page table that has itself in it. The
    target reads these bytes again and again, so sections may lie behind them."""
    pages, places = 8, {"strings": (40960, 72), "notes": (512, 0), "prstatus": (1024, 5168),
                        "shared": (0, 4096), "pages": (8192, 8 * 4096), "p2m": (512, 8 * 16)}
    data = bytearray(8192)
    struct.pack_into("<16sHHIQQQIHHHHHH", data, 0, b"\x7fELF\2\1\1", 4, 62, 1, 0, 0, 64, 0, 64,
                     0, 0, 64, 7, 1)
    for at, (offset, size) in enumerate(places.values(), 2):
        struct.pack_into("<QQ", data, 64 * at + 24, offset, size)
    for page in range(pages):
        struct.pack_into("<QQ", data, 512 + 16 * page, page, page + 1)
    struct.pack_into("<Q", data, 1024 + 5008, 2 << 12)
    for entry, mfn in ((257, 2), (258, 4), (300, 3), (301, 4), (511, 1)):
        struct.pack_into("<Q", data, 4096 + 8 * entry, mfn << 12 | 1)
    return bytes(data)


FILES = {"bin": None, "bin/program": bytes(100), "./etc/motd": b"welcome\n", "empty": b""}


def all_seeds():
    """(target, name, bytes) of each."""
    yield "multiboot", "multiboot1", multiboot1()
    yield "multiboot", "multiboot2", multiboot2()
    for name, kernel in KERNELS.items():
        yield "elf_image", name, elf(kernel)
        yield "ts_image", name, kernel
    yield "ts_image", "string", string_kernel()
    for name, line in LINES.items():
        yield "cmdline", name, line.encode()
    yield "cpio", "files", cpio.archive(FILES)
    for name, text in CONFIGS.items():
        yield "ts_config", name, text.encode()
    for name, requests in SESSIONS.items():
        yield "xenstore", name, session(requests)
    for name, data in packed():
        yield "ts_unpack", name, data
    yield "ts_core", "core", core()
    yield "ts_relay", "session", relayed()
    yield "ts_remote", "session", remote_session()
    for code in PRIVILEGED + STORES:
        for mode, word in ((CODE64, "64"), (CODE32, "32")):
            yield "decode", f"{code}-{word}", mode + bytes.fromhex(code)


def main(output):
    for target, name, data in all_seeds():
        path = Path(output) / target / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


if __name__ == "__main__":
    main(sys.argv[1])
