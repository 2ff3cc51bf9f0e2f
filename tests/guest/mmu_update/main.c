/* SPDX-License-Identifier: MIT */
/*
 * Behaviour: mmu_update has four commands and executes its list in order until one fails.
 * Provocation: each command on a window's entry; lists with a failing request; requests
 * for frames that are not page tables or not ours.
 * Expected: NORMAL and NO_TRANSLATE store the value; PRESERVE_AD keeps accessed and dirty
 * of the old entry; MACHPHYS changes the machine-to-physical table; *done counts what was
 * executed before the failure; negative errnos, no change, for bad requests.
 */
#include <test.h>

#include <mini-os/mm.h>

COVERS(mmu_update, MMU_NORMAL_PT_UPDATE, MMU_MACHPHYS_UPDATE, MMU_PT_UPDATE_PRESERVE_AD,
       MMU_PT_UPDATE_NO_TRANSLATE);

#define BITS      (PTE_P | PTE_W | PTE_A | PTE_D | PTE_ADDR)
#define PTE_CLEAN (PTE_RW & ~(PTE_A | PTE_D))

static volatile char *window;
static char *page;

/* The hypervisor may set user and global bits of its own. */
static pte_t entry_bits(void)
{
    return pte_of(window) & BITS;
}

static void check_store(uint64_t command)
{
    pte_t pte = pte_make(virt_to_mfn(page), PTE_RW);

    check_eq(mmu_update_one(pte_maddr(window, 1) | command, pte), 0);
    check_eq(entry_bits(), pte & BITS);
    check_eq(mmu_update_one(pte_maddr(window, 1) | command, 0), 0);
    check_eq(pte_of(window), 0);
}

static void check_preserve(void)
{
    uint64_t slot = pte_maddr(window, 1);
    unsigned long mfn = virt_to_mfn(page);

    check_eq(mmu_update_one(slot, pte_make(mfn, PTE_RW)), 0);
    check_eq(mmu_update_one(slot | MMU_PT_UPDATE_PRESERVE_AD, pte_make(mfn, PTE_CLEAN)),
             0);
    check_eq(entry_bits(), pte_make(mfn, PTE_RW) & BITS);
    check_eq(mmu_update_one(slot, pte_make(mfn, PTE_CLEAN)), 0);
    check_eq(entry_bits(), pte_make(mfn, PTE_CLEAN) & BITS);
    check_eq(mmu_update_one(slot, 0), 0);
}

static void check_machphys(void)
{
    unsigned long mfn = virt_to_mfn(page), pfn = virt_to_pfn(page);
    uint64_t ptr = ((uint64_t)mfn << PAGE_SHIFT) | MMU_MACHPHYS_UPDATE;

    check_eq(mmu_update_one(ptr, 0x123), 0);
    check_eq(machine_to_phys_mapping[mfn], 0x123);
    check_eq(mmu_update_one(ptr, pfn), 0);
    check_eq(machine_to_phys_mapping[mfn], pfn);
}

/* The second of three fails: the first is done, the third is not. */
static void check_done(void)
{
    uint64_t slot = pte_maddr(window, 1);
    pte_t first = pte_make(virt_to_mfn(page), PTE_RO), third = first | PTE_W;
    mmu_update_t list[] = {
        { .ptr = slot, .val = first },
        { .ptr = slot, .val = pte_make(virt_to_mfn(boot_info), PTE_RO) | 1ULL << 51 },
        { .ptr = slot, .val = third },
    };
    unsigned int done = 99;

    check(HYPERVISOR_mmu_update(list, 3, &done, DOMID_SELF) < 0, "the list fails");
    check_eq(done, 1);
    check_eq(entry_bits(), first & BITS);
    check_eq(HYPERVISOR_mmu_update(list + 2, 1, &done, DOMID_SELF), 0);
    check_eq(done, 1);
    check_eq(HYPERVISOR_mmu_update(list, 0, &done, DOMID_SELF), 0);
    check_eq(done, 0);
    check_eq(mmu_update_one(slot, 0), 0);
}

static void check_errors(void)
{
    mmu_update_t update = { .ptr = pte_maddr(window, 1), .val = 0 };

    check_eq(mmu_update_one(1ULL << 50, 0), -EINVAL);
    check_eq(mmu_update_one((1ULL << 50) | MMU_MACHPHYS_UPDATE, 0), -EINVAL);
    check_eq(HYPERVISOR_mmu_update((void *)0x10, 1, NULL, DOMID_SELF), -EFAULT);
    check_eq(HYPERVISOR_mmu_update(&update, 1, NULL, 77), -ESRCH);
}

/* A frame that is an ordinary page may be written through, as far as it is ours. */
static void check_plain_page(void)
{
    memset(page, 0, PAGE_SIZE);
    check_eq(mmu_update_one(virt_to_maddr(page) + 8, 0x1122334455667788), 0);
    check_eq(((uint64_t *)page)[1], 0x1122334455667788);
}

void test_main(void)
{
    window = window_reserve(1);
    page = alloc_page();
    require(window && page);
    check_store(MMU_NORMAL_PT_UPDATE);
    check_store(MMU_PT_UPDATE_NO_TRANSLATE);
    check_preserve();
    check_machphys();
    check_done();
    check_errors();
    check_plain_page();
}
