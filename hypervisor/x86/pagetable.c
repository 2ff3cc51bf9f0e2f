/* SPDX-License-Identifier: MIT */
/* Walking and extending the hypervisor's own page tables, below idle_root. */
#include <hv/compiler.h>
#include <hv/heap.h>
#include <hv/page.h>
#include <hv/page_type.h>
#include <hv/paging.h>

uint64_t *idle_root __ro_after_init;
uint64_t idle_cr3 __ro_after_init;

static uint64_t *next_table(uint64_t *e, bool make)
{
    void *table;

    if (*e & PTE_P)
        return *e & PTE_PSE ? NULL : mfn_to_virt(pte_mfn(*e));
    table = make ? hv_alloc_page() : NULL;
    if (table)
        *e = mfn_to_maddr(virt_to_mfn(table)).n | PTE_P | PTE_RW | PTE_A;
    return table;
}

static uint64_t *walk(uintptr_t va, bool make)
{
    uint64_t *table = idle_root;

    for (unsigned int shift = PAGE_SHIFT + 27; table && shift > PAGE_SHIFT; shift -= 9)
        table = next_table(&table[(va >> shift) & (PT_ENTRIES - 1)], make);
    return table ? &table[(va >> PAGE_SHIFT) & (PT_ENTRIES - 1)] : NULL;
}

uint64_t *hv_pte_find(uintptr_t va)
{
    return walk(va, false);
}

uint64_t *hv_pte_make(uintptr_t va)
{
    return walk(va, true);
}
