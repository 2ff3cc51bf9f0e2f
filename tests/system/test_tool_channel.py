# SPDX-License-Identifier: MIT
"""The way from the tool to a machine: several clients at once, ones that stop or are
killed, connections that are cut, files, endpoints, terminals."""

import fcntl
import os
import pty
import re
import select
import signal
import socket
import struct
import subprocess
import termios
import time

import pytest

from proxy import Proxy
from tool import SECONDS, ToolMachine, interrupt, tool_path

CHANNEL = 10


@pytest.fixture
def machine(tmp_path):
    with ToolMachine(cwd=tmp_path, memory=768, append="dom0_mem=192M") as started:
        yield started


@pytest.fixture
def big(machine, tmp_path):
    """A configuration with a ramdisk of 4 MiB; its path."""
    (tmp_path / "kernel").write_bytes((machine.build / "guests" / "hello.elf").read_bytes())
    (tmp_path / "ramdisk").write_bytes(os.urandom(4 << 20))
    config = tmp_path / "big.cfg"
    config.write_text('name = "big"\nkernel = "kernel"\nramdisk = "ramdisk"\nmemory = 16\n')
    return config


def through(proxy, machine, *words, **parameters):
    return subprocess.run([tool_path(machine.build), "-H", proxy.endpoint, *map(str, words)],
                          cwd=machine.cwd, capture_output=True, text=True, timeout=60,
                          **parameters)


def read_until(process, text):
    """Reads a command's output until it has this in it."""
    seen = ""
    deadline = time.monotonic() + SECONDS
    while text not in seen:
        assert time.monotonic() < deadline, seen
        if select.select([process.stdout], [], [], 0.1)[0]:
            seen += os.read(process.stdout.fileno(), 65536).decode()
    return seen


# --- several at once ---


def test_many_clients_at_once(machine):
    commands = [machine.popen("list") for _ in range(40)]
    for command in commands:
        out, err = command.communicate(timeout=SECONDS)
        assert command.returncode == 0 and "Domain-0" in out and err == ""


def test_a_stopped_client_holds_up_no_other(machine):
    machine.run("create", "-q", "echo.cfg")
    top = machine.popen("top", "-b", "-d", "0.01")
    read_until(top, "echo")
    console = machine.popen("console", "echo")
    read_until(console, "type a line")
    top.send_signal(signal.SIGSTOP)
    console.send_signal(signal.SIGSTOP)
    start = time.monotonic()
    for _ in range(20):
        assert "echo" in machine.run("list")
    assert time.monotonic() - start < 5
    top.send_signal(signal.SIGCONT)
    console.send_signal(signal.SIGCONT)
    interrupt(top)
    interrupt(console)
    top.communicate(timeout=SECONDS)
    console.communicate(timeout=SECONDS)
    assert top.returncode == 130 and console.returncode == 130


def test_killed_clients_leave_their_place(machine):
    machine.run("create", "-q", "echo.cfg")
    for _ in range(40):
        top = machine.popen("top", "-b")
        read_until(top, "echo")
        top.kill()
        top.communicate()
    assert "echo" in machine.run("list")


def test_interrupt_ends_a_waiting_command(machine):
    machine.run("create", "-q", "echo.cfg")
    machine.run("pause", "echo")
    waiting = machine.popen("shutdown", "-w", "echo")
    read_until(waiting, "Shutting down")
    interrupt(waiting)
    waiting.communicate(timeout=SECONDS)
    assert waiting.returncode == 130
    assert "echo" in machine.run("list")


# --- files ---


def test_a_file_is_sent_once(machine, big):
    with Proxy(machine.socket) as proxy:
        done = through(proxy, machine, "create", "-p", big)
        assert done.returncode == 0, done.stderr
        first, proxy.sent = proxy.sent, 0
        assert first > 4 << 20
        done = through(proxy, machine, "create", "-p", big, "name=second")
        assert done.returncode == 0, done.stderr
        assert proxy.sent < 10000
    assert len(machine.json("list")["domains"]) == 3


def test_a_changed_file_is_sent_again(machine, big, tmp_path):
    machine.run("create", "-q", "-p", big)
    (tmp_path / "ramdisk").write_bytes(os.urandom(1 << 20))
    with Proxy(machine.socket) as proxy:
        assert through(proxy, machine, "create", "-p", big, "name=second").returncode == 0
        assert proxy.sent > 1 << 20


def test_paths_are_the_users(machine, tmp_path):
    """Relative to the folder in which the user is, whatever the machine has."""
    (tmp_path / "echo.elf").write_bytes((machine.build / "guests" / "hello.elf").read_bytes())
    (tmp_path / "mine.cfg").write_text('kernel = "echo.elf"\nmemory = 4\nname = "mine"\n')
    assert "Hello from mini-os" in machine.run("create", "-c", "mine.cfg")
    assert "Hello from mini-os" in machine.run("create", "-c", "./echo.elf", "memory=4")
    (tmp_path / "sub").mkdir()
    done = machine.call("create", "-c", "../mine.cfg", cwd=tmp_path / "sub", input="\x1d")
    assert "Hello from mini-os" not in done.stdout  # ... but ../mine.cfg names echo.elf


def test_files_that_do_not_fit(machine, tmp_path):
    (tmp_path / "huge").write_bytes(b"")
    os.truncate(tmp_path / "huge", 256 << 20)
    (tmp_path / "huge.cfg").write_text('kernel = "huge"\nname = "huge"\n')
    assert "huge" in machine.fail("create", "huge.cfg", code=8)
    assert "Domain-0" in machine.run("list")


# --- cuts ---


def test_sending_goes_on_after_cuts(machine, big):
    with Proxy(machine.socket) as proxy:
        proxy.cut_after = 1 << 20
        done = through(proxy, machine, "create", "-p", big)
        assert done.returncode == 0 and proxy.cut_after is None, done.stderr
    assert machine.run("domid", "big") == "1\n"


def test_a_console_goes_on_after_a_cut(machine):
    with Proxy(machine.socket) as proxy:
        console = subprocess.Popen(
            [tool_path(machine.build), "-H", proxy.endpoint, "create", "-c", "echo.cfg"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        read_until(console, "type a line")
        proxy.cut()
        console.stdin.write("after the cut\n")
        console.stdin.flush()
        read_until(console, "1: after the cut")
        console.stdin.write("quit\n")
        console.communicate(timeout=SECONDS)
        assert console.returncode == 0


def test_a_channel_that_stays_cut(machine):
    machine.run("create", "-q", "echo.cfg")
    with Proxy(machine.socket) as proxy:
        console = subprocess.Popen(
            [tool_path(machine.build), "-H", proxy.endpoint, "console", "echo"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        read_until(console, "type a line")
        proxy.is_down = True
        proxy.cut()
        err = console.communicate(timeout=SECONDS)[1]
        assert console.returncode == CHANNEL
        assert "connection to the machine was lost" in err and err.count("\n") == 1
    assert machine.run("domid", "echo") == "1\n"


def test_a_relay_that_is_started_again(machine):
    machine.run("create", "-q", "echo.cfg")
    console = machine.popen("console", "echo")
    read_until(console, "type a line")
    machine.restart_relay()
    console.stdin.write("again\n")
    console.stdin.flush()
    read_until(console, "1: again")
    console.kill()
    console.communicate()


def test_a_machine_that_ends(machine):
    machine.run("create", "-q", "echo.cfg")
    console = machine.popen("console", "echo")
    read_until(console, "type a line")
    machine.process.kill()
    err = console.communicate(timeout=SECONDS)[1]
    assert console.returncode == CHANNEL and err.count("\n") == 1
    assert machine.fail("list", code=CHANNEL)


# --- endpoints ---


@pytest.mark.parametrize("endpoint, says", [
    ("unix:/no/such/socket", "no machine at unix:/no/such/socket"),
    ("/no/such/socket", "no machine at"),
    ("tcp:127.0.0.1:1", "no machine at tcp:127.0.0.1:1"),
    ("tcp:nowhere", "is no endpoint"),
    ("nobody", 'machine "nobody"'),
    ("", "there is no machine"),
])
def test_no_machine_there(endpoint, says, tmp_path):
    done = subprocess.run([tool_path(), "-H", endpoint, "list"], capture_output=True, text=True,
                          env={**os.environ, "XDG_RUNTIME_DIR": str(tmp_path)}, timeout=SECONDS)
    assert done.returncode == (2 if "endpoint" in says else CHANNEL)
    assert says in done.stderr and done.stderr.count("\n") == 1


def test_silence_is_no_machine(tmp_path):
    """Something listens, and never answers."""
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(tmp_path / "s"))
    listener.listen()
    done = subprocess.run([tool_path(), "-H", tmp_path / "s", "list"], capture_output=True,
                          text=True, timeout=SECONDS)
    assert done.returncode == CHANNEL and "does not answer" in done.stderr


def test_a_channel_that_others_use(tmp_path):
    """As QEMU's own socket while somebody is connected to it."""
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(tmp_path / "s"))
    listener.listen(0)
    other = socket.socket(socket.AF_UNIX)
    other.connect(str(tmp_path / "s"))
    done = subprocess.run([tool_path(), "-H", tmp_path / "s", "list"], capture_output=True,
                          text=True, timeout=SECONDS)
    assert done.returncode == CHANNEL and "others are connected" in done.stderr
    other.close()


def test_endpoints(machine, tmp_path):
    far = tmp_path / ("x" * 100) / ("y" * 100)
    far.mkdir(parents=True)
    (far / "socket").symlink_to(machine.socket)
    for endpoint in (f"unix:{machine.socket}", far / "socket"):
        done = subprocess.run([tool_path(machine.build), "-H", endpoint, "list"],
                              capture_output=True, text=True, timeout=SECONDS)
        assert done.returncode == 0, done.stderr
    done = subprocess.run([tool_path(machine.build), "list"], capture_output=True, text=True,
                          env={**os.environ, "PAVISE_ENDPOINT": str(machine.socket)},
                          timeout=SECONDS)
    assert done.returncode == 0, done.stderr


def test_the_second_serial_line(tmp_path):
    (tmp_path / "mine.cfg").write_text('kernel = "/echo.elf"\nmemory = 4\nname = "mine"\n')
    with ToolMachine(channel="serial", cwd=tmp_path) as machine:
        assert "Domain-0" in machine.run("list")
        assert "1: over it" in machine.run("create", "-c", "mine.cfg", input="over it\nquit\n")


# --- the terminal ---


def test_input_of_a_shells_loop_is_left_alone(machine):
    script = f'while read word; do {tool_path(machine.build)} -H {machine.socket} list >/dev/null;' \
             ' echo "$word"; done'
    done = subprocess.run(["sh", "-c", script], input="one\ntwo\nthree\n", capture_output=True,
                          text=True, timeout=SECONDS)
    assert done.stdout == "one\ntwo\nthree\n"


def test_output_nobody_reads(machine):
    script = f"{tool_path(machine.build)} -H {machine.socket} top -b -d 0.01 | head -n 1"
    done = subprocess.run(["sh", "-c", script], capture_output=True, text=True, timeout=SECONDS)
    assert "NAME" in done.stdout and done.stderr == ""


def test_output_that_cannot_be_written(machine):
    for words in (["list"], ["help"]):
        with open("/dev/full", "w", encoding="utf-8") as full:
            done = subprocess.run(machine.words(*words), stdout=full, stderr=subprocess.PIPE,
                                  text=True, timeout=SECONDS)
        assert done.returncode == 1 and "No space left" in done.stderr


def on_a_terminal(words, cwd, rows=24, columns=80):
    """A command with a terminal of that size; the keyboard's end of it, and the process."""
    keyboard, terminal = pty.openpty()
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
    process = subprocess.Popen(words, stdin=terminal, stdout=terminal, stderr=terminal, cwd=cwd)
    os.close(terminal)
    return keyboard, process


def rest_of(keyboard):
    """All that is shown until the last process has closed the terminal."""
    shown = b""
    while True:
        try:
            shown += os.read(keyboard, 65536)
        except OSError:
            os.close(keyboard)
            return shown.decode()


def test_large_files_show_progress(machine, big):
    (big.parent / "ramdisk").write_bytes(os.urandom(24 << 20))
    keyboard, process = on_a_terminal(machine.words("create", big, "memory=40"), machine.cwd)
    shown = rest_of(keyboard)
    assert process.wait(SECONDS) == 0
    assert re.search(r"ramdisk: \d+% of 24576 KiB sent", shown)
    assert shown.endswith('created: "big"\r\n')


def test_the_machine_knows_the_terminals_size(machine):
    """`top` shows as many domains as fit."""
    for i in range(8):
        machine.run("create", "-q", "-p", "echo.cfg", f"name=guest-{i}")
    keyboard, process = on_a_terminal(machine.words("top", "-i", "1"), machine.cwd, rows=9)
    shown = rest_of(keyboard)
    assert process.wait(SECONDS) == 0
    assert shown.count("guest-") == 4 and "\n" not in shown.replace("\r\n", "")


def terminal_modes(terminal):
    return termios.tcgetattr(terminal)[:4]


def test_a_terminal_is_raw_for_consoles_only(machine):
    keyboard, terminal = pty.openpty()
    before = terminal_modes(terminal)
    process = subprocess.Popen(machine.words("create", "-c", "echo.cfg"), stdin=terminal,
                               stdout=terminal, stderr=terminal)
    seen = b""
    deadline = time.monotonic() + SECONDS
    while b"type a line" not in seen and time.monotonic() < deadline:
        seen += os.read(keyboard, 4096)
    assert terminal_modes(terminal) != before
    os.write(keyboard, b"typed\r")
    while b"1: typed" not in seen and time.monotonic() < deadline:
        seen += os.read(keyboard, 4096)
    os.write(keyboard, b"\x1d")
    assert process.wait(SECONDS) == 0
    assert terminal_modes(terminal) == before
    text = seen.decode().replace("\r", "")
    assert re.search(r"^typed$", text, re.MULTILINE)  # the guest's echo, once
    os.close(keyboard)
    os.close(terminal)


@pytest.mark.parametrize("number, code", [(signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_signals_restore_the_terminal(machine, number, code):
    keyboard, terminal = pty.openpty()
    before = terminal_modes(terminal)
    process = subprocess.Popen(machine.words("create", "-c", "echo.cfg"), stdin=terminal,
                               stdout=terminal, stderr=terminal)
    deadline = time.monotonic() + SECONDS
    while terminal_modes(terminal) == before and time.monotonic() < deadline:
        time.sleep(0.01)
    process.send_signal(number)
    assert process.wait(SECONDS) == code
    assert terminal_modes(terminal) == before
    os.close(keyboard)
    os.close(terminal)
