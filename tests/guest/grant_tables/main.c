/* SPDX-License-Identifier: MIT */
/*
 * Behaviour: the operations on whole grant tables: set up, sizes, versions; swapping two
 * entries; moving a page in where a mapping was.
 * Provocation: more frames than allowed, arrays where one element is asked for, unknown
 * domains and versions; entries in use and out of range; commands that are left out.
 * Expected: the errno or the status of the interface; nothing changes on failure.
 * xen: differs version 2, transfer and cache_flush are left out of Pavise
 */
#include <test.h>

#include <mini-os/grants.h>
#include <mini-os/mm.h>
#include <mini-os/traps.h>

COVERS(grant_table_op, GNTTABOP_setup_table, GNTTABOP_query_size, GNTTABOP_set_version,
       GNTTABOP_get_version, GNTTABOP_swap_grant_ref, GNTTABOP_unmap_and_replace,
       GNTTABOP_dump_table, GNTTABOP_transfer, GNTTABOP_get_status_frames,
       GNTTABOP_cache_flush);

#define SELF      0
#define NO_DOMAIN 77

static int op(unsigned int cmd, void *arg, unsigned int count)
{
    return HYPERVISOR_grant_table_op(cmd, arg, count);
}

static void check_versions(void)
{
    struct gnttab_get_version get = { .dom = DOMID_SELF };
    struct gnttab_set_version set = { .version = 1 };

    check_eq(op(GNTTABOP_set_version, &set, 1), 0);
    check_eq(set.version, 1);
    check_eq(op(GNTTABOP_get_version, &get, 1), 0);
    check_eq(get.version, 1);
    set.version = 3;
    check_eq(op(GNTTABOP_set_version, &set, 1), -EINVAL);
    get.dom = NO_DOMAIN;
    check_eq(op(GNTTABOP_get_version, &get, 1), -ESRCH);
    check_eq(op(GNTTABOP_set_version, (void *)0x10, 1), -EFAULT);
    set.version = 2;
    check_eq(op(GNTTABOP_set_version, &set, 1), -ENOSYS);
}

static int setup(domid_t dom, unsigned int nr_frames, unsigned int count)
{
    static xen_pfn_t list[256];
    struct gnttab_setup_table table = { .dom = dom, .nr_frames = nr_frames };
    int rc;

    set_xen_guest_handle(table.frame_list, list);
    rc = op(GNTTABOP_setup_table, &table, count);
    return rc ? rc : table.status;
}

static void check_setup(void)
{
    struct gnttab_query_size size = { .dom = DOMID_SELF };

    require(op(GNTTABOP_query_size, &size, 1) == 0 && size.status == GNTST_okay);
    check_eq(setup(DOMID_SELF, 1, 2), -EINVAL);
    check_eq(op(GNTTABOP_query_size, &size, 0), -EINVAL);
    check_eq(setup(NO_DOMAIN, 1, 1), GNTST_bad_domain);
    check_eq(setup(DOMID_SELF, size.max_nr_frames + 1, 1), GNTST_general_error);
    check_eq(setup(DOMID_SELF, 2, 1), GNTST_okay);
    check_eq(op(GNTTABOP_query_size, &size, 1), 0);
    check_eq(size.nr_frames, 2);
    check_eq(op(GNTTABOP_map_grant_ref, NULL, ~0U), -EINVAL);
    check_eq(op(GNTTABOP_map_grant_ref, NULL, 0), 0);
}

static int swap(grant_ref_t a, grant_ref_t b)
{
    struct gnttab_swap_grant_ref swap = { .ref_a = a, .ref_b = b };
    int rc = op(GNTTABOP_swap_grant_ref, &swap, 1);

    return rc ? rc : swap.status;
}

static void check_swap(volatile uint64_t *window, void *page)
{
    volatile grant_entry_v1_t *table = grants_table();
    int a = grant_access(SELF, virt_to_mfn(page), 0);
    int b = grant_access(NO_DOMAIN, virt_to_mfn(page), GTF_readonly);
    grant_handle_t handle;

    require(a > 0 && b > 0);
    check_eq(swap(a, b), GNTST_okay);
    check_eq(table[a].domid, NO_DOMAIN);
    check_eq(table[b].domid, SELF);
    check_eq(table[a].flags, GTF_permit_access | GTF_readonly);
    check_eq(swap(a, a), GNTST_okay);
    check_eq(grant_map((void *)window, SELF, b, 0, &handle), GNTST_okay);
    check_eq(swap(a, b), GNTST_eagain);
    check_eq(grant_unmap((void *)window, handle), GNTST_okay);
    check_eq(swap(a, 2 * 512), GNTST_bad_gntref);
    check_eq(swap(~0U, b), GNTST_bad_gntref);
    check_eq(grant_end_access(a), 0);
    check_eq(grant_end_access(b), 0);
}

static int replace(volatile void *at, volatile void *by, grant_handle_t handle)
{
    struct gnttab_unmap_and_replace unmap = { .host_addr = (unsigned long)at,
                                              .new_addr = (unsigned long)by,
                                              .handle = handle };
    int rc = op(GNTTABOP_unmap_and_replace, &unmap, 1);

    return rc ? rc : unmap.status;
}

/* The page that was at its own address is where the mapping was. */
static void check_replace(volatile uint64_t *window, uint64_t *page)
{
    uint64_t *spare = alloc_page();
    int ref = grant_access(SELF, virt_to_mfn(page), 0);
    uint64_t pte;
    grant_handle_t handle;

    require(ref > 0 && spare);
    *page = 1;
    *spare = 2;
    pte = pte_of(spare);
    check_eq(grant_map((void *)window, SELF, ref, 0, &handle), GNTST_okay);
    check_eq(*window, 1);
    check_eq(replace(window, spare, handle + 1000), GNTST_bad_handle);
    check_eq(replace(window, spare, handle), GNTST_okay);
    check_eq(pte_of(spare), 0);
    check_eq(pte_of(window) & ~0xfffUL, pte & ~0xfffUL);
    check_eq(*window, 2);
    check_eq(grant_end_access(ref), 0);
    check_eq(HYPERVISOR_update_va_mapping((unsigned long)spare, pte, UVMF_INVLPG), 0);
    check_eq(HYPERVISOR_update_va_mapping((unsigned long)window, 0, UVMF_INVLPG), 0);
}

static void check_left_out(void)
{
    static uint64_t arg[8];

    check_eq(op(GNTTABOP_dump_table, arg, 1), -ENOSYS);
    check_eq(op(GNTTABOP_transfer, arg, 1), -ENOSYS);
    check_eq(op(GNTTABOP_get_status_frames, arg, 1), -ENOSYS);
    check_eq(op(GNTTABOP_cache_flush, arg, 1), -ENOSYS);
    check_eq(op(13, arg, 1), -ENOSYS);
}

void test_main(void)
{
    volatile uint64_t *window = window_reserve(1);
    uint64_t *page = alloc_page();

    require(grants_init(1) == 0 && window && page);
    check_setup();
    check_swap(window, page);
    check_replace(window, page);
    check_left_out();
    check_versions();
}
