# SPDX-License-Identifier: MIT
"""pavise up, down and machines: machines in QEMU, in the background."""

import json
import os
import signal
import subprocess
import time

import pytest

import schema
from machine import default_build
from tool import SECONDS, tool_path

IN_USE, FILE, TIMEOUT, CHANNEL = 4, 6, 9, 10


class Machines:
    """The tool, with a folder of its own for machines."""

    def __init__(self, folder):
        self.folder = folder / "pavise"
        self.environment = {k: v for k, v in os.environ.items() if not k.startswith("PAVISE")}
        self.environment["XDG_RUNTIME_DIR"] = str(folder)
        self.environment["XDG_STATE_HOME"] = str(folder / "state")

    def call(self, *words, **parameters):
        return subprocess.run([tool_path(), *words], env=self.environment, capture_output=True,
                              text=True, timeout=3 * SECONDS, **parameters)

    def run(self, *words, code=0):
        done = self.call(*words)
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout

    def fail(self, *words, code):
        """The one line that it says."""
        done = self.call(*words)
        assert done.returncode == code and not done.stdout, done.stdout + done.stderr
        assert done.stderr.count("\n") == 1, done.stderr
        return done.stderr

    def up(self):
        found = json.loads(self.run("machines", "--format", "json"))["machines"]
        return [machine["name"] for machine in found]

    def supervisor(self, name):
        return int((self.folder / name / "state").read_text().split()[0])


@pytest.fixture
def machines(tmp_path):
    found = Machines(tmp_path)
    yield found
    for name in found.up():
        found.call("down", "--force", name)
    assert found.up() == []


def test_up_and_down(machines):
    out = machines.run("up")
    assert out.startswith('Machine "default" is up: 1024 MiB, 2 CPUs.')
    assert "default" in machines.run("machines") and machines.up() == ["default"]
    assert machines.run("create", "hello.cfg") == 'Domain 1 has been created: "hello"\n'
    assert "is up already" in machines.fail("up", code=IN_USE)
    assert machines.run("down") == 'Machine "default" is down.\n'
    assert machines.up() == []
    assert "is not up" in machines.fail("down", code=CHANNEL)
    assert "there is no machine" in machines.fail("list", code=CHANNEL)
    assert os.stat(machines.folder).st_mode & 0o777 == 0o700


def test_guests_are_shut_down_first(machines):
    machines.run("up")
    machines.run("create", "-q", "echo.cfg")
    machines.run("down")
    assert "(echo) has ended: poweroff" in (machines.folder / "default/console.log").read_text()


def test_several_machines(machines):
    first = json.loads(machines.run("up", "one", "-m", "256", "-n", "1", "--format", "json"))
    schema.check("up", first)
    first = first["machine"]
    assert (first["name"], first["memory_mib"], first["cpus"]) == ("one", 256, 1)
    machines.run("up", "two", "--serial", "--memory", "256")
    schema.check("machines", json.loads(machines.run("--format", "json", "machines")))
    assert machines.up() == ["one", "two"]
    assert "several machines" in machines.fail("list", code=CHANNEL)
    for name, cpus in (("one", 1), ("two", 2)):
        info = json.loads(machines.run("-H", name, "--format", "json", "info"))
        assert info["cpus"]["count"] == cpus
    down = json.loads(machines.run("--format", "json", "down", "one"))
    schema.check("down", down)
    assert down["machine"]["name"] == "one"
    assert machines.up() == ["two"]
    assert "Domain-0" in machines.run("list")
    machines.run("down", "-F")


def test_a_guest_that_does_not_end(machines):
    machines.run("up")
    machines.run("create", "-q", "-p", "echo.cfg")
    done = machines.call("down", "-t", "1")
    assert done.returncode == TIMEOUT and "--force" in done.stderr
    assert machines.up() == ["default"]
    machines.run("down", "--force")


def test_a_supervisor_that_is_killed_takes_qemu_along(machines):
    machines.run("up")
    qemu = json.loads(machines.run("machines", "--format", "json"))["machines"][0]["pid"]
    os.kill(machines.supervisor("default"), signal.SIGKILL)
    deadline = time.monotonic() + SECONDS
    while os.path.exists(f"/proc/{qemu}") and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not os.path.exists(f"/proc/{qemu}")
    assert machines.up() == []
    machines.run("up")


def test_only_the_right_process_is_ended(machines):
    """A record that names another process is not believed."""
    machines.run("up")
    state = machines.folder / "default" / "state"
    right = state.read_text()
    with subprocess.Popen(["sleep", "1000"]) as other:
        words = right.split()
        state.write_text(" ".join([str(other.pid), *words[1:]]) + "\n")
        machines.fail("down", "--force", code=1)
        assert other.poll() is None
        other.kill()
    state.write_text(right)
    machines.run("down", "--force")


def test_what_does_not_come_up(machines, tmp_path):
    (tmp_path / "nothing").write_text("no kernel\n")
    said = machines.fail("up", "--kernel", str(tmp_path / "nothing"), "--timeout", "30", code=9)
    assert "not an ELF file" in said
    hello = str(default_build() / "guests" / "hello.elf")
    said = machines.fail("up", "--kernel", hello, "--timeout", "30", code=1)
    assert "ended before it answered" in said and "powered the machine off" in said
    said = machines.fail("up", "--qemu", "-no-such-option", code=1)
    assert "no-such-option" in said
    assert machines.up() == []


def test_an_image_of_a_disk_boots(machines, iso):
    """Its domain 0 is a test that ends at once."""
    image = str(default_build() / "pavise.iso")
    said = machines.fail("up", "--iso", image, code=1)
    assert "powered the machine off" in said


def test_qemu_is_missing(machines):
    machines.environment["PATH"] = "/nowhere"
    assert "qemu-system-x86_64" in machines.fail("up", code=1)


def test_up_is_interrupted(machines, tmp_path):
    """... while a machine does not answer: it is ended."""
    hello = str(default_build() / "guests" / "echo.elf")
    up = subprocess.Popen([tool_path(), "up", "--kernel", hello], env=machines.environment,
                          stderr=subprocess.PIPE)
    time.sleep(2)
    up.send_signal(signal.SIGINT)
    up.communicate(timeout=SECONDS)
    assert up.returncode == 130
    assert machines.up() == []


def test_no_machine_is_needed(machines, tmp_path):
    assert "runs as a PV guest" in machines.run("inspect",
                                                str(default_build() / "guests" / "hello.elf"))
    for path in (tmp_path, "no-such-file"):
        assert str(path) in machines.fail("inspect", str(path), code=FILE)
    assert "make a domain" in machines.run("help")
    assert "usage: pavise up" in machines.run("help", "up")
    assert 'is "list" meant' in machines.fail("lsit", code=2)


def test_errors_are_documents_too(machines):
    for words, code in ((["list"], CHANNEL), (["down"], CHANNEL), (["up", "a", "b"], 2),
                        (["create", "no-such.cfg"], CHANNEL)):
        done = machines.call("--format", "json", *words)
        document = json.loads(done.stdout)
        schema.check("error", document)
        assert done.returncode == document["error"]["exit"] == code
        assert document["error"]["verb"] == words[0]
        assert document["error"]["message"] in done.stderr


@pytest.mark.parametrize("words, code, says", [
    (["up", "--memory", "lots"], 2, "lots"),
    (["up", "-n", "0"], 2, "0"),
    (["up", "../elsewhere"], 2, "no name"),
    (["up", "a", "b"], 2, "too much"),
    (["up", "--format", "xml"], 2, "xml"),
    (["up", "--iso", "x", "--kernel", "y"], 2, "--iso"),
    (["up", "--iso", "/no/such/image"], FILE, "/no/such/image"),
    (["up", "--kernel", "/no/such/kernel"], FILE, "/no/such/kernel"),
    (["down", "nobody"], CHANNEL, "not up"),
    (["machines", "word"], 2, "too much"),
])
def test_mistakes(machines, words, code, says):
    assert says in machines.fail(*words, code=code)


def test_a_folder_that_others_may_use_is_refused(machines):
    machines.folder.mkdir(mode=0o777)
    machines.folder.chmod(0o777)
    assert "others may use it" in machines.fail("up", code=FILE)
    machines.folder.chmod(0o700)


def test_cores_are_collected(machines, tmp_path):
    """By the machine itself, to the user's folder, or to the one that is named."""
    named = tmp_path / "named"
    named.mkdir()
    machines.fail("up", "--cores", tmp_path / "nowhere", code=FILE)
    machines.run("up", "-m", "256")
    machines.run("up", "-m", "256", "--cores", named, "other")
    for machine, folder in (("default", tmp_path / "state/pavise/cores"), ("other", named)):
        machines.run("-H", machine, "create", "-q", "-c", "hello.cfg",
                     "on_poweroff=coredump-destroy")
        deadline = time.monotonic() + SECONDS
        while not (cores := list(folder.glob("hello-*.core"))):
            assert time.monotonic() < deadline, machine
            time.sleep(0.1)
        assert len(cores) == 1 and folder.stat().st_mode & 0o700 == 0o700
        wanted = f"{cores[0]}\n"
        while (machines.folder / machine / "cores.log").read_text() != wanted:
            assert time.monotonic() < deadline, machine
            time.sleep(0.1)
        machines.run("down", machine)
