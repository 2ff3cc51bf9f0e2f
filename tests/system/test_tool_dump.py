# SPDX-License-Identifier: MIT
"""`dump-core` on a real machine: what is in the core of a guest that runs, one that has
ended, and what becomes of the file when it cannot be made."""

import subprocess

import pytest

import schema
from core import Core
from tool import SECONDS, ToolMachine, interrupt

WORD = "a-word-of-the-user's"


@pytest.fixture(name="machine")
def small_machine(tmp_path):
    with ToolMachine(cwd=tmp_path) as machine:
        yield machine


def address_of(machine, guest, symbol):
    out = subprocess.run(["nm", machine.build / "guests" / f"{guest}.elf"], check=True,
                         capture_output=True, text=True).stdout
    return next(int(line.split()[0], 16) for line in out.splitlines()
                if line.split()[-1] == symbol)


def code_of(machine, guest, address, size):
    """Bytes of its program, from the file."""
    done = subprocess.run(["objdump", "-s", f"--start-address={address}",
                           f"--stop-address={address + size}",
                           machine.build / "guests" / f"{guest}.elf"],
                          check=True, capture_output=True, text=True)
    rows = [line[1:].split(" ", 1)[1][:35] for line in done.stdout.splitlines()
            if line.startswith(" ffffffff")]
    return bytes.fromhex("".join(rows))


def check_program(machine, core, guest):
    """The program's text is found by the vCPU's page tables, which are in the core, too."""
    main = address_of(machine, guest, "main")
    code = code_of(machine, guest, main, 32)
    assert len(code) == 32 and core.at(main)[:32] == code
    assert core.at(core.vcpus[0]["rip"])


def test_a_running_guest(machine, tmp_path):
    machine.run("create", "-q", "echo.cfg")
    viewer = machine.popen("console", "echo")
    assert "echo: type" in viewer.stdout.readline()
    viewer.stdin.write(f"{WORD}\n")
    viewer.stdin.flush()
    while f"1: {WORD}" not in viewer.stdout.readline():
        pass
    assert machine.run("dump-core", "echo", "echo.core") == ""
    core = Core(tmp_path / "echo.core")
    assert core.version == (4, 17) and core.extra == "-pavise"
    assert core.nr_vcpus == 1 and core.nr_pages == 1024
    check_program(machine, core, "echo")
    assert any(f"1: {WORD}".encode() in core.page(pfn) for pfn in core.by_pfn)
    assert machine.json("list", "echo")["domains"][0]["state"] != "paused"
    out, _ = viewer.communicate("quit\n", timeout=SECONDS)
    assert "echo: 1 lines." in out


def test_one_that_has_ended(machine, tmp_path):
    """hello.cfg preserves it. There is nothing of its zeros in the file."""
    machine.run("create", "-c", "hello.cfg", "memory=64")
    found = machine.json("dump-core", "hello", "hello.core")
    schema.check("dump-core", found)
    about = (tmp_path / "hello.core").stat()
    assert found["pages"] == 16384 and found["left_out"] == 0 and found["vcpus"] == 1
    assert about.st_size > found["bytes"] > 64 << 20 > 4 * 512 * about.st_blocks
    assert about.st_mode & 0o077 == 0
    check_program(machine, Core(tmp_path / "hello.core"), "hello")


def interrupted_dump(machine, folder):
    """Its exit code: 130, or 0 when it was quicker."""
    dump = machine.popen("dump-core", "echo", "core")
    while dump.poll() is None and not any(p.stat().st_size for p in folder.glob("core.*")):
        pass
    interrupt(dump)
    return dump.wait(SECONDS)


def test_interrupted(machine, tmp_path):
    """A guest that is not paused any more, and no file."""
    machine.run("create", "-q", "echo.cfg", "memory=384")
    assert "echo: type" in machine.popen("console", "echo").stdout.readline()
    used = machine.json("info")["usage"]["mapped_frames"]
    for _ in range(10):
        code = interrupted_dump(machine, tmp_path)
        if code == 130:
            break
        (tmp_path / "core").unlink()
    assert code == 130 and not list(tmp_path.iterdir())
    assert machine.json("list", "echo")["domains"][0]["state"] != "paused"
    assert machine.json("info")["usage"]["mapped_frames"] == used


def test_what_fails_leaves_no_file(machine, tmp_path):
    machine.run("create", "-q", "-p", "echo.cfg")
    old = tmp_path / "old.core"
    old.write_text("old")
    assert "where its memory is" in machine.fail("dump-core", "echo", old, code=1)
    assert "domain 0" in machine.fail("dump-core", "0", old, code=1)
    machine.fail("dump-core", "nobody", old, code=3)
    machine.fail("dump-core", "echo", "nowhere/core", code=6)
    assert "ordinary" in machine.fail("dump-core", "echo", "/dev/null", code=6)
    assert old.read_text() == "old" and list(tmp_path.iterdir()) == [old]
    assert machine.json("list", "echo")["domains"][0]["state"] == "paused"
    machine.run("unpause", "echo")
    assert "echo: type" in machine.popen("console", "echo").stdout.readline()
    machine.run("dump-core", "echo", old)
    assert Core(old).nr_pages == 1024
