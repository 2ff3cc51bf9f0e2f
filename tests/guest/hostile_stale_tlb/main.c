/* SPDX-License-Identifier: MIT */
/*
 * Behaviour: when a frame becomes a page table, no processor can still write to it by a
 * translation that it has kept.
 * Provocation: a vCPU writes to a page without a pause, through a mapping that another
 * takes away without asking for a TLB flush; then that one pins the page as a table, or
 * makes it a descriptor page.
 * Expected: from then on the page does not change.
 */
/* qemu: -smp 2 */
/* dom0: max_vcpus=2 */
/* timeout: 60 */
#include <test.h>

#include <mini-os/mm.h>
#include <mini-os/smp.h>
#include <mini-os/time.h>
#include <mini-os/traps.h>

COVERS(update_va_mapping, mmuext_op, MMUEXT_PIN_L1_TABLE, set_gdt);

#define ROUNDS 300

static uint64_t *page;
static volatile uint64_t *window;
static volatile unsigned long writes;
static volatile bool stop;

/* Values that are no present entry, so that the page is always fit to be a table. */
static void write_on(void *arg)
{
    struct trap_result fault;

    (void)arg;
    for (uint64_t value = 0; !stop; value += 2)
        if (!probe_write(window + (value / 2 & 63), value & 0xfffe, &fault))
            writes++;
}

static uint64_t sum(void)
{
    uint64_t total = 0;

    for (unsigned int i = 0; i < 64; i++)
        total = total * 31 + READ_ONCE(page[i]);
    return total;
}

static void wait_for_writes(void)
{
    unsigned long before = writes;

    while (writes - before < 100)
        cpu_relax();
}

static bool stays_as_it_is(void)
{
    uint64_t before = sum();

    time_delay(50 * NSEC_PER_USEC);
    return sum() == before;
}

static void as_table(void)
{
    check_eq(table_pin(page, 1), 0);
    check(stays_as_it_is(), "a page table does not change");
    check_eq(table_unpin(page), 0);
}

static void as_descriptors(void)
{
    unsigned long mfn = virt_to_mfn(page);

    check_eq(HYPERVISOR_set_gdt(&mfn, 512), 0);
    check(stays_as_it_is(), "a descriptor page does not change");
    check_eq(HYPERVISOR_set_gdt(&mfn, 0), 0);
}

/* No flush is asked for when the mapping goes. */
static void one_round(unsigned int round)
{
    pte_t pte = pte_make(virt_to_mfn(page), PTE_RW);

    check_eq(HYPERVISOR_update_va_mapping((unsigned long)window, pte, UVMF_NONE), 0);
    wait_for_writes();
    check_eq(HYPERVISOR_update_va_mapping((unsigned long)window, 0, UVMF_NONE), 0);
    if (round % 2)
        as_table();
    else
        as_descriptors();
}

void test_main(void)
{
    require(vcpu_count() >= 2);
    page = table_alloc();
    window = window_reserve(1);
    require(page && window);
    require(!vcpu_start(1, write_on, NULL));
    for (unsigned int round = 0; round < ROUNDS; round++)
        one_round(round);
    stop = true;
    vcpu_join(1);
    check_eq(table_free(page), 0);
}
