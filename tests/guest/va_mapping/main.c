/* SPDX-License-Identifier: MIT */
/*
 * Behaviour: update_va_mapping, mmu_update and a store into the read-only table all set a
 * level 1 entry, and the flush that comes with them takes effect.
 * Provocation: one address mapped to two frames in turn, read-only and writable, and
 * emptied, each way; addresses without a table; with each flush flag.
 * Expected: reads and writes see the frame that is mapped; a page fault when there is
 * none or it is read-only; -EINVAL for an address without a table.
 */
#include <test.h>

#include <mini-os/mm.h>
#include <mini-os/traps.h>

COVERS(update_va_mapping, mmu_update, MMU_NORMAL_PT_UPDATE, MMUEXT_INVLPG_ALL);

static volatile uint64_t *page[2];

static void check_way(volatile uint64_t *window, enum pte_how how)
{
    struct trap_result fault;
    uint64_t value;

    for (unsigned int i = 0; i < 2; i++) {
        check_eq(pte_set(window, pte_make(virt_to_mfn(page[i]), PTE_RW), how), 0);
        check_eq(*window, *page[i]);
        *window += 0x100;
        check_eq(*window, *page[i]);
    }
    check_eq(pte_set(window, pte_make(virt_to_mfn(page[1]), PTE_RO), how), 0);
    check_eq(*window, *page[1]);
    check(probe_write(window, 1, &fault), "a write to a read-only page traps");
    check_eq(fault.error, 3);
    check_eq(pte_set(window, 0, how), 0);
    check_eq(pte_of(window), 0);
    check(probe_read(window, &value, &fault), "a read of an empty entry traps");
    check_eq(fault.error, 0);
}

static void check_flags(volatile uint64_t *window)
{
    static const unsigned long flags[] = {
        UVMF_NONE,
        UVMF_TLB_FLUSH | UVMF_LOCAL,
        UVMF_TLB_FLUSH | UVMF_ALL,
        UVMF_INVLPG | UVMF_LOCAL,
        UVMF_INVLPG | UVMF_ALL,
    };

    for (unsigned int i = 0; i < ARRAY_SIZE(flags); i++) {
        pte_t pte = pte_make(virt_to_mfn(page[i % 2]), PTE_RW);

        check_eq(HYPERVISOR_update_va_mapping((unsigned long)window, pte, flags[i]), 0);
        check_eq(*window, *page[i % 2]);
    }
    check_eq(HYPERVISOR_update_va_mapping((unsigned long)window, 0, UVMF_NONE), 0);
}

static void check_without_table(void)
{
    pte_t pte = pte_make(virt_to_mfn(page[0]), PTE_RW);

    check_eq(HYPERVISOR_update_va_mapping(0x10000000, pte, UVMF_INVLPG), -EINVAL);
    check_eq(HYPERVISOR_update_va_mapping(HYPERVISOR_VIRT_START, pte, UVMF_INVLPG),
             -EINVAL);
}

void test_main(void)
{
    volatile uint64_t *window = window_reserve(1);

    require(window);
    for (unsigned int i = 0; i < 2; i++) {
        page[i] = alloc_page();
        require(page[i]);
        *page[i] = i + 1;
    }
    check_way(window, PTE_BY_VA);
    check_way(window, PTE_BY_MMU_UPDATE);
    check_way(window, PTE_BY_WRITE);
    check_flags(window);
    check_without_table();
}
