/* SPDX-License-Identifier: MIT */
/*
 * Behaviour: a page fault of the guest's kernel is delivered with its address, an error
 * code as if the kernel were in ring 0, and the address of the instruction.
 * Provocation: read, write and execution of unmapped, read-only and no-execute pages;
 * addresses in the hypervisor's area; non-canonical ones; a handler that repairs.
 * Expected: vector 14 with error bits present, write, fetch as they apply, never user,
 * and CR2; #GP with error 0 for non-canonical addresses.
 */
#include <test.h>

#include <mini-os/mm.h>
#include <mini-os/traps.h>

COVERS(set_trap_table, iret);

#define PRESENT 1
#define WRITE   2
#define FETCH   16

static void check_fault(const struct trap_result *fault, const volatile void *va,
                        unsigned long error)
{
    check(fault->trapped, "a trap");
    check_eq(fault->vector, TRAP_PAGE_FAULT);
    check_eq(fault->cr2, (unsigned long)va);
    check_eq(fault->error, error);
}

static void check_data(volatile char *window, const void *page)
{
    struct trap_result fault;
    uint64_t value;

    probe_read(window + 0x123, &value, &fault);
    check_fault(&fault, window + 0x123, 0);
    probe_write(window + 0x456, 1, &fault);
    check_fault(&fault, window + 0x456, WRITE);
    check_eq(map_mfn(window, virt_to_mfn(page), PTE_RO), 0);
    probe_write(window, 1, &fault);
    check_fault(&fault, window, PRESENT | WRITE);
    check(!probe_read(window, &value, &fault), "a mapped page can be read");
    check_eq(unmap(window), 0);
}

static void check_fetch(volatile char *window, void *page)
{
    struct trap_result fault;

    *(unsigned char *)page = 0xc3;
    trap_exec((void *)window, &fault);
    check_fault(&fault, window, FETCH);
    check_eq(fault.rip, (unsigned long)window);
    check_eq(map_mfn(window, virt_to_mfn(page), PTE_RO), 0);
    trap_exec((void *)window, &fault);
    check_fault(&fault, window, PRESENT | FETCH);
    check_eq(map_mfn(window, virt_to_mfn(page), PTE_RX), 0);
    check(!trap_exec((void *)window, &fault), "an executable page can be executed");
    check_eq(unmap(window), 0);
}

static void check_non_canonical(void)
{
    struct trap_result fault;
    uint64_t value;

    check(probe_read((void *)0x0000800000000000, &value, &fault), "a trap");
    check_eq(fault.vector, TRAP_GP_FAULT);
    check_eq(fault.error, 0);
    check(probe_write((void *)0xffff7ffffffffff8, 0, &fault), "a trap");
    check_eq(fault.vector, TRAP_GP_FAULT);
}

static void check_hypervisor_area(void)
{
    volatile char *area = (volatile char *)0xffff830000000000;
    struct trap_result fault;
    uint64_t value;

    check(probe_read(area, &value, &fault), "the hypervisor cannot be read");
    check_eq(fault.vector, TRAP_PAGE_FAULT);
    check_eq(fault.cr2, (unsigned long)area);
    check(probe_write(area, 1, &fault), "nor written");
    check_eq(fault.vector, TRAP_PAGE_FAULT);
    check(probe_write((void *)HYPERVISOR_VIRT_START, 0, &fault), "nor the m2p table");
    check_eq(fault.vector, TRAP_PAGE_FAULT);
}

static volatile uint64_t *repair_at;
static unsigned long repair_mfn;

static bool repair(struct trap_frame *frame)
{
    (void)frame;
    return map_mfn(repair_at, repair_mfn, PTE_RW) == 0;
}

static void check_repair(volatile char *window, void *page)
{
    trap_handler_t *before = trap_set_handler(TRAP_PAGE_FAULT, repair);

    repair_at = (volatile uint64_t *)window;
    repair_mfn = virt_to_mfn(page);
    *repair_at = 0x1234;
    trap_set_handler(TRAP_PAGE_FAULT, before);
    check_eq(*(uint64_t *)page, 0x1234);
    check_eq(unmap(window), 0);
}

void test_main(void)
{
    volatile char *window = window_reserve(1);
    void *page = alloc_page();

    require(window && page);
    check_data(window, page);
    check_fetch(window, page);
    check_non_canonical();
    check_hypervisor_area();
    check_repair(window, page);
}
