# SPDX-License-Identifier: MIT
"""What Linux finds by CPUID and in model-specific registers: on every vCPU the same, fitting
together, and as the key `cpuid` says. Read by Debian's modules cpuid and msr."""

import re
from collections import defaultdict
from pathlib import Path

import pytest

import images
import static
from guest import SHELL, Shell
from machine import default_build
from test_domu import BOOT_SECONDS, vmlinuz
from tool import ToolMachine

BUILD = default_build()
META = "linux-image-amd64"
VCPUS = 4
# Registers that differ between vCPUs: clocks.
CLOCKS = {0x10, 0xe7, 0xe8}
APIC_BASE, BOOT_PROCESSOR = 0x1b, 1 << 8
XSAVE, OSXSAVE, AVX, AES = 1 << 26, 1 << 27, 1 << 28, 1 << 25


def modules():
    folder = BUILD / "linux" / f"{META}.x86"
    if not folder.exists():
        images.unpack(images.kernel_package(META), folder,
                      "./lib/modules/*/kernel/arch/x86/kernel/*")
    return {path.name: path for path in folder.glob("lib/modules/*/kernel/arch/x86/kernel/*.ko")}


def hexadecimal(words):
    return tuple(int(word, 16) for word in words)


class Processors:
    """What tests/linux/cpuid/look.c and /proc/cpuinfo say, by processor."""

    def __init__(self, text, info):
        self.leaves, self.user = defaultdict(dict), defaultdict(dict)
        self.msrs, self.xcr0 = defaultdict(dict), {}
        for kind, cpu, *words in map(str.split, re.findall(r"^(?:leaf|user|msr|xcr0) .*", text,
                                                           re.MULTILINE)):
            if kind == "xcr0":
                self.xcr0[int(cpu)] = int(words[0], 16)
            elif kind == "msr":
                self.msrs[int(cpu)][int(words[0], 16)] = int(words[1], 16)
            else:
                leaf, sub = words[0].split(".")
                where = self.leaves if kind == "leaf" else self.user
                where[int(cpu)][int(leaf, 16), int(sub)] = hexadecimal(words[1:])
        self.info = [dict(re.findall(r"^([\w ]+?)\s*: (.*)$", part, re.MULTILINE))
                     for part in info.strip().split("\n\n")]

    def flags(self):
        return set(self.info[0]["flags"].split())


def look(tmp_path, more="", vcpus=VCPUS, cpu="max,smap=off"):
    """A guest whose configuration has the lines `more` looks at itself."""
    files = {"bin/look": static.program(BUILD, Path(__file__).with_name("cpuid") / "look.c"),
             **modules()}
    ramdisk = images.ramdisk(tmp_path / "initrd.gz", SHELL, files, ["insmod"])
    with ToolMachine(smp=2, memory=1024, append="dom0_mem=128M", cpu=cpu,
                     log=tmp_path / "machine.log") as machine, \
            Shell(machine, tmp_path, vmlinuz(META), ramdisk, vcpus=vcpus,
                  more=f'on_crash = "destroy"\n{more}') as guest:
        guest.wait_for(r"^userland", BOOT_SECONDS)
        guest.run("insmod /cpuid.ko; insmod /msr.ko")
        return Processors(guest.run("look"), guest.run("cat /proc/cpuinfo"))


def expect_alike(seen, vcpus=VCPUS):
    """Equal on all processors but for what is known to differ."""
    assert set(seen.leaves) == set(range(vcpus)) == set(seen.msrs)
    for cpu in range(1, vcpus):
        assert seen.leaves[cpu] == seen.leaves[0]
        assert seen.msrs[cpu].keys() == seen.msrs[0].keys()
        for msr, value in seen.msrs[cpu].items():
            if msr == APIC_BASE:
                assert seen.msrs[0][msr] == value | BOOT_PROCESSOR != value
            elif msr not in CLOCKS:
                assert value == seen.msrs[0][msr], f"MSR {msr:#x}"
        assert seen.xcr0.get(cpu) == seen.xcr0.get(0)
    own = {"processor", "core id", "cpu MHz", "bogomips"}
    for info in seen.info[1:]:
        assert {key for key in info if info[key] != seen.info[0][key]} <= own


def expect_fit(seen):
    """Leaves, XCR0 and what Linux makes of them agree."""
    leaf, flags = seen.leaves[0], seen.flags()
    assert leaf[0, 0][0] == 0xd
    ecx = leaf[1, 0][2]
    assert leaf[1, 0][1] >> 24 == 0
    assert bool(ecx & OSXSAVE) == bool(ecx & XSAVE) == ("xsave" in flags)
    assert bool(ecx & AVX) == ("avx" in flags) and bool(ecx & AES) == ("aes" in flags)
    if ecx & XSAVE:
        enabled, now, most, _ = leaf[0xd, 0]
        assert enabled == seen.xcr0[0] and now == most
        assert most == max([576] + [sum(leaf[0xd, n][:2]) for n in range(2, 20)])
    else:
        assert leaf[0xd, 0] == (0, 0, 0, 0)
    bits = leaf[0x80000008, 0][0]
    assert seen.info[0]["address sizes"] == \
        f"{bits & 0xff} bits physical, {bits >> 8 & 0xff} bits virtual"
    assert bits >> 8 & 0xff == 48
    assert leaf[0x40000000, 0][1:] == (0x566e6558, 0x65584d4d, 0x4d4d566e)
    assert "hypervisor" in flags


@pytest.mark.parametrize("cpu", ["max,smap=off", "Skylake-Server,smap=off", "qemu64"])
def test_all_vcpus_are_alike(tmp_path, cpu):
    seen = look(tmp_path, cpu=cpu)
    expect_alike(seen)
    expect_fit(seen)
    # Programs see the machine, where more may be: nothing that the kernel has is missing.
    for register in (2, 3):
        kernel, user = (where[0][1, 0][register] for where in (seen.leaves, seen.user))
        mine = 1 << 31 | OSXSAVE if register == 2 else 1 << 28
        assert kernel & ~user & ~mine == 0


def test_features_by_name(tmp_path):
    seen = look(tmp_path, 'cpuid = "host,avx=0,aes=0,maxhvleaf=3,family=6,model=85,stepping=4"',
                vcpus=2)
    expect_alike(seen, 2)
    expect_fit(seen)
    gone = {"avx", "avx2", "fma", "f16c", "aes", "vaes", "vpclmulqdq", "avx_vnni"}
    assert not gone & seen.flags() and "xsave" in seen.flags()
    assert seen.xcr0[0] == 3 and seen.leaves[0][0xd, 0][2] == 576
    assert seen.leaves[0][0x40000000, 0][0] == 0x40000003
    assert [seen.info[0][key] for key in ("cpu family", "model", "stepping")] == ["6", "85", "4"]


def test_bits_of_registers(tmp_path):
    nothing = "x" * 32
    without_xsave = "xxxxx0" + "x" * 26
    seen = look(tmp_path, f'cpuid = ["1:ecx={without_xsave},edx={nothing}", '
                          f'"0x80000002:eax={ord("P"):032b}"]', vcpus=2)
    expect_alike(seen, 2)
    expect_fit(seen)
    assert not {"xsave", "avx", "xsaveopt"} & seen.flags()
    assert seen.xcr0[0] == 3  # for the programs: x87 and SSE, which FXSAVE saves too
    assert seen.info[0]["model name"].startswith("P")
    assert len(seen.info[0]["model name"]) == 1
