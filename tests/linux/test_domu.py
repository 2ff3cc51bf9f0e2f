# SPDX-License-Identifier: MIT
"""Debian's kernels, the files exactly as Debian ships them, as created domains: they reach
user space, work there on all their vCPUs without a complaint, power off and reboot."""

import re

import pytest

import images
from guest import Guest
from machine import default_build
from tool import ToolMachine

BUILD = default_build()
KERNELS = ["linux-image-amd64", "linux-image-cloud-amd64", "linux-image-rt-amd64"]
BOOT_SECONDS = 120
# Lines in dmesg that a healthy kernel does not print.
COMPLAINTS = r"kernel bug|oops|call trace|lockup|warning: cpu|msr access error|rcu.*stall|" \
             r"general protection|segfault|hung_task|bad page|corrupt"
SCRIPT = f"""
echo "userland: $(uname -r), $(nproc) processors, $(free | sed -n 's/Mem: *//p')"
for worker in 1 2 3 4; do
    ( for i in 1 2 3 4 5 6 7 8 9 10; do ls /proc /bin /sys >/dev/null 2>&1; done
      dd if=/dev/zero bs=64k count=64 2>/dev/null | md5sum
      echo "worker $worker done" ) &
done
wait
dmesg | grep -iE '{COMPLAINTS}' && echo "kernel complained"
echo "all done"
read order
$order
"""
MD5 = "b5cfa9d6c8febd618f91ac2843d50a1c"  # of 4 MiB of zero bytes


def vmlinuz(meta):
    return next(images.kernel_folder(BUILD, meta).glob("boot/vmlinuz*"))


@pytest.fixture(name="ramdisk")
def small_ramdisk(tmp_path):
    return images.ramdisk(tmp_path / "initrd.gz", SCRIPT, applets=["sed", "reboot"])


def expect_work(guest, vcpus):
    """What the script prints up to its end. Returns the KiB of memory that Linux has."""
    found = guest.wait_for(r"^userland: \S+, (\d+) processors, (\d+)", BOOT_SECONDS)
    assert int(found[1]) == vcpus
    guest.wait_for(r"^all done", BOOT_SECONDS)
    text = guest.output()
    assert text.count(MD5) == 4
    assert len(re.findall(r"^worker \d done", text, re.MULTILINE)) == 4
    assert "kernel complained" not in text, text[-3000:]
    return int(found[2])


def expect_gone(machine, guest):
    """The domain has ended by itself and nothing is left of it."""
    assert guest.wait_end(30) == 0
    machine.fail("domid", guest.name, code=3)


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("vcpus", [1, 2, 4])
def test_kernel_boots_works_and_powers_off(tmp_path, ramdisk, kernel, vcpus):
    with ToolMachine(smp=2, memory=1024, append="dom0_mem=128M", log=tmp_path / "machine.log") \
            as machine, Guest(machine, tmp_path, vmlinuz(kernel), ramdisk, vcpus=vcpus) as guest:
        expect_work(guest, vcpus)
        guest.type("poweroff -f")
        expect_gone(machine, guest)


@pytest.mark.parametrize("memory", [96, 128, 512, 4096])
def test_memory(tmp_path, ramdisk, memory):
    with ToolMachine(smp=2, memory=memory + 512, append="dom0_mem=128M",
                     log=tmp_path / "machine.log") as machine, \
            Guest(machine, tmp_path, vmlinuz(KERNELS[1]), ramdisk, memory=memory,
                  vcpus=2) as guest:
        has = expect_work(guest, 2)
        assert memory * 1024 * 0.5 < has < memory * 1024
        guest.type("poweroff -f")
        expect_gone(machine, guest)


def test_reboot_and_an_old_friend(tmp_path, ramdisk):
    """Reboots by itself and by request; the kernel is unpacked once."""
    with ToolMachine(smp=2, memory=1024, append="dom0_mem=128M", log=tmp_path / "machine.log") \
            as machine, Guest(machine, tmp_path, vmlinuz(KERNELS[0]), ramdisk) as guest:
        expect_work(guest, 1)
        free = machine.json("info")["memory"]["free_kib"]
        guest.type("reboot -f")
        guest.attach(30)
        guest.wait_for(r"^userland", BOOT_SECONDS)
        guest.wait_for(r"^all done", BOOT_SECONDS)
        assert machine.json("list", "linux")["domains"][0]["id"] == 2
        assert machine.json("info")["memory"]["free_kib"] == free
        guest.type("poweroff -f")
        expect_gone(machine, guest)


def test_five_at_once(tmp_path, ramdisk):
    with ToolMachine(smp=2, memory=2048, append="dom0_mem=128M", log=tmp_path / "machine.log") \
            as machine:
        guests = [Guest(machine, tmp_path, vmlinuz(KERNELS[n % 3]), ramdisk, name=f"linux{n}",
                        memory=192, vcpus=1 + n % 2) for n in range(5)]
        try:
            for guest in guests:
                guest.__enter__()
            for n, guest in enumerate(guests):
                expect_work(guest, 1 + n % 2)
            for guest in guests:
                guest.type("poweroff -f")
            for guest in guests:
                expect_gone(machine, guest)
        finally:
            for guest in guests:
                guest.__exit__()


def test_a_kept_kernel_gives_way(tmp_path, ramdisk):
    """Memory of unpacked kernels is had by the next domain that needs it."""
    config = tmp_path / "linux.cfg"
    config.write_text(f'name = "linux"\nkernel = "{vmlinuz(KERNELS[1])}"\n'
                      f'ramdisk = "{ramdisk}"\nmemory = 128\n')
    with ToolMachine(smp=1, memory=512, append="dom0_mem=128M", log=tmp_path / "machine.log") \
            as machine:
        def free():
            return machine.json("info")["memory"]["free_kib"]

        before = free()
        machine.run("create", "-p", config, timeout=BOOT_SECONDS)
        machine.run("destroy", "linux")
        kept = before - free()
        assert kept > 40 << 10
        machine.run("create", "-p", "hello.cfg", f"memory={(before - kept // 2) >> 10}")
        machine.run("destroy", "hello")
        assert free() == before
