/* SPDX-License-Identifier: MIT */
/*
 * Behaviour: a domain gives frames back and gets others; the answer is the number of
 * extents done, whatever ended the work.
 * Provocation: good and bad extents, frames that are mapped, given back twice, of nobody;
 * sizes and numbers out of range; lists that cannot be read; a call that has to restart.
 * Expected: exact counts; the domain has as many frames as before.
 */
/* dom0: mem=128M */
#include <test.h>

#include <abi/memory.h>
#include <mini-os/mm.h>

COVERS(XENMEM_increase_reservation, XENMEM_decrease_reservation, XENMEM_populate_physmap);

#define HV_ADDRESS ((void *)0xffff800000000000)
#define START(n)   ((unsigned long)(n) << 6)
#define MANY       4096u

static xen_pfn_t list[MANY];

static struct xen_memory_reservation self(unsigned long n)
{
    struct xen_memory_reservation r = { .nr_extents = n, .domid = DOMID_SELF };

    set_xen_guest_handle(r.extent_start, list);
    return r;
}

static long change(unsigned long cmd, struct xen_memory_reservation r)
{
    return HYPERVISOR_memory_op(cmd, &r);
}

static long frames_now(void)
{
    struct xen_memory_domain d = { DOMID_SELF };

    return HYPERVISOR_memory_op(XENMEM_current_reservation, &d);
}

static void check_refused(unsigned long cmd)
{
    struct xen_memory_reservation r;

    list[0] = ~0ul;
    check_eq(HYPERVISOR_memory_op(cmd, (void *)(1ul << 47)), 0);
    check_eq(HYPERVISOR_memory_op(cmd | START(5), (void *)(1ul << 47)), 5);
    r = self(1), r.domid = 77;
    check_eq(change(cmd, r), 0);
    r = self(1), r.domid = DOMID_IO;
    check_eq(change(cmd, r), 0);
    check_eq(change(cmd, self(0)), 0);
    check_eq(change(cmd | START(3), self(3)), 3);
    check_eq(change(cmd | START(7), self(3)), 7);
    check_eq(change(cmd, self(1ul << 27)), 0);
    r = self(1), r.extent_order = 40;
    check_eq(change(cmd, r), 0);
    r = self(1), r.extent_order = 19;
    check_eq(change(cmd, r), 0);
    r = self(1), r.extent_start.p = HV_ADDRESS;
    check_eq(change(cmd, r), 0);
}

static void check_flags(unsigned long cmd)
{
    struct xen_memory_reservation r = self(1);

    r.mem_flags = XENMEMF_address_bits(12);
    check_eq(change(cmd, r), 0);
    r.mem_flags = XENMEMF_exact_node(9);
    check_eq(change(cmd, r), 0);
    if (cmd == XENMEM_populate_physmap) {
        r.mem_flags = XENMEMF_populate_on_demand;
        check_eq(change(cmd, r), 0);
    }
}

static void check_bad_frames(void)
{
    static const xen_pfn_t bad[] = { ~0ul, 1ul << 40, 0xffffffff, 0 };

    for (unsigned int i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        list[0] = bad[i];
        check_eq(change(XENMEM_decrease_reservation, self(1)), 0);
    }
}

static void check_given_back_and_populated(void)
{
    char *page = alloc_page();
    unsigned long pfn = virt_to_pfn(page), mfn = virt_to_mfn(page);
    long before = frames_now();

    list[0] = list[1] = mfn;
    check_eq(HYPERVISOR_update_va_mapping((unsigned long)page, 0, UVMF_INVLPG), 0);
    check_eq(change(XENMEM_decrease_reservation, self(2)), 1);
    check_eq(frames_now(), before - 1);
    check(HYPERVISOR_update_va_mapping((unsigned long)page, pte_make(mfn, PTE_RW), 0) < 0,
          "a frame given back cannot be mapped");
    list[0] = pfn;
    check_eq(change(XENMEM_populate_physmap, self(1)), 1);
    check_eq(frames_now(), before);
    check_eq(((const unsigned long *)MACH2PHYS_VIRT_START)[list[0]], pfn);
    require(!HYPERVISOR_update_va_mapping((unsigned long)page, pte_make(list[0], PTE_RW),
                                          UVMF_INVLPG));
}

static void check_mapped_frame(void)
{
    char *page = alloc_page();
    long before = frames_now();

    list[0] = list[1] = virt_to_mfn(page);
    check_eq(change(XENMEM_decrease_reservation, self(2)), 2);
    page[0] = 1; /* still there */
    check_eq(frames_now(), before);
    check_eq(HYPERVISOR_update_va_mapping((unsigned long)page, 0, UVMF_INVLPG), 0);
    check_eq(frames_now(), before - 1);
    list[0] = virt_to_pfn(page);
    check_eq(change(XENMEM_populate_physmap, self(1)), 1);
}

static void check_many_and_large(void)
{
    struct xen_memory_reservation r = self(MANY);
    long before = frames_now();

    check_eq(change(XENMEM_increase_reservation, r), MANY);
    check_eq(frames_now(), before + MANY);
    check_eq(change(XENMEM_decrease_reservation, r), MANY);
    check_eq(frames_now(), before);
    r = self(4), r.extent_order = 9;
    check_eq(change(XENMEM_increase_reservation, r), 4);
    check_eq(list[3] % 512, 0);
    check_eq(frames_now(), before + 4 * 512);
    check_eq(change(XENMEM_decrease_reservation, r), 4);
    check_eq(frames_now(), before);
    r = self(1), r.mem_flags = XENMEMF_address_bits(28);
    check_eq(change(XENMEM_increase_reservation, r), 1);
    check(list[0] < 1ul << 16, "below 256 MiB");
    check_eq(change(XENMEM_decrease_reservation, self(1)), 1);
}

void test_main(void)
{
    long before = frames_now();

    check_refused(XENMEM_increase_reservation);
    check_refused(XENMEM_decrease_reservation);
    check_refused(XENMEM_populate_physmap);
    check_flags(XENMEM_increase_reservation);
    check_flags(XENMEM_populate_physmap);
    check_bad_frames();
    check_given_back_and_populated();
    check_mapped_frame();
    check_many_and_large();
    check_eq(frames_now(), before);
}
