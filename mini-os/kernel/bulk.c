/* SPDX-License-Identifier: MIT */
/*
 * Bulk memory: frames without a number of the domain's own (pfn), mapped in the area of
 * foreign frames. Nothing but their page table entries remembers them.
 */
#include <mini-os/bulk.h>

#include <stdlib.h>

#include <abi/errno.h>
#include <abi/hypercall_stubs.h>
#include <abi/memory.h>
#include <mini-os/foreign.h>
#include <mini-os/mm.h>
#include <mini-os/panic.h>

#define BATCH       128
#define FREE_BATCH  2048
#define LARGE_ORDER 9 /* tried first */

static unsigned long pages_in_use;

static unsigned int pages_of(size_t size)
{
    return (unsigned int)((size + PAGE_SIZE - 1) / PAGE_SIZE);
}

/* How many extents of n the hypervisor gives or takes. */
static unsigned int reserve(unsigned int command, xen_pfn_t *mfns, unsigned int n,
                            unsigned int order)
{
    struct xen_memory_reservation reservation = {
        .nr_extents = n,
        .extent_order = order,
        .domid = DOMID_SELF,
    };
    long done;

    reservation.extent_start.p = mfns;
    done = HYPERVISOR_memory_op(command, &reservation);
    return done > 0 ? (unsigned int)done : 0;
}

static void give_back(xen_pfn_t *mfns, unsigned int n)
{
    unsigned int done = reserve(XENMEM_decrease_reservation, mfns, n, 0);

    BUG_ON(done != n);
}

/* Large extents as long as there are some; each becomes the list of its pages. */
static unsigned int take_large(xen_pfn_t *mfns, unsigned int n)
{
    unsigned int done = 0, per_extent = 1u << LARGE_ORDER;

    while (n - done >= per_extent) {
        xen_pfn_t first;

        if (!reserve(XENMEM_increase_reservation, &first, 1, LARGE_ORDER))
            break;
        for (unsigned int i = 0; i < per_extent; i++)
            mfns[done++] = first + i;
    }
    return done;
}

static unsigned int take_pages(xen_pfn_t *mfns, unsigned int n)
{
    unsigned int done = 0, want, got;

    do {
        want = n - done < BATCH ? n - done : BATCH;
        got = want ? reserve(XENMEM_increase_reservation, mfns + done, want, 0) : 0;
        done += got;
    } while (got && got == want);
    return done;
}

/* n frames and their mapping; 0 and *address. */
static int take(xen_pfn_t *mfns, unsigned int n, void **address)
{
    unsigned int got = take_large(mfns, n);
    int rc = -XEN_ENOMEM;

    got += take_pages(mfns + got, n - got);
    if (got == n)
        rc = foreign_map(DOMID_SELF, mfns, n, address);
    if (rc)
        give_back(mfns, got);
    return rc;
}

void *bulk_alloc(size_t size)
{
    unsigned int n = pages_of(size);
    xen_pfn_t *mfns =
        size <= FOREIGN_END - FOREIGN_START ? calloc(n, sizeof(*mfns)) : NULL;
    void *address = NULL;

    if (mfns && take(mfns, n, &address))
        address = NULL;
    if (address)
        pages_in_use += n;
    free(mfns);
    return address;
}

/* The entries are read before they are emptied. Nothing here waits, and nothing fails. */
void bulk_free(void *address, size_t size)
{
    static xen_pfn_t mfns[FREE_BATCH];
    char *at = address;

    pages_in_use -= at ? pages_of(size) : 0;
    for (unsigned int n = at ? pages_of(size) : 0, part; n; n -= part) {
        part = n < FREE_BATCH ? n : FREE_BATCH;
        for (unsigned int i = 0; i < part; i++)
            mfns[i] = pte_mfn(pte_of(at + (size_t)i * PAGE_SIZE));
        foreign_unmap(at, part);
        give_back(mfns, part);
        at += (size_t)part * PAGE_SIZE;
    }
}

unsigned long bulk_pages(void)
{
    return pages_in_use;
}
