# SPDX-License-Identifier: MIT
"""Debian's Linux works for minutes, on two vCPUs unless $WORK_VCPUS and $WORK_SMP say
otherwise: stress-ng, a compiler, archives, clocks. Nothing fails, and neither Linux nor the
hypervisor has a complaint."""

import hashlib
import os
import re
import shutil
import subprocess
import time

import pytest

from test_domu import BOOT_SECONDS, BUILD, COMPLAINTS, KERNELS, vmlinuz
from tool import ToolMachine
from worker import Worker, packed_files, ramdisk

SMP, VCPUS = (int(os.environ.get(name, 2)) for name in ("WORK_SMP", "WORK_VCPUS"))
SECONDS, AT_ONCE = 2, 4
CLASSES = ["cpu", "cpu-cache", "memory", "vm", "scheduler", "interrupt"]
LEFT_OUT = {
    "far-branch": "leaves thousands of translated functions in each of its pages, which costs "
                  "the emulator 0.1 s for each of them that is cleared later",
    "swap": "needs a file that is on a disk",
}
# What stress-ng itself does not run, and why.
SKIPPED = {
    "af-alg": "its modules are not in the ramdisk",
    "cpu-online": "only with --pathological; test_domu_control.py takes vCPUs off line",
    "ipsec-mb": "not an Intel processor",
    "mlockmany": "only with --pathological",
    "oom-pipe": "only with --pathological",
    "plugin": "needs a file",
    "rdrand": "not an Intel processor",
    "tsc": "not an Intel processor",
    "watchdog": "only with --pathological",
    "smi": "only with --pathological, and with the module for MSRs",
}
OPTIONS = {
    "jpeg": "--jpeg-width 256 --jpeg-height 256",
    "judy": "--judy-size 4096",
    "l1cache": "--l1cache-size 4096 --l1cache-ways 2",
    "vm": "--vm-bytes 64M",
    "vm-segv": "--vm-segv-ops 1",
}
# Takes it for a fault when there was no time for one round.
SLOW = {"vm-segv": 30}
# With what in front of stress-ng: these refuse to run as root; as root this one poisons pages;
# the C library has what that one wants to register.
NOBODY = "setpriv --reuid=65534 --regid=65534 --clear-groups"
IN_FRONT = {"exec": NOBODY, "spawn": NOBODY, "madvise": NOBODY,
            "rseq": "GLIBC_TUNABLES=glibc.pthread.rseq=0"}
KERNEL_OPTIONS = "console=hvc0 panic=-1 loglevel=4 log_buf_len=1M secretmem.enable=1"
CLOCK_SECONDS = 120
CLOCK_LOAD = "--cpu 2 --vm 1 --vm-bytes 64M --timer 1 --fork 1 --switch 1"
RATE_LIMIT = 0.001
ARCHIVED = "usr/include"


@pytest.fixture(scope="module", name="machine")
def work_machine(tmp_path_factory):
    with ToolMachine(smp=SMP, memory=2048, append="dom0_mem=256M",
                     log=tmp_path_factory.mktemp("work") / "machine.log") as machine:
        yield machine


@pytest.fixture(scope="module", name="guest")
def working_guest(tmp_path_factory, machine):
    folder = tmp_path_factory.mktemp("guest")
    disk = ramdisk(BUILD, folder / "initrd.gz", {
        "jimsh0.c": JIM, "test.tcl": TCL.encode(), "round-trip": ROUND_TRIP.encode()})
    with Worker(machine, folder, vmlinuz(KERNELS[0]), disk, memory=1280, vcpus=VCPUS,
                cmdline=KERNEL_OPTIONS) as guest:
        guest.wait_for(r"^userland", BOOT_SECONDS * 2)
        yield guest


class Run:
    """What stress-ng has printed about one run."""

    def __init__(self, guest, names, prefix="", seconds=SECONDS):
        options = " ".join(f"--{name} 1 {OPTIONS.get(name, '')}" for name in names)
        self.text = guest.run(f"{prefix} stress-ng --verify --metrics-brief --timeout {seconds}s "
                              f"{options}; echo status=$?", 300)
        self.rows = set(re.findall(r"metrc: \[\d+\] (\S+)(?: +[\d.]+){6}$", self.text, re.M))
        self.status = int(re.search(r"^status=(\d+)", self.text, re.M)[1])

    def expect(self, names):
        assert self.status == 0, self.text
        assert not re.search(r"stress-ng: (?:fail|error|warn)", self.text), self.text
        assert self.rows == set(names), self.text


def stressors(guest, kind):
    """Those of a class that no class before it has."""
    def of(kind):
        found = re.search(r"stressors: (.*)$", guest.run(f"stress-ng --class '{kind}?'"), re.M)
        return set(found[1].split())

    return sorted(of(kind).difference(*map(of, CLASSES[:CLASSES.index(kind)])))


@pytest.mark.parametrize("kind", CLASSES)
def test_stress(guest, kind):
    names = [name for name in stressors(guest, kind) if name not in {**LEFT_OUT, **SKIPPED}]
    assert names
    for name in filter(IN_FRONT.get, names):
        Run(guest, [name], IN_FRONT[name]).expect([name])
    for name in filter(SLOW.get, names):
        Run(guest, [name], seconds=SLOW[name]).expect([name])
    together = [name for name in names if name not in {**IN_FRONT, **SLOW}]
    for at in range(0, len(together), AT_ONCE):
        group = together[at:at + AT_ONCE]
        Run(guest, group).expect(group)
    guest.collect()


def test_what_is_skipped_is_skipped_still(guest):
    """The list of reasons is true."""
    names = sorted(SKIPPED)
    run = Run(guest, names)
    assert not run.rows, run.text


# Half a megabyte of C: an interpreter for Tcl.
JIM = BUILD / "third-party" / "jimtcl" / "autosetup" / "jimsh0.c"
COMPILE = "gcc -O1 -w -c jimsh0.c -o jimsh0.o"
TCL = r"""
proc sieve n {
    set hit {}
    for {set i 2} {$i < $n} {incr i} {
        if {[dict exists $hit $i]} continue
        lappend out $i
        for {set j [expr {$i * $i}]} {$j < $n} {incr j $i} {dict set hit $j 1}
    }
    return $out
}
set primes [sieve 5000]
set sum 5381
foreach p $primes {set sum [expr {($sum * 33 + $p) & 0xffffffff}]}
puts "[llength $primes] $sum [lsort -decreasing -integer [lrange $primes 0 9]]"
puts [regsub -all {([0-9])7} "17 27 37 41" {<\1>}]
"""


def on_host(folder, line):
    return subprocess.run(line.split(), cwd=folder, check=True, capture_output=True,
                          text=True).stdout


def test_compile(guest, tmp_path):
    """The compiler makes the bytes that it makes on the host, and the program that they are
    linked to works."""
    host_version = on_host(tmp_path, "gcc --version")
    assert guest.run("gcc --version").strip() == host_version.strip()
    shutil.copy(JIM, tmp_path)
    on_host(tmp_path, COMPILE)
    on_host(tmp_path, "gcc -o jimsh0 jimsh0.o")
    guest.run(f"cp /jimsh0.c . && {COMPILE}; echo status=$?", 600)
    sums = guest.run("gcc -o jimsh0 jimsh0.o; sha256sum jimsh0.o")
    wanted = hashlib.sha256((tmp_path / "jimsh0.o").read_bytes()).hexdigest()
    assert re.findall(r"^([0-9a-f]{64})", sums, re.M) == [wanted], sums
    (tmp_path / "test.tcl").write_text(TCL)
    printed = guest.run("./jimsh0 /test.tcl")
    assert printed.split() == on_host(tmp_path, "./jimsh0 test.tcl").split()
    guest.run("rm -f jimsh0*")
    guest.collect()


PACKERS = ["gzip", "bzip2", "xz"]
ROUND_TRIP = f"""
set -e
mkdir $1; cd $1
(cd /; exec tar c {ARCHIVED}) | $1 >tree.tar
$1 -t <tree.tar
$1 -d <tree.tar | tar x
rm tree.tar
echo "$1: $(find . -type f | LC_ALL=C sort | xargs sha256sum | sha256sum)"
cd ..; rm -r $1
"""


def sums_of_sums(files):
    """What the guest's script should print, with the sums made here."""
    lines = [f"{hashlib.sha256(path.read_bytes()).hexdigest()}  ./{name}\n"
             for name, path in sorted(files.items())]
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def test_archives(guest):
    """Some thousand files through three packers at a time are what they were."""
    files = {name: path for name, path in packed_files(BUILD).items()
             if name.startswith(f"{ARCHIVED}/") and not path.is_symlink()}
    assert len(files) > 1000
    text = guest.run(f"for p in {' '.join(PACKERS)}; do sh /round-trip $p & done; wait; echo",
                     600)
    assert sorted(re.findall(r"^(\w+): ([0-9a-f]{64})", text, re.M)) == \
        sorted((packer, sums_of_sums(files)) for packer in PACKERS), text
    guest.collect()


def rate_bounds(first, second, clock):
    """Between which bounds the guest's clock is faster than the host's."""
    (least, most), (least2, most2) = getattr(first, clock), getattr(second, clock)
    seconds = second.host - first.host
    return (least2 - most) / seconds, (most2 - least) / seconds


def race(guest, seconds):
    """On all vCPUs no clock stands before what another vCPU has seen."""
    text = guest.run(f"/clocks race {seconds}; echo status=$?", seconds + 60)
    assert "status=0" in text, text
    passed_on = [int(n) for n in re.findall(r"(\d+) after another's, 0 backwards", text)]
    assert len(passed_on) == 5
    if VCPUS > 1 and SMP > 1:
        assert max(passed_on) > 100, text


@pytest.mark.parametrize("load", ["", CLOCK_LOAD], ids=["idle", "load"])
def test_clocks(guest, load):
    """The guest's clocks go as the host's do, within 0.1 % even with the time that the
    answers take on top, and never backwards on any vCPU."""
    if load:
        guest.run(f"stress-ng {load} --quiet & echo")
    first = guest.moment()
    race(guest, 20)
    time.sleep(max(0, first.host + CLOCK_SECONDS - time.monotonic()))
    second = guest.moment()
    if load:
        guest.run("kill $!; wait; echo")
    for clock in ("monotonic", "real"):
        bounds = rate_bounds(first, second, clock)
        print(f"{clock}: {bounds[0] * 1e6:.0f} to {bounds[1] * 1e6:.0f} ppm; "
              f"ahead by {getattr(second, clock)[0]:.3f} s")
        assert -RATE_LIMIT < bounds[0] and bounds[1] < RATE_LIMIT, bounds
    # The machine's clock has whole seconds, and on a busy host Linux loses ticks until it
    # takes the hypervisor's clock.
    assert -30 < second.real[0] and second.real[1] < 1
    guest.collect()


def test_no_complaints(machine, guest):
    """After all of the above."""
    guest.collect()
    assert len(guest.dmesg) > 100
    bad = [text for level, text in guest.dmesg
           if level in ("err", "crit", "alert", "emerg")
           or re.search(COMPLAINTS + r"|clocksource.*unstable|bug:|warning:", text, re.I)]
    assert not bad, "\n".join(bad)
    log = machine.run("dmesg")
    since = log[log.index("(d1) "):]
    said = re.findall(r"^\(pavise\) (?!\(d1\) |d1: RDMSR 0x\w+ refused)(.*)$", since, re.M)
    assert not said, log
