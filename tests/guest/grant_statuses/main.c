/* SPDX-License-Identifier: MIT */
/*
 * Behaviour: an operation on grants that fails says so in its own status.
 * Provocation: copies of frames that are not the caller's, do not exist or are page
 * tables, and of another domain's frames by number; a list of table frames that cannot be
 * written; mappings at addresses that are no good; entries of other kinds.
 * Expected: GNTST_bad_page, _general_error, _permission_denied, _bad_virt_addr, _bad_domain
 * as they apply; nothing is mapped or copied.
 */
#include <test.h>

#include <mini-os/grants.h>
#include <mini-os/mm.h>

COVERS(grant_table_op, GNTTABOP_copy, GNTTABOP_setup_table, GNTTABOP_map_grant_ref);

#define SELF     0
#define NO_FRAME 0xfffffff000UL

static uint64_t *page;

static int copy_frame(domid_t domid, unsigned long source, unsigned long dest)
{
    struct gnttab_copy op = { .len = 8 };

    op.source.domid = domid;
    op.source.u.gmfn = source;
    op.dest.domid = DOMID_SELF;
    op.dest.u.gmfn = dest;
    return grant_copy(&op);
}

static void check_copies(void)
{
    unsigned long mfn = virt_to_mfn(page), root = virt_to_mfn(kernel_space.root);

    check_eq(copy_frame(DOMID_SELF, mfn, mfn), GNTST_okay);
    check_eq(copy_frame(DOMID_SELF, NO_FRAME, mfn), GNTST_bad_page);
    check_eq(copy_frame(DOMID_SELF, mfn, NO_FRAME), GNTST_bad_page);
    check_eq(copy_frame(DOMID_SELF, 0, mfn), GNTST_bad_page);
    check_eq(copy_frame(DOMID_SELF, root, mfn), GNTST_okay);
    check_eq(copy_frame(DOMID_SELF, mfn, root), GNTST_general_error);
    check_eq(copy_frame(SELF, mfn, mfn), GNTST_permission_denied);
    check_eq(copy_frame(DOMID_IO, mfn, mfn), GNTST_bad_domain);
}

static void check_setup(void)
{
    struct gnttab_setup_table setup = { .dom = DOMID_SELF, .nr_frames = 1 };

    setup.frame_list.p = (void *)0x10;
    check_eq(HYPERVISOR_grant_table_op(GNTTABOP_setup_table, &setup, 1), 0);
    check_eq(setup.status, GNTST_bad_virt_addr);
}

static int map_at(unsigned long address, grant_ref_t ref, unsigned int flags)
{
    struct gnttab_map_grant_ref op = { .host_addr = address, .flags = flags, .ref = ref };

    check_eq(HYPERVISOR_grant_table_op(GNTTABOP_map_grant_ref, &op, 1), 0);
    return op.status;
}

static void check_addresses(void)
{
    int ref = grant_access(SELF, virt_to_mfn(page), 0);

    require(ref > 0);
    check_eq(map_at(0x10, ref, GNTMAP_host_map), GNTST_general_error);
    check_eq(map_at(HYPERVISOR_VIRT_START, ref, GNTMAP_host_map), GNTST_general_error);
    check_eq(map_at(0x800000000000, ref, GNTMAP_host_map), GNTST_general_error);
    check_eq(map_at(virt_to_maddr(page), ref, GNTMAP_host_map | GNTMAP_contains_pte),
             GNTST_general_error);
    check_eq(map_at(NO_FRAME << PAGE_SHIFT, ref, GNTMAP_host_map | GNTMAP_contains_pte),
             GNTST_general_error);
    check_eq(map_at(0, ref, 0), GNTST_bad_gntref);
    check_eq(grant_end_access(ref), 0);
}

/* An entry that is not for access, and one of a frame that cannot be granted so. */
static void check_entries(void *window)
{
    int table = grant_access(SELF, virt_to_mfn(kernel_space.root), 0);
    int none = grant_access(SELF, NO_FRAME & 0xffffffff, 0);
    grant_handle_t handle;

    require(table > 0 && none > 0);
    check_eq(grant_map(window, SELF, table, 0, &handle), GNTST_general_error);
    check_eq(grant_map(window, SELF, none, 0, &handle), GNTST_bad_page);
    check_eq(pte_of(window), 0);
    check_eq(grant_end_access(table), 0);
    check_eq(grant_end_access(none), 0);
}

void test_main(void)
{
    void *window = window_reserve(1);

    require(grants_init(1) == 0);
    page = alloc_page();
    require(page && window);
    check_copies();
    check_setup();
    check_addresses();
    check_entries(window);
}
