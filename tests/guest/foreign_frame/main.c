/* SPDX-License-Identifier: MIT */
/*
 * Behaviour: a domain maps only frames of its own; the hypervisor's are out of reach for
 * the initial domain too.
 * Provocation: the frame of the hypervisor's level 3 table that stands in our root, as
 * data, read-only and writable, as a page table, pinned, as a root; a frame number beyond
 * the end of memory.
 * Expected: -EBUSY for a mapping that the frame's owner or type forbids, -EINVAL for a
 * table; the entry stays empty.
 */
#include <test.h>

#include <mini-os/mm.h>

COVERS(mmu_update, update_va_mapping, mmuext_op, MMUEXT_PIN_L1_TABLE, MMUEXT_NEW_BASEPTR,
       MMUEXT_NEW_USER_BASEPTR);

#define FIRST_SLOT 256
#define LAST_SLOT  271
#define BEYOND     0xfffffff000ULL

static volatile char *window;

static void check_refused(const char *what, int rc, int expected)
{
    if (!check_eq(rc, expected))
        note("%s", what);
    check_eq(pte_of(window), 0);
}

static void check_mappings(unsigned long mfn)
{
    check_refused("read-only, mmu_update",
                  mmu_update_one(pte_maddr(window, 1), pte_make(mfn, PTE_RO)), -EBUSY);
    check_refused("writable, mmu_update",
                  mmu_update_one(pte_maddr(window, 1), pte_make(mfn, PTE_RW)), -EBUSY);
    check_refused("read-only, by address",
                  pte_set(window, pte_make(mfn, PTE_RO), PTE_BY_VA), -EBUSY);
    check_refused("writable, by address",
                  pte_set(window, pte_make(mfn, PTE_RW), PTE_BY_VA), -EBUSY);
    check_refused("as a level 1 table",
                  mmu_update_one(pte_maddr(window, 2) + 8, pte_make(mfn, PTE_TABLE)),
                  -EINVAL);
}

static void check_tables(unsigned long mfn)
{
    for (unsigned int level = 1; level <= 4; level++)
        check_refused("pinned", mmuext_one(MMUEXT_PIN_L1_TABLE + level - 1, mfn, 0),
                      -EINVAL);
    check_refused("unpinned", mmuext_one(MMUEXT_UNPIN_TABLE, mfn, 0), -EINVAL);
    check_refused("as the root", mmuext_one(MMUEXT_NEW_BASEPTR, mfn, 0), -EINVAL);
    check_refused("as the user root", mmuext_one(MMUEXT_NEW_USER_BASEPTR, mfn, 0),
                  -EINVAL);
}

/* The first entry that the hypervisor has put into its part of our root. */
static pte_t hypervisor_entry(void)
{
    for (unsigned int slot = FIRST_SLOT; slot <= LAST_SLOT; slot++)
        if (kernel_space.root[slot] & PTE_P)
            return kernel_space.root[slot];
    return 0;
}

void test_main(void)
{
    pte_t entry = hypervisor_entry();

    window = window_reserve(1);
    require(window);
    if (!entry)
        skip("the hypervisor shows no table of its own in our root");
    check_eq(mfn_to_pfn(pte_mfn(entry)), ~0UL);
    check_mappings(pte_mfn(entry));
    check_tables(pte_mfn(entry));
    check_refused("beyond memory as the root", mmuext_one(MMUEXT_NEW_BASEPTR, BEYOND, 0),
                  -EINVAL);
    check_refused("beyond memory pinned", mmuext_one(MMUEXT_PIN_L1_TABLE, BEYOND, 0),
                  -EINVAL);
}
