/* SPDX-License-Identifier: MIT */
/*
 * A PV64 kernel image: the ELF file and the Xen notes in it, read from untrusted bytes.
 * Nothing here touches a machine; the code compiles on the host for tests and fuzzing.
 */
#ifndef PV_ELF_IMAGE_H
#define PV_ELF_IMAGE_H

#include <hv/compiler.h>
#include <hv/types.h>

#define ELF_ADDR_UNSET (~0ull)

struct elf_segment {
    uint64_t offset, filesz; /* in the file, bytes */
    uint64_t vaddr, memsz;   /* where the guest wants it: virtual address, bytes */
};

#define ELF_MAX_SEGMENTS 32

struct elf_image {
    const uint8_t *data;
    size_t size;
    struct elf_segment seg[ELF_MAX_SEGMENTS];
    unsigned int nr_segs;
    uint64_t virt_base; /* virtual address of pseudo-physical 0 */
    uint64_t paddr_offset;
    uint64_t entry;
    uint64_t start, end;     /* virtual extent of all segments */
    uint64_t hypercall_page; /* ELF_ADDR_UNSET when none */
    uint64_t init_p2m;       /* likewise */
    bool mod_start_pfn;
    bool pae_mode;                /* the note is "yes": shown in start_info's magic */
    uint32_t required, supported; /* bit per XENFEAT_* */
    bool has_xen_version;
    char guest_os[32];
    char error[120]; /* one line, when parsing fails */
};

/*
 * Checks the file and gathers what a builder needs. offered: features that this
 * hypervisor offers to the domain (bit per XENFEAT_*). Returns 0; -EINVAL with a
 * sentence in out->error that says what is wrong with the image.
 */
int must_check elf_image_parse(const void *data, size_t size, uint32_t offered,
                               struct elf_image *out);

#endif
