# SPDX-License-Identifier: MIT
"""Boot input that cannot be used: one clear line and a machine that stands still; never a
triple fault (QEMU would end), never silence. And options that are not understood, which
are reported and do no harm."""

import re

import pytest

from boot_matrix import BOOT_SECONDS, HELLO, assert_runs
from kernel_image import (BASE, PAGE, XEN_FEATURES, XEN_HYPERCALL_PAGE, XEN_INIT_P2M,
                          XEN_LOADER, XEN_VERSION, XEN_VIRT_BASE, Kernel, bz_image, note)
from machine import Machine, Timeout

SETTLE_SECONDS = 0.5


def assert_refused(machine, reason):
    """One line that says why, nothing worse, and the machine stands still."""
    with machine:
        line = machine.wait_for(r"Pavise cannot start: .*\n", BOOT_SECONDS)[0]
        assert re.search(reason, line), line
        with pytest.raises(Timeout):
            machine.wait_end(SETTLE_SECONDS)
        assert machine.output().count("cannot start") == 1
        assert machine.output().endswith(line)
        assert "panic" not in machine.output().lower()


class ModulelessMachine(Machine):
    def command(self):
        words = super().command()
        at = words.index("-initrd")
        return words[:at] + words[at + 2:]


def test_no_module():
    assert_refused(ModulelessMachine("pavise", HELLO), "no module|no kernel")


def test_no_long_mode():
    assert_refused(Machine("pavise", HELLO, cpu="qemu32"), "64-bit mode")


@pytest.mark.parametrize("memory", [8, 16, 24, 32, 40, 48, 64, 80])
def test_little_memory(memory):
    """Either it runs or it says that there is too little."""
    machine = Machine("pavise", HELLO, memory=memory, append="dom0_mem=16M")
    with machine:
        line = machine.wait_for(r"Pavise cannot start: .*\n|Test result: SUCCESS",
                                BOOT_SECONDS)[0]
        assert "SUCCESS" in line or re.search("memory|free", line), line


def hello(change):
    """The hello test's file, changed."""
    data = bytearray(HELLO.read_bytes())
    return bytes(change(data) or data)


def set_byte(offset, value):
    def change(data):
        data[offset] = value
    return change


KERNELS = {
    # name: (file, what the line says)
    "text": (lambda: b"this is no kernel\n" * 1000, "is not an ELF file"),
    "one byte": (lambda: b"\x7f", "is not an ELF file"),
    "half an ELF header": (lambda: hello(lambda data: data[:32]), "is not an ELF file"),
    "ELF header only": (lambda: hello(lambda data: data[:64]), "no usable program headers"),
    "8 KiB of it": (lambda: hello(lambda data: data[:8192]), "is cut off"),
    "32-bit": (lambda: Kernel(elf_class=1).build(), "32-bit"),
    "other byte order": (lambda: hello(set_byte(5, 2)), "is not for x86-64"),
    "other processor": (lambda: Kernel(machine=40).build(), "is not for x86-64"),
    "wild program headers": (lambda: hello(set_byte(38, 0x7f)), "no usable program headers"),
    "bzImage": (bz_image, "bzImage"),
    "no notes": (lambda: hello_without_notes(), "no Xen notes"),
    "other hypervisor's notes": (
        lambda: Kernel(notes={XEN_VERSION: None}).build(), "no Xen notes"),
    "other version": (lambda: Kernel(notes={XEN_VERSION: "xen-2.0"}).build(), "xen-3.0"),
    "other loader": (lambda: Kernel(notes={XEN_LOADER: "special"}).build(), "generic"),
    "note cut off": (lambda: Kernel(extra_notes=note(1, 5)[:-4]).build(), "note"),
    "note of odd size": (lambda: Kernel(extra_notes=note(1, b"abc")).build(), "note 1 has 3"),
    "feature not offered": (
        lambda: Kernel(notes={XEN_FEATURES: "!auto_translated_physmap"}).build(),
        "auto_translated_physmap"),
    "unknown feature": (
        lambda: Kernel(notes={XEN_FEATURES: "pae_pgdir_above_4gb|!teleport"}).build(),
        "teleport"),
    "entry outside": (lambda: Kernel(entry=BASE + 16 * PAGE).build(), "entry point"),
    "hypercall page outside": (
        lambda: Kernel(notes={XEN_HYPERCALL_PAGE: BASE + PAGE}).build(), "hypercall page"),
    "hypervisor's addresses": (
        lambda: Kernel(entry=0xffff800000000000,
                       notes={XEN_VIRT_BASE: 0xffff800000000000}).build(), "addresses"),
    "non-canonical addresses": (
        lambda: Kernel(entry=1 << 48, notes={XEN_VIRT_BASE: 1 << 48}).build(), "addresses"),
    "hypervisor's p2m": (
        lambda: Kernel(notes={XEN_INIT_P2M: 0xffff800000000000}).build(), "p2m"),
    "segment past the end": (
        lambda: Kernel(segments=[(1 << 40, PAGE, PAGE)]).build(), "segment"),
    "segment around the end": (
        lambda: Kernel(entry=0xffffffffff000000, notes={XEN_VIRT_BASE: 0xffffffffff000000},
                       segments=[(16 << 20, PAGE, PAGE)]).build(), "beyond the last address"),
    "more than the memory": (
        lambda: Kernel(segments=[(PAGE, 0, 1 << 30)]).build(), "too little memory"),
}


def hello_without_notes():
    return HELLO.read_bytes().replace(b"Xen\0", b"nex\0")


@pytest.mark.parametrize("kind", KERNELS)
def test_broken_kernel(tmp_path, kind):
    build, reason = KERNELS[kind]
    path = tmp_path / "kernel"
    path.write_bytes(build())
    assert_refused(Machine("pavise", path), f"domain 0's kernel .*(?:{reason})|{reason}")


def test_made_kernel_starts(tmp_path):
    """The kernels above are refused for what is wrong with them, not for how they are made."""
    path = tmp_path / "kernel"
    path.write_bytes(Kernel().build())
    with Machine("pavise", path) as machine:
        machine.wait_for("start-up done", BOOT_SECONDS)
        with pytest.raises(Timeout):
            machine.wait_end(SETTLE_SECONDS)
        assert "crashed" not in machine.output()


def test_ramdisk_that_does_not_fit_behind_the_kernel(tmp_path):
    """16 MiB of address space are left for the ramdisk, of memory there is enough."""
    virt_base = 0xffffffffff000000
    kernel, ramdisk = tmp_path / "kernel", tmp_path / "ramdisk"
    kernel.write_bytes(Kernel(entry=virt_base, notes={XEN_VIRT_BASE: virt_base}).build())
    with open(ramdisk, "wb") as file:
        file.truncate(48 << 20)
    assert_refused(Machine("pavise", kernel, ramdisk=ramdisk, append="dom0_mem=128M"),
                   "do not fit into the addresses")


@pytest.mark.parametrize("option, reason", [
    ("dom0_mem=4G", "4096 MiB, more than"),
    ("dom0_mem=1M", "too little memory for domain 0"),
    ("dom0_mem=64M,max:1M", "too little memory for domain 0"),
    ("dom0_mem=min:3G", "3072 MiB, more than"),
    ("dom0_max_vcpus=100000", "more than the .* that a domain can have"),
])
def test_unfit_domain0_options(option, reason):
    assert_refused(Machine("pavise", HELLO, append=option), reason)


@pytest.mark.parametrize("options, complaint", [
    ("nonsense", 'unknown option "nonsense"'),
    ("=5", 'unknown option "=5"'),
    ("maxcpus=many", 'bad value in "maxcpus=many"'),
    ("maxcpus=99999999999999999999", 'bad value in "maxcpus=9+"'),
    ("dom0_mem=16777216T", 'bad value in "dom0_mem=16777216T"'),
    ("dom0_mem=lots", 'bad value in "dom0_mem=lots"'),
    ("dom0_mem=64M,,max:64M", 'bad value in "dom0_mem=64M,,max:64M"'),
    ("dom0_max_vcpus=-1", 'bad value in "dom0_max_vcpus=-1"'),
    ("console=carrier,pigeon", "carrier"),
    ("loglvl=shouting", 'bad value in "loglvl=shouting"'),
    ("clocksource=sundial", "clocksource=sundial"),
    ("noreboot=perhaps", 'bad value in "noreboot=perhaps"'),
    (" ".join(f"x{n}" for n in range(100)), "more not understood"),
    ("y" * 3000, "unknown option"),
])
def test_options_not_understood(options, complaint):
    machine = Machine("pavise", HELLO, append=options)
    assert_runs(machine, 2)
    assert re.search(f"command line: .*{complaint}", machine.output())
