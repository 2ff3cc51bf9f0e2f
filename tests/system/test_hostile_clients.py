# SPDX-License-Identifier: MIT
"""Clients that know the protocol and mean no good: the control domain lives, others get
their answers meanwhile, and nothing is left behind.
"""

import hashlib
import random
import socket
import struct
import time
import zlib

import pytest

from tool import SECONDS, ToolMachine

VERSION = 3
HELLO, WELCOME, DATA, ACK, RESET = range(1, 6)
(FILE, FILE_DATA, FILE_END, ARGS, EXEC, INPUT, INPUT_END, INTERRUPT, TERMINAL,
 FILE_INSTEAD) = range(1, 11)
ROUNDS = 60


def stuff(raw):
    """Without zeros: each block of up to 254 bytes behind its length."""
    out, at = bytearray(), 0
    while True:
        end = raw.find(0, at, at + 254)
        if end < 0:
            end = min(at + 254, len(raw))
        out += bytes([end - at + 1]) + raw[at:end]
        if end == len(raw):
            return bytes(out)
        at = end + (end - at < 254)


def frame(kind, session, seq=0, payload=b"", flags=0, ack=0):
    raw = struct.pack("<BBBBQII", VERSION, kind, flags, 16, session, seq, ack) + payload
    return b"\0" + stuff(raw + struct.pack("<I", zlib.crc32(raw))) + b"\0"


class Client:
    """A session of its own at the relay, which sends what it likes and reads nothing."""

    def __init__(self, machine, rng):
        self.rng = rng
        self.session = rng.getrandbits(64)
        self.seq = 0
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(str(machine.socket))
        self.socket.settimeout(0.2)
        self.write(frame(HELLO, self.session))

    def write(self, data):
        try:
            self.socket.sendall(data)
        except OSError:  # the relay has enough of it
            pass

    def say(self, kind, body=b""):
        self.write(frame(DATA, self.session, self.seq, bytes([kind]) + body))
        self.seq += 1

    def close(self):
        self.socket.close()


def offer(size, digest, name):
    return struct.pack("<Q", size) + digest + name


# --- what they do ---


def hello_flood(client):
    for _ in range(40):
        client.write(frame(HELLO, client.rng.getrandbits(64)))


def any_messages(client):
    for _ in range(30):
        client.say(client.rng.randrange(16), client.rng.randbytes(client.rng.randrange(200)))


def any_frames(client):
    for _ in range(30):
        client.write(frame(client.rng.randrange(8), client.session, client.rng.randrange(20),
                           client.rng.randbytes(client.rng.randrange(50)),
                           client.rng.randrange(256), client.rng.randrange(20)))


def huge_files(client):
    for size in (2**64 - 1, 2**63, 2**40, 2**32 - 1):
        client.say(FILE, offer(size, client.rng.randbytes(32), b"huge"))


def odd_names(client):
    name = client.rng.choice([b"", b"/" * 512, b"%s%n" * 20, b"\xff\xfe\n", b"sent/1/x", b"x" * 600])
    client.say(FILE, offer(10, client.rng.randbytes(32), name))
    client.say(FILE_DATA, b"0123456789")
    client.say(FILE_END, b"\0")


def half_a_file(client):
    client.say(FILE, offer(1 << 20, client.rng.randbytes(32), b"half"))
    time.sleep(0.02)
    for _ in range(8):
        client.say(FILE_DATA, client.rng.randbytes(4000))


def other_files(client):
    """One in the place of the other, in the place of nothing, and left there."""
    client.say(FILE, offer(1 << 20, client.rng.randbytes(32), b"first"))
    time.sleep(0.02)
    for _ in range(client.rng.randrange(3)):
        client.say(FILE_INSTEAD, offer(2 << 20, client.rng.randbytes(32), b"second"))
        time.sleep(0.02)
    client.say(FILE_DATA, client.rng.randbytes(4000))


def wrong_digest(client):
    client.say(FILE, offer(5, bytes(32), b"wrong"))
    time.sleep(0.02)
    client.say(FILE_DATA, b"right")
    client.say(FILE_END, b"\0")
    client.say(ARGS, b"create\0wrong\0")
    client.say(EXEC)


def command(client, *words):
    client.say(TERMINAL, struct.pack("<BHH", 1, client.rng.randrange(300), 0))
    client.say(ARGS, b"".join(word + b"\0" for word in words))
    client.say(EXEC)


VERBS = [b"list", b"help", b"info", b"dmesg", b"create", b"console", b"shutdown", b"domid",
         b"vcpu-pin", b"vcpu-set", b"mem-max", b"mem-set", b"rename", b"inspect", b"complete",
         b"top", b"trace", b"uptime", b"debug-keys"]
WORDS = [b"hello.cfg", b"victim", b"0", b"1", b"-1", b"99999999999999999999", b"-l", b"-w", b"-c",
         b"--format", b"json", b"--", b"-h", b"", b"\xff", b"a" * 3000, b"memory=1", b"memory=-1",
         b"name=x", b"vcpus=1000", b"kernel=/dev/console", b"extra='", b"cpus=[", b"%s%s%n",
         b"all", b"0-3", b"^1", b"sent/1/x"]


def any_command(client):
    words = client.rng.choices(WORDS, k=client.rng.randrange(5))
    command(client, client.rng.choice(VERBS), *words)
    for _ in range(client.rng.randrange(5)):
        client.say(INPUT, client.rng.randbytes(1000))
    client.say(client.rng.choice([INTERRUPT, INPUT_END, EXEC, INPUT]))


def many_words(client):
    client.say(ARGS, b"help\0" + bytes(3000))
    client.say(ARGS, bytes(4000))
    client.say(EXEC)


def no_words(client):
    client.say(ARGS, b"list")
    client.say(EXEC)


def never_reads(client):
    """What a command says finds no taker."""
    command(client, b"top", b"-d", b"0.1")
    command(client, b"dmesg")


def typing(client):
    command(client, b"console", b"victim")
    for _ in range(30):
        client.say(INPUT, client.rng.randbytes(2000).replace(b"\x1d", b""))


def reset(client):
    command(client, b"shutdown", b"-w", b"victim")
    client.write(frame(RESET, client.session, payload=b"\x01"))


DEEDS = [hello_flood, any_messages, any_frames, huge_files, odd_names, half_a_file,
         other_files, wrong_digest, any_command, any_command, any_command, many_words, no_words,
         never_reads, typing, reset]


# --- and what comes of it ---


def usage(machine):
    info = machine.json("info")
    used = {k: v for k, v in info["usage"].items() if k != "heap_size"}
    return {**used, "free_kib": info["memory"]["free_kib"]}


def clear(machine):
    for domain in machine.json("list")["domains"]:
        if domain["id"]:
            machine.run("destroy", str(domain["id"]))


def make_victim(machine):
    if machine.call("domid", "victim").returncode:
        machine.run("create", "echo.cfg", "name=victim")


@pytest.mark.parametrize("seed", range(2))
def test_hostile_clients(tmp_path, seed):
    rng = random.Random(seed)
    with ToolMachine(smp=2, cwd=tmp_path, append="dom0_mem=16M guest_loglvl=none") as machine:
        make_victim(machine)
        clear(machine)
        before = usage(machine)
        clients = []
        for _ in range(ROUNDS):
            make_victim(machine)
            clients.append(Client(machine, rng))
            rng.choice(DEEDS)(clients[-1])
            start = time.monotonic()
            machine.run("list")
            assert time.monotonic() - start < SECONDS / 2
            if len(clients) > 6:
                clients.pop(rng.randrange(len(clients))).close()
        for client in clients:
            client.close()
        deadline = time.monotonic() + 2 * SECONDS
        while True:
            clear(machine)
            now = usage(machine)
            # Small files that have come completely stay.
            if abs(now["heap_bytes"] - before["heap_bytes"]) < 4096:
                now["heap_bytes"] = before["heap_bytes"]
            if now == before:
                break
            assert time.monotonic() < deadline, f"{now} instead of {before}"
            time.sleep(0.2)
        assert "Domain-0" in machine.run("list")


def test_the_clients_are_understood(tmp_path):
    """A file and a command as they should be."""
    rng = random.Random(0)
    with ToolMachine(smp=1, cwd=tmp_path) as machine:
        client = Client(machine, rng)
        text = b'kernel = "/hello.elf"\nname = "theirs"\nmemory = 4\n'
        digest = hashlib.blake2b(text, digest_size=32).digest()
        client.say(FILE, offer(len(text), digest, b"their.cfg"))
        time.sleep(0.2)
        client.say(FILE_DATA, text)
        client.say(FILE_END, b"\0")
        command(client, b"create", b"-p", b"their.cfg")
        deadline = time.monotonic() + SECONDS
        while machine.call("domid", "theirs").returncode:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        client.close()
