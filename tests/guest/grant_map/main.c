/* SPDX-License-Identifier: MIT */
/*
 * Behaviour: a granted page is mapped and unmapped by reference; the entry shows that it
 * is in use; what the entry does not allow is refused.
 * Provocation: a page granted to ourselves, mapped writable and read-only, twice; grants
 * that are read-only, for another domain, not valid, out of range; bad handles and
 * addresses; several operations at once.
 * Expected: writes through the mapping reach the page; reading and writing flags while
 * mapped; GNTST_bad_gntref, _bad_domain, _general_error, _bad_handle as they apply.
 */
#include <test.h>

#include <mini-os/grants.h>
#include <mini-os/mm.h>
#include <mini-os/traps.h>

COVERS(grant_table_op, GNTTABOP_setup_table, GNTTABOP_map_grant_ref,
       GNTTABOP_unmap_grant_ref, GNTTABOP_query_size);

#define SELF      0
#define NO_DOMAIN 77
#define IN_USE    (GTF_reading | GTF_writing)

static volatile uint64_t *window;
static volatile uint64_t *page;

static unsigned int flags_of(grant_ref_t ref)
{
    return READ_ONCE(grants_table()[ref].flags);
}

static void check_writable(void)
{
    int ref = grant_access(SELF, virt_to_mfn(page), 0);
    grant_handle_t handle;

    require(ref > 0);
    check_eq(grant_map((void *)window, SELF, ref, 0, &handle), GNTST_okay);
    *window = 0xabcd;
    check_eq(*page, 0xabcd);
    check_eq(flags_of(ref) & IN_USE, IN_USE);
    check_eq(grant_end_access(ref), -EBUSY);
    check_eq(grant_unmap((void *)window, handle), GNTST_okay);
    check_eq(pte_of(window), 0);
    check_eq(flags_of(ref) & IN_USE, 0);
    check_eq(grant_unmap((void *)window, handle), GNTST_bad_handle);
    check_eq(grant_end_access(ref), 0);
}

static void check_readonly(void)
{
    int ref = grant_access(SELF, virt_to_mfn(page), GTF_readonly);
    struct trap_result fault;
    grant_handle_t handle;

    require(ref > 0);
    check_eq(grant_map((void *)window, SELF, ref, 0, &handle), GNTST_general_error);
    check_eq(pte_of(window), 0);
    check_eq(grant_map((void *)window, SELF, ref, GNTMAP_readonly, &handle), GNTST_okay);
    check_eq(*window, *page);
    check_eq(flags_of(ref) & IN_USE, GTF_reading);
    check(probe_write(window, 0, &fault), "a read-only mapping cannot be written");
    check_eq(grant_unmap((void *)window, handle), GNTST_okay);
    check_eq(flags_of(ref) & IN_USE, 0);
    check_eq(grant_end_access(ref), 0);
}

static void check_twice(void)
{
    int ref = grant_access(SELF, virt_to_mfn(page), 0);
    volatile uint64_t *second = window_reserve(1);
    grant_handle_t handle[2];

    require(ref > 0 && second);
    check_eq(grant_map((void *)window, SELF, ref, 0, &handle[0]), GNTST_okay);
    check_eq(grant_map((void *)second, SELF, ref, 0, &handle[1]), GNTST_okay);
    check(handle[0] != handle[1], "a handle for each mapping");
    *window = 0x77;
    check_eq(*second, 0x77);
    check_eq(grant_unmap((void *)window, handle[0]), GNTST_okay);
    check_eq(flags_of(ref) & IN_USE, IN_USE);
    check_eq(grant_unmap((void *)second, handle[1]), GNTST_okay);
    check_eq(flags_of(ref) & IN_USE, 0);
    check_eq(grant_end_access(ref), 0);
}

static int try_map(domid_t domid, grant_ref_t ref)
{
    grant_handle_t handle;
    int status = grant_map((void *)window, domid, ref, 0, &handle);

    check(status == GNTST_okay || pte_of(window) == 0, "nothing mapped on failure");
    return status;
}

static void check_errors(void)
{
    int foreign = grant_access(NO_DOMAIN, virt_to_mfn(page), 0);

    require(foreign > 0);
    check_eq(try_map(SELF, foreign), GNTST_general_error);
    check_eq(grant_end_access(foreign), 0);
    check_eq(try_map(SELF, foreign), GNTST_general_error);
    check_eq(try_map(SELF, grants_count()), GNTST_bad_gntref);
    check_eq(try_map(SELF, ~0U), GNTST_bad_gntref);
    check_eq(try_map(NO_DOMAIN, 8), GNTST_bad_domain);
    check_eq(grant_unmap((void *)window, ~0U), GNTST_bad_handle);
    check_eq(grant_unmap((void *)window, 123456), GNTST_bad_handle);
}

static void check_sizes(void)
{
    struct gnttab_query_size size = { .dom = DOMID_SELF };

    check_eq(HYPERVISOR_grant_table_op(GNTTABOP_query_size, &size, 1), 0);
    check_eq(size.status, GNTST_okay);
    check(size.nr_frames >= 1 && size.nr_frames <= size.max_nr_frames, "sizes");
    note("%u of %u grant frames", size.nr_frames, size.max_nr_frames);
    size.dom = NO_DOMAIN;
    check_eq(HYPERVISOR_grant_table_op(GNTTABOP_query_size, &size, 1), 0);
    check_eq(size.status, GNTST_bad_domain);
    check_eq(HYPERVISOR_grant_table_op(GNTTABOP_query_size, (void *)0x10, 1), -EFAULT);
    check_eq(HYPERVISOR_grant_table_op(100, &size, 1), -ENOSYS);
}

void test_main(void)
{
    require(grants_init(1) == 0);
    window = window_reserve(1);
    page = alloc_page();
    require(window && page);
    check_writable();
    check_readonly();
    check_twice();
    check_errors();
    check_sizes();
}
