# SPDX-License-Identifier: MIT
"""Reads cores of domains (`pavise dump-core`, `xl dump-core`): ELF files with sections, as
Xen describes them.

    core = Core("guest.core")
    core.vcpus[0]["rip"], core.page(pfn), core.at(address)
"""

import mmap
import struct

PAGE = 4096
MAGIC = 0xF00FEBED
NOTE_NONE, NOTE_HEADER, NOTE_VERSION, NOTE_FORMAT = range(0x2000000, 0x2000004)
CONTEXT_BYTES = 5168
REGISTERS_AT = 520  # struct vcpu_guest_context: behind FPU state and flags
REGISTERS = ("r15 r14 r13 r12 rbp rbx r11 r10 r9 r8 rax rcx rdx rsi rdi error rip cs "
             "rflags rsp ss").split()
CR3_AT = 5008
NO_FRAME = (1 << 64) - 1  # of an entry of the list: there is no page
ADDRESS_BITS = 0x000FFFFFFFFFF000


class Core:
    def __init__(self, path):
        with open(path, "rb") as file:
            self.bytes = memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
        assert self.bytes[:7] == b"\x7fELF\2\1\1"
        kind, machine, _, _, _, start, _, _, _, _, size, count, names = struct.unpack_from(
            "<HHIQQQIHHHHHH", self.bytes, 16)
        assert (kind, machine, size) == (4, 62, 64)
        self.sections = {}
        headers = [struct.unpack_from("<IIQQQQIIQQ", self.bytes, start + 64 * i)
                   for i in range(count)]
        text = bytes(self._part(headers[names]))
        for header in headers[1:]:
            name = text[header[0]:text.index(b"\0", header[0])].decode()
            self.sections[name] = self._part(header)
            assert len(self.sections[name]) == header[5], f"{name} is cut off"
        self._read_memory(self._read_notes())
        self.vcpus = [self._vcpu(i) for i in range(self.nr_vcpus)]

    def _part(self, header):
        offset, size = header[4:6]
        return self.bytes[offset:offset + size]

    def _read_notes(self):
        """Returns how many entries the list has."""
        notes, at, data = {}, 0, self.sections[".note.Xen"]
        while at < len(data):
            name, size, kind = struct.unpack_from("<III", data, at)
            assert data[at + 12:at + 12 + name] == b"Xen\0"
            notes[kind] = bytes(data[at + 16:at + 16 + size])
            at += 16 + (size + 3) // 4 * 4
        assert set(notes) == {NOTE_NONE, NOTE_HEADER, NOTE_VERSION, NOTE_FORMAT}
        magic, self.nr_vcpus, nr_places, page = struct.unpack("<QQQQ", notes[NOTE_HEADER])
        assert (magic, page) == (MAGIC, PAGE)
        assert struct.unpack("<Q", notes[NOTE_FORMAT]) == (1,)
        self.version = struct.unpack_from("<QQ", notes[NOTE_VERSION])
        self.extra = notes[NOTE_VERSION][16:32].rstrip(b"\0").decode()
        return nr_places

    def _read_memory(self, nr_places):
        pairs = list(struct.iter_unpack("<QQ", self.sections[".xen_p2m"]))
        pfns = [pfn for pfn, _ in pairs]
        assert len(pairs) == nr_places == len(self.sections[".xen_pages"]) // PAGE
        assert pfns == sorted(set(pfns)), "pages are in order, each is there once"
        self.by_pfn = {pfn: i for i, (pfn, mfn) in enumerate(pairs) if mfn != NO_FRAME}
        self.by_mfn = {mfn: i for i, (_, mfn) in enumerate(pairs) if mfn != NO_FRAME}
        self.nr_pages = len(self.by_pfn)
        self.is_dense = pfns == list(range(nr_places))

    def _vcpu(self, i):
        data, at = self.sections[".xen_prstatus"], i * CONTEXT_BYTES
        assert len(data) == self.nr_vcpus * CONTEXT_BYTES
        vcpu = {}
        for n, name in enumerate(REGISTERS):
            vcpu[name] = struct.unpack_from("<Q", data, at + REGISTERS_AT + 8 * n)[0]
        vcpu["cr3"] = struct.unpack_from("<Q", data, at + CR3_AT)[0]
        return vcpu

    def _page(self, index):
        return bytes(self.sections[".xen_pages"][index * PAGE:(index + 1) * PAGE])

    def page(self, pfn):
        return self._page(self.by_pfn[pfn])

    def frame(self, mfn):
        return self._page(self.by_mfn[mfn])

    def _entry(self, address, vcpu):
        """The page's entry in the vCPU's page tables; without bit 0: there is none."""
        entry = self.vcpus[vcpu]["cr3"] | 1
        for level in (39, 30, 21, 12):
            if entry & 1:
                table = self.frame((entry & ADDRESS_BITS) >> 12)
                entry = struct.unpack_from("<Q", table, (address >> level & 511) * 8)[0]
        return entry

    def is_mapped(self, address, vcpu=0):
        return bool(self._entry(address, vcpu) & 1)

    def at(self, address, vcpu=0):
        """The page's bytes from a virtual address on."""
        entry = self._entry(address, vcpu)
        assert entry & 1, f"{address:#x} is not mapped"
        return self.frame((entry & ADDRESS_BITS) >> 12)[address % PAGE:]
