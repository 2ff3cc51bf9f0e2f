/* SPDX-License-Identifier: MIT */
/*
 * The final page tables: all RAM at DIRECTMAP_START, the image with each part's rights,
 * the frame table and the machine-to-physical table. Large pages wherever they fit.
 *
 * Rights: no page is writable and executable; the direct map's view of code and constants
 * is read-only. RW and RO views of the machine-to-physical table share all tables: their
 * level-4 entries differ (supervisor writable; user read-only).
 *
 * Frame-table and machine-to-physical pages exist where there is RAM. Between, one shared
 * read-only page says "absent" (zero references; no pseudo-physical number), so that any
 * frame number below max_page may be looked up.
 */
#include "internal.h"

#include <hv/cpu.h>
#include <hv/heap.h>
#include <hv/lib.h>
#include <hv/page_type.h>
#include <hv/paging.h>
#include <hv/smp.h>

#define SIZE_2M        (PAGE_SIZE << PAGE_ORDER_2M)
#define SIZE_1G        (PAGE_SIZE << PAGE_ORDER_1G)
#define LIMIT_START_UP (1ull << 32) /* what the start-up tables map */

/* Accessed and dirty are set from the start: nobody looks at them. */
#define PTE_BASE  (PTE_P | PTE_A | PTE_D | PTE_G)
#define PTE_TABLE (PTE_P | PTE_RW | PTE_A)
#define PTE_RO    (PTE_BASE | PTE_NX)
#define PTE_DATA  (PTE_BASE | PTE_RW | PTE_NX)
#define PTE_CODE  PTE_BASE
/* User-readable by way of slot 256, whose level-4 entry takes the right to write away. */
#define PTE_M2P (PTE_DATA | PTE_US)

uint64_t max_page __ro_after_init;

static __initdata uint64_t alloc_limit = LIMIT_START_UP;

static always_inline uint64_t *table_at(uint64_t pa)
{
    return mfn_to_virt(maddr_to_mfn(_maddr(pa)));
}

static __init uint64_t alloc_table(void)
{
    uint64_t pa = early_alloc(PAGE_SIZE, PAGE_SIZE, alloc_limit);

    memset(table_at(pa), 0, PAGE_SIZE);
    return pa;
}

static always_inline unsigned int pt_index(uintptr_t va, unsigned int level)
{
    return (va >> (PAGE_SHIFT + 9 * (level - 1))) & (PT_ENTRIES - 1);
}

/* The table that entry e names, made when there is none. */
static __init uint64_t *next_table(uint64_t *e)
{
    if (!(*e & PTE_P))
        *e = alloc_table() | PTE_TABLE | PTE_US;
    return table_at(*e & PTE_ADDR_MASK);
}

/* Address of va's entry in its table of `level`. */
static __init uint64_t *entry_at(uintptr_t va, unsigned int level)
{
    uint64_t *table = idle_root;

    for (unsigned int l = 4; l > level; l--)
        table = next_table(&table[pt_index(va, l)]);
    return &table[pt_index(va, level)];
}

/* Bytes that one entry at va can map, given what is left: a whole 1G, 2M or 4K page. */
static __init uint64_t fitting_size(uintptr_t va, uint64_t pa, uint64_t left)
{
    if (host_cpu.page1gb && left >= SIZE_1G && IS_ALIGNED(va | pa, SIZE_1G))
        return SIZE_1G;
    if (left >= SIZE_2M && IS_ALIGNED(va | pa, SIZE_2M))
        return SIZE_2M;
    return PAGE_SIZE;
}

static __init void map(uintptr_t va, uint64_t pa, uint64_t size, uint64_t flags)
{
    while (size) {
        uint64_t step = fitting_size(va, pa, size);
        unsigned int level = step == SIZE_1G ? 3 : step == SIZE_2M ? 2 : 1;

        *entry_at(va, level) = pa | flags | (level > 1 ? PTE_PSE : 0);
        va += step;
        pa += step;
        size -= step;
    }
}

static __init void map_direct(uint64_t start, uint64_t end, uint64_t flags)
{
    if (start < end)
        map(DIRECTMAP_START + start, start, end - start, flags);
}

/* All RAM; of the image's frames, code and constants read-only. */
static __init void map_all_ram(const struct boot_info *bi)
{
    uint64_t ro_start = image_pa(__text_start), ro_end = image_pa(__ro_after_init_end);

    for (unsigned int i = 0; i < bi->nr_mem; i++) {
        uint64_t start = bi->mem[i].start, end = start + bi->mem[i].size;

        if (bi->mem[i].kind != MEM_RAM)
            continue;
        map_direct(start, min(end, max(start, ro_start)), PTE_DATA);
        map_direct(max(start, ro_start), min(end, ro_end), PTE_RO);
        map_direct(max(start, min(end, ro_end)), end, PTE_DATA);
        max_page = end >> PAGE_SHIFT;
    }
}

static __init void map_part(const char *start, const char *end, uint64_t flags)
{
    for (const char *p = start; p < end; p += PAGE_SIZE)
        *entry_at((uintptr_t)p, 1) = image_pa(p) | flags;
}

static __init void map_image(void)
{
    map_part(__text_start, __text_end, PTE_CODE);
    map_part(__text_end, __ro_after_init_start, PTE_RO);
    map_part(__ro_after_init_start, __init_start, PTE_DATA);
    map_part(__init_start, __init_data_start, PTE_CODE);
    map_part(__init_data_start, __init_end, PTE_DATA);
    map_part(__symbols_start, __symbols_end, PTE_RO);
    map_part(__bss_start, __image_end, PTE_DATA);
    *entry_at((uintptr_t)boot_stack_guard, 1) = 0;
}

/* Level-4 entries that must be there before guests' roots copy them. */
static __init void make_slots(void)
{
    static const uintptr_t slot[] = { RW_M2P_START, FRAMETABLE_START, HV_IMAGE_START,
                                      DESC_WINDOW_START };

    for (size_t i = 0; i < ARRAY_SIZE(slot); i++)
        entry_at(slot[i], 3);
    idle_root[pt_index(RO_M2P_START, 4)] =
        (idle_root[pt_index(RW_M2P_START, 4)] & PTE_ADDR_MASK) | PTE_P | PTE_US | PTE_A |
        PTE_NX;
    idle_root[pt_index(RW_M2P_START, 4)] &= ~PTE_US;
}

/*
 * The part of the table's 2 MiB at `chunk` that RAM frames have elements in, in whole
 * pages; false when they have none. base and each as in build_table().
 */
static __init bool chunk_extent(const struct boot_info *bi, uintptr_t base,
                                unsigned int each, uintptr_t chunk, uintptr_t *first,
                                uintptr_t *end)
{
    *first = chunk + SIZE_2M;
    *end = chunk;
    for (unsigned int i = 0; i < bi->nr_mem; i++) {
        const struct mem_range *r = &bi->mem[i];
        uintptr_t from = base + (r->start >> PAGE_SHIFT) * each;
        uintptr_t to = base + ((r->start + r->size) >> PAGE_SHIFT) * each;

        from = max(ROUND_DOWN(from, PAGE_SIZE), chunk);
        to = min(ROUND_UP(to, PAGE_SIZE), chunk + SIZE_2M);
        if (r->kind != MEM_RAM || from >= to)
            continue;
        *first = min(*first, from);
        *end = max(*end, to);
    }
    return *first < *end;
}

/* Machine-contiguous memory for [va, va + size), at most 2 MiB, each byte set to fill. */
static __init void back(uintptr_t va, uint64_t size, uint64_t flags, int fill)
{
    uint64_t pa = early_alloc(size, size == SIZE_2M ? SIZE_2M : PAGE_SIZE, alloc_limit);

    map(va, pa, size, flags);
    memset((void *)va, fill, size);
}

/* The rest of a table's [base, stop): every page the same one, through shared tables. */
static __init void fill_holes(uintptr_t base, uintptr_t stop, uint64_t flags, int fill)
{
    uint64_t shared[4]; /* by level of the entry that takes it */

    flags &= ~PTE_RW;
    shared[1] = alloc_table() | flags;
    memset(table_at(shared[1] & PTE_ADDR_MASK), fill, PAGE_SIZE);
    for (unsigned int level = 2; level <= 3; level++) {
        shared[level] = alloc_table() | PTE_P | PTE_US | PTE_A;
        for (unsigned int i = 0; i < PT_ENTRIES; i++)
            table_at(shared[level] & PTE_ADDR_MASK)[i] = shared[level - 1];
    }
    for (uintptr_t va = base; va < stop;) {
        unsigned int level = 3;
        uint64_t *e = entry_at(va, level);

        while ((*e & PTE_P) && !(*e & PTE_PSE) && level > 1)
            e = entry_at(va, --level);
        if (!(*e & PTE_P))
            *e = shared[level];
        va = ROUND_DOWN(va, PAGE_SIZE << (9 * (level - 1))) +
             (PAGE_SIZE << (9 * (level - 1)));
    }
}

/*
 * `each` bytes for every frame below max_page, from base on. What lies between the first
 * and the last RAM of 2 MiB of the table is machine-contiguous: tools map it as such.
 */
static __init void build_table(const struct boot_info *bi, uintptr_t base,
                               unsigned int each, uint64_t flags, int fill)
{
    uintptr_t end = base + max_page * each, from, to;

    for (uintptr_t chunk = base; chunk < end; chunk += SIZE_2M)
        if (chunk_extent(bi, base, each, chunk, &from, &to))
            back(from, to - from, flags, fill);
    fill_holes(base, end, flags, fill);
}

__init void paging_init(void)
{
    early_init(&boot_info);
    idle_cr3 = alloc_table();
    idle_root = table_at(idle_cr3);
    make_slots();
    map_all_ram(&boot_info);
    map_image();
    write_cr3(idle_cr3);
    alloc_limit = max_page << PAGE_SHIFT;
    build_table(&boot_info, FRAMETABLE_START, sizeof(struct page_info), PTE_DATA, 0);
    build_table(&boot_info, RW_M2P_START, sizeof(uint64_t), PTE_M2P, 0xff);
}

static void flush_this_cpu(void *arg)
{
    (void)arg;
    tlb_flush_all_local();
}

/*
 * Ends start-up: what was to be written only until now becomes read-only, and the pages
 * of .init and .boot are unmapped and given to the heap. Interrupts on; must not be
 * called from .init.text.
 */
void paging_seal(void)
{
    for (char *p = __ro_after_init_start; p < __ro_after_init_end; p += PAGE_SIZE)
        *hv_pte_find((uintptr_t)p) &= ~PTE_RW;
    for (char *p = __init_start; p < __init_end; p += PAGE_SIZE)
        *hv_pte_find((uintptr_t)p) = 0;
    smp_call(&cpu_online_map, flush_this_cpu, NULL);
    heap_add_range(maddr_to_mfn(_maddr(image_pa(__boot_start_alias))),
                   maddr_to_mfn(_maddr(image_pa(__boot_end_alias))));
    heap_add_range(maddr_to_mfn(_maddr(image_pa(__init_start))),
                   maddr_to_mfn(_maddr(image_pa(__init_end))));
}
