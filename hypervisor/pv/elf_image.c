/* SPDX-License-Identifier: MIT */
/*
 * ELF64 and Xen-note reader. Every offset and length comes from the file and is checked
 * against its size before use; additions are checked for overflow.
 */
#include "elf_image.h"
#include <abi/elfnote.h>
#include <abi/errno.h>
#include <abi/features.h>
#include <hv/lib.h>

struct ehdr {
    uint8_t ident[16];
    uint16_t type, machine;
    uint32_t version;
    uint64_t entry, phoff, shoff;
    uint32_t flags;
    uint16_t ehsize, phentsize, phnum, shentsize, shnum, shstrndx;
};

struct phdr {
    uint32_t type, flags;
    uint64_t offset, vaddr, paddr, filesz, memsz, align;
};

struct shdr {
    uint32_t name, type;
    uint64_t flags, addr, offset, size;
    uint32_t link, info;
    uint64_t addralign, entsize;
};

struct nhdr {
    uint32_t namesz, descsz, type;
};

enum { PT_LOAD_ = 1, PT_NOTE_ = 4, SHT_NOTE_ = 7, EM_X86_64_ = 62 };

/* Largest virtual extent of an image that makes sense: what Linux gives its kernel. */
#define MAX_EXTENT (2ull << 30)

/* Text from the file on its way to the console: one line, nothing a terminal obeys. */
static void make_printable(char *s)
{
    for (; *s; s++)
        if (*s < ' ' || *s > '~')
            *s = '?';
}

static int printf_like(2, 3) refuse(struct elf_image *img, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(img->error, sizeof(img->error), fmt, ap);
    va_end(ap);
    make_printable(img->error);
    return -EINVAL;
}

/* Is [offset, offset+n) inside the file? */
static bool in_file(const struct elf_image *img, uint64_t offset, uint64_t n)
{
    return offset <= img->size && n <= img->size - offset;
}

/* Copies n bytes at offset; false when they are not all in the file. */
static bool read_at(const struct elf_image *img, uint64_t offset, void *dst, size_t n)
{
    if (!in_file(img, offset, n))
        return false;
    memcpy(dst, img->data + offset, n);
    return true;
}

/* --- notes --- */

static const struct {
    const char *name;
    unsigned int bit;
} feature_names[] = {
    { "writable_page_tables", XENFEAT_writable_page_tables },
    { "writable_descriptor_tables", XENFEAT_writable_descriptor_tables },
    { "auto_translated_physmap", XENFEAT_auto_translated_physmap },
    { "supervisor_mode_kernel", XENFEAT_supervisor_mode_kernel },
    { "pae_pgdir_above_4gb", XENFEAT_pae_pgdir_above_4gb },
    { "mmu_pt_update_preserve_ad", XENFEAT_mmu_pt_update_preserve_ad },
    { "highmem_assist", XENFEAT_highmem_assist },
    { "gnttab_map_avail_bits", XENFEAT_gnttab_map_avail_bits },
    { "dom0", XENFEAT_dom0 },
};

static const char *feature_name(unsigned int bit)
{
    for (unsigned int i = 0; i < ARRAY_SIZE(feature_names); i++)
        if (feature_names[i].bit == bit)
            return feature_names[i].name;
    return "unnamed";
}

/* One name of a features string; '!' before it makes it required. */
static int take_feature(struct elf_image *img, const char *s, size_t n)
{
    bool required = n && *s == '!';

    if (required) {
        s++;
        n--;
    }
    for (unsigned int i = 0; i < ARRAY_SIZE(feature_names); i++) {
        if (strlen(feature_names[i].name) != n || memcmp(feature_names[i].name, s, n))
            continue;
        img->supported |= 1u << feature_names[i].bit;
        if (required)
            img->required |= 1u << feature_names[i].bit;
        return 0;
    }
    if (required)
        return refuse(img, "needs the unknown feature \"%.*s\"", (int)min(n, (size_t)40),
                      s);
    return 0;
}

static int parse_features(struct elf_image *img, const char *s, size_t n)
{
    size_t start = 0;

    n = strnlen(s, n);
    for (size_t i = 0; i <= n; i++) {
        if (i < n && s[i] != '|')
            continue;
        if (i > start) {
            int rc = take_feature(img, s + start, i - start);

            if (rc)
                return rc;
        }
        start = i + 1;
    }
    return 0;
}

/* The value of a numeric note: 4 or 8 bytes. */
static int note_number(struct elf_image *img, uint32_t type, const uint8_t *desc,
                       uint32_t size, uint64_t *out)
{
    if (size != 4 && size != 8)
        return refuse(img, "note %u has %u bytes instead of 4 or 8", type, size);
    *out = 0;
    memcpy(out, desc, size);
    return 0;
}

static bool note_text_is(const uint8_t *desc, uint32_t size, const char *want)
{
    size_t n = strnlen((const char *)desc, size);

    return n == strlen(want) && !memcmp(desc, want, n);
}

static int take_number_note(struct elf_image *img, uint32_t type, const uint8_t *desc,
                            uint32_t size)
{
    uint64_t v;
    int rc = note_number(img, type, desc, size, &v);

    if (rc)
        return rc;
    switch (type) {
    case XEN_ELFNOTE_ENTRY:
        img->entry = v;
        break;
    case XEN_ELFNOTE_HYPERCALL_PAGE:
        img->hypercall_page = v;
        break;
    case XEN_ELFNOTE_VIRT_BASE:
        img->virt_base = v;
        break;
    case XEN_ELFNOTE_PADDR_OFFSET:
        img->paddr_offset = v;
        break;
    case XEN_ELFNOTE_INIT_P2M:
        img->init_p2m = v;
        break;
    case XEN_ELFNOTE_MOD_START_PFN:
        img->mod_start_pfn = v != 0;
        break;
    case XEN_ELFNOTE_SUPPORTED_FEATURES:
        img->supported |= (uint32_t)v;
        break;
    default:
        break;
    }
    return 0;
}

static int take_note(struct elf_image *img, uint32_t type, const uint8_t *desc,
                     uint32_t size)
{
    switch (type) {
    case XEN_ELFNOTE_ENTRY:
    case XEN_ELFNOTE_HYPERCALL_PAGE:
    case XEN_ELFNOTE_VIRT_BASE:
    case XEN_ELFNOTE_PADDR_OFFSET:
    case XEN_ELFNOTE_INIT_P2M:
    case XEN_ELFNOTE_MOD_START_PFN:
    case XEN_ELFNOTE_SUPPORTED_FEATURES:
        return take_number_note(img, type, desc, size);
    case XEN_ELFNOTE_XEN_VERSION:
        if (!note_text_is(desc, size, "xen-3.0"))
            return refuse(img, "is for another hypervisor interface than xen-3.0");
        img->has_xen_version = true;
        return 0;
    case XEN_ELFNOTE_LOADER:
        if (!note_text_is(desc, size, "generic"))
            return refuse(img, "wants a loader other than \"generic\"");
        return 0;
    case XEN_ELFNOTE_PAE_MODE:
        img->pae_mode = note_text_is(desc, size, "yes");
        return 0;
    case XEN_ELFNOTE_GUEST_OS:
        memcpy(img->guest_os, desc,
               strnlen((const char *)desc, min((size_t)size, sizeof(img->guest_os) - 1)));
        make_printable(img->guest_os);
        return 0;
    case XEN_ELFNOTE_FEATURES:
        return parse_features(img, (const char *)desc, size);
    default:
        return 0;
    }
}

/* All notes in a run of bytes of the file. */
static int parse_notes(struct elf_image *img, uint64_t offset, uint64_t bytes)
{
    uint64_t end = offset + bytes;
    struct nhdr h;

    if (!in_file(img, offset, bytes))
        return refuse(img, "is cut off: its notes end after the file does");
    while (offset + sizeof(h) <= end && read_at(img, offset, &h, sizeof(h))) {
        uint64_t name = offset + sizeof(h);
        uint64_t desc = name + ROUND_UP((uint64_t)h.namesz, 4);
        uint64_t next = desc + ROUND_UP((uint64_t)h.descsz, 4);

        if (next > end && desc + h.descsz > end)
            return refuse(img, "has a note that runs past its segment");
        if (h.namesz == 4 && !memcmp(img->data + name, "Xen", 4)) {
            int rc = take_note(img, h.type, img->data + desc, h.descsz);

            if (rc)
                return rc;
        }
        offset = next;
    }
    return 0;
}

/* --- headers --- */

static int check_header(struct elf_image *img, struct ehdr *eh)
{
    uint32_t hdrs = 0;

    if (read_at(img, 0x202, &hdrs, 4) && hdrs == 0x53726448)
        return refuse(img, "is a compressed bzImage: unpack it to an ELF vmlinux first");
    if (!read_at(img, 0, eh, sizeof(*eh)) || memcmp(eh->ident, "\177ELF", 4))
        return refuse(img, "is not an ELF file");
    if (eh->ident[4] == 1)
        return refuse(img, "is a 32-bit kernel: only 64-bit PV kernels can run");
    if (eh->ident[4] != 2 || eh->ident[5] != 1 || eh->machine != EM_X86_64_)
        return refuse(img, "is not for x86-64");
    if (!eh->phnum || eh->phentsize != sizeof(struct phdr) ||
        !in_file(img, eh->phoff, (uint64_t)eh->phnum * sizeof(struct phdr)))
        return refuse(img, "is cut off or corrupt: no usable program headers");
    return 0;
}

static int take_load_segment(struct elf_image *img, const struct phdr *ph)
{
    struct elf_segment *s;

    if (!ph->memsz)
        return 0;
    if (ph->filesz > ph->memsz || !in_file(img, ph->offset, ph->filesz))
        return refuse(img, "is cut off: a segment ends after the file does");
    if (img->nr_segs == ELF_MAX_SEGMENTS)
        return refuse(img, "has more than %u segments", ELF_MAX_SEGMENTS);
    s = &img->seg[img->nr_segs++];
    *s = (struct elf_segment){ ph->offset, ph->filesz, ph->paddr, ph->memsz };
    return 0;
}

/* check_header() has seen that the program headers are all in the file. */
static int parse_segments(struct elf_image *img, const struct ehdr *eh)
{
    for (unsigned int i = 0; i < eh->phnum; i++) {
        struct phdr ph;
        int rc = 0;

        memcpy(&ph, img->data + eh->phoff + i * sizeof(ph), sizeof(ph));
        if (ph.type == PT_LOAD_)
            rc = take_load_segment(img, &ph);
        else if (ph.type == PT_NOTE_)
            rc = parse_notes(img, ph.offset, ph.filesz);
        if (rc)
            return rc;
    }
    return img->nr_segs ? 0 : refuse(img, "has nothing to load");
}

/* Some kernels have their notes in sections only. */
static int parse_note_sections(struct elf_image *img, const struct ehdr *eh)
{
    if (eh->shentsize != sizeof(struct shdr))
        return 0;
    for (unsigned int i = 0; i < eh->shnum; i++) {
        struct shdr sh;
        int rc;

        if (!read_at(img, eh->shoff + i * sizeof(sh), &sh, sizeof(sh)))
            return 0;
        if (sh.type != SHT_NOTE_)
            continue;
        rc = parse_notes(img, sh.offset, sh.size);
        if (rc)
            return rc;
    }
    return 0;
}

/* Turns the segments' physical addresses into virtual ones and finds their extent. */
static int place_segments(struct elf_image *img)
{
    if (img->virt_base == ELF_ADDR_UNSET)
        img->virt_base = 0;
    if (img->paddr_offset == ELF_ADDR_UNSET)
        img->paddr_offset = 0;
    img->start = ~0ull;
    img->end = 0;
    for (unsigned int i = 0; i < img->nr_segs; i++) {
        struct elf_segment *s = &img->seg[i];
        uint64_t offset = s->vaddr - img->paddr_offset;

        if (offset > MAX_EXTENT || s->memsz > MAX_EXTENT - offset)
            return refuse(img, "has a segment outside the first %llu MiB of its memory",
                          MAX_EXTENT >> 20);
        if (img->virt_base + offset + s->memsz < img->virt_base)
            return refuse(img, "has a segment beyond the last address");
        s->vaddr = img->virt_base + offset;
        img->start = min(img->start, s->vaddr);
        img->end = max(img->end, s->vaddr + s->memsz);
    }
    return 0;
}

/* The guest's slots of the address space, and room for what the builder adds. */
static bool range_is_guests(uint64_t start, uint64_t end)
{
    return start <= end &&
           (end <= 0x00007fff00000000ull ||
            (start >= 0xffff880000000000ull && end <= 0xffffffffffc00000ull));
}

static int check_addresses(struct elf_image *img)
{
    if (!range_is_guests(img->virt_base, img->end) || (img->virt_base & 0x1fffff))
        return refuse(img, "wants addresses %#llx-%#llx, which a guest cannot have",
                      (unsigned long long)img->virt_base, (unsigned long long)img->end);
    if (img->entry < img->start || img->entry >= img->end)
        return refuse(img, "has its entry point %#llx outside its segments",
                      (unsigned long long)img->entry);
    if (img->hypercall_page != ELF_ADDR_UNSET &&
        (img->hypercall_page & 0xfff || img->hypercall_page < img->start ||
         img->hypercall_page + 4096 > img->end))
        return refuse(img, "has its hypercall page outside its segments");
    if (img->init_p2m != ELF_ADDR_UNSET &&
        (img->init_p2m & 0x1fffff || !range_is_guests(img->init_p2m, img->init_p2m)))
        return refuse(img, "wants its p2m list at %#llx, which a guest cannot have",
                      (unsigned long long)img->init_p2m);
    return 0;
}

static int check_features(struct elf_image *img, uint32_t offered)
{
    uint32_t missing = img->required & ~offered;

    if (missing)
        return refuse(img, "needs the feature \"%s\", which is not offered",
                      feature_name((unsigned int)__builtin_ctz(missing)));
    return 0;
}

int elf_image_parse(const void *data, size_t size, uint32_t offered,
                    struct elf_image *out)
{
    struct ehdr eh;
    int rc;

    memset(out, 0, sizeof(*out));
    out->data = data;
    out->size = size;
    out->entry = out->virt_base = out->paddr_offset = ELF_ADDR_UNSET;
    out->hypercall_page = out->init_p2m = ELF_ADDR_UNSET;

    rc = check_header(out, &eh);
    if (!rc)
        rc = parse_segments(out, &eh);
    if (!rc && !out->has_xen_version)
        rc = parse_note_sections(out, &eh);
    if (!rc && !out->has_xen_version)
        rc = refuse(out, "has no Xen notes: it is not a PV kernel");
    if (!rc)
        rc = place_segments(out);
    if (!rc && out->entry == ELF_ADDR_UNSET)
        out->entry = eh.entry;
    if (!rc)
        rc = check_addresses(out);
    if (!rc)
        rc = check_features(out, offered);
    return rc;
}
