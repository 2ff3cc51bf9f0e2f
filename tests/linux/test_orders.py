# SPDX-License-Identifier: MIT
"""Orders that reach a running Linux: magic requests, interrupts of every vCPU, orders to end;
and every way in which it ends by itself, its watchdog among them: the tool says which."""

import pytest

import images
from guest import SHELL, Shell
from test_domu import BOOT_SECONDS, BUILD, KERNELS, vmlinuz
from test_domu_control import SECONDS, listed, wait

VCPUS = 4
META = KERNELS[1]
KEEP = "\n".join(f'on_{end} = "preserve"' for end in ("poweroff", "reboot", "crash", "watchdog"))
# What the kernel starts when it is told to end; its first process is no init.
END = b"#!/bin/busybox sh\nexec busybox ${0##*/} -f\n"
# A letter, and what the console shows of it whatever its level is, which "9" raises last.
# Not "l": without a local APIC it waits for itself.
REQUESTS = {"h": "HELP", "m": "Show Memory", "p": "Show Regs", "w": "Show Blocked State",
            "t": "Show State", "s": "Emergency Sync", "9": "Changing Loglevel"}
# How it ends, and the reason that the tool gives.
BY_ITSELF = {"poweroff -f": "poweroff", "halt -f": "poweroff", "reboot -f": "reboot",
             "insmod /watchdog.ko; insmod /xen_wdt.ko timeout=2; exec 3>/dev/watchdog":
             "watchdog"}
BY_ORDER = {"shutdown": "poweroff", "reboot": "reboot", "sysrq b": "reboot", "sysrq c": "crash"}


@pytest.fixture(name="ramdisk", scope="module")
def common_ramdisk(tmp_path_factory):
    folder = tmp_path_factory.mktemp("ramdisk")
    end = folder / "end"
    end.write_bytes(END)
    end.chmod(0o755)
    files = {f"{name}.ko": images.module(BUILD, name, META) for name in ("watchdog", "xen_wdt")}
    files |= {"sbin/poweroff": end, "sbin/reboot": end}
    return images.ramdisk(folder / "initrd.gz", SHELL, files, ["insmod", "tail", "wc"])


def linux(machine, folder, ramdisk, **parameters):
    return Shell(machine, folder, vmlinuz(META), ramdisk,
                 **{"vcpus": 2, "memory": 128, "more": KEEP, **parameters})


def test_requests_and_interrupts(tmp_path, machine, ramdisk):
    with linux(machine, tmp_path, ramdisk, vcpus=VCPUS) as guest:
        guest.wait_for(r"^userland", BOOT_SECONDS)
        guest.run("dmesg -n 1; echo 1 > /proc/sys/kernel/sysrq")
        for letter, answer in REQUESTS.items():
            machine.run("sysrq", "linux", letter)
            guest.wait_for(f"sysrq: {answer}", SECONDS)
        for vcpu in range(VCPUS):
            machine.run("trigger", "linux", "nmi", vcpu)
            guest.wait_for(rf"NMI received for unknown reason .* on CPU {vcpu}\.", SECONDS)
            guest.wait_for("Dazed and confused", SECONDS)
        guest.expect("grep NMI: /proc/interrupts", r"NMI:" + r" +[1-9]\d*" * VCPUS)
        guest.expect("dmesg | grep -c Mem-Info:", "^1$")
        line = machine.fail("trigger", "linux", "nmi", VCPUS, code=1)
        assert "has no vCPU 4" in line


def expect_end(machine, guest, reason):
    """It has ended for that reason, and is kept."""
    guest.wait_end(SECONDS)
    wait(lambda: listed(machine)["life"] == "preserved", reason)
    assert listed(machine)["shutdown_reason"] == reason
    assert listed(machine)["state"] == ("crashed" if reason == "crash" else "shutdown")
    machine.run("destroy", "linux")


def test_ways_to_end(tmp_path, machine, ramdisk):
    for command, reason in BY_ITSELF.items():
        with linux(machine, tmp_path, ramdisk) as guest:
            guest.wait_for(r"^userland", BOOT_SECONDS)
            guest.type(command)
            expect_end(machine, guest, reason)


def test_orders_to_end(tmp_path, machine, ramdisk):
    for words, reason in BY_ORDER.items():
        verb, *more = words.split()
        with linux(machine, tmp_path, ramdisk) as guest:
            guest.wait_for(r"^userland", BOOT_SECONDS)
            guest.run("echo 1 > /proc/sys/kernel/sysrq")  # or some letters do nothing
            machine.run(verb, "linux", *more)
            expect_end(machine, guest, reason)


def test_a_watchdog_starts_it_again(tmp_path, machine, ramdisk):
    """Not while it is looked after."""
    with linux(machine, tmp_path, ramdisk, more='on_watchdog = "restart"') as guest:
        guest.wait_for(r"^userland", BOOT_SECONDS)
        guest.run("insmod /watchdog.ko; insmod /xen_wdt.ko timeout=4; exec 3>/dev/watchdog")
        guest.run("for i in 1 2 3 4 5 6 7 8; do echo >&3; sleep 1; done")
        assert listed(machine)["restarts"] == 0
        guest.attach(SECONDS)
        guest.wait_for(r"^userland", BOOT_SECONDS)
        assert listed(machine)["restarts"] == 1
        machine.run("destroy", "linux")
