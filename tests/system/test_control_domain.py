# SPDX-License-Identifier: MIT
"""The control domain serves several clients: their files, commands, and what they do wrong.

Verbs are tested in test_pavise_tool.py, the prompt in test_prompt.py.
"""

import os
import random
import re
import signal
import subprocess
import threading
import time
from pathlib import Path

import pytest

from machine import Machine, default_build
from tool import ToolMachine, interrupt

BUILD = default_build()
SECONDS = 20
PROMPT = r"^(?:\x1b\[0K)?pavise> "
GRUB = Path("/usr/lib/grub-xen/grub-x86_64-xen.bin")


@pytest.fixture(name="machine")
def fixture_machine(tmp_path):
    with ToolMachine(smp=2, cwd=tmp_path) as started:
        yield started


@pytest.fixture(name="either", params=["virtio", "serial"])
def fixture_either(request, tmp_path):
    """With either kind of channel."""
    with ToolMachine(smp=1, cwd=tmp_path, channel=request.param) as started:
        yield started


def usage(machine):
    """What has to be as before when all is over."""
    info = machine.json("info")
    used = {k: v for k, v in info["usage"].items() if k != "heap_size"}
    return {**used, "free_kib": info["memory"]["free_kib"]}


def check_usage(machine, before, images=0):
    """All is as before, soon, but for files of that many bytes, which are kept."""
    deadline = time.monotonic() + SECONDS
    while True:
        now = usage(machine)
        more = now["heap_bytes"] - before["heap_bytes"]
        if images and images <= more < images + 2000:
            now["heap_bytes"] = before["heap_bytes"]
        if now == before:
            return
        assert time.monotonic() < deadline, f"{now} instead of {before}"
        time.sleep(0.05)


def warm_up(machine):
    """What stays after the first domain: folders of xenstore, what the heap needs once."""
    machine.run("create", "-p", "hello.cfg", "name=warm")
    machine.run("destroy", "warm")
    return usage(machine)


def state(machine, name):
    for domain in machine.json("list")["domains"]:
        if domain["name"] == name:
            return domain["state"]
    return None


def wait_for_state(machine, name, wanted):
    deadline = time.monotonic() + SECONDS
    while state(machine, name) != wanted:
        assert time.monotonic() < deadline, f"{name} is {state(machine, name)}"
        time.sleep(0.02)


def config(folder, name, kernel, *lines):
    path = folder / f"{name}.cfg"
    path.write_text("\n".join([f'name = "{name}"', f'kernel = "{kernel}"', "memory = 4",
                               *lines]) + "\n")
    return path


# --- files ---


def restarts(machine, name):
    for domain in machine.json("list")["domains"]:
        if domain["name"] == name:
            return domain["restarts"]
    return None


def test_a_domain_keeps_the_files_of_a_client_that_has_gone(machine, tmp_path):
    """Its guest ends when it is told to: of those that end at once again and again, however
    slow the clients may be, none is left after ten."""
    before = warm_up(machine)
    kernel = tmp_path / "again.elf"
    kernel.write_bytes((BUILD / "guests/echo.elf").read_bytes())
    config(tmp_path, "again", kernel, 'on_poweroff = "restart"')
    machine.run("create", "again.cfg")
    kernel.unlink()
    for times in range(1, 4):
        machine.run("console", "again", input="quit\n")
        deadline = time.monotonic() + SECONDS
        while restarts(machine, "again") != times:
            assert time.monotonic() < deadline
            time.sleep(0.05)
    domain = machine.json("list", "-l", "again")["domains"][0]
    assert domain["config"]["kernel"].endswith("again.elf")
    machine.run("destroy", "again")
    check_usage(machine, before, images=os.path.getsize(BUILD / "guests/echo.elf"))


def test_equal_files_are_there_once(either, tmp_path):
    """Under two names, and sent by two clients: the heap tells."""
    machine = either
    before = warm_up(machine)
    content = os.urandom(100000)
    for name in "abc":
        (tmp_path / name).write_bytes(content)
        machine.fail("create", "-p", config(tmp_path, "x" + name, name), code=7)
    check_usage(machine, before, images=100000)


def test_files_that_find_no_room_are_refused_and_old_ones_make_room(tmp_path):
    """Three quarters of the memory at start are for files, and of that for a client."""
    with ToolMachine(smp=2, cwd=tmp_path, append="dom0_mem=16M") as machine:
        before = warm_up(machine)
        for number in range(6):
            (tmp_path / f"large{number}").write_bytes(os.urandom(2 << 20))
            machine.fail("create", config(tmp_path, "x", f"large{number}"), code=7)
        (tmp_path / "larger").write_bytes(os.urandom(9 << 20))
        line = machine.fail("create", config(tmp_path, "x", "larger"), code=8)
        assert re.search(r'no room for ".*larger"', line)
        machine.run("create", "-p", "hello.cfg")
        machine.run("destroy", "hello")
        check_usage(machine, before, images=5 * (2 << 20))


def paste(machine, lines):
    """At the prompt; what was said until the last one was done."""
    text = ""
    for start in range(0, len(lines), 50):
        part = lines[start:start + 50]
        machine.send("".join(line + "\r" for line in part))
        end = rf"((?:.*\n)*?)pavise> {re.escape(part[-1])}\n(?:.*\n)*?pavise> "
        text += machine.wait_for(end, SECONDS)[0]
    return text


def test_domains_until_the_memory_of_the_control_domain_is_at_its_end():
    """Again and again, without a trace after the first time."""
    options = "dom0_mem=4736K loglvl=warning guest_loglvl=none"
    with ToolMachine(smp=1, append=options) as machine:
        creates = [f"create -p -q hello.cfg name=many{n} memory=1" for n in range(200)]
        destroys = [f"destroy many{n}" for n in range(200)]
        usages = []
        for _ in range(3):
            output = paste(machine, creates)
            assert machine.run("list").count("many") > 100
            assert "out of memory" in output
            assert 'there is no domain "many199"' in paste(machine, destroys)
            usages.append(usage(machine))
        assert usages[1] == usages[2]


# --- several clients ---


def test_clients_do_not_wait_for_each_other(machine):
    """Two consoles, one client that is stopped while much is printed, and a waiting one."""
    before = warm_up(machine)
    machine.run("create", "echo.cfg", "name=one")
    machine.run("create", "echo.cfg", "name=two")
    waiting = machine.popen("shutdown", "-w", "two")
    stopped = machine.popen("console", "one")
    stopped.stdout.readline()
    os.kill(stopped.pid, signal.SIGSTOP)
    try:
        other = machine.popen("console", "one")
        assert "type a line" in other.stdout.readline()
        for number in range(200):
            other.stdin.write(f"{number} " + "x" * 100 + "\n")
        other.stdin.flush()
        for number in range(1, 201):
            while not other.stdout.readline().startswith(f"{number}: "):
                pass
        start = time.monotonic()
        assert waiting.wait(SECONDS) == 0
        machine.run("list")
        assert time.monotonic() - start < SECONDS / 2
        other.stdin.write("\x1d")
        other.stdin.flush()
        assert other.wait(SECONDS) == 0
    finally:
        os.kill(stopped.pid, signal.SIGCONT)
    stopped.stdin.write("\x1d")
    stopped.stdin.flush()
    assert stopped.wait(SECONDS) == 0
    machine.run("destroy", "one")
    check_usage(machine, before)


def test_a_client_that_dies_takes_its_command_with_it(machine):
    before = warm_up(machine)
    machine.run("create", "-p", "echo.cfg")
    clients = [machine.popen("console", "echo") for _ in range(3)]
    clients.append(machine.popen("shutdown", "-w", "echo"))
    time.sleep(0.3)
    for client in clients:
        client.kill()
        client.wait()
    machine.run("destroy", "echo")
    check_usage(machine, before)


def test_interrupt_ends_a_waiting_command(machine):
    machine.run("create", "-p", "echo.cfg")
    waiting = machine.popen("shutdown", "-w", "echo")
    time.sleep(0.3)
    assert waiting.poll() is None
    interrupt(waiting)
    assert waiting.wait(SECONDS) == 130
    assert state(machine, "echo") == "paused"


def test_more_clients_than_sessions(machine):
    """Those that find no room say so; nobody is lost, and room comes back."""
    before = warm_up(machine)
    machine.run("create", "-p", "echo.cfg")
    waiting = [machine.popen("shutdown", "-w", "echo") for _ in range(40)]
    time.sleep(0.5)
    deadline = time.monotonic() + SECONDS
    while any(client.poll() is None for client in waiting):
        for client in waiting:
            interrupt(client)
        assert time.monotonic() < deadline
        time.sleep(0.2)
    assert {client.wait() for client in waiting} <= {10, 130}
    machine.run("destroy", "echo")
    check_usage(machine, before)


def test_commands_at_once_from_the_prompt_and_many_clients(machine):
    before = warm_up(machine)
    failures = []

    def work(number):
        for turn in range(5):
            name = f"client{number}-{turn}"
            done = machine.call("create", "-p", "hello.cfg", f"name={name}")
            gone = machine.call("destroy", name)
            if done.returncode or gone.returncode:
                failures.append(done.stderr + gone.stderr)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(6)]
    for thread in threads:
        thread.start()
    for turn in range(10):
        machine.send(f"create -p hello.cfg name=typed{turn}\rdestroy typed{turn}\r")
    machine.wait_for(r"destroy typed9\n(?:.*\n)*?" + PROMPT, SECONDS)
    for thread in threads:
        thread.join()
    assert not failures
    machine.send("list\r")
    machine.wait_for(r"Domain-0.*\n" + PROMPT, SECONDS)
    # The prompt remembers lines.
    check_usage(machine, {**before, "heap_bytes": usage(machine)["heap_bytes"]})


def test_garbage_on_the_channel(either):
    """What is no frame, and halves of frames, between two relays that come and go."""
    either.run("create", "echo.cfg")
    rng = random.Random(1)
    for _ in range(3):
        with either.without_relay() as channel:
            channel.sendall(rng.randbytes(50000) + bytes(5000) + b"\x01" * 5000)
            time.sleep(0.1)
        assert state(either, "echo") == "blocked"


def test_sessions_of_clients_that_were_cut_off_end(machine):
    """The relay dies with its clients: nobody says that they are gone."""
    before = warm_up(machine)
    machine.run("create", "echo.cfg")
    clients = [machine.popen("console", "echo") for _ in range(3)]
    for client in clients:
        client.stdout.readline()
    with machine.without_relay():
        for client in clients:
            client.kill()
            client.communicate()
    machine.run("destroy", "echo")
    check_usage(machine, before)


# --- the end of the machine ---


def test_poweroff_can_start_the_machine_again(machine):
    machine.run("create", "echo.cfg")
    machine.run("poweroff", "-r")
    machine.wait_for(r"restarting the machine", SECONDS)


def test_poweroff_ends_domains_and_machine(machine):
    machine.run("create", "echo.cfg")
    machine.run("poweroff")
    machine.wait_for(r"Domain \d+ \(echo\) has ended: poweroff", SECONDS)
    machine.wait_for(r"powered the machine off", SECONDS)
    machine.wait_end(SECONDS)


def test_end_of_input_powers_off_when_there_are_no_domains():
    with Machine("pavise", BUILD / "control-domain.elf", build=BUILD,
                 ramdisk=BUILD / "control-domain.cpio") as machine:
        machine.wait_for(PROMPT, SECONDS)
        machine.send("create -p echo.cfg\r\x04")
        machine.wait_for(r"There are domains still", SECONDS)
        machine.send("destroy echo\r\x04")
        machine.wait_for(r"powered the machine off", SECONDS)
        machine.wait_end(SECONDS)


# --- a guest that nobody here wrote ---


@pytest.mark.skipif(not GRUB.exists(), reason="grub-xen-host is not installed")
def test_grub_answers(machine):
    """Debian's GRUB for PV guests, as it is packaged, sent and used at its prompt."""
    grub = machine.popen("create", "-c", GRUB, "memory=64", stdout=subprocess.PIPE)
    text = b""

    def expect(wanted):
        nonlocal text
        deadline = time.monotonic() + SECONDS
        while not re.search(wanted, text):
            assert time.monotonic() < deadline, text[-500:]
            text += os.read(grub.stdout.fileno(), 4096)
        text = text[re.search(wanted, text).end():]

    def type_line(line):
        grub.stdin.write(line + "\r")
        grub.stdin.flush()

    expect(rb"grub> ")
    type_line("ls")
    expect(rb"\(memdisk\) \(proc\)")
    type_line("set")
    expect(rb"root=")
    type_line("halt")
    assert grub.wait(SECONDS) == 0
    machine.wait_for(r"\(grub-x86_64-xen\) has ended: poweroff", SECONDS)
