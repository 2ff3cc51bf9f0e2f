/* SPDX-License-Identifier: MIT */
/*
 * Behaviour: every frame that start_info counts is the domain's and is ordinary memory.
 * Provocation: all of it is mapped and written with a pattern, then read back.
 * Expected: no frame is missing, none appears twice.
 */
/* qemu: -m 512 */
/* dom0: mem=160M */
#include <test.h>

#include <mini-os/mm.h>

COVERS(mmu_update, update_va_mapping, MMU_NORMAL_PT_UPDATE);

static unsigned long *newest;
static unsigned long pages;

/* The pages form a list; each one holds its own frame number as well. */
static void take_all(void)
{
    for (unsigned long *page; (page = alloc_page()); newest = page, pages++) {
        page[0] = (unsigned long)newest;
        page[1] = virt_to_mfn(page);
        page[PTES_PER_TABLE - 1] = ~page[1];
    }
}

static unsigned long check_all(void)
{
    unsigned long wrong = 0;

    for (const unsigned long *page = newest; page; page = (void *)page[0])
        wrong += page[1] != virt_to_mfn(page) || page[PTES_PER_TABLE - 1] != ~page[1];
    return wrong;
}

static void free_all(void)
{
    while (newest) {
        unsigned long *page = newest;

        newest = (void *)page[0];
        free_page(page);
    }
}

void test_main(void)
{
    unsigned long before = mm_free_pages(), tables;

    take_all();
    tables = before - pages - mm_free_pages();
    check_eq(check_all(), 0);
    check(tables <= mm_nr_pages() / PTES_PER_TABLE + 1, "only tables are lost");
    note("%lu of %lu pages, %lu tables", pages, mm_nr_pages(), tables);
    free_all();
    check_eq(mm_free_pages(), pages);
}
