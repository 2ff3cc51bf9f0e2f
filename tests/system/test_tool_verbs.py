# SPDX-License-Identifier: MIT
"""Every verb, given from the user's machine to a real one: text and JSON."""

import json
import re
import time

import pytest

import schema
from tool import ToolMachine

SECONDS = 60
SMALL = ("memory=4",)


@pytest.fixture
def machine():
    with ToolMachine() as started:
        yield started


def document(machine, verb, *words):
    """The JSON of a command, checked against its schema."""
    found = machine.json(verb, *words)
    schema.check(verb, found)
    return found


def row(text, name):
    """The words of the line that begins with name."""
    return next(line.split() for line in text.splitlines() if line.split()[:1] == [name])


def state_of(machine, name):
    return document(machine, "list", name)["domains"][0]["state"]


def wait_until(is_so, what):
    deadline = time.monotonic() + SECONDS
    while not is_so():
        assert time.monotonic() < deadline, what
        time.sleep(0.02)


def test_create_list_and_destroy(machine):
    assert machine.run("create", "echo.cfg") == 'Domain 1 has been created: "echo"\n'
    header, dom0, echo = machine.run("list").splitlines()[:3]
    assert re.fullmatch(r"Name {40}ID   Mem VCPUs\tState\tTime\(s\)", header)
    assert dom0.startswith("Domain-0")
    assert re.fullmatch(r"echo +1 +4 +1 +[r-][b-]---- +\d+\.\d", echo)
    assert machine.run("list", "echo").splitlines()[1].startswith("echo")
    assert "UUID" in machine.run("list", "-v", "echo")
    listed = document(machine, "list")["domains"]
    assert [d["name"] for d in listed] == ["Domain-0", "echo"]
    assert listed[1]["memory_kib"] == 4096 and listed[1]["life"] == "live"
    assert machine.json("list", "-l", "echo")["domains"][0]["config"]["kernel"] == "/echo.elf"
    assert machine.run("destroy", "echo") == ""
    machine.fail("list", "echo", code=3)
    assert document(machine, "create", "-p", "echo.cfg")["domain"]["name"] == "echo"
    assert document(machine, "destroy", "echo")


def test_create_options(machine):
    assert machine.run("create", "-n", "echo.cfg") == ""
    assert "echo" not in machine.run("list")
    assert machine.run("create", "-q", "-p", "-f", "echo.cfg", "name=other", "vcpus=2") == ""
    assert state_of(machine, "other") == "paused"
    assert machine.json("list", "other")["domains"][0]["max_vcpus"] == 2
    machine.run("create", "/echo.elf", *SMALL)
    assert machine.json("list", "echo")["domains"][0]["memory_kib"] == 4096


def test_pause_and_unpause(machine):
    machine.run("create", "-q", "echo.cfg")
    assert machine.run("pause", "echo") == ""
    assert row(machine.run("list"), "echo")[4][2] == "p"
    assert machine.run("unpause", "echo") == ""
    assert state_of(machine, "echo") in ("running", "blocked", "runnable")
    assert document(machine, "pause", "echo")
    assert document(machine, "unpause", "1")


def test_names_and_numbers(machine):
    machine.run("create", "-q", "echo.cfg")
    assert machine.run("domid", "echo") == "1\n"
    assert machine.run("domname", "1") == "echo\n"
    assert machine.run("rename", "echo", "again") == ""
    assert machine.run("domid", "again") == "1\n"
    assert document(machine, "domid", "again")["domain"]["id"] == 1
    assert document(machine, "domname", "1")["domain"]["name"] == "again"
    assert document(machine, "rename", "1", "echo")
    machine.fail("domid", "again", code=3)


def test_shutdown_waits(machine):
    machine.run("create", "-q", "echo.cfg")
    assert "reason code 0" in machine.run("shutdown", "-w", "echo")
    machine.fail("list", "echo", code=3)
    for name in ("a", "b", "c"):
        machine.run("create", "-q", "echo.cfg", f"name={name}")
    machine.run("shutdown", "-a", "-w")
    assert len(machine.json("list")["domains"]) == 1
    machine.run("create", "-q", "echo.cfg")
    assert document(machine, "shutdown", "-w", "echo")


def test_reboot_starts_it_again(machine):
    machine.run("create", "-q", "echo.cfg")
    machine.run("reboot", "-w", "echo")
    wait_until(lambda: machine.json("list", "echo")["domains"][0]["id"] == 2, "no new domain")
    assert document(machine, "reboot", "echo")
    wait_until(lambda: machine.json("list", "echo")["domains"][0]["id"] == 3, "no new domain")


def test_console(machine):
    guest = machine.popen("create", "-c", "echo.cfg")
    guest.stdin.write("from the host\nquit\n")
    guest.stdin.flush()
    out, err = guest.communicate(timeout=SECONDS)
    assert guest.returncode == 0 and err == ""
    assert "1: from the host" in out and "echo: 1 lines." in out
    machine.run("create", "-q", "echo.cfg")
    viewer = machine.popen("console", "-t", "pv", "-n", "0", "echo")
    assert "echo: type a line" in viewer.stdout.readline()
    viewer.stdin.write("\x1d")
    out, err = viewer.communicate(timeout=SECONDS)
    assert viewer.returncode == 0 and err == ""


def test_vcpus(machine):
    machine.run("create", "-q", "-p", "echo.cfg", "vcpus=2")
    head, *rows = machine.run("vcpu-list", "echo").splitlines()
    assert head.split()[:5] == ["Name", "ID", "VCPU", "CPU", "State"] and len(rows) == 2
    assert machine.run("vcpu-pin", "echo", "1", "0") == ""
    assert re.search(r"^echo +1 +1 .* 0 / (all|0)$", machine.run("vcpu-list", "echo"), re.MULTILINE)
    assert machine.run("vcpu-pin", "echo", "all", "all") == ""
    assert document(machine, "vcpu-list")
    assert document(machine, "vcpu-pin", "echo", "0", "1")
    assert machine.run("vcpu-set", "echo", "1") == ""
    assert document(machine, "vcpu-set", "echo", "2")


def test_memory_limit(machine):
    machine.run("create", "-q", "echo.cfg")
    assert machine.run("mem-max", "echo", "16m") == ""
    assert machine.json("list", "echo")["domains"][0]["max_memory_kib"] >= 16384
    assert document(machine, "mem-max", "echo", "8m")


def test_shares(machine):
    machine.run("create", "-q", "echo.cfg")
    assert machine.run("sched-credit2", "-d", "echo", "-w", "512", "-c", "50") == ""
    assert re.search(r"^echo +1 +512 +50$", machine.run("sched-credit2"), re.MULTILINE)
    assert document(machine, "sched-credit2", "-d", "echo")


def test_requests_to_the_guest(machine):
    """What mini-os does with them is its own affair."""
    machine.run("create", "-q", "echo.cfg")
    assert machine.run("mem-set", "echo", "3m") == ""
    assert document(machine, "mem-set", "echo", "4m")
    assert machine.run("sysrq", "echo", "h") == ""
    assert document(machine, "sysrq", "echo", "s")
    machine.run("pause", "echo")  # it would not survive
    assert machine.run("trigger", "echo", "nmi") == ""
    assert document(machine, "trigger", "echo", "nmi", "0")


def test_dump_core(machine, tmp_path):
    """test_tool_dump.py looks into the file."""
    machine.run("create", "-q", "-c", "hello.cfg")
    assert machine.run("dump-core", "hello", tmp_path / "core") == ""
    assert document(machine, "dump-core", "hello", tmp_path / "core")["pages"] == 1024


def test_cores(machine):
    """test_tool_cores.py has what collects them."""
    machine.run("create", "-q", "-c", "hello.cfg", "on_poweroff=coredump-destroy")
    assert re.search(r"^ +\d+  hello +poweroff$", machine.run("cores"), re.MULTILINE)
    assert document(machine, "cores", "-w")["domains"][0]["name"] == "hello"
    assert document(machine, "cores", "-k", "hello")["domain"]["life"] == "preserved"
    assert machine.run("cores") == ""


@pytest.mark.parametrize("style", ["text", "json"])
def test_trace(machine, style):
    machine.run("create", "-q", "-p", "echo.cfg")
    process = machine.popen("--format", style, "trace", "-n", "5", "echo")
    time.sleep(0.3)  # until it looks
    machine.run("unpause", "echo")
    out, err = process.communicate(timeout=SECONDS)
    assert process.returncode == 0 and err == "" and len(out.splitlines()) == 5, out + err
    if style == "json":
        for line in out.splitlines():
            schema.check("trace", json.loads(line))


def test_machine(machine):
    info = dict(re.findall(r"^(\w+) *: (.*)$", machine.run("info"), re.MULTILINE))
    assert info["nr_cpus"] == "2" and info["xen_version"] == "4.17-pavise"
    assert int(info["free_memory"]) < int(info["total_memory"])
    assert "cpu_topology" in machine.run("info", "-n")
    assert document(machine, "info")
    assert "start-up done" in machine.run("dmesg")
    assert document(machine, "dmesg")
    machine.run("debug-keys", "h")
    assert "'h' pressed" in machine.run("dmesg", "-c")
    assert machine.run("dmesg") == ""
    assert document(machine, "debug-keys", "h")
    assert machine.run("version") == "4.17-pavise\n"
    assert document(machine, "version")


def test_uptime(machine):
    machine.run("create", "-q", "echo.cfg")
    assert re.search(r"^echo +1 +0:00:0\d$", machine.run("uptime"), re.MULTILINE)
    assert "echo" in machine.run("uptime", "-s", "echo")
    assert document(machine, "uptime")


def test_top(machine):
    machine.run("create", "-q", "echo.cfg")
    out = machine.run("top", "-b", "-i", "2", "-d", "0.1")
    assert out.count("NAME") == 2 and len(re.findall(r"^ *echo ", out, re.MULTILINE)) == 2
    assert document(machine, "top", "-b", "-i", "1")


def test_help_and_inspect_need_no_machine(machine, tmp_path):
    kernel = tmp_path / "kernel"
    kernel.write_bytes((machine.build / "guests" / "hello.elf").read_bytes())
    assert "make a domain" in machine.run("help")
    assert "--paused" in machine.run("help", "create") == machine.run("create", "--help")
    verbs = {verb["name"] for verb in document(machine, "help")["verbs"]}
    assert {"create", "list", "up", "down", "machines"} <= verbs
    assert "runs as a PV guest" in machine.run("inspect", kernel)
    assert document(machine, "inspect", kernel)["runs"]
    assert "runs as a PV guest" in machine.run("inspect", "/hello.elf")


def test_every_verb_is_here(machine):
    """... but for those that test_machines.py and test_tool_cores.py have."""
    verbs = {verb["name"] for verb in machine.json("help")["verbs"]} - {
        "up", "down", "machines", "collect"}
    text = open(__file__, encoding="utf-8").read()
    assert not [verb for verb in verbs if f'"{verb}"' not in text]


def test_poweroff(machine):
    machine.run("create", "-q", "echo.cfg")
    machine.run("poweroff")
    assert machine.wait_end(SECONDS) == 0
