/* SPDX-License-Identifier: MIT */
/*
 * Behaviour: page tables have the shape that the levels say. Provocation: tables that name
 * themselves, each other in a ring, tables of a wrong level, one frame at two levels,
 * superpages, bits that are reserved, the hypervisor's slots; each in a table that is to
 * be pinned and in one in use.
 * Expected: -EINVAL (-EBUSY where the refused entry is one of data); all references are given back, so that the frames become ordinary
 * memory again.
 */
#include <test.h>

#include <mini-os/mm.h>

COVERS(mmu_update, mmuext_op, MMUEXT_PIN_L1_TABLE, MMUEXT_PIN_L2_TABLE,
       MMUEXT_PIN_L3_TABLE, MMUEXT_PIN_L4_TABLE, MMUEXT_UNPIN_TABLE);

#define BEYOND     (1ul << 51)
#define FIRST_SLOT 256
#define LAST_SLOT  271

static pte_t *table[5]; /* table[n] is pinned at level n */
static pte_t *loose;

static void expect(const char *what, unsigned int level, long rc, long expected)
{
    if (!check_eq(rc, expected))
        note("%s, level %u", what, level);
}

static int set(const pte_t *slot, pte_t pte)
{
    return mmu_update_one(virt_to_maddr(slot), pte);
}

/* Pins loose with pte in it at the level, and takes it apart again. */
static int pin_with(unsigned int level, pte_t pte)
{
    int rc;

    require(!set(loose + 3, pte));
    rc = table_pin(loose, level);
    if (!rc)
        check_eq(table_unpin(loose), 0);
    check_eq(set(loose + 3, 0), 0);
    check_eq(page_make_rw(loose), 0);
    check_eq(page_make_ro(loose), 0);
    return rc;
}

/* By both ways. */
static void refuse(const char *what, unsigned int level, pte_t pte)
{
    expect(what, level, pin_with(level, pte), -EINVAL);
    expect(what, level, set(table[level] + 3, pte), -EINVAL);
    check_eq(table[level][3], 0);
}

static pte_t naming(const pte_t *page)
{
    return pte_make(virt_to_mfn(page), PTE_TABLE);
}

static void check_wrong_levels(void)
{
    for (unsigned int level = 2; level <= 4; level++)
        for (unsigned int child = 1; child <= 4; child++)
            if (child != level - 1 && child != level)
                refuse("a table of another level", level, naming(table[child]));
}

/* A table that stands for itself at its own level. */
static void check_linear(void)
{
    for (unsigned int level = 2; level <= 4; level++) {
        expect("itself, before it is a table", level, pin_with(level, naming(loose)),
               -EINVAL);
        expect("itself", level, set(table[level] + 3, naming(table[level])), -EINVAL);
        expect("writable, itself", level,
               set(table[level] + 3, naming(table[level]) | PTE_W), -EINVAL);
    }
}

/* Two that name each other. At the lowest level the second one names the first as data, and
 * writable. */
static void check_ring(void)
{
    pte_t *other = table_alloc();

    require(other);
    for (unsigned int level = 2; level <= 4; level++) {
        require(!set(other, naming(loose)) && !set(loose, naming(other)));
        expect("a ring", level, table_pin(other, level), level == 2 ? -EBUSY : -EINVAL);
        expect("a ring", level, table_pin(loose, level), level == 2 ? -EBUSY : -EINVAL);
        check_eq(set(other, 0), 0);
        check_eq(set(loose, 0), 0);
    }
    check_eq(table_free(other), 0);
}

/* One frame at two levels of the same tree. */
static void check_two_levels(void)
{
    pte_t *child = table_alloc();

    require(child);
    require(!set(loose + 1, naming(child)) && !set(child + 1, naming(loose)));
    expect("its own grandchild", 3, table_pin(loose, 3), -EINVAL);
    check_eq(set(child + 1, 0), 0);
    require(!set(loose + 2, naming(child)));
    expect("a child twice", 3, table_pin(loose, 3), 0);
    expect("the child as another level", 1, table_pin(child, 1), -EINVAL);
    expect("the child by its own", 2, table_pin(child, 2), 0);
    check_eq(table_unpin(loose), 0);
    check_eq(table_unpin(child), 0);
    check_eq(set(loose + 1, 0) | set(loose + 2, 0), 0);
    check_eq(table_free(child), 0);
}

static void check_bits(void)
{
    unsigned long mfn = virt_to_mfn(table[1]);

    for (unsigned int level = 2; level <= 4; level++) {
        refuse("superpage", level, pte_make(0, PTE_TABLE | PTE_PSE));
        refuse("superpage of a table", level, pte_make(mfn, PTE_TABLE | PTE_PSE));
        refuse("a frame beyond memory", level, BEYOND | PTE_TABLE);
        refuse("frame 0", level, PTE_TABLE);
    }
    check(pin_with(1, BEYOND | PTE_RW) < 0, "a frame beyond memory");
    check(set(table[1] + 3, BEYOND | PTE_RW) < 0, "a frame beyond memory");
}

static void check_hypervisor_slots(void)
{
    for (unsigned int slot = FIRST_SLOT; slot <= LAST_SLOT; slot++) {
        expect("hypervisor slot", 4, set(table[4] + slot, naming(table[3])), -EINVAL);
        expect("hypervisor slot", 4, set(kernel_space.root + slot, 0), -EINVAL);
    }
}

/* What stands in those slots before a frame becomes a root is not looked at. */
static void check_stale_slots(void)
{
    pte_t wild = pte_make(virt_to_mfn(loose), PTE_RW | PTE_PSE);

    require(!set(loose + FIRST_SLOT, wild) && !set(loose + LAST_SLOT, wild));
    expect("whatever was there", 4, table_pin(loose, 4), 0);
    check_eq(loose[FIRST_SLOT], table[4][FIRST_SLOT]);
    check_eq(loose[LAST_SLOT], table[4][LAST_SLOT]);
    check_eq(table_unpin(loose), 0);
    check_eq(set(loose + FIRST_SLOT, 0) | set(loose + LAST_SLOT, 0), 0);
}

void test_main(void)
{
    loose = table_alloc();
    require(loose);
    for (unsigned int level = 1; level <= 4; level++) {
        table[level] = table_alloc();
        require(table[level] && !table_pin(table[level], level));
    }
    check_wrong_levels();
    check_linear();
    check_ring();
    check_two_levels();
    check_bits();
    check_hypervisor_slots();
    check_stale_slots();
    for (unsigned int level = 1; level <= 4; level++) {
        check_eq(table_unpin(table[level]), 0);
        check_eq(table_free(table[level]), 0);
    }
    check_eq(table_free(loose), 0);
}
