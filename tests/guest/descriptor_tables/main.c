/* SPDX-License-Identifier: MIT */
/*
 * Behaviour: a guest has GDT entries of its own below the hypervisor's, and an LDT. The
 * frames are read-only; update_descriptor changes single entries.
 * Provocation: a table of descriptors as GDT and as LDT, looked at by LSL and LAR;
 * entries changed; frames that are writable or not the guest's; too many entries;
 * descriptors of gates and system segments. Expected: the limits and rights of the table,
 * ring 3 even where it said ring 0; -EINVAL for what is refused, -EFAULT for a list that
 * cannot be read; the frames cannot be mapped writable as long as they are in use.
 */
#include <test.h>

#include <mini-os/mm.h>
#include <mini-os/traps.h>

COVERS(set_gdt, update_descriptor, mmuext_op, MMUEXT_SET_LDT);

#define UNMAPPED   ((void *)0x10)
#define NO_FRAME   0xffffffffffUL
#define GDT_MAX    (FIRST_RESERVED_GDT_PAGE * 512)
#define GDT(index) ((index) << 3 | 3)
#define LDT(index) ((index) << 3 | 7)
#define RIGHTS_DPL 0x6000U
#define LDT_MAX    8192

/* Data segment, accessed, byte granular: ring 3 and ring 0. */
#define DATA_RING3(limit) (0x0040f30000000000UL | (limit))
#define DATA_RING0(limit) (0x0040930000000000UL | (limit))
#define CODE_RING3        0x00affb000000ffffUL
#define CALL_GATE(cs)     (0x0000ec0000000000UL | (uint64_t)(cs) << 16)
#define HYPERVISOR_CS     0xe008
#define TSS_SEGMENT       0x0000890000000067UL

/* The limit of the segment that a selector names; -1 if there is none. */
static long limit_of(unsigned long selector)
{
    long limit = -1;

    asm volatile("lsl %1, %0" : "+r"(limit) : "r"(selector) : "cc");
    return limit;
}

static unsigned int rights_of(unsigned long selector)
{
    unsigned int rights = 0;

    asm volatile("lar %k1, %0" : "+r"(rights) : "r"(selector) : "cc");
    return rights;
}

/* A page of descriptors whose limits tell their index. */
static uint64_t *make_table(void)
{
    uint64_t *table = alloc_page();

    require(table);
    for (unsigned int i = 1; i < 512; i++)
        table[i] = DATA_RING3(0x100U + i);
    table[5] = DATA_RING0(0x555);
    table[6] = CODE_RING3;
    table[7] = 0;
    return table;
}

static void drop_table(uint64_t *table)
{
    check_eq(page_make_rw(table), 0);
    free_page(table);
}

static void check_gdt(uint64_t *table)
{
    unsigned long frame = virt_to_mfn(table);

    check_eq(HYPERVISOR_set_gdt(&frame, 512), -EINVAL); /* writable */
    check_eq(page_make_ro(table), 0);
    check_eq(HYPERVISOR_set_gdt(&frame, 512), 0);
    check_eq(limit_of(GDT(1)), 0x101);
    check_eq(limit_of(GDT(511)), 0x100 + 511);
    check_eq(limit_of(GDT(5)), 0x555);
    check_eq(rights_of(GDT(5)) & RIGHTS_DPL, RIGHTS_DPL);
    check_eq(limit_of(GDT(7)), -1);
    check_eq(limit_of(GDT(512)), -1);
    check(rights_of(GDT(6)), "code segment");
    check_eq(page_make_rw(table), -EBUSY);
}

static void check_gdt_errors(void)
{
    unsigned long frames[FIRST_RESERVED_GDT_PAGE] = { NO_FRAME };

    check_eq(HYPERVISOR_set_gdt(frames, 1), -EINVAL);
    frames[0] = virt_to_mfn(kernel_space.root);
    check_eq(HYPERVISOR_set_gdt(frames, 1), -EINVAL);
    check_eq(HYPERVISOR_set_gdt(frames, GDT_MAX + 1), -EINVAL);
    check_eq(HYPERVISOR_set_gdt(UNMAPPED, 512), -EFAULT);
    check_eq(limit_of(GDT(1)), 0x101);
}

static long update(const uint64_t *entry, uint64_t value)
{
    return HYPERVISOR_update_descriptor(virt_to_maddr(entry), value);
}

static void check_update(uint64_t *table)
{
    check_eq(update(&table[1], DATA_RING3(0x777)), 0);
    check_eq(limit_of(GDT(1)), 0x777);
    check_eq(update(&table[2], DATA_RING0(0x888)), 0);
    check_eq(limit_of(GDT(2)), 0x888);
    check_eq(rights_of(GDT(2)) & RIGHTS_DPL, RIGHTS_DPL);
    check_eq(update(&table[3], 0), 0);
    check_eq(limit_of(GDT(3)), -1);
    check_eq(update(&table[4], CALL_GATE(HYPERVISOR_CS)), -EINVAL);
    check_eq(update(&table[4], TSS_SEGMENT), -EINVAL);
    check_eq(limit_of(GDT(4)), 0x104);
    check_eq(HYPERVISOR_update_descriptor(virt_to_maddr(table) + 4, 0), -EINVAL);
    check_eq(HYPERVISOR_update_descriptor(NO_FRAME << PAGE_SHIFT, 0), -EINVAL);
    check_eq(update((uint64_t *)kernel_space.root, 0), -EINVAL);
}

/* A page that is no table yet may be filled in this way, too. */
static void check_update_elsewhere(void)
{
    uint64_t *page = alloc_page();

    require(page);
    check_eq(update(&page[9], DATA_RING3(0x123)), 0);
    check_eq(page[9], DATA_RING3(0x123));
    free_page(page);
}

static void check_no_gdt(uint64_t *table)
{
    check_eq(HYPERVISOR_set_gdt(NULL, 0), 0);
    check_eq(limit_of(GDT(1)), -1);
    check_eq(page_make_rw(table), 0);
    check_eq(page_make_ro(table), 0);
}

/* A table with such an entry cannot be loaded at all. */
static void check_bad_table(uint64_t bad)
{
    uint64_t *table = make_table();
    unsigned long frame = virt_to_mfn(table);

    table[300] = bad;
    check_eq(page_make_ro(table), 0);
    check_eq(HYPERVISOR_set_gdt(&frame, 1), -EINVAL);
    drop_table(table);
}

static void check_ldt(uint64_t *table)
{
    unsigned long base = (unsigned long)table;

    check_eq(limit_of(LDT(1)), -1);
    check_eq(mmuext_one(MMUEXT_SET_LDT, base, 512), 0);
    check_eq(limit_of(LDT(8)), 0x108);
    check_eq(limit_of(LDT(511)), 0x100 + 511);
    check_eq(update(&table[8], DATA_RING3(0x999)), 0);
    check_eq(limit_of(LDT(8)), 0x999);
    check_eq(limit_of(LDT(512)), -1);
    check_eq(page_make_rw(table), -EBUSY);
    check_eq(mmuext_one(MMUEXT_SET_LDT, base + 8, 1), -EINVAL);
    check_eq(mmuext_one(MMUEXT_SET_LDT, base, LDT_MAX + 1), -EINVAL);
    check_eq(mmuext_one(MMUEXT_SET_LDT, HYPERVISOR_VIRT_START, 1), -EINVAL);
    check_eq(limit_of(LDT(9)), 0x109);
    check_eq(mmuext_one(MMUEXT_SET_LDT, 0, 0), 0);
    check_eq(limit_of(LDT(9)), -1);
}

void test_main(void)
{
    uint64_t *table = make_table();

    check_gdt(table);
    check_gdt_errors();
    check_update(table);
    check_update_elsewhere();
    check_no_gdt(table);
    check_ldt(table);
    check_bad_table(CALL_GATE(HYPERVISOR_CS));
    check_bad_table(TSS_SEGMENT);
    drop_table(table);
}
