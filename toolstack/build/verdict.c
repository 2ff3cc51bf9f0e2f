/* SPDX-License-Identifier: MIT */
/* Can an image that has been read run as a PV64 guest? One sentence when it cannot. */
#include "image.h"

#include <abi/features.h>

/* Largest extent of an image that makes sense: what Linux gives its kernel. */
#define MAX_EXTENT (2ull << 30)

/* The guest's parts of the address space, with room for what the builder adds. */
#define LOW_END    0x00007fff00000000ull
#define HIGH_START 0xffff880000000000ull
#define HIGH_END   0xffffffffffc00000ull

/*
 * What a guest may require. writable_page_tables is among it although the hypervisor
 * does not show it: Linux has always required it, and stores into tables are emulated.
 */
#define OFFERED                                                               \
    (1u << XENFEAT_writable_page_tables | 1u << XENFEAT_pae_pgdir_above_4gb | \
     1u << XENFEAT_mmu_pt_update_preserve_ad | 1u << XENFEAT_gnttab_map_avail_bits)

static const char *feature_name(unsigned int bit)
{
    switch (bit) {
    case XENFEAT_writable_descriptor_tables:
        return "writable_descriptor_tables";
    case XENFEAT_auto_translated_physmap:
        return "auto_translated_physmap";
    case XENFEAT_supervisor_mode_kernel:
        return "supervisor_mode_kernel";
    case XENFEAT_dom0:
        return "dom0";
    default:
        return "unnamed";
    }
}

static int check_kind(struct image_reader *r)
{
    const struct ts_kernel *k = r->kernel;
    uint32_t missing = k->required & ~OFFERED;

    if (!k->has_version)
        return image_refuse(r, "has no Xen notes: it is not a PV kernel");
    if (r->has_phys32_entry && !r->has_entry)
        return image_refuse(r, "can run only in HVM and PVH domains");
    if (missing)
        return image_refuse(r, "needs the feature \"%s\", which is not offered",
                            feature_name((unsigned int)__builtin_ctz(missing)));
    return 0;
}

/* Turns the segments' physical addresses into virtual ones and finds their extent. */
static int place_segments(struct image_reader *r)
{
    struct ts_kernel *k = r->kernel;

    if (k->virt_base == TS_ADDR_UNSET)
        k->virt_base = 0;
    if (k->paddr_offset == TS_ADDR_UNSET)
        k->paddr_offset = 0;
    k->start = ~0ull;
    k->end = 0;
    for (unsigned int i = 0; i < k->nr_segments; i++) {
        struct ts_segment *s = &k->segment[i];
        uint64_t offset = s->vaddr - k->paddr_offset;

        if (offset > MAX_EXTENT || s->memsz > MAX_EXTENT - offset ||
            offset + s->memsz > ~k->virt_base)
            return image_refuse(r,
                                "has a segment outside the first %llu MiB of its memory",
                                MAX_EXTENT >> 20);
        s->vaddr = k->virt_base + offset;
        k->start = s->vaddr < k->start ? s->vaddr : k->start;
        k->end = s->vaddr + s->memsz > k->end ? s->vaddr + s->memsz : k->end;
    }
    return 0;
}

bool image_range_is_guests(uint64_t start, uint64_t end)
{
    return start <= end && (end <= LOW_END || (start >= HIGH_START && end <= HIGH_END));
}

static bool is_aligned(uint64_t address)
{
    return address % TS_PAGE_SIZE == 0;
}

static int check_addresses(struct image_reader *r)
{
    const struct ts_kernel *k = r->kernel;

    if (!image_range_is_guests(k->virt_base, k->end) || !is_aligned(k->virt_base))
        return image_refuse(r, "wants addresses %#llx-%#llx, which a guest cannot have",
                            (unsigned long long)k->virt_base, (unsigned long long)k->end);
    if (k->entry < k->start || k->entry >= k->end)
        return image_refuse(r, "has its entry point %#llx outside its segments",
                            (unsigned long long)k->entry);
    if (k->hypercall_page != TS_ADDR_UNSET &&
        (!is_aligned(k->hypercall_page) || k->hypercall_page < k->start ||
         k->hypercall_page >= k->end || TS_PAGE_SIZE > k->end - k->hypercall_page))
        return image_refuse(r, "has its hypercall page outside its segments");
    if (k->init_p2m != TS_ADDR_UNSET &&
        (!is_aligned(k->init_p2m) || !image_range_is_guests(k->init_p2m, k->init_p2m)))
        return image_refuse(r, "wants its p2m list at %#llx, which a guest cannot have",
                            (unsigned long long)k->init_p2m);
    return 0;
}

int image_verdict(struct image_reader *r)
{
    int rc = check_kind(r);

    if (!rc)
        rc = place_segments(r);
    return rc ? rc : check_addresses(r);
}
