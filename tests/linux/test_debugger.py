# SPDX-License-Identifier: MIT
"""Debian's gdb on programs of 64 and 32 bits in a guest, while a second guest uses debug
registers of its own all the time; and Debian's perf, which has software events only."""

import re

import pytest

import compiled
import dynamic
import images
from guest import SHELL, Guest, Shell
from test_domu import BUILD, KERNELS, vmlinuz
from test_programs import COMPLAINED, log_is_quiet
from tool import ToolMachine

SECONDS = 900
GDB = "gdb -q -batch"
SOURCE = (compiled.SOURCES / "debuggee.c").read_text().splitlines()
# Traces children of its own again and again, until told to end.
BUSY = """
echo userland
(until [ -e /end ]; do /tracer64 >/said; done; cat /said; echo "tracer over") &
read order
touch /end
read order
"""


def line_of(text):
    """The number of the line of debuggee.c that has this text."""
    return next(n for n, line in enumerate(SOURCE, 1) if text in line)


BEHIND_WRITE = line_of("line of the write") + 1


def expect(output, *patterns):
    """The patterns are found in the output, one behind the other."""
    at = 0
    for pattern in patterns:
        found = re.compile(pattern, re.MULTILINE).search(output, at)
        assert found, f"no {pattern!r} in\n{output[at:]}"
        at = found.end()


def changed(old, new):
    return rf"Old value = {old}\nNew value = {new}\nstep .*debuggee.c:{BEHIND_WRITE}\b"


@pytest.fixture(name="guests", scope="module")
def two_guests(tmp_path_factory):
    """(the machine, the guest for gdb and perf, the busy one)"""
    folder = tmp_path_factory.mktemp("debugger")
    files = {f"debuggee{bits}": compiled.program(BUILD, "debuggee", bits, "-O0")
             for bits in (64, 32)}
    files.update({path.name: path for path in (compiled.SOURCES / "gdb").iterdir()})
    files.update(dynamic.programs(BUILD, ["gdb-minimal"], "usr/bin/gdb"))
    files.update(dynamic.programs(BUILD, ["linux-perf"], "usr/bin/perf"))
    disk = images.ramdisk(folder / "gdb.gz", SHELL, files, ["taskset"])
    busy_disk = images.ramdisk(folder / "busy.gz", BUSY,
                               {"tracer64": compiled.program(BUILD, "tracer")}, ["touch"])
    with ToolMachine(smp=2, memory=1024, append="dom0_mem=160M",
                     log=folder / "machine.log") as machine, \
            Shell(machine, folder, vmlinuz(KERNELS[1]), disk, memory=512, vcpus=2) as guest:
        guest.wait_for(r"^userland", SECONDS)
        guest.run("export HOME=/tmp LC_ALL=C; echo /core > /proc/sys/kernel/core_pattern")
        with Guest(machine, folder, vmlinuz(KERNELS[1]), busy_disk, name="busy",
                   memory=128) as busy:
            busy.wait_for(r"^userland", SECONDS)
            yield machine, guest, busy


@pytest.fixture(name="guest", autouse=True)
def healthy_guest(guests):
    machine, guest, _ = guests
    yield guest
    assert guest.run(COMPLAINED).endswith("0\n")
    log_is_quiet(machine)


@pytest.mark.parametrize("bits", [64, 32])
@pytest.mark.parametrize("vcpu", [0, 1])
def test_breakpoints_watchpoints_and_steps(guest, bits, vcpu):
    output = guest.run(f"taskset -c {vcpu} {GDB} -x /one.gdb /debuggee{bits}", SECONDS)
    expect(output, r"^Breakpoint 1, step \(n=1\)",
           r"^Hardware watchpoint 2: watched\n\n" + changed(5, 1),
           r"^Hardware read watchpoint 3: other\n\nValue = 1\n.* in step \(n=1\)",
           r"^Breakpoint 4, step \(n=2\)", r"hw breakpoint +keep y .* in step",
           r"^stepped", r"^debuggee: 9 3", r"exited normally")


@pytest.mark.parametrize("bits", [64, 32])
def test_threads(guest, bits):
    """Each of them writes; a write is missed when another one comes between it and the stop."""
    output = guest.run(f"{GDB} -x /threads.gdb /debuggee{bits}", SECONDS)
    expect(output, r"^Hardware watchpoint 1: watched", *[rf"^New value = {n}$" for n in (1, 4, 9)],
           r"^debuggee: 9 3", r"exited normally")
    written = {n * n for n in (10, 11, 12, 20, 21, 22, 30, 31, 32, 1, 2, 3)}
    stops = re.findall(r"^Old value = \d+\nNew value = (\d+)\nstep .*debuggee.c:(\d+)$", output,
                       re.MULTILINE)
    assert len(stops) >= 6
    assert {int(value) for value, _ in stops} <= written
    assert {int(line) for _, line in stops} == {BEHIND_WRITE}


@pytest.mark.parametrize("bits", [64, 32])
def test_attach_and_core(guest, bits):
    program = f"/debuggee{bits}"
    output = guest.run(f"{program} wait & {GDB} -p $! -ex bt -ex 'set var waits=0' -ex detach "
                       f"{program}; wait", SECONDS)
    expect(output, r"in main \(argc=2", r"detached")
    expect(output, r"in main \(argc=2", r"debuggee: 9 3")
    output = guest.run(f"ulimit -c unlimited; {program} crash; {GDB} -ex bt -ex 'print watched' "
                       f"{program} /core; rm /core", SECONDS)
    expect(output, r"terminated with signal SIGSEGV",
           rf"^#0 +crash \(depth=0\) .*:{line_of('line of the fault')}$",
           r"^#1 .*crash \(depth=1\)", r"^#3 .*crash \(depth=3\)", r"^#4 .*main \(argc=2", r"^\$1 = 5")


def test_two_at_once_on_one_vcpu(guest):
    """Each sees its own variable's changes and not the other's."""
    go_on = " ".join(["-ex continue"] * 3)
    session = f"taskset -c 1 {GDB} -ex 'watch '$name -ex run {go_on} /debuggee64 >/tmp/$name"
    for _ in range(3):
        output = guest.run(f"for name in watched other; do {session} & done; wait; "
                           "cat /tmp/watched; echo BETWEEN; cat /tmp/other", SECONDS)
        watched, other = output.split("BETWEEN")
        values = [re.findall(r"^New value = (\d+)$", text, re.MULTILINE)
                  for text in (watched, other)]
        assert values == [["1", "4", "9"], ["1", "2", "3"]], output


def test_perf(guest):
    output = guest.run("perf stat -e cycles,instructions,cache-misses,branches sh -c true; "
                       "echo status $?", SECONDS)
    expect(output, *[rf"<not supported> +{event}"
                     for event in ("cycles", "instructions", "cache-misses", "branches")],
           r"^status 0")
    output = guest.run("perf stat -e task-clock,context-switches,page-faults "
                       "sh -c 'for i in 1 2 3 4 5; do sleep 0.01; ls /proc >/dev/null; done'", SECONDS)
    counts = {name: float(value.replace(",", "")) for value, name in
              re.findall(r"^ +([\d.,]+) +(?:msec +)?(task-clock|context-switches|page-faults)", output,
                         re.MULTILINE)}
    assert counts["task-clock"] > 1 and counts["page-faults"] > 20, output
    assert counts["context-switches"] >= 5, output
    output = guest.run("perf record -o /tmp/data -e cpu-clock sh -c 'i=0; while [ $i -lt 9999 ]; do "
                       "i=$((i+1)); done'; echo status $?", SECONDS)
    expect(output, r"Captured and wrote .* \(\d+ samples\)", r"^status 0")
    output = guest.run("perf record -o /tmp/data -e r1c2 sh -c true; echo status $?", SECONDS)
    expect(output, r"not supported|Invalid|No such", r"^status [1-9]")


def test_the_busy_guest_saw_its_own(guests):
    """The last of this file: what it traced while all of the above was going on."""
    _, _, busy = guests
    busy.type("end")
    text = busy.wait_for(r"((?:.*\n)*?)^tracer over", SECONDS)[1]
    expect(text, r"^steps: .* 4010 steps", r"^watchpoints: 16 64 64 1000 hits, 0 odd",
           r"^breakpoints: 1 0 0 0 hits, 0 odd", r"^none armed: 0 0 0 0 hits",
           r"^two at once: 600 hits, 0 wrong", r"^over")
