/* SPDX-License-Identifier: MIT */
/*
 * Behaviour: CLEAR_PAGE and COPY_PAGE fill frames that need not be mapped.
 * Provocation: ordinary pages, mapped and not; the same page twice; page tables in use;
 * frames that are not the guest's or do not exist.
 * Expected: the contents; -EINVAL where the frame cannot be written or read.
 */
#include <test.h>

#include <mini-os/mm.h>

COVERS(mmuext_op, MMUEXT_CLEAR_PAGE, MMUEXT_COPY_PAGE);

#define NO_FRAME 0xffffffffffUL

static bool is_filled(const char *page, char value)
{
    for (unsigned int i = 0; i < PAGE_SIZE; i++)
        if (page[i] != value)
            return false;
    return true;
}

static void check_contents(char *a, char *b)
{
    memset(a, 0xaa, PAGE_SIZE);
    memset(b, 0xbb, PAGE_SIZE);
    check_eq(mmuext_one(MMUEXT_COPY_PAGE, virt_to_mfn(a), virt_to_mfn(b)), 0);
    check(is_filled(a, (char)0xbb) && is_filled(b, (char)0xbb), "copied");
    check_eq(mmuext_one(MMUEXT_CLEAR_PAGE, virt_to_mfn(b), 0), 0);
    check(is_filled(a, (char)0xbb) && is_filled(b, 0), "cleared");
    check_eq(mmuext_one(MMUEXT_COPY_PAGE, virt_to_mfn(a), virt_to_mfn(a)), 0);
    check(is_filled(a, (char)0xbb), "copied to itself");
}

static void check_unmapped(char *a)
{
    unsigned long mfn = virt_to_mfn(a);

    check_eq(unmap(a), 0);
    check_eq(mmuext_one(MMUEXT_CLEAR_PAGE, mfn, 0), 0);
    check_eq(map_mfn(a, mfn, PTE_RW), 0);
    check(is_filled(a, 0), "cleared without a mapping");
}

static void check_errors(char *a)
{
    pte_t *table = table_alloc();

    require(table);
    check_eq(table_pin(table, 1), 0);
    check_eq(mmuext_one(MMUEXT_CLEAR_PAGE, virt_to_mfn(table), 0), -EINVAL);
    check_eq(mmuext_one(MMUEXT_COPY_PAGE, virt_to_mfn(table), virt_to_mfn(a)), -EINVAL);
    check_eq(mmuext_one(MMUEXT_COPY_PAGE, virt_to_mfn(a), virt_to_mfn(table)), 0);
    check_eq(table_unpin(table), 0);
    check_eq(table_free(table), 0);
    check_eq(mmuext_one(MMUEXT_CLEAR_PAGE, NO_FRAME, 0), -EINVAL);
    check_eq(mmuext_one(MMUEXT_COPY_PAGE, NO_FRAME, virt_to_mfn(a)), -EINVAL);
    check_eq(mmuext_one(MMUEXT_COPY_PAGE, virt_to_mfn(a), NO_FRAME), -EINVAL);
    check_eq(mmuext_one(MMUEXT_CLEAR_PAGE, 0, 0), -EINVAL);
}

void test_main(void)
{
    char *a = alloc_page(), *b = alloc_page();

    require(a && b);
    check_contents(a, b);
    check_unmapped(a);
    check_errors(a);
    free_page(a);
    free_page(b);
}
