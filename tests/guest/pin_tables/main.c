/* SPDX-License-Identifier: MIT */
/*
 * Behaviour: a pinned table is validated and can neither be written by the guest nor
 * mapped writable; a writable page cannot be pinned.
 * Provocation: pin and unpin of all levels; pin twice, at another level, while mapped
 * writable; unpin twice; a writable mapping of a pinned table; tables with bad entries.
 * Expected: 0 for the good ones; -EBUSY for a mapping that the frame's type forbids,
 * also inside a table to be pinned, -EINVAL for a frame that cannot become a table.
 */
#include <test.h>

#include <mini-os/mm.h>

COVERS(mmuext_op, MMUEXT_PIN_L1_TABLE, MMUEXT_PIN_L2_TABLE, MMUEXT_PIN_L3_TABLE,
       MMUEXT_PIN_L4_TABLE, MMUEXT_UNPIN_TABLE);

static void check_levels(void)
{
    for (unsigned int level = 1; level <= 4; level++) {
        pte_t *table = table_alloc();

        require(table);
        check_eq(table_pin(table, level), 0);
        check_eq(table_unpin(table), 0);
        check_eq(table_free(table), 0);
    }
}

static void check_twice(pte_t *table)
{
    check_eq(table_pin(table, 1), 0);
    check_eq(table_pin(table, 1), -EINVAL);
    check_eq(table_pin(table, 2), -EINVAL);
    check_eq(table_unpin(table), 0);
    check_eq(table_unpin(table), -EINVAL);
}

static void check_writable_mapping(pte_t *table)
{
    volatile char *window = window_reserve(1);

    require(window);
    check_eq(table_pin(table, 1), 0);
    check_eq(page_make_rw(table), -EBUSY);
    check_eq(map_mfn(window, virt_to_mfn(table), PTE_RO), 0);
    check_eq(mmu_update_one(pte_maddr(window, 1), pte_make(virt_to_mfn(table), PTE_RW)),
             -EBUSY);
    check(!(pte_of(window) & PTE_W), "not mapped writable");
    check_eq(unmap(window), 0);
    check_eq(table_unpin(table), 0);
    check_eq(page_make_rw(table), 0);
    check_eq(table_pin(table, 1), -EINVAL);
    check_eq(page_make_ro(table), 0);
}

/* An entry is validated with its table, wherever in it it is. */
static void check_entries(pte_t *table, pte_t *other)
{
    static const unsigned int places[] = { 0, 1, 255, 511 };

    for (unsigned int i = 0; i < ARRAY_SIZE(places); i++) {
        check_eq(page_make_rw(table), 0);
        table[places[i]] = pte_make(virt_to_mfn(other), PTE_RW);
        check_eq(page_make_ro(table), 0);
        check_eq(table_pin(other, 1), 0);
        check_eq(table_pin(table, 1), -EBUSY);
        check_eq(table_unpin(other), 0);
        check_eq(table_pin(table, 1), 0);
        check_eq(table_pin(other, 1), -EINVAL);
        check_eq(table_unpin(table), 0);
        check_eq(page_make_rw(table), 0);
        table[places[i]] = 0;
        check_eq(page_make_ro(table), 0);
    }
}

static void check_space(void)
{
    struct address_space space;
    unsigned long before = mm_free_pages();
    char *page = alloc_page();

    require(space_create(&space) == 0);
    check_eq(space_map(&space, 0x400000, pte_make(virt_to_mfn(page), PTE_RW)), 0);
    check_eq(space_map(&space, 0x7ffffffff000, pte_make(virt_to_mfn(page), PTE_RO)), 0);
    space_destroy(&space);
    free_page(page);
    check_eq(mm_free_pages(), before);
}

void test_main(void)
{
    pte_t *table = table_alloc(), *other = table_alloc();

    require(table && other);
    check_levels();
    check_twice(table);
    check_writable_mapping(table);
    check_entries(table, other);
    check_space();
    check_eq(table_free(table), 0);
    check_eq(table_free(other), 0);
}
