/* SPDX-License-Identifier: MIT */
/*
 * Behaviour: what a domain can have of ports and grant mappings is limited, and comes
 * back when it is given up.
 * Provocation: ports are allocated until there is no more; a grant is mapped until its
 * count of uses is full, and several until there is no handle; then one is given back and
 * asked for again.
 * Expected: -ENOSPC after all 4095 ports; GNTST_general_error after 128 mappings of one
 * grant; GNTST_no_space when the one frame of handles is full.
 */
/* hypervisor: gnttab_max_maptrack_frames=1 */
/* dom0: max_vcpus=1 */
#include <test.h>

#include <mini-os/events.h>
#include <mini-os/grants.h>
#include <mini-os/mm.h>

COVERS(EVTCHNOP_alloc_unbound, EVTCHNOP_close, GNTTABOP_map_grant_ref,
       GNTTABOP_unmap_grant_ref);

#define PORTS    4096
#define USES     128 /* writable mappings of one grant */
#define HANDLES  128 /* at least, in a frame of them */
#define MAPPINGS 1024

static int alloc_port(void)
{
    return event_bind_unbound(DOMID_SELF, NULL, NULL);
}

static void check_ports(void)
{
    static bool mine[PORTS];
    int port, last = 0, n = 0;

    while ((port = alloc_port()) > 0 && port < PORTS && !mine[port]) {
        mine[port] = true;
        last = port;
        n++;
    }
    check_eq(port, -ENOSPC);
    check_eq(last, PORTS - 1);
    note("%d ports", n);
    check_eq(event_close(last), 0);
    check_eq(alloc_port(), last);
    check_eq(alloc_port(), -ENOSPC);
    for (port = 0; port < PORTS; port++)
        if (mine[port])
            check_eq(event_close(port), 0);
}

static char *window;
static grant_handle_t handle[MAPPINGS];
static unsigned int mapped;

/* Maps the grant until it is refused; how that is said. */
static int map_all(grant_ref_t ref, unsigned int *times)
{
    int status = GNTST_okay;

    for (*times = 0; mapped < MAPPINGS && status == GNTST_okay; ++*times) {
        status = grant_map(window + mapped * PAGE_SIZE, 0, ref, 0, &handle[mapped]);
        mapped += status == GNTST_okay;
    }
    --*times;
    return status;
}

static void check_mappings(uint64_t *page)
{
    int ref[MAPPINGS / USES], status = GNTST_general_error;
    unsigned int n = 0, times;

    for (; n < ARRAY_SIZE(ref) && status == GNTST_general_error; n++) {
        ref[n] = grant_access(0, virt_to_mfn(page), 0);
        require(ref[n] > 0);
        status = map_all(ref[n], &times);
        if (status == GNTST_general_error)
            check_eq(times, USES);
    }
    check_eq(status, GNTST_no_space);
    note("%u mappings", mapped);
    check(mapped >= HANDLES, "a frame of handles");
    check_eq(grant_unmap(window, handle[0]), GNTST_okay);
    check_eq(grant_map(window, 0, ref[0], 0, &handle[0]), GNTST_okay);
    while (mapped-- > 0)
        check_eq(grant_unmap(window + mapped * PAGE_SIZE, handle[mapped]), GNTST_okay);
    while (n-- > 0)
        check_eq(grant_end_access(ref[n]), 0);
}

void test_main(void)
{
    uint64_t *page = alloc_page();

    window = window_reserve(MAPPINGS);
    require(page && window && grants_init(1) == 0);
    check_ports();
    check_mappings(page);
}
