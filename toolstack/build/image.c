/* SPDX-License-Identifier: MIT */
/* Kernel images: file format, segments, and where the notes are. */
#include "image.h"

#include <elf.h>
#include <string.h>

static bool read_at(const struct ts_kernel *k, uint64_t offset, void *to, size_t n)
{
    if (!image_has(k, offset, n))
        return false;
    memcpy(to, k->data + offset, n);
    return true;
}

static int check_format(struct image_reader *r, Elf64_Ehdr *eh)
{
    struct ts_kernel *k = r->kernel;

    memset(eh, 0, sizeof(*eh));
    if (!read_at(k, 0, eh->e_ident, sizeof(eh->e_ident)) ||
        memcmp(eh->e_ident, ELFMAG, SELFMAG))
        return image_refuse(r, "is not an ELF file");
    if (eh->e_ident[EI_CLASS] == ELFCLASS32) {
        k->format = TS_IMAGE_ELF32;
        return image_refuse(r, "is a 32-bit kernel: only 64-bit PV kernels can run");
    }
    if (!read_at(k, 0, eh, sizeof(*eh)))
        return image_refuse(r, "is cut off: its header is not complete");
    if (eh->e_ident[EI_CLASS] != ELFCLASS64 || eh->e_ident[EI_DATA] != ELFDATA2LSB ||
        eh->e_machine != EM_X86_64)
        return image_refuse(r, "is not for x86-64");
    if (!eh->e_phnum || eh->e_phentsize != sizeof(Elf64_Phdr) ||
        !image_has(k, eh->e_phoff, (uint64_t)eh->e_phnum * eh->e_phentsize))
        return image_refuse(r, "is cut off or corrupt: it has no usable program headers");
    return 0;
}

static int take_segment(struct image_reader *r, const Elf64_Phdr *ph)
{
    struct ts_kernel *k = r->kernel;

    if (!ph->p_memsz)
        return 0;
    if (ph->p_filesz > ph->p_memsz || !image_has(k, ph->p_offset, ph->p_filesz))
        return image_refuse(r, "is cut off: a segment ends after the file does");
    if (k->nr_segments == TS_MAX_SEGMENTS)
        return image_refuse(r, "has more than %u segments", TS_MAX_SEGMENTS);
    /* Physical for now: the verdict turns it into the guest's virtual address. */
    k->segment[k->nr_segments++] =
        (struct ts_segment){ ph->p_offset, ph->p_filesz, ph->p_paddr, ph->p_memsz };
    return 0;
}

static int read_segments(struct image_reader *r, const Elf64_Ehdr *eh)
{
    for (unsigned int i = 0; i < eh->e_phnum; i++) {
        Elf64_Phdr ph;
        int rc = 0;

        if (!read_at(r->kernel, eh->e_phoff + i * sizeof(ph), &ph, sizeof(ph)))
            return image_refuse(r, "is cut off: its program headers are not complete");
        if (ph.p_type == PT_LOAD)
            rc = take_segment(r, &ph);
        else if (ph.p_type == PT_NOTE)
            rc = image_read_notes(r, ph.p_offset, ph.p_filesz);
        if (rc)
            return rc;
    }
    return r->kernel->nr_segments ? 0 : image_refuse(r, "has nothing to load");
}

static bool section_is_named(const struct ts_kernel *k, const Elf64_Shdr *names,
                             const Elf64_Shdr *sh, const char *name)
{
    size_t n = strlen(name) + 1;

    return sh->sh_name < names->sh_size && n <= names->sh_size - sh->sh_name &&
           image_has(k, names->sh_offset, names->sh_size) &&
           !memcmp(k->data + names->sh_offset + sh->sh_name, name, n);
}

static bool read_section(const struct ts_kernel *k, const Elf64_Ehdr *eh, unsigned int i,
                         Elf64_Shdr *sh)
{
    return i < eh->e_shnum && eh->e_shoff <= k->size &&
           read_at(k, eh->e_shoff + (uint64_t)i * sizeof(*sh), sh, sizeof(*sh));
}

/* Some kernels have notes in sections only, older ones the __xen_guest string. */
static int read_sections(struct image_reader *r, const Elf64_Ehdr *eh)
{
    struct ts_kernel *k = r->kernel;
    Elf64_Shdr names = { 0 }, sh;
    int rc = 0;

    if (eh->e_shentsize != sizeof(sh))
        return 0;
    read_section(k, eh, eh->e_shstrndx, &names);
    for (unsigned int i = 0; !rc && read_section(k, eh, i, &sh); i++) {
        if (sh.sh_type == SHT_NOTE)
            rc = image_read_notes(r, sh.sh_offset, sh.sh_size);
        else if (section_is_named(k, &names, &sh, "__xen_guest") && !k->has_version)
            rc = image_read_guest_string(r, sh.sh_offset, sh.sh_size);
    }
    return rc;
}

int ts_kernel_parse(const void *data, size_t size, struct ts_kernel *kernel,
                    struct ts_err *err)
{
    struct image_reader r = { .kernel = kernel, .err = err };
    Elf64_Ehdr eh;
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
        kernel->entry = eh.e_entry;
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
