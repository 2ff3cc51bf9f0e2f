/* SPDX-License-Identifier: MIT */
/*
 * Page tables: frames of others, page tables that could be written, tables with entries
 * for the hypervisor's part of the address space, pins of anything.
 */
#include <linux/mm.h>

#include <xen/page.h>

#include "hostile.h"

#define RW          (_PAGE_PRESENT | _PAGE_RW | _PAGE_ACCESSED | _PAGE_DIRTY | _PAGE_NX)
#define RO          (_PAGE_PRESENT | _PAGE_ACCESSED)
#define MFN_MASK    0x000ffffffffff000ul
#define HYPERVISORS 256 /* entries of a root from here on, 16 of them */

static long map(struct attacker *self, u64 entry)
{
    return hypercall(__HYPERVISOR_update_va_mapping, self->window, entry,
                     UVMF_INVLPG | UVMF_LOCAL, 0, 0);
}

static long map_of(struct attacker *self, u64 entry, u64 domain)
{
    return hypercall(__HYPERVISOR_update_va_mapping_otherdomain, self->window, entry,
                     UVMF_INVLPG | UVMF_LOCAL, domain, 0);
}

static long extended(unsigned int command, u64 mfn, u64 second, u64 domain)
{
    struct mmuext_op op = { .cmd = command, .arg1.mfn = mfn, .arg2.src_mfn = second };

    return hypercall(__HYPERVISOR_mmuext_op, (u64)&op, 1, 0, domain, 0);
}

static long update(u64 address, u64 value, u64 domain)
{
    struct mmu_update request = { .ptr = address, .val = value };

    return hypercall(__HYPERVISOR_mmu_update, (u64)&request, 1, 0, domain, 0);
}

static void frames_of_others(struct attacker *self)
{
    u64 mfn = any_frame(self);

    if (!is_own(mfn) && !map(self, mfn << PAGE_SHIFT | RW))
        breach(mfn, "mapped writable");
    if (!is_own(mfn) && !map_of(self, mfn << PAGE_SHIFT | RW, below(self, 8)))
        breach(mfn, "mapped as another domain's");
    if (!is_own(mfn) &&
        !map_of(self, mfn << PAGE_SHIFT | RW, DOMID_IO - 0x10 + below(self, 20)))
        breach(mfn, "mapped as a special domain's");
    map_of(self, mfn << PAGE_SHIFT | RO, wild(self));
}

/* The frame of the table of `level` that is used for the window. */
static u64 table_of(struct attacker *self, unsigned int level)
{
    u64 *table = (u64 *)current->active_mm->pgd;
    u64 mfn = 0;

    for (unsigned int at = 4; at > level; at--) {
        u64 entry = READ_ONCE(table[self->window >> (12 + 9 * (at - 1)) & 511]);

        mfn = (entry & MFN_MASK) >> PAGE_SHIFT;
        table = mfn_to_virt(mfn);
    }
    return mfn;
}

static void writable_tables(struct attacker *self)
{
    unsigned int level = 1 + below(self, 3);
    u64 mfn = table_of(self, level);
    u64 other = any_frame(self);

    if (!map(self, mfn << PAGE_SHIFT | RW))
        breach(NO_FRAME, "table of level %u mapped writable", level);
    if (!map(self, mfn << PAGE_SHIFT | RO) && !is_own(other) &&
        !update(mfn << PAGE_SHIFT | below(self, 512) * 8, other << PAGE_SHIFT | RW,
                below(self, 8)))
        breach(other, "in a table of level %u", level);
    map(self, 0);
}

static void pins_of_others(struct attacker *self)
{
    u64 mfn = any_frame(self);
    unsigned int command = below(self, 24);

    if (is_own(mfn))
        return;
    if (!extended(command, mfn, any_frame(self), DOMID_SELF) &&
        (command <= MMUEXT_UNPIN_TABLE || command == MMUEXT_NEW_BASEPTR ||
         command == MMUEXT_CLEAR_PAGE || command == MMUEXT_COPY_PAGE))
        breach(mfn, "mmuext %u", command);
    extended(command, mfn, frame_of(self->table), wild(self));
    if (!extended(MMUEXT_COPY_PAGE, frame_of(self->scratch), mfn, DOMID_SELF))
        breach(mfn, "copied");
    if (!update(mfn << PAGE_SHIFT | below(self, 512) * 8, any(self), DOMID_SELF))
        breach(mfn, "written");
    update(mfn << PAGE_SHIFT | MMU_MACHPHYS_UPDATE, any(self), DOMID_SELF);
}

static u64 bad_entry(struct attacker *self)
{
    u64 own = frame_of(self->scratch + below(self, SCRATCH_PAGES) * PAGE_SIZE);

    switch (below(self, 6)) {
    case 0:
        return own << PAGE_SHIFT | RW | _PAGE_PSE;
    case 1:
        return frame_of(self->table) << PAGE_SHIFT | RW;
    case 2:
        return frame_of(self->table) << PAGE_SHIFT | RO;
    case 3:
        return table_of(self, 1 + below(self, 3)) << PAGE_SHIFT | (any(self) & 0x1ff) | 1;
    case 4:
        return any_frame(self) << PAGE_SHIFT | (any(self) & 0x1ff) | 1;
    default:
        return own << PAGE_SHIFT | (any(self) & 0xfff0000000000fff) | 1;
    }
}

static void fill(struct attacker *self)
{
    unsigned int entries = below(self, 4);

    memset(self->table, 0, PAGE_SIZE);
    for (unsigned int i = 0; i < entries; i++)
        self->table[once_in(self, 2) ? HYPERVISORS + below(self, 16) : below(self, 512)] =
            bad_entry(self);
    self->table[below(self, 512)] =
        frame_of(self->scratch) << PAGE_SHIFT | (once_in(self, 2) ? RW : RO);
}

/* What is done to a page that is a table of some level. */
static void torture(struct attacker *self, u64 mfn)
{
    for (unsigned int i = 0; i < 8; i++) {
        u64 at = mfn << PAGE_SHIFT | below(self, 512) * 8 | below(self, 4);

        update(at, bad_entry(self), once_in(self, 4) ? wild(self) : DOMID_SELF);
        asm volatile("1: mov %1, %0; 2:" _ASM_EXTABLE(1b, 2b)
                     : "=m"(self->table[below(self, 512)])
                     : "r"(bad_entry(self)));
    }
    if (!map(self, mfn << PAGE_SHIFT | RW))
        breach(NO_FRAME, "a pinned table mapped writable");
    update(mfn << PAGE_SHIFT | (HYPERVISORS + below(self, 16)) * 8, bad_entry(self),
           DOMID_SELF);
    if (once_in(self, 20000))
        extended(MMUEXT_NEW_BASEPTR, mfn, 0, DOMID_SELF);
}

static void own_tables(struct attacker *self)
{
    u64 mfn = frame_of(self->table);
    u64 address = (u64)self->table;
    unsigned int level = below(self, 4);

    fill(self);
    if (hypercall(__HYPERVISOR_update_va_mapping, address,
                  mfn << PAGE_SHIFT | RO | _PAGE_NX, UVMF_INVLPG | UVMF_ALL, 0, 0))
        return;
    if (!extended(MMUEXT_PIN_L1_TABLE + level, mfn, 0, DOMID_SELF)) {
        torture(self, mfn);
        extended(MMUEXT_UNPIN_TABLE, mfn, 0, DOMID_SELF);
    }
    if (hypercall(__HYPERVISOR_update_va_mapping, address, mfn << PAGE_SHIFT | RW,
                  UVMF_INVLPG | UVMF_ALL, 0, 0))
        self->table = (void *)get_zeroed_page(GFP_ATOMIC) ?: self->table;
}

static void tables_round(struct attacker *self)
{
    static void (*const way[])(struct attacker *) = { frames_of_others, writable_tables,
                                                      pins_of_others, own_tables };

    way[below(self, ARRAY_SIZE(way))](self);
}

const struct attack attack_tables = { "tables", tables_round };
