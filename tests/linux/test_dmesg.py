# SPDX-License-Identifier: MIT
"""What Debian's kernels have to say about us: no warnings but known ones, and otherwise,
line by line, what they say as guests of Debian's Xen. The same kernel and ramdisk in both,
all messages on."""

import re
from collections import Counter

import pytest

import images
import xl
from guest import Guest
from machine import Machine, default_build
from test_domu import BOOT_SECONDS, KERNELS, vmlinuz
from tool import ToolMachine

BUILD = default_build()
CPU = "max,smap=off"
VCPUS = 4
WARNING = 4
CMDLINE = "console=hvc0 panic=-1 loglevel=8"
SCRIPT = """
echo "== dmesg"
dmesg -r
echo "== end"
poweroff -f
"""
# Messages of level "warning" or worse that say nothing against us.
KNOWN_WARNINGS = {
    r"^cpu \d+ spinlock event irq|^Grant table initialized": "good news, of the wrong level",
    r"MPS support code is not built-in": "so it is, in the cloud kernel",
    r"^PMU not available due to virtualization": "guests have no performance counters",
    # The cloud kernel has no APIC driver for PV guests, so that it takes BAD_APICID for
    # what the firmware says. A guest of Xen says so, too; no APIC id would silence it.
    r"CPU\d+: APIC id mismatch. Firmware: ffff APIC: 0": "no firmware, no APIC",
}
KNOWN_WARNINGS_OF_DOMAIN_0 = {
    r"^xen map irq failed -1": "GSI 4 is the line of the hypervisor's console",
    r"^xen_mcelog: Failed to get CPU numbers": "machine checks are the hypervisor's",
    r"fail to add MMCONFIG information": "QEMU's machine has none",
    r"^hpet_acpi_add: no address": "the HPET is the hypervisor's",
}
# In a guest of the one and not of the other.
KNOWN_DIFFERENCES = {
    r"^Xen version: ": "who we are",
    r"^Memory: N": "xl unpacks the ramdisk, so that it takes more memory",
    r"^Freeing initrd memory": "as above",
    r"^xen:events: Using (FIFO-based|N-level) ABI": "there are no FIFO event channels",
    r"^clocksource: .*read-back delay|^hrtimer: interrupt took": "the host is slow",
}
# On Xen the rt kernel with several vCPUs hangs.
KERNELS_OF_XEN = KERNELS[:2]
XL_SCRIPT = """
for kernel in {kernels}; do
    cat >/$kernel.cfg <<END
name = "$kernel"
kernel = "/$kernel"
ramdisk = "/guest.cpio.gz"
memory = 256
vcpus = {vcpus}
cmdline = "{cmdline}"
END
    xl create -q /$kernel.cfg
    until grep -q '== end' {logs}/guest-$kernel.log; do sleep 1; done
    echo "== $kernel"
    cat {logs}/guest-$kernel.log
    echo "== over"
done
poweroff -f
"""


def messages(text):
    """[(level, message)] of what SCRIPT has printed, times left out."""
    text = re.sub(r"\r", "", text)
    part = re.search(r"^== dmesg\n(.*?)^== end", text, re.MULTILINE | re.DOTALL)[1]
    found = re.findall(r"^<(\d+)>(?:\[ *[\d.]+\] ?)?(.*)$", part, re.MULTILINE)
    return [(int(level) & 7, message.rstrip()) for level, message in found]


def without_numbers(message):
    message = re.sub(r"\b0x[0-9a-f]+\b|\b[0-9a-f]{6,}\b", "N", message)
    return re.sub(r"\d+(\.\d+)*", "N", message)


def known(message, table):
    return any(re.search(pattern, message) for pattern in table)


def warnings(found, also=()):
    return [message for level, message in found
            if level <= WARNING and message and not known(message, [*KNOWN_WARNINGS, *also])]


@pytest.fixture(name="ramdisk", scope="module")
def one_ramdisk(tmp_path_factory):
    return images.ramdisk(tmp_path_factory.mktemp("ramdisk") / "guest.cpio.gz", SCRIPT)


@pytest.fixture(name="theirs", scope="module")
def guests_of_xen(tmp_path_factory, ramdisk):
    """{meta package: messages} of the kernels as guests of Xen."""
    folder = tmp_path_factory.mktemp("xen")
    script = XL_SCRIPT.format(kernels=" ".join(KERNELS_OF_XEN), vcpus=VCPUS, cmdline=CMDLINE,
                              logs=xl.CONSOLE_LOGS)
    files = {"guest.cpio.gz": ramdisk, **{kernel: vmlinuz(kernel) for kernel in KERNELS_OF_XEN}}
    disk = xl.ramdisk(BUILD, folder / "xl.cpio.gz", script, files, "xenstored")
    with Machine("xen", images.vmlinux(BUILD), args="console=hvc0 panic=-1 quiet", ramdisk=disk,
                 smp=2, memory=2048, append="dom0_mem=1024M", cpu=CPU, build=BUILD,
                 log=folder / "machine.log") as machine:
        for _ in KERNELS_OF_XEN:
            machine.wait_for(r"^== over", 600)
        text = machine.output().replace("\r", "")
    return {kernel: messages(re.search(rf"^== {kernel}\n(.*?)^== over", text,
                                       re.MULTILINE | re.DOTALL)[1])
            for kernel in KERNELS_OF_XEN}


@pytest.fixture(name="ours", scope="module")
def guests_of_pavise(tmp_path_factory, ramdisk):
    found = {}
    folder = tmp_path_factory.mktemp("pavise")
    with ToolMachine(smp=2, memory=1024, append="dom0_mem=128M", cpu=CPU,
                     log=folder / "machine.log") as machine:
        for kernel in KERNELS:
            with Guest(machine, folder, vmlinuz(kernel), ramdisk, name=kernel, vcpus=VCPUS,
                       cmdline=CMDLINE) as guest:
                guest.wait_for(r"^== end", BOOT_SECONDS)
                found[kernel] = messages(guest.output())
                guest.wait_end(BOOT_SECONDS)
    return found


@pytest.mark.parametrize("kernel", KERNELS)
def test_no_warnings(ours, kernel):
    assert len(ours[kernel]) > 100
    assert not warnings(ours[kernel])


def test_no_warnings_in_domain_0(tmp_path, ramdisk):
    with Machine("pavise", images.vmlinux(BUILD), args=CMDLINE, ramdisk=ramdisk, smp=2,
                 memory=1024, append="dom0_mem=512M", cpu=CPU, build=BUILD,
                 log=tmp_path / "machine.log") as machine:
        machine.wait_for(r"^== end", BOOT_SECONDS)
        found = messages(machine.output())
    assert len(found) > 100
    assert not warnings(found, KNOWN_WARNINGS_OF_DOMAIN_0)


@pytest.mark.parametrize("kernel", KERNELS_OF_XEN)
def test_messages_are_those_of_a_guest_of_xen(ours, theirs, kernel):
    us, them = (Counter(without_numbers(message) for _, message in found[kernel])
                for found in (ours, theirs))
    different = [*(f"- {message}" for message in them - us),
                 *(f"+ {message}" for message in us - them)]
    assert not [line for line in different if not known(line[2:], KNOWN_DIFFERENCES)]
