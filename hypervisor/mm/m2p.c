/* SPDX-License-Identifier: MIT */
/*
 * The frames that hold the machine-to-physical table, for tools that map it themselves:
 * owner DOMID_XEN, one reference and one type reference that never go, of type none,
 * so that they can be mapped, and never writably.
 */
#include <hv/lib.h>
#include <hv/page.h>
#include <hv/page_type.h>
#include <hv/paging.h>

#define STRETCH_SIZE (PAGE_SIZE << PAGE_ORDER_2M)

static uint64_t m2p_bytes(void)
{
    return max_page * sizeof(uint64_t);
}

static uint64_t entry(uint64_t table_entry, uintptr_t va, unsigned int shift)
{
    const uint64_t *table = mfn_to_virt(pte_mfn(table_entry));

    return table[(va >> shift) % PT_ENTRIES];
}

/* The level-2 entry of a hypervisor address; 0 when there is none. */
static uint64_t level2_entry(uintptr_t va)
{
    uint64_t e = idle_root[(va >> 39) % PT_ENTRIES];

    for (unsigned int shift = 30; (e & PTE_P) && shift >= 21; shift -= 9)
        e = entry(e, va, shift);
    return e & PTE_P ? e : 0;
}

static void share_frame(uint64_t mfn)
{
    struct page_info *pg = mfn_to_page(_mfn(mfn));

    pg->type = (uint64_t)PT_NONE << PGT_TYPE_SHIFT | PGT_VALIDATED | 1;
    pg->ref = PGR_UNUSED | 1;
}

static void share_stretch(uintptr_t va)
{
    uint64_t e = level2_entry(va);

    for (unsigned int i = 0; e && i < PT_ENTRIES; i++) {
        uint64_t leaf = e & PTE_PSE ? e + ((uint64_t)i << PAGE_SHIFT)
                                    : entry(e, va + i * PAGE_SIZE, PAGE_SHIFT);

        if (leaf & PTE_P)
            share_frame(mfn_x(pte_mfn(leaf)));
    }
}

void m2p_init(void)
{
    for (uint64_t at = 0; at < m2p_bytes(); at += STRETCH_SIZE)
        share_stretch(RW_M2P_START + at);
}

mfn_t m2p_stretch_mfn(unsigned long i)
{
    uintptr_t va = RW_M2P_START + i * STRETCH_SIZE;
    uint64_t e;

    if (i >= DIV_ROUND_UP(m2p_bytes(), STRETCH_SIZE))
        return _mfn(INVALID_MFN_N);
    e = level2_entry(va);
    if (e && !(e & PTE_PSE))
        e = entry(e, va, PAGE_SHIFT);
    return pte_mfn(e);
}
