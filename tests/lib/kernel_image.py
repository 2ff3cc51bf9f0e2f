# SPDX-License-Identifier: MIT
"""PV kernels made to measure: ELF files with chosen notes and segments, and the ways in
which they can be wrong."""

import struct
from dataclasses import dataclass, field

XEN_ENTRY, XEN_HYPERCALL_PAGE, XEN_VIRT_BASE, XEN_PADDR_OFFSET = 1, 2, 3, 4
XEN_VERSION, XEN_LOADER, XEN_FEATURES, XEN_INIT_P2M = 5, 8, 10, 15
BASE = 0xffffffff80000000
PAGE = 4096

PT_LOAD, PT_NOTE = 1, 4


def note(kind, value, name=b"Xen\0"):
    """One ELF note: the value is a number (8 bytes), a text (terminated) or bytes."""
    if isinstance(value, int):
        value = struct.pack("<Q", value)
    elif isinstance(value, str):
        value = value.encode() + b"\0"
    padding = bytes(-len(value) % 4)
    return struct.pack("<III", len(name), len(value), kind) + name + value + padding


@dataclass
class Kernel:
    """A kernel of one page that halts: what is said here replaces the usual."""

    notes: dict = field(default_factory=dict)  # note number: value; None leaves it out
    extra_notes: bytes = b""
    segments: list = field(default_factory=list)  # further (paddr, filesz, memsz)
    elf_class: int = 2
    machine: int = 62
    entry: int = BASE
    size: int = 0  # cut off, or filled up, to so many bytes

    def _notes(self):
        usual = {XEN_VERSION: "xen-3.0", XEN_LOADER: "generic", XEN_VIRT_BASE: BASE,
                 XEN_PADDR_OFFSET: 0, XEN_ENTRY: self.entry}
        usual.update(self.notes)
        return b"".join(note(kind, value) for kind, value in usual.items()
                        if value is not None) + self.extra_notes

    def _program_headers(self, notes):
        def header(kind, offset, paddr, filesz, memsz):
            return struct.pack("<IIQQQQQQ", kind, 7, offset, paddr, paddr, filesz, memsz, PAGE)
        headers = [header(PT_LOAD, PAGE, 0, PAGE, PAGE),
                   header(PT_NOTE, 2 * PAGE, 0, len(notes), len(notes))]
        headers += [header(PT_LOAD, PAGE, *segment) for segment in self.segments]
        return headers

    def build(self):
        """The file's bytes."""
        notes = self._notes()
        headers = self._program_headers(notes)
        ident = b"\x7fELF" + bytes([self.elf_class, 1, 1]) + bytes(9)
        elf = ident + struct.pack("<HHIQQQIHHHHHH", 2, self.machine, 1, self.entry, 64, 0, 0,
                                  64, 56, len(headers), 64, 0, 0)
        code = b"\xeb\xfe"
        image = (elf + b"".join(headers)).ljust(PAGE, b"\0") + code.ljust(PAGE, b"\0") + notes
        return image[:self.size].ljust(self.size, b"\0") if self.size else image


def bz_image():
    """Something with a Linux boot header: what a distribution installs."""
    return b"MZ".ljust(0x202, b"\0") + b"HdrS" + bytes(8192)


def bzimage(payload, unpacked_size):
    """A bzImage with these packed bytes, as Linux' boot protocol 2.15 has it."""
    setup = bytearray(1024)
    setup[0x1f1] = 1
    setup[0x1fe:0x200] = b"\x55\xaa"
    setup[0x202:0x208] = b"HdrS\x0f\x02"
    struct.pack_into("<II", setup, 0x248, 0, len(payload) + 4)
    return bytes(setup) + payload + struct.pack("<I", unpacked_size)
