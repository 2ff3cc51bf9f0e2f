# SPDX-License-Identifier: MIT
"""Domains that are kept for their cores, and `collect`, which takes them: what comes then,
when nobody is there, when the file cannot be written, when the connection is lost."""

import contextlib
import resource
import signal
import time

import pytest

from core import Core
from tool import SECONDS, ToolMachine

POLL_SECONDS = 0.05


@pytest.fixture(name="machine")
def small_machine(tmp_path):
    with ToolMachine(cwd=tmp_path) as machine:
        yield machine


@pytest.fixture(name="cores")
def folder_for_cores(tmp_path):
    (tmp_path / "cores").mkdir()
    return tmp_path / "cores"


def wait(is_so, what):
    deadline = time.monotonic() + SECONDS
    while not is_so():
        assert time.monotonic() < deadline, what
        time.sleep(POLL_SECONDS)


def domains(machine):
    """Name to what is known of it."""
    return {domain["name"]: domain for domain in machine.json("list")["domains"]}


def waiting(machine):
    return [domain["name"] for domain in machine.json("cores")["domains"]]


def crash(machine, name, action, *more):
    """A guest ends in the way for which it has the action."""
    machine.run("create", "-q", "echo.cfg", f"name={name}", f"on_poweroff={action}", *more)
    viewer = machine.popen("console", name)
    assert "echo: type" in viewer.stdout.readline()
    viewer.communicate("quit\n", timeout=SECONDS)


@contextlib.contextmanager
def collector(machine, folder, **parameters):
    process = machine.popen("collect", "-d", folder, **parameters)
    try:
        yield process
    finally:
        process.terminate()
        process.wait(SECONDS)


def taken(folder):
    """The cores that are complete."""
    return sorted(folder.glob("*.core"))


def test_destroyed_when_it_is_taken(machine, cores):
    with collector(machine, cores) as process:
        crash(machine, "echo", "coredump-destroy")
        path = process.stdout.readline().rstrip("\n")
        wait(lambda: "echo" not in domains(machine), "it is destroyed")
    assert [str(core) for core in taken(cores)] == [path]
    assert (cores / path).stat().st_mode & 0o077 == 0
    assert Core(path).nr_pages == 1024
    assert process.returncode == 128 + signal.SIGTERM


def test_restarted_when_it_is_taken(machine, cores):
    with collector(machine, cores):
        crash(machine, "echo", "coredump-restart")
        wait(lambda: domains(machine)["echo"]["restarts"] == 1, "it is started again")
    assert len(taken(cores)) == 1
    assert domains(machine)["echo"]["life"] == "live"
    assert waiting(machine) == []


def test_nobody_is_there(machine, cores):
    """It is kept, the machine says so, and who comes later takes it."""
    crash(machine, "first", "destroy")
    used = machine.json("info")["usage"]
    crash(machine, "echo", "coredump-destroy")
    assert domains(machine)["echo"]["life"] == "core"
    assert waiting(machine) == ["echo"]
    assert "Domain 2 (echo) is kept until its core has been taken" in machine.output()
    with collector(machine, cores) as process:
        assert process.stdout.readline().endswith(".core\n")
        wait(lambda: "echo" not in domains(machine), "it is destroyed")
    assert Core(taken(cores)[0]).nr_pages == 1024
    now = machine.json("info")["usage"]
    for what in ("event_ports", "grants", "mapped_frames", "xenstore_nodes"):
        assert now[what] == used[what], what


def test_by_hand(machine, cores):
    crash(machine, "echo", "coredump-restart")
    machine.run("dump-core", "echo", cores / "core")
    assert domains(machine)["echo"]["life"] == "core"
    machine.run("cores", "-d", "echo")
    assert domains(machine)["echo"]["life"] == "live"
    crash(machine, "other", "coredump-destroy")
    machine.run("destroy", "other")
    assert waiting(machine) == []


def test_many_at_once(machine, cores):
    """None is lost."""
    for name in ("echo-0", "echo-1", "echo-2", "echo-3", "..name"):
        crash(machine, name, "coredump-destroy")
    with collector(machine, cores):
        wait(lambda: len(domains(machine)) == 1, "all are destroyed")
    assert sorted(core.name.rsplit("-", 2)[0] for core in taken(cores)) == [
        "__name", "echo-0", "echo-1", "echo-2", "echo-3"]
    assert all(Core(core).nr_pages == 1024 for core in taken(cores))


def test_no_room(machine, cores):
    """The domain is preserved, nothing is left of the file, and the next one is taken."""
    def limit():
        resource.setrlimit(resource.RLIMIT_FSIZE, (300 << 10, 300 << 10))
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)

    with collector(machine, cores, preexec_fn=limit) as process:
        crash(machine, "echo", "coredump-restart")
        assert "too large" in process.stderr.readline()
        assert "is preserved" in process.stderr.readline()
        wait(lambda: domains(machine)["echo"]["life"] == "preserved", "it is preserved")
        assert process.poll() is None
    assert list(cores.iterdir()) == []
    with collector(machine, cores):
        crash(machine, "other", "coredump-destroy")
        wait(lambda: "other" not in domains(machine), "it is destroyed")
    assert len(taken(cores)) == 1


def parts(folder):
    """Cores that are being written."""
    return [part for part in folder.glob("*.core.*") if part.stat().st_size]


def test_killed_in_the_middle(machine, cores):
    """The domain goes on waiting, nothing of it stays mapped, and the next one takes its
    core."""
    used = machine.json("info")["usage"]["mapped_frames"]
    crash(machine, "echo", "coredump-destroy", "memory=384")
    kept = machine.json("info")["usage"]["mapped_frames"]
    with collector(machine, cores) as process:
        wait(lambda: parts(cores), "a core is being written")
        process.kill()
    assert not taken(cores) and waiting(machine) == ["echo"]
    wait(lambda: machine.json("info")["usage"]["mapped_frames"] == kept, "all is unmapped")
    with collector(machine, cores) as process:
        assert process.stdout.readline().endswith(".core\n")
        wait(lambda: "echo" not in domains(machine), "it is destroyed")
    assert Core(taken(cores)[0]).nr_pages == 384 << 8
    assert machine.json("info")["usage"]["mapped_frames"] == used


def test_cut_in_the_middle(machine, cores):
    """The connection is made again and the core is complete."""
    crash(machine, "echo", "coredump-restart", "memory=384")
    with collector(machine, cores):
        wait(lambda: parts(cores), "a core is being written")
        machine.restart_relay()
        wait(lambda: domains(machine)["echo"]["life"] == "live", "it is started again")
    assert [Core(core).nr_pages for core in taken(cores)] == [384 << 8]


def test_the_machine_goes(tmp_path, cores):
    """That may be for a moment, and it can be ended all the same."""
    with ToolMachine(cwd=tmp_path) as machine:
        process = machine.popen("collect", "-d", cores)
        crash(machine, "echo", "coredump-destroy")
        assert process.stdout.readline().endswith(".core\n")
        wait(lambda: "echo" not in domains(machine), "it is destroyed")
        machine.restart_relay()
        crash(machine, "echo", "coredump-destroy")
        assert process.stdout.readline().endswith(".core\n")
    time.sleep(1)
    assert process.poll() is None
    process.terminate()
    assert process.wait(SECONDS) == 128 + signal.SIGTERM


def test_no_machine(tmp_path, cores):
    machine = ToolMachine(cwd=tmp_path)
    assert "no machine" in machine.fail("collect", "-d", cores, code=10)


def test_mistakes(machine, cores):
    assert "too much" in machine.fail("collect", cores, code=2)
    assert "not a folder" in machine.fail("collect", "-d", "nowhere", code=6)
    machine.run("create", "-q", "echo.cfg")
    assert "not kept for its core" in machine.fail("cores", "-d", "echo", code=1)
    assert machine.run("cores") == ""
    assert machine.run("help", "collect").startswith("usage: pavise")


def test_crash_after_the_dump(machine, cores):
    """-C: the core is there already, no other one is waited for; -R; -L."""
    machine.run("create", "-q", "echo.cfg", "on_crash=coredump-restart")
    assert "echo: type" in machine.popen("console", "echo").stdout.readline()
    machine.run("dump-core", "-L", "-C", "echo", cores / "a.core")
    wait(lambda: domains(machine)["echo"]["restarts"] == 1, "it is started again")
    assert "echo: type" in machine.popen("console", "echo").stdout.readline()
    machine.run("dump-core", "-R", "echo", cores / "b.core")
    assert domains(machine)["echo"]["restarts"] == 2
    assert waiting(machine) == []
    assert [Core(core).nr_pages for core in taken(cores)] == [1024, 1024]
