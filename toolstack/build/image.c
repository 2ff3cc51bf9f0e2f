/* SPDX-License-Identifier: MIT */
/* Kernel images: file format, segments, and where the notes are. */
#include "image.h"

#include <string.h>

struct elf_header {
    uint8_t ident[16];
    uint16_t type, machine;
    uint32_t version;
    uint64_t entry, phoff, shoff;
    uint32_t flags;
    uint16_t ehsize, phentsize, phnum, shentsize, shnum, shstrndx;
};

struct program_header {
    uint32_t type, flags;
    uint64_t offset, vaddr, paddr, filesz, memsz, align;
};

struct section_header {
    uint32_t name, type;
    uint64_t flags, addr, offset, size;
    uint32_t link, info;
    uint64_t addralign, entsize;
};

enum { CLASS_32 = 1, CLASS_64 = 2, LITTLE_ENDIAN_DATA = 1, MACHINE_X86_64 = 62 };
enum { SEGMENT_LOAD = 1, SEGMENT_NOTE = 4, SECTION_NOTE = 7 };

static bool read_at(const struct ts_kernel *k, uint64_t offset, void *to, size_t n)
{
    if (!image_has(k, offset, n))
        return false;
    memcpy(to, k->data + offset, n);
    return true;
}

static int check_format(struct image_reader *r, struct elf_header *eh)
{
    struct ts_kernel *k = r->kernel;

    memset(eh, 0, sizeof(*eh));
    if (!read_at(k, 0, eh->ident, sizeof(eh->ident)) || memcmp(eh->ident, "\177ELF", 4))
        return image_refuse(r, "is not an ELF file");
    if (eh->ident[4] == CLASS_32) {
        k->format = TS_IMAGE_ELF32;
        return image_refuse(r, "is a 32-bit kernel: only 64-bit PV kernels can run");
    }
    if (!read_at(k, 0, eh, sizeof(*eh)))
        return image_refuse(r, "is cut off: its header is not complete");
    if (eh->ident[4] != CLASS_64 || eh->ident[5] != LITTLE_ENDIAN_DATA ||
        eh->machine != MACHINE_X86_64)
        return image_refuse(r, "is not for x86-64");
    if (!eh->phnum || eh->phentsize != sizeof(struct program_header) ||
        !image_has(k, eh->phoff, (uint64_t)eh->phnum * eh->phentsize))
        return image_refuse(r, "is cut off or corrupt: it has no usable program headers");
    return 0;
}

static int take_segment(struct image_reader *r, const struct program_header *ph)
{
    struct ts_kernel *k = r->kernel;

    if (!ph->memsz)
        return 0;
    if (ph->filesz > ph->memsz || !image_has(k, ph->offset, ph->filesz))
        return image_refuse(r, "is cut off: a segment ends after the file does");
    if (k->nr_segments == TS_MAX_SEGMENTS)
        return image_refuse(r, "has more than %u segments", TS_MAX_SEGMENTS);
    /* Physical for now: the verdict turns it into the guest's virtual address. */
    k->segment[k->nr_segments++] =
        (struct ts_segment){ ph->offset, ph->filesz, ph->paddr, ph->memsz };
    return 0;
}

static int read_segments(struct image_reader *r, const struct elf_header *eh)
{
    for (unsigned int i = 0; i < eh->phnum; i++) {
        struct program_header ph;
        int rc = 0;

        if (!read_at(r->kernel, eh->phoff + i * sizeof(ph), &ph, sizeof(ph)))
            return image_refuse(r, "is cut off: its program headers are not complete");
        if (ph.type == SEGMENT_LOAD)
            rc = take_segment(r, &ph);
        else if (ph.type == SEGMENT_NOTE)
            rc = image_read_notes(r, ph.offset, ph.filesz);
        if (rc)
            return rc;
    }
    return r->kernel->nr_segments ? 0 : image_refuse(r, "has nothing to load");
}

static bool section_is_named(const struct ts_kernel *k,
                             const struct section_header *names,
                             const struct section_header *sh, const char *name)
{
    size_t n = strlen(name) + 1;

    return sh->name < names->size && n <= names->size - sh->name &&
           image_has(k, names->offset, names->size) &&
           !memcmp(k->data + names->offset + sh->name, name, n);
}

static bool read_section(const struct ts_kernel *k, const struct elf_header *eh,
                         unsigned int i, struct section_header *sh)
{
    return i < eh->shnum && eh->shoff <= k->size &&
           read_at(k, eh->shoff + (uint64_t)i * sizeof(*sh), sh, sizeof(*sh));
}

/* Some kernels have notes in sections only, older ones the __xen_guest string. */
static int read_sections(struct image_reader *r, const struct elf_header *eh)
{
    struct ts_kernel *k = r->kernel;
    struct section_header names = { 0 }, sh;
    int rc = 0;

    if (eh->shentsize != sizeof(sh))
        return 0;
    read_section(k, eh, eh->shstrndx, &names);
    for (unsigned int i = 0; !rc && read_section(k, eh, i, &sh); i++) {
        if (sh.type == SECTION_NOTE)
            rc = image_read_notes(r, sh.offset, sh.size);
        else if (section_is_named(k, &names, &sh, "__xen_guest") && !k->has_version)
            rc = image_read_guest_string(r, sh.offset, sh.size);
    }
    return rc;
}

int ts_kernel_parse(const void *data, size_t size, struct ts_kernel *kernel,
                    struct ts_err *err)
{
    struct image_reader r = { .kernel = kernel, .err = err };
    struct elf_header eh;
    int rc;

    memset(kernel, 0, sizeof(*kernel));
    kernel->data = data;
    kernel->size = size;
    kernel->entry = kernel->virt_base = kernel->paddr_offset = TS_ADDR_UNSET;
    kernel->hypercall_page = kernel->init_p2m = TS_ADDR_UNSET;

    rc = check_format(&r, &eh);
    if (rc)
        return rc;
    kernel->format = TS_IMAGE_ELF64_NOTES;
    rc = read_segments(&r, &eh);
    if (!rc && !kernel->has_version)
        rc = read_sections(&r, &eh);
    if (!rc && kernel->entry == TS_ADDR_UNSET)
        kernel->entry = eh.entry;
    return rc ? rc : image_verdict(&r);
}

const char *ts_image_format_text(enum ts_image_format format)
{
    switch (format) {
    case TS_IMAGE_ELF64_NOTES:
        return "ELF64 with Xen notes";
    case TS_IMAGE_ELF64_STRING:
        return "ELF64 with a __xen_guest string";
    case TS_IMAGE_ELF32:
        return "ELF32";
    case TS_IMAGE_UNKNOWN:
        break;
    }
    return "unknown";
}
