/* SPDX-License-Identifier: MIT */
/*
 * Descriptor tables, trap tables, selectors, and returns to where none may go.
 */
#include <linux/kernel.h>

#include <asm/asm.h>
#include <asm/page.h>

#include <xen/page.h>

#include "hostile.h"

#define FREE_VECTOR 0x90 /* a vector that the kernel does not use, up to 0x9f */

#define TRY(code, ...) asm volatile("1: " code "\n2:" _ASM_EXTABLE(1b, 2b) __VA_ARGS__)

static u64 descriptor(struct attacker *self)
{
    static const u64 some[] = {
        0x00af9a000000ffff, /* code of ring 0 */
        0x00affa000000ffff, /* 64-bit code of ring 3 */
        0x00cff2000000ffff, /* data of ring 3 */
        0x0000890000000067, /* a task */
        0x0000ec00e0080000, /* a gate to the hypervisor's code */
        0x0000ee0000080000, /* an interrupt gate */
        0x0000820000000fff, /* a local table */
        0,
    };
    u64 value = some[below(self, ARRAY_SIZE(some))];

    return once_in(self, 2) ? value : value ^ 1ull << below(self, 64);
}

static void update(struct attacker *self)
{
    u64 mfn = any_frame(self);
    u64 own = frame_of(once_in(self, 2) ? (void *)self->table : self->scratch);
    u64 at = below(self, 512) * 8;

    if (!is_own(mfn) && !hypercall(__HYPERVISOR_update_descriptor, mfn << PAGE_SHIFT | at,
                                   descriptor(self), 0, 0, 0))
        breach(mfn, "has a descriptor");
    hypercall(__HYPERVISOR_update_descriptor, own << PAGE_SHIFT | at, descriptor(self), 0,
              0, 0);
}

static void global_table(struct attacker *self)
{
    u64 *frames = (u64 *)self->scratch;
    unsigned int count = 1 + below(self, 20);

    for (unsigned int i = 0; i < count; i++)
        frames[i] = any_frame(self);
    if (!is_own(frames[0]) &&
        !hypercall(__HYPERVISOR_set_gdt, (u64)frames, below(self, 512) + 1, 0, 0, 0))
        breach(frames[0], "is a descriptor table");
    hypercall(__HYPERVISOR_set_gdt, (u64)frames, 0xffffffff - below(self, 2), 0, 0, 0);
    hypercall(__HYPERVISOR_set_gdt, wild(self), 7169 + below(self, 1024), 0, 0, 0);
}

/* Selectors of its own local table, of nothing, and of the hypervisor. */
static void local_table(struct attacker *self)
{
    struct mmuext_op op = { .cmd = MMUEXT_SET_LDT,
                            .arg1.linear_addr = (u64)self->table,
                            .arg2.nr_ents = 512 };
    u64 mfn = frame_of(self->table);
    u16 selector = (u16)any(self);

    for (unsigned int i = 0; i < 512; i++)
        self->table[i] = descriptor(self);
    if (hypercall(__HYPERVISOR_update_va_mapping, (u64)self->table,
                  mfn << PAGE_SHIFT | _PAGE_PRESENT | _PAGE_NX, UVMF_INVLPG | UVMF_ALL, 0,
                  0))
        return;
    if (once_in(self, 4)) {
        op.arg1.linear_addr = wild(self);
        op.arg2.nr_ents = (u32)wild(self);
    }
    hypercall(__HYPERVISOR_mmuext_op, (u64)&op, 1, 0, DOMID_SELF, 0);
    for (unsigned int i = 0; i < 16; i++, selector = (u16)any(self)) {
        TRY("mov %w0, %%es", : : "r"(selector));
        TRY("mov %w0, %%ds", : : "r"(selector));
        TRY("lar %w0, %k0", : "+r"(selector));
    }
    asm volatile("mov %w0, %%es; mov %w0, %%ds" : : "r"(0));
    op = (struct mmuext_op){ .cmd = MMUEXT_SET_LDT };
    hypercall(__HYPERVISOR_mmuext_op, (u64)&op, 1, 0, DOMID_SELF, 0);
    if (hypercall(__HYPERVISOR_update_va_mapping, (u64)self->table,
                  mfn << PAGE_SHIFT | _PAGE_PRESENT | _PAGE_RW | _PAGE_NX,
                  UVMF_INVLPG | UVMF_ALL, 0, 0))
        self->table = (void *)get_zeroed_page(GFP_ATOMIC) ?: self->table;
}

static void traps(struct attacker *self)
{
    struct trap_info info[3] = {};

    for (unsigned int i = 0; i < 2; i++)
        info[i] = (struct trap_info){ .vector = FREE_VECTOR + below(self, 16),
                                      .flags = (u8)any(self),
                                      .cs = (u16)any(self),
                                      .address = wild(self) | 1 };
    hypercall(__HYPERVISOR_set_trap_table, (u64)info, 0, 0, 0, 0);
    /* No addresses: the kernel's own base has to stay. */
    hypercall(__HYPERVISOR_set_segment_base, 2 + below(self, 6),
              (wild(self) | 1ull << 47) & ~(1ull << 63), 0, 0, 0);
    hypercall(__HYPERVISOR_set_debugreg, below(self, 8), wild(self), 0, 0, 0);
    hypercall(__HYPERVISOR_set_debugreg, 7, 0, 0, 0, 0);
    if (once_in(self, 20000))
        TRY("int $0x90");
    if (once_in(self, 20))
        TRY("int $0x08");
}

static void far_away(struct attacker *self)
{
    struct {
        u64 offset;
        u16 selector;
    } __packed target = { wild(self), (u16)any(self) };

    if (once_in(self, 50000))
        TRY("rex64 ljmp *%0", : : "m"(target) : "memory");
    if (once_in(self, 50000))
        TRY("push %0; push %1; iretq", : : "r"(wild(self)), "r"(wild(self)) : "memory");
    if (once_in(self, 100000))
        hypercall(__HYPERVISOR_stack_switch, wild(self), wild(self), 0, 0, 0);
    if (once_in(self, 100000))
        hypercall(__HYPERVISOR_set_callbacks, wild(self), wild(self), wild(self), 0, 0);
    if (once_in(self, 100000))
        hypercall(__HYPERVISOR_iret, wild(self), wild(self), wild(self), 0, 0);
    if (once_in(self, 100)) {
        u64 flags = any(self) & 0x3f7cd5; /* neither single steps nor the direction */

        asm volatile("pushfq; push %0; popfq; popfq"
                     :
                     : "r"(flags & ~0x500ull)
                     : "memory");
    }
}

static void descriptors_round(struct attacker *self)
{
    static void (*const way[])(struct attacker *) = { update, global_table, local_table,
                                                      traps, far_away };

    way[below(self, ARRAY_SIZE(way))](self);
}

const struct attack attack_descriptors = { "descriptors", descriptors_round };
