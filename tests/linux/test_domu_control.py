# SPDX-License-Identifier: MIT
"""What the tool does with a running Linux: vCPUs and memory, sysrq, NMI, orders to end, and
what becomes of a guest that panics. Commands for the guest are typed on its console."""

import re
import time

import pytest

import images
from core import Core
from guest import SHELL, Guest, Shell
from test_domu import BOOT_SECONDS, BUILD, COMPLAINTS, KERNELS, vmlinuz
from tool import ToolMachine

SECONDS = 60
MORE = 'maxvcpus = 4\nmaxmem = 384\non_crash = "{}"'


def linux(machine, folder, on_crash="destroy"):
    ramdisk = images.ramdisk(folder / "initrd.gz", SHELL, applets=["tail", "sort"])
    return Shell(machine, folder, vmlinuz(KERNELS[1]), ramdisk, vcpus=2,
                 more=MORE.format(on_crash))


def listed(machine):
    return machine.json("list", "linux")["domains"][0]


def online(machine):
    vcpus = machine.json("vcpu-list", "linux")["vcpus"]
    return sum(vcpu["state"] != "offline" for vcpu in vcpus)


def wait(is_so, what):
    deadline = time.monotonic() + SECONDS
    while not is_so():
        assert time.monotonic() < deadline, what
        time.sleep(0.2)


def test_vcpus_and_memory(tmp_path, machine):
    with linux(machine, tmp_path) as guest:
        guest.wait_for(r"^userland", BOOT_SECONDS)
        assert online(machine) == 2
        machine.run("vcpu-set", "-i", "linux", 4)
        guest.expect("ls -d /sys/devices/system/cpu/cpu*", r"cpu3")
        guest.run("for c in 2 3; do echo 1 > /sys/devices/system/cpu/cpu$c/online; done")
        guest.expect("cat /sys/devices/system/cpu/online", r"^0-3$")
        wait(lambda: online(machine) == 4, "the tool sees four vCPUs")
        machine.run("vcpu-set", "linux", 1)
        guest.expect("cat /sys/devices/system/cpu/online", r"^0$")
        wait(lambda: online(machine) == 1, "the tool sees one vCPU")

        for mib in (160, 320, 256):
            machine.run("mem-set", "linux", f"{mib}m")
            wait(lambda want=mib * 1024: listed(machine)["memory_kib"] == want, f"{mib} MiB")
            guest.expect("cat /sys/devices/system/xen_memory/xen_memory0/info/current_kb",
                         rf"^{mib * 1024}$")
        guest.run("dd if=/dev/zero of=/tmp/file bs=1M count=100 2>/dev/null; rm /tmp/file")
        guest.expect(f"dmesg | grep -icE '{COMPLAINTS}'", r"^0$")


def test_signals_and_orders(tmp_path, machine):
    with linux(machine, tmp_path) as guest:
        guest.wait_for(r"^userland", BOOT_SECONDS)
        machine.run("sysrq", "linux", "h")
        guest.expect("dmesg | tail -5", r"sysrq: HELP")
        machine.run("trigger", "linux", "nmi")
        guest.expect("dmesg | tail -5", r"NMI received for unknown reason")
        machine.run("pause", "linux")
        assert listed(machine)["state"] == "paused"
        machine.run("unpause", "linux")
        guest.run("uname")
        machine.run("sysrq", "linux", "o")
        wait(lambda: machine.call("domid", "linux").returncode == 3, "it is off")


def functions(guest, *names):
    """Where functions of the guest's kernel are: (first, one behind the last) by name."""
    pattern = "|".join(names)
    lines = guest.run(f"sort /proc/kallsyms | grep -iE -A 1 ' t ({pattern})$'").splitlines()
    rows = [line.split() for line in lines if re.match(r"^[0-9a-f]{16} ", line)]
    return {row[2]: (int(row[0], 16), int(rows[i + 1][0], 16))
            for i, row in enumerate(rows[:-1]) if row[2] in names}


def stack_of(core, vcpu):
    """The words on a vCPU's stack, which has four pages."""
    data, top = b"", core.vcpus[vcpu]["rsp"]
    while len(data) <= 3 * 4096 and core.is_mapped(top, vcpu):
        data += core.at(top, vcpu)
        top = (top | 4095) + 1
    return [int.from_bytes(data[i:i + 8], "little") for i in range(0, len(data) - 7, 8)]


def check_dump(machine, folder, path):
    """The core of a guest that has panicked has the way there on a stack."""
    machine.run("dump-core", "linux", folder / "core")
    core = Core(folder / "core")
    assert core.nr_vcpus >= 1
    words = [word for vcpu in range(core.nr_vcpus) for word in stack_of(core, vcpu)]
    for name, (start, end) in path.items():
        assert any(start < word < end for word in words), f"{name} is on no stack"
    assert any(b"sysrq triggered crash" in core.page(pfn) for pfn in core.by_pfn)


@pytest.mark.parametrize("on_crash", ["destroy", "restart", "preserve"])
def test_a_panic(tmp_path, machine, on_crash):
    with linux(machine, tmp_path, on_crash) as guest:
        guest.wait_for(r"^userland", BOOT_SECONDS)
        path = functions(guest, "panic", "sysrq_handle_crash", "write_sysrq_trigger")
        guest.type("echo c > /proc/sysrq-trigger")
        guest.wait_for(r"Kernel panic - not syncing: sysrq triggered crash", SECONDS)
        if on_crash == "restart":
            guest.attach(SECONDS)
            guest.wait_for(r"^userland", BOOT_SECONDS)
            assert listed(machine)["id"] == 2
            return
        guest.wait_end(SECONDS)
        if on_crash == "destroy":
            machine.fail("domid", "linux", code=3)
        else:
            assert listed(machine)["state"] == "crashed"
            assert listed(machine)["life"] == "preserved"
            assert len(path) == 3
            check_dump(machine, tmp_path, path)
            machine.run("destroy", "linux")


def test_the_installer(tmp_path):
    """Debian's installer for the network, as it is packaged, up to its first question."""
    folder = images.package(BUILD, "debian-installer-12-netboot-amd64")
    text = next(folder.glob("usr/lib/debian-installer/images/12/amd64/text"))
    files = text / "debian-installer" / "amd64"
    with ToolMachine(smp=2, memory=2048, append="dom0_mem=192M",
                     log=tmp_path / "machine.log") as machine, \
            Guest(machine, tmp_path, files / "linux", files / "initrd.gz", memory=1200,
                  cmdline="console=hvc0 panic=-1 --- TERM=vt102") as guest:
        guest.wait_for(r"Select a language|Choose the language", 400)
        machine.run("destroy", "linux")
