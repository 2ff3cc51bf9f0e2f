/* SPDX-License-Identifier: MIT */
/*
 * Frame numbers, and reading and changing single page-table entries.
 */
#include <mini-os/mm.h>

#include <abi/errno.h>
#include <abi/hypercall_stubs.h>
#include <mini-os/boot.h>
#include <mini-os/panic.h>
#include <mini-os/traps.h>

#include "internal.h"

#define HYPERVISOR_SLOT_FIRST 256
#define HYPERVISOR_SLOT_LAST  271

unsigned long pfn_to_mfn(unsigned long pfn)
{
    BUG_ON(pfn >= boot_info->nr_pages);
    return ((const unsigned long *)boot_info->mfn_list)[pfn];
}

/* A frame that is not ours may lie beyond the machine-to-physical table's end. */
unsigned long mfn_to_pfn(unsigned long mfn)
{
    struct trap_result fault;
    uint64_t pfn;

    if (mfn >= MACH2PHYS_NR_ENTRIES ||
        probe_read(&machine_to_phys_mapping[mfn], &pfn, &fault) ||
        pfn >= boot_info->nr_pages || pfn_to_mfn(pfn) != mfn)
        return ~0UL;
    return pfn;
}

unsigned long virt_to_mfn(const volatile void *va)
{
    return pfn_to_mfn(virt_to_pfn(va));
}

uint64_t virt_to_maddr(const volatile void *va)
{
    return ((uint64_t)virt_to_mfn(va) << PAGE_SHIFT) |
           ((unsigned long)va & (PAGE_SIZE - 1));
}

static const pte_t *table_below(pte_t pte)
{
    unsigned long pfn;

    if (!(pte & PTE_P) || (pte & PTE_PSE))
        return NULL;
    pfn = mfn_to_pfn(pte_mfn(pte));
    return pfn == ~0UL ? NULL : pfn_to_virt(pfn);
}

const pte_t *pte_slot(unsigned long va, unsigned int level)
{
    const pte_t *table = kernel_space.root;
    unsigned int top = pte_index(va, 4);

    if (top >= HYPERVISOR_SLOT_FIRST && top <= HYPERVISOR_SLOT_LAST)
        return NULL;
    for (unsigned int at = 4; at > level && table; at--)
        table = table_below(READ_ONCE(table[pte_index(va, at)]));
    return table ? &table[pte_index(va, level)] : NULL;
}

pte_t pte_of(const volatile void *va)
{
    const pte_t *slot = pte_slot((unsigned long)va, 1);

    return slot ? READ_ONCE(*slot) : 0;
}

uint64_t pte_maddr(const volatile void *va, unsigned int level)
{
    const pte_t *slot = pte_slot((unsigned long)va, level);

    return slot ? virt_to_maddr(slot) : 0;
}

int mmu_update_one(uint64_t ptr, uint64_t val)
{
    struct mmu_update update = { .ptr = ptr, .val = val };

    return HYPERVISOR_mmu_update(&update, 1, NULL, DOMID_SELF);
}

void mmu_update_must(struct mmu_update *batch, unsigned int count)
{
    int rc = HYPERVISOR_mmu_update(batch, count, NULL, DOMID_SELF);

    BUG_ON(rc);
}

int mmuext_one(unsigned int cmd, unsigned long arg1, unsigned long arg2)
{
    struct mmuext_op op = { .cmd = cmd };

    op.arg1.linear_addr = arg1;
    op.arg2.nr_ents = arg2;
    return HYPERVISOR_mmuext_op(&op, 1, NULL, DOMID_SELF);
}

static int set_by_write(const volatile void *va, pte_t pte)
{
    pte_t *slot = (pte_t *)pte_slot((unsigned long)va, 1);
    struct trap_result fault;

    if (!slot || probe_write(slot, pte, &fault))
        return -XEN_EFAULT;
    return mmuext_one(MMUEXT_INVLPG_ALL, (unsigned long)va, 0);
}

static int set_by_mmu_update(const volatile void *va, pte_t pte)
{
    int rc = mmu_update_one(pte_maddr(va, 1) | MMU_NORMAL_PT_UPDATE, pte);

    return rc ? rc : mmuext_one(MMUEXT_INVLPG_ALL, (unsigned long)va, 0);
}

int pte_set(const volatile void *va, pte_t pte, enum pte_how how)
{
    switch (how) {
    case PTE_BY_MMU_UPDATE:
        return set_by_mmu_update(va, pte);
    case PTE_BY_WRITE:
        return set_by_write(va, pte);
    default:
        return HYPERVISOR_update_va_mapping((unsigned long)va, pte,
                                            UVMF_INVLPG | UVMF_ALL);
    }
}

int page_make_ro(void *page)
{
    return pte_set(page, pte_make(virt_to_mfn(page), PTE_RO), PTE_BY_VA);
}

int page_make_rw(void *page)
{
    return pte_set(page, pte_make(virt_to_mfn(page), PTE_RW), PTE_BY_VA);
}
