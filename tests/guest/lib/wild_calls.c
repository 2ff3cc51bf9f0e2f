/* SPDX-License-Identifier: MIT */
/*
 * The pool, the calls, and what is put right after them.
 */
#include "wild_calls.h"

#include <abi/callback.h>
#include <abi/memory.h>
#include <abi/nmi.h>
#include <abi/sched.h>
#include <abi/vcpu.h>
#include <mini-os/events.h>
#include <mini-os/hypercall.h>
#include <mini-os/mm.h>
#include <mini-os/smp.h>
#include <mini-os/traps.h>

#include "test.h"

#define POOL_MAX   128
#define FIRST_PORT 1 /* the program has none of its own */
#define LAST_PORT  4095
#define MAX_ERRNO  4095

/* What is written to a pointer of the pool stays within the memory. */
#define POINTER_SPAN ((WILD_PAGES - 2) * PAGE_SIZE)

uint64_t *wild_memory;

static uint64_t pool[POOL_MAX];
static unsigned int pool_size;
static void *window;

static void add(uint64_t value)
{
    require(pool_size < POOL_MAX);
    pool[pool_size++] = value;
}

/* As a frame's number or address: the program's own memory is not to be had. */
static bool names_own_frame(uint64_t value)
{
    return mfn_to_pfn(value) != ~0ul || mfn_to_pfn(value >> PAGE_SHIFT) != ~0ul;
}

static void add_numbers(void)
{
    static const uint64_t number[] = {
        0,
        1,
        2,
        3,
        5,
        7,
        8,
        16,
        31,
        32,
        33,
        64,
        127,
        128,
        129,
        4094,
        4095,
        4096,
        0x7fff,
        0xffff,
        0x10000,
        0x7fffffff,
        0x80000000,
        0x80000001,
        0xffffffff,
        0x100000000,
        1ul << 40,
        1ul << 52,
        ~0ul >> 1,
        1ul << 63,
        ~0ul,
        ~0ul - 1,
        -4096ul,
        DOMID_SELF,
        DOMID_IO,
        DOMID_XEN,
        DOMID_COW,
        DOMID_INVALID,
        (uint64_t)DOMID_SELF << 16,
        FIRST_PORT,
        FIRST_PORT + 1,
        FIRST_PORT + 2,
    };

    for (unsigned int i = 0; i < sizeof(number) / sizeof(*number); i++)
        if (!names_own_frame(number[i]))
            add(number[i]);
}

/* Not canonical, the hypervisor's, the kernel's own read-only ones, unmapped ones. */
static void add_addresses(void)
{
    static const uint64_t address[] = {
        0x7ffffffffff8,     0x7fffffffffff,
        0x800000000000,     0xffff7fffffffffff,
        0xffff800000000000, 0xffff800000001000,
        0xffff804000000000, 0xffff82d080000000,
        0xffff82d080200000, 0xffff830000000000,
        0xffff87fffffffff8, 0xffff880000000000,
        0xdead000000000000, 0x1000,
        0xfffffffffffff000, 0xffffffff7ffffff8,
    };

    for (unsigned int i = 0; i < sizeof(address) / sizeof(*address); i++)
        add(address[i]);
    add((uint64_t)window);
    add((uint64_t)window + PAGE_SIZE - 8);
    add((uint64_t)kernel_space.root);
}

static void add_frames(void)
{
    uint64_t root = virt_to_mfn(kernel_space.root);

    add(root);
    add(root << PAGE_SHIFT | 5 * 8);
    add(root << PAGE_SHIFT | 256 * 8);
    add(root << PAGE_SHIFT | 5 * 8 | MMU_PT_UPDATE_PRESERVE_AD);
    add(pte_make(root, PTE_RW));
    add(pte_make(root, PTE_TABLE));
    add(pte_maddr(window, 1));
    add(pte_mfn(kernel_space.root[256]));
    add(pte_make(pte_mfn(kernel_space.root[256]), PTE_RW));
    for (unsigned int i = 0; i < 3; i++) {
        unsigned long mfn = virt_to_mfn((char *)wild_memory + i * PAGE_SIZE);

        add(mfn);
        add((uint64_t)mfn << PAGE_SHIFT | i * 8);
        add(pte_make(mfn, PTE_RW));
        add((uint64_t)mfn << PAGE_SHIFT | MMU_MACHPHYS_UPDATE);
    }
}

static bool ignore(struct trap_frame *frame)
{
    (void)frame;
    return true;
}

void wild_init(void)
{
    /* Twice what is used: a list of requests that runs over the end meets a gap there. */
    wild_memory = alloc_pages(4);
    window = window_reserve(2);
    require(wild_memory && window);
    unmap((char *)wild_memory + WILD_PAGES * PAGE_SIZE);
    add_numbers();
    add_addresses();
    add_frames();
    trap_set_handler(TRAP_DEBUG, ignore);
    trap_set_handler(TRAP_NMI, ignore);
}

uint64_t wild_value(struct random *r)
{
    unsigned int what = random_below(r, 16);

    if (what < 4)
        return (uint64_t)wild_memory + random_below(r, POINTER_SPAN / 8) * 8;
    if (what == 4)
        return random_next(r);
    return pool[random_below(r, pool_size)];
}

void wild_scribble(struct random *r)
{
    unsigned int at = random_below(r, WILD_PAGES * PAGE_SIZE / 8 - 32);

    for (unsigned int i = 0; i < 32; i++)
        WRITE_ONCE(wild_memory[at + i], wild_value(r));
}

/* An address that cannot be read. */
static uint64_t bad_pointer(struct random *r)
{
    static const uint64_t bad[] = { 0x7ffffffffff8,     0x800000000000,
                                    0xffff82d080200000, 0xffff830000000000,
                                    0xdead000000000000, 0x1000 };

    return bad[random_below(r, sizeof(bad) / sizeof(*bad))];
}

/* An address whose page-table entry may be changed. */
static uint64_t free_address(struct random *r)
{
    return random_below(r, 2) ? (uint64_t)window + random_below(r, 2 * PAGE_SIZE)
                              : bad_pointer(r);
}

/* Restricts arg[] of sub-operation `command` of a call whose argument pointer is next. */
static void without_argument(struct random *r, uint64_t *arg, uint64_t command, bool only)
{
    if ((uint32_t)arg[0] == command && only)
        arg[1] = bad_pointer(r);
}

static void tame_sched(struct random *r, uint64_t *arg)
{
    uint32_t command = (uint32_t)arg[0];

    if (command == SCHEDOP_block)
        arg[0] = SCHEDOP_yield;
    else if (command != SCHEDOP_yield)
        arg[1] = bad_pointer(r);
}

static void tame_vcpu(struct random *r, uint64_t *arg)
{
    uint32_t command = (uint32_t)arg[0];

    if (command == VCPUOP_down || command == VCPUOP_up)
        arg[1] = 0x7fff;
    if (command == VCPUOP_register_vcpu_info || command == VCPUOP_initialise)
        arg[2] = bad_pointer(r);
}

/* What the control interfaces would do to this very domain or to the machine. */
static void tame_control(struct random *r, uint64_t *arg)
{
    arg[0] = random_below(r, 8) ? (uint64_t)wild_memory : bad_pointer(r);
    WRITE_ONCE(wild_memory[0], wild_value(r) << 32 | random_below(r, 100));
    if ((wild_memory[0] >> 32 & 0xff) == XEN_SYSCTL_INTERFACE_VERSION)
        arg[0] = bad_pointer(r);
}

/* All the machine's memory would be taken; a claim would keep it from others. */
static void tame_memory(struct random *r, uint64_t *arg)
{
    unsigned int command = arg[0] & 0x3f;

    if (command == XENMEM_increase_reservation || command == XENMEM_populate_physmap ||
        command == XENMEM_claim_pages)
        arg[1] = bad_pointer(r);
}

/* Keeps a call from ending the machine or the program. False: not to be made at all. */
static bool tame(struct random *r, unsigned int number, uint64_t *arg)
{
    switch (number) {
    case __HYPERVISOR_iret:
    case __HYPERVISOR_sched_op_compat:
    case __HYPERVISOR_event_channel_op_compat:
    case __HYPERVISOR_physdev_op_compat:
    case __HYPERVISOR_kexec_op: /* Xen does not survive these two from domain 0 */
    case __HYPERVISOR_arch_0:
        return false;
    case __HYPERVISOR_sched_op:
        tame_sched(r, arg);
        break;
    case __HYPERVISOR_vcpu_op:
        tame_vcpu(r, arg);
        break;
    case __HYPERVISOR_platform_op:
    case __HYPERVISOR_sysctl:
    case __HYPERVISOR_domctl:
        tame_control(r, arg);
        break;
    case __HYPERVISOR_console_io:
        arg[2] = bad_pointer(r);
        break;
    case __HYPERVISOR_nmi_op:
        without_argument(r, arg, XENNMI_register_callback, true);
        break;
    case __HYPERVISOR_callback_op:
        arg[1] = bad_pointer(r);
        break;
    case __HYPERVISOR_update_va_mapping:
    case __HYPERVISOR_update_va_mapping_otherdomain:
        arg[0] = free_address(r);
        break;
    case __HYPERVISOR_event_channel_op:
        without_argument(r, arg, EVTCHNOP_reset, true);
        without_argument(r, arg, EVTCHNOP_bind_pirq, true);
        break;
    case __HYPERVISOR_physdev_op:
        arg[1] = bad_pointer(r);
        break;
    case __HYPERVISOR_memory_op:
        tame_memory(r, arg);
        break;
    }
    return true;
}

extern char entry_event[], entry_failsafe[], entry_syscall[];

/* What the program needs, whatever the call has changed. */
static void put_right(unsigned int number)
{
    if (number == __HYPERVISOR_set_trap_table)
        traps_install();
    if (number == __HYPERVISOR_set_callbacks)
        check_eq(HYPERVISOR_set_callbacks((unsigned long)entry_event,
                                          (unsigned long)entry_failsafe,
                                          (unsigned long)entry_syscall),
                 0);
    if (number == __HYPERVISOR_set_debugreg)
        HYPERVISOR_set_debugreg(7, 0);
}

/* A list of harmless calls for multicall, at the start of the memory's last page. */
static uint64_t make_list(struct random *r)
{
    static const unsigned int harmless[] = {
        __HYPERVISOR_xen_version,
        __HYPERVISOR_update_va_mapping,
        __HYPERVISOR_set_timer_op,
        __HYPERVISOR_vm_assist,
        __HYPERVISOR_get_debugreg,
        __HYPERVISOR_multicall,
        __HYPERVISOR_stack_switch,
        63,
        4096,
    };
    struct multicall_entry *entry =
        (void *)((char *)wild_memory + (WILD_PAGES - 1) * PAGE_SIZE);
    unsigned int count = random_below(r, 20);

    for (unsigned int i = 0; i < count; i++) {
        entry[i].op = harmless[random_below(r, sizeof(harmless) / sizeof(*harmless))];
        for (unsigned int n = 0; n < 6; n++)
            entry[i].args[n] = wild_value(r);
        entry[i].args[0] = free_address(r);
    }
    return (uint64_t)entry;
}

static unsigned int wild_number(struct random *r)
{
    return random_below(r, 50) ? random_below(r, 60) : (unsigned int)random_next(r);
}

/*
 * A register's value may be any number; and a list of no requests that is being continued
 * brings its result along.
 */
static bool is_error_checked(unsigned int number, const uint64_t *arg)
{
    if (number == __HYPERVISOR_get_debugreg)
        return false;
    return (number != __HYPERVISOR_mmu_update && number != __HYPERVISOR_mmuext_op) ||
           arg[0] || (uint32_t)arg[1] != 0x80000000;
}

void wild_call(struct random *r)
{
    unsigned int number = wild_number(r);
    uint64_t arg[5];
    long rc;

    for (unsigned int i = 0; i < 5; i++)
        arg[i] = wild_value(r);
    if (random_below(r, 4))
        arg[0] = random_below(r, 40);
    if (!tame(r, number, arg))
        return;
    if (number == __HYPERVISOR_multicall) {
        arg[0] = make_list(r);
        arg[1] = random_below(r, 20);
    }
    rc = hypercall_raw(number, arg[0], arg[1], arg[2], arg[3], arg[4]);
    if (!is_error_checked(number, arg))
        return;
    if (!check(rc >= -MAX_ERRNO, "an error number"))
        note("hypercall %u (%#lx, %#lx, %#lx, %#lx): %ld", number, arg[0], arg[1], arg[2],
             arg[3], rc);
    put_right(number);
}

static void close_ports(void)
{
    for (evtchn_port_t port = FIRST_PORT; port <= LAST_PORT; port++) {
        struct evtchn_close close = { .port = port };

        HYPERVISOR_event_channel_op(EVTCHNOP_close, &close);
    }
}

void wild_finish(void)
{
    struct vcpu_register_runstate_memory_area none = { .addr.p = 0 };

    HYPERVISOR_vcpu_op(VCPUOP_register_runstate_memory_area, this_vcpu()->id, &none);
    HYPERVISOR_vcpu_op(VCPUOP_register_vcpu_time_memory_area, this_vcpu()->id, &none);
    HYPERVISOR_set_debugreg(7, 0);
    HYPERVISOR_fpu_taskswitch(0);
    if (!this_vcpu()->id)
        close_ports();
}
