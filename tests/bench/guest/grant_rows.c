/* SPDX-License-Identifier: MIT */
/* Grants of this domain to itself: map, unmap, copy. */
#include "bench.h"

#include <mini-os/grants.h>
#include <mini-os/mm.h>
#include <mini-os/panic.h>

void bench_grants(void)
{
    void *page = alloc_page(), *target = alloc_page(), *window = window_reserve(1);
    grant_handle_t handle = 0;
    struct gnttab_copy copy;
    int ref, target_ref;

    BUG_ON(!page || !target || !window || grants_init(1));
    ref = grant_access(0, virt_to_mfn(page), 0);
    target_ref = grant_access(0, virt_to_mfn(target), 0);
    BUG_ON(ref < 0 || target_ref < 0);
    for (int i = 0; i < ROUNDS; i++) {
        uint64_t start = read_tsc();
        int rc = grant_map(window, 0, ref, 0, &handle);

        sample(read_tsc() - start);
        BUG_ON(rc);
        BUG_ON(grant_unmap(window, handle));
    }
    report_median("grant-map");
    for (int i = 0; i < ROUNDS; i++) {
        uint64_t start;

        BUG_ON(grant_map(window, 0, ref, 0, &handle));
        start = read_tsc();
        BUG_ON(grant_unmap(window, handle));
        sample(read_tsc() - start);
    }
    report_median("grant-unmap");
    copy = (struct gnttab_copy){ .source = { .u.ref = ref, .domid = 0 },
                                 .dest = { .u.ref = target_ref, .domid = 0 },
                                 .len = PAGE_SIZE,
                                 .flags = GNTCOPY_source_gref | GNTCOPY_dest_gref };
    MEASURE("grant-copy-4k", , BUG_ON(grant_copy(&copy)));
}
