/* SPDX-License-Identifier: MIT */
/* Page tables: updates in all ways, pins, roots, flushes. */
#include "bench.h"

#include <abi/hypercall_stubs.h>
#include <mini-os/mm.h>
#include <mini-os/panic.h>
#include <mini-os/string.h>

#define BATCH 32

static struct mmu_update reqs[BATCH];

static pte_t frame_pte[2];

static void fill_batch(char *window, unsigned int which)
{
    for (unsigned int i = 0; i < BATCH; i++)
        reqs[i] = (struct mmu_update){ .ptr = pte_maddr(window + i * PAGE_SIZE, 1),
                                       .val = frame_pte[which] };
}

static void update(unsigned int n)
{
    int rc = HYPERVISOR_mmu_update(reqs, n, NULL, DOMID_SELF);

    BUG_ON(rc);
}

static void by_va(void *va, pte_t pte, unsigned long flags)
{
    int rc = HYPERVISOR_update_va_mapping((unsigned long)va, pte, flags);

    BUG_ON(rc);
}

static void bench_updates(char *window)
{
    volatile pte_t *slot;
    unsigned int turn = 0;

    MEASURE("mmu_update-1", fill_batch(window, turn ^= 1), update(1));
    MEASURE("mmu_update-32", fill_batch(window, turn ^= 1), update(BATCH));
    MEASURE("mmu_update-1-same", , update(1));
    MEASURE("update_va_mapping", turn ^= 1, by_va(window, frame_pte[turn], UVMF_NONE));
    MEASURE("update_va_mapping-invlpg", turn ^= 1,
            by_va(window, frame_pte[turn], UVMF_INVLPG));
    slot = (volatile pte_t *)pte_slot((unsigned long)window, 1);
    MEASURE("pte-write-emulated", turn ^= 1, *slot = frame_pte[turn]);
}

static void pin(pte_t *table)
{
    int rc = table_pin(table, 1);

    BUG_ON(rc);
}

static void unpin(pte_t *table)
{
    int rc = table_unpin(table);

    BUG_ON(rc);
}

/* The table is filled while it is ordinary memory, then made read-only. */
static void bench_pins(void)
{
    pte_t *table = alloc_page();
    pte_t ro = frame_pte[0] & ~PTE_W;

    BUG_ON(!table || page_make_ro(table));
    MEASURE("pin-l1-empty", , pin(table); unpin(table));
    BUG_ON(page_make_rw(table));
    for (int i = 0; i < PTES_PER_TABLE; i++)
        table[i] = ro;
    BUG_ON(page_make_ro(table));
    for (int i = 0; i < ROUNDS; i++) {
        uint64_t start = read_tsc();

        pin(table);
        sample(read_tsc() - start);
        unpin(table);
    }
    report_median("pin-l1-full");
    for (int i = 0; i < ROUNDS; i++) {
        uint64_t start;

        pin(table);
        start = read_tsc();
        unpin(table);
        sample(read_tsc() - start);
    }
    report_median("unpin-l1-full");
}

static void bench_roots(void)
{
    unsigned long root = virt_to_mfn(kernel_space.root);

    MEASURE("new_baseptr-same", , mmuext_one(MMUEXT_NEW_BASEPTR, root, 0));
    MEASURE("tlb_flush-local", , mmuext_one(MMUEXT_TLB_FLUSH_LOCAL, 0, 0));
    MEASURE("invlpg-local", , mmuext_one(MMUEXT_INVLPG_LOCAL, (unsigned long)&root, 0));
}

void bench_tables(void)
{
    char *window = window_reserve(BATCH);

    BUG_ON(!window);
    for (int i = 0; i < 2; i++)
        frame_pte[i] = pte_make(virt_to_mfn(alloc_page()), PTE_RW);
    bench_updates(window);
    for (int i = 0; i < BATCH; i++)
        unmap(window + i * PAGE_SIZE);
    bench_pins();
    bench_roots();
}
