/* SPDX-License-Identifier: MIT */
/*
 * Behaviour: descriptors that could lead out of ring 3, or at the hypervisor's own tables,
 * never get into a guest's GDT or LDT, and selectors of the hypervisor's segments do
 * nothing but fault.
 * Provocation: system descriptors of every type, gates with reserved bits and to the
 * hypervisor's code, by set_gdt and update_descriptor; all selectors of the reserved part
 * loaded into each segment register, jumped and returned to, with each privilege level;
 * an LDT where none can be.
 * Expected: -EINVAL; a fault in the guest; privilege levels below 3 become 3.
 */
#include <test.h>

#include <mini-os/mm.h>
#include <mini-os/smp.h>
#include <mini-os/traps.h>

COVERS(set_gdt, update_descriptor, mmuext_op, MMUEXT_SET_LDT);

#define RESERVED_FIRST 0xe000
#define RESERVED_LAST  0xe0ff
#define PRESENT        (1ul << 47)
#define DPL3           (3ul << 45)
#define CODE64         0x00af9b000000fffful
#define DATA           0x00cf93000000fffful
#define CALL_GATE      (0xcul << 40 | PRESENT | DPL3)
#define LDT_SLOT       8

struct far_pointer {
    uint32_t offset;
    uint16_t selector;
};

static uint64_t *gdt;

static int try_gdt(uint64_t desc)
{
    unsigned long mfn = virt_to_mfn(gdt);
    int rc;

    require(!mmu_update_one(virt_to_maddr(gdt + 4), desc));
    rc = HYPERVISOR_set_gdt(&mfn, 512);
    require(!HYPERVISOR_set_gdt(&mfn, 0));
    require(!mmu_update_one(virt_to_maddr(gdt + 4), 0));
    return rc;
}

static void refuse(uint64_t desc)
{
    if (!check_eq(try_gdt(desc), -EINVAL) ||
        !check_eq(HYPERVISOR_update_descriptor(virt_to_maddr(gdt + 4), desc), -EINVAL))
        note("descriptor %#lx", desc);
    check_eq(gdt[4], 0);
}

static void check_system_descriptors(void)
{
    for (uint64_t type = 1; type < 16; type++)
        if (type != 0xc)
            refuse(type << 40 | PRESENT | DPL3);
}

static uint64_t gate_to(uint64_t selector)
{
    return CALL_GATE | selector << 16;
}

static void check_gates(void)
{
    check_eq(try_gdt(gate_to(0)), 0); /* it faults when used */
    for (uint64_t selector = RESERVED_FIRST; selector <= RESERVED_LAST; selector += 8)
        if (selector != (FLAT_KERNEL_CS & ~7u) && selector != (FLAT_RING3_CS32 & ~7u))
            refuse(gate_to(selector));
    for (unsigned int bit = 32; bit < 40; bit++)
        refuse(gate_to(FLAT_KERNEL_CS) | 1ul << bit);
    check_eq(try_gdt(gate_to(FLAT_KERNEL_CS)), 0);
    check_eq(try_gdt(gate_to(8 * 5)), 0);
}

static void check_privilege(void)
{
    unsigned long mfn = virt_to_mfn(gdt);

    check_eq(HYPERVISOR_set_gdt(&mfn, 512), 0);
    for (uint64_t dpl = 0; dpl < 4; dpl++) {
        uint64_t desc = (DATA & ~DPL3) | dpl << 45;

        check_eq(HYPERVISOR_update_descriptor(virt_to_maddr(gdt + 5), desc), 0);
        check_eq(gdt[5], DATA | DPL3);
        desc = (CODE64 & ~DPL3) | dpl << 45;
        check_eq(HYPERVISOR_update_descriptor(virt_to_maddr(gdt + 5), desc), 0);
        check_eq(gdt[5], CODE64 | DPL3);
    }
    check_eq(HYPERVISOR_update_descriptor(virt_to_maddr(gdt + 5), 0), 0);
    check_eq(HYPERVISOR_update_descriptor(virt_to_maddr(gdt + 5) + 4, DATA), -EINVAL);
    check_eq(HYPERVISOR_set_gdt(&mfn, 0), 0);
    check_eq(HYPERVISOR_set_gdt(&mfn, 14 * 512 + 1), -EINVAL);
}

static void expect_fault(const char *what, unsigned int selector,
                         const struct trap_result *r)
{
    bool allowed = selector >= 0xe020 && selector < 0xe038;

    if (!check(r->trapped ? r->vector >= TRAP_NO_SEGMENT && r->vector <= TRAP_GP_FAULT
                          : allowed,
               what))
        note("selector %#x: %s vector %u error %#lx", selector,
             r->trapped ? "trapped" : "loaded", r->vector, r->error);
}

#define LOAD(seg, selector)                                                         \
    do {                                                                            \
        TRAP_PROBE(&r, "mov %0, %%" #seg, : : "r"(selector));                       \
        expect_fault("load of " #seg, selector, &r);                                \
        HYPERVISOR_sched_op(0, NULL); /* what was loaded is saved and comes back */ \
        asm volatile("mov %0, %%" #seg : : "r"(0));                                 \
    } while (0)

static void load_all(unsigned int selector)
{
    struct trap_result r;

    LOAD(ds, selector);
    LOAD(es, selector);
    LOAD(fs, selector);
    LOAD(gs, selector);
    TRAP_PROBE(&r, "mov %0, %%ss", : : "r"(selector));
    expect_fault("load of ss", selector, &r);
    asm volatile("mov %0, %%ss" : : "r"(FLAT_KERNEL_SS));
}

/* A far return; one that works comes out behind it. */
static void far_return(void *selector)
{
    asm volatile("lea 1f(%%rip), %%rax\n\tpush %0\n\tpush %%rax\n\tlretq\n1:"
                 :
                 : "r"(selector)
                 : "rax", "memory");
}

/*
 * Some emulators cut the stack pointer to 32 bits in far calls: the stack's pages are to
 * be found there too.
 */
static void alias_stack(bool there)
{
    char *stack = this_vcpu()->stack;

    for (unsigned int at = 0; at < STACK_SIZE; at += PAGE_SIZE)
        require(!space_map(&kernel_space, (uint32_t)(unsigned long)(stack + at),
                           there ? pte_of(stack + at) : 0));
}

static void far_call(void *pointer)
{
    asm volatile("lcall *(%0)" : : "r"(pointer) : "memory");
}

static void check_far(unsigned int selector)
{
    struct far_pointer target = { 0x1000, selector };
    struct trap_result r;

    check(trap_call(far_call, &target, &r), "a far call to nowhere");
    check(r.vector == TRAP_GP_FAULT || r.vector == TRAP_NO_SEGMENT ||
              r.vector == TRAP_PAGE_FAULT,
          "its fault");
}

static void check_reserved_selectors(void)
{
    for (unsigned int selector = RESERVED_FIRST; selector <= RESERVED_LAST; selector++) {
        load_all(selector);
        if (selector < FLAT_RING3_CS32 - 3 || selector > FLAT_KERNEL_CS)
            check_far(selector);
    }
    load_all(0xe100);
    load_all(0xeff8);
    load_all(0xfff8);
    load_all(0xffff);
}

/* A gate that leads to an address at which nothing can be executed. */
static void gate_call(uint64_t offset)
{
    struct far_pointer target = { 0, 4 * 8 + 3 };
    unsigned long mfn = virt_to_mfn(gdt);
    uint64_t low =
        gate_to(FLAT_KERNEL_CS) | (offset & 0xffff) | (offset >> 16 & 0xffff) << 48;
    struct trap_result r;

    require(!mmu_update_one(virt_to_maddr(gdt + 4), low));
    require(!mmu_update_one(virt_to_maddr(gdt + 5), offset >> 32));
    check_eq(HYPERVISOR_set_gdt(&mfn, 512), 0);
    check(trap_call(far_call, &target, &r), "a call through a gate to nowhere");
    check_eq(HYPERVISOR_set_gdt(&mfn, 0), 0);
    require(!mmu_update_one(virt_to_maddr(gdt + 4), 0));
    require(!mmu_update_one(virt_to_maddr(gdt + 5), 0));
}

static void check_ldt_refused(void)
{
    check_eq(mmuext_one(MMUEXT_SET_LDT, 0x800000000000, 1), -EINVAL);
    check_eq(mmuext_one(MMUEXT_SET_LDT, 0xffff830000000000, 1), -EINVAL);
    check_eq(mmuext_one(MMUEXT_SET_LDT, (unsigned long)gdt + 8, 1), -EINVAL);
    check_eq(mmuext_one(MMUEXT_SET_LDT, (unsigned long)gdt, 8193), -EINVAL);
    check_eq(mmuext_one(MMUEXT_SET_LDT, 0x7ffffffff000, 8192), 0);
    check_eq(mmuext_one(MMUEXT_SET_LDT, 0, 0), 0);
}

static void load_ldt(struct trap_result *r)
{
    TRAP_PROBE(r, "mov %0, %%es", : : "r"(LDT_SLOT * 8 + 7));
}

/* The LDT's page is looked at when the processor first needs it. */
static void check_ldt_pages(void)
{
    struct trap_result r;
    uint64_t *writable = alloc_page();
    unsigned long nowhere = 0x600000000000;

    require(writable);
    check_eq(mmuext_one(MMUEXT_SET_LDT, nowhere, 512), 0);
    load_ldt(&r);
    check_eq(r.trapped, true);
    check_eq(r.vector, TRAP_PAGE_FAULT);
    check_eq(r.cr2, nowhere + LDT_SLOT * 8);
    writable[LDT_SLOT] = DATA | DPL3;
    check_eq(mmuext_one(MMUEXT_SET_LDT, (unsigned long)writable, 512), 0);
    load_ldt(&r);
    check_eq(r.trapped, true);
    check_eq(r.vector, TRAP_PAGE_FAULT);
    require(!mmu_update_one(virt_to_maddr(gdt + LDT_SLOT), DATA | DPL3));
    require(!mmu_update_one(virt_to_maddr(gdt + 9), 2ul << 40 | PRESENT | DPL3));
    check_eq(mmuext_one(MMUEXT_SET_LDT, (unsigned long)gdt, 512), 0);
    load_ldt(&r);
    check_eq(r.trapped, true);
    require(!mmu_update_one(virt_to_maddr(gdt + 9), 0));
    load_ldt(&r);
    check_eq(r.trapped, false);
    asm volatile("mov %0, %%es" : : "r"(0));
    check_eq(mmuext_one(MMUEXT_SET_LDT, 0, 0), 0);
    require(!mmu_update_one(virt_to_maddr(gdt + LDT_SLOT), 0));
    free_page(writable);
}

void test_main(void)
{
    struct trap_result r;

    gdt = (uint64_t *)table_alloc();
    require(gdt);
    alias_stack(true);
    check_system_descriptors();
    check_gates();
    check_privilege();
    check_reserved_selectors();
    /* QEMU 7.2 reads the stack of a far return as a supervisor: with SMAP that faults. */
    check(!trap_call(far_return, (void *)FLAT_KERNEL_CS, &r) ||
              r.vector == TRAP_PAGE_FAULT,
          "the ABI's code segment");
    check(trap_call(far_return, (void *)0xe008, &r), "the hypervisor's code segment");
    check(trap_call(far_return, (void *)0xe00b, &r), "the same with RPL 3");
    gate_call(0x1000);
    gate_call(0x800000000000);
    gate_call(0xffff82d080200000);
    check_ldt_refused();
    check_ldt_pages();
    alias_stack(false);
    check_eq(table_free((pte_t *)gdt), 0);
}
