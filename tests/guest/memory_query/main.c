/* SPDX-License-Identifier: MIT */
/*
 * Behaviour: memory_op tells what a domain has and where the machine-to-physical table
 * is. Provocation: every question, about the domain itself and others, with arguments
 * that cannot be read, and with an extent to go on from where there is none. Expected:
 * the figures agree with start_info and the table; the errno of each mistake.
 */
#include <test.h>

#include <abi/memory.h>
#include <mini-os/mm.h>

COVERS(memory_op, XENMEM_maximum_ram_page, XENMEM_current_reservation,
       XENMEM_maximum_reservation, XENMEM_maximum_gpfn, XENMEM_machphys_mapping,
       XENMEM_machphys_mfn_list, XENMEM_get_sharing_freed_pages,
       XENMEM_get_sharing_shared_pages);

#define BAD_POINTER (1ul << 47)
#define START(n)    ((unsigned long)(n) << 6)

static long memory_op(unsigned long cmd, unsigned long arg)
{
    return HYPERVISOR_memory_op(cmd, (void *)arg);
}

static long ask(unsigned long cmd, domid_t domid)
{
    struct xen_memory_domain d = { domid };

    return memory_op(cmd, (unsigned long)&d);
}

static void check_domain_question(unsigned long cmd)
{
    check_eq(ask(cmd, 0), ask(cmd, DOMID_SELF));
    check_eq(ask(cmd, 77), -ESRCH);
    check_eq(ask(cmd, DOMID_IO), -ESRCH);
    check_eq(ask(cmd, DOMID_XEN), -ESRCH);
    check_eq(memory_op(cmd, BAD_POINTER), -EFAULT);
    check_eq(ask(cmd | START(1), DOMID_SELF), -EINVAL);
}

static void check_figures(void)
{
    long pages = ask(XENMEM_current_reservation, DOMID_SELF);

    check(pages >= (long)boot_info->nr_pages, "at least what start_info says");
    check(ask(XENMEM_maximum_reservation, DOMID_SELF) >= pages, "within the limit");
    check_eq(memory_op(XENMEM_get_sharing_freed_pages, 0), 0);
    check_eq(memory_op(XENMEM_get_sharing_shared_pages, 0), 0);
    check_eq(memory_op(XENMEM_maximum_ram_page | START(1), 0), -EINVAL);
}

static void check_mapping(void)
{
    struct xen_machphys_mapping m = { 0 };

    check_eq(memory_op(XENMEM_machphys_mapping, (unsigned long)&m), 0);
    check_eq(m.v_start, MACH2PHYS_VIRT_START);
    check_eq(m.v_end, MACH2PHYS_VIRT_END);
    check_eq(m.max_mfn, memory_op(XENMEM_maximum_ram_page, 0) - 1);
    check_eq(memory_op(XENMEM_machphys_mapping, BAD_POINTER), -EFAULT);
    check_eq(memory_op(XENMEM_machphys_mapping | START(1), (unsigned long)&m), -ENOSYS);
}

static void check_frame_list(void)
{
    xen_pfn_t frames[4] = { 0 };
    struct xen_machphys_mfn_list list = { .max_extents = 4 };
    long bytes = memory_op(XENMEM_maximum_ram_page, 0) * 8;

    set_xen_guest_handle(list.extent_start, frames);
    check_eq(memory_op(XENMEM_machphys_mfn_list, (unsigned long)&list), 0);
    check_eq(list.nr_extents, (bytes + (2 << 20) - 1) >> 21);
    check(frames[0], "the table begins in a frame");
    list.max_extents = 0;
    check_eq(memory_op(XENMEM_machphys_mfn_list, (unsigned long)&list), 0);
    check_eq(list.nr_extents, 0);
    check_eq(memory_op(XENMEM_machphys_mfn_list | START(1), (unsigned long)&list),
             -ENOSYS);
    list.max_extents = 1;
    list.extent_start.p = (void *)BAD_POINTER;
    check_eq(memory_op(XENMEM_machphys_mfn_list, (unsigned long)&list), -EFAULT);
}

void test_main(void)
{
    check_domain_question(XENMEM_current_reservation);
    check_domain_question(XENMEM_maximum_reservation);
    check_domain_question(XENMEM_maximum_gpfn);
    check_figures();
    check_mapping();
    check_frame_list();
}
