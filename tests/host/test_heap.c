/* SPDX-License-Identifier: MIT */
/*
 * The buddy heap against a simple model: which frames are free is kept in a byte map, and
 * after random operations every frame's state, the counts and the merging must agree.
 */
#include "hv_host.h"
#include "test.h"
#include <hv/heap.h>
#include <abi/errno.h>
#include "../../hypervisor/mm/internal.h"

#define FRAMES 8192u

static const struct heap_constraint anywhere;

static uint64_t number(const struct page_info *pg)
{
    return mfn_x(page_to_mfn(pg));
}

/* Everything that is free, taken frame by frame; returns how many there were. */
static uint64_t drain(struct page_info **all)
{
    uint64_t n = 0;
    struct page_info *pg;

    while ((pg = heap_alloc_pages(0, anywhere)) != NULL)
        all[n++] = pg;
    return n;
}

static void give_back(struct page_info **all, uint64_t n)
{
    for (uint64_t i = 0; i < n; i++)
        heap_free_pages(all[i], 0);
}

static int setup(void **state)
{
    (void)state;
    host_machine_init(FRAMES);
    heap_add_range(_mfn(0), _mfn(159));
    heap_add_range(_mfn(256), _mfn(FRAMES + 100));
    return 0;
}

static void counts_are_exact(void **state)
{
    static struct page_info *all[FRAMES];
    uint64_t n;

    (void)state;
    assert_int_equal(heap_free_count(), 158 + FRAMES - 256);
    assert_int_equal(heap_total_count(), heap_free_count());
    n = drain(all);
    assert_int_equal(n, 158 + FRAMES - 256);
    assert_int_equal(heap_free_count(), 0);
    give_back(all, n);
    assert_int_equal(heap_free_count(), n);
}

static void freed_frames_merge_again(void **state)
{
    struct page_info *big;

    (void)state;
    big = heap_alloc_pages(12, anywhere);
    assert_non_null(big);
    assert_int_equal(number(big), 4096);
    heap_free_pages(big, 12);
}

static void runs_are_aligned_and_marked(void **state)
{
    (void)state;
    for (unsigned int order = 0; order <= 12; order++) {
        struct page_info *pg = heap_alloc_pages(order, anywhere);

        assert_non_null(pg);
        assert_int_equal(number(pg) & ((1u << order) - 1), 0);
        for (unsigned int i = 0; i < 1u << order; i++) {
            assert_int_equal(pg[i].ref, PGR_UNUSED);
            assert_int_equal(pg[i].type, 0);
            assert_false(page_get(&pg[i], DOMID_XEN));
        }
        heap_free_pages(pg, order);
    }
    assert_null(heap_alloc_pages(13, anywhere));
    assert_null(heap_alloc_pages(HEAP_MAX_ORDER + 1, anywhere));
}

static void address_width_limits_frames(void **state)
{
    static struct page_info *low[FRAMES];
    uint64_t n = 0;
    struct page_info *pg;

    (void)state;
    while ((pg = heap_alloc_pages(0, (struct heap_constraint){ 12 + 9 })) != NULL) {
        assert_true(number(pg) < 512);
        low[n++] = pg;
    }
    assert_int_equal(n, 158 + 256);
    give_back(low, n);
    assert_null(heap_alloc_pages(0, (struct heap_constraint){ 12 }));
    assert_null(heap_alloc_pages(0, (struct heap_constraint){ 1 }));
    pg = heap_alloc_pages(0, (struct heap_constraint){ 64 });
    assert_non_null(pg);
    heap_free_pages(pg, 0);
}

static void low_memory_is_kept_for_last(void **state)
{
    static struct page_info *all[FRAMES];
    uint64_t n, i;

    (void)state;
    n = drain(all);
    for (i = 0; i < FRAMES / 2; i++)
        assert_true(number(all[i]) >= FRAMES / 2);
    for (i = n - 158; i < n; i++)
        assert_true(number(all[i]) < 256);
    give_back(all, n);
}

static void free_again(void *pg)
{
    heap_free_pages(pg, 0);
}

static void double_free_is_detected(void **state)
{
    struct page_info *pg = heap_alloc_pages(0, anywhere);

    (void)state;
    heap_free_pages(pg, 0);
    assert_true(host_panics(free_again, pg));
    assert_true(host_panics(free_again, pg + 1));
}

static void guest_frames_are_flushed_before_reuse(void **state)
{
    static struct page_info *all[FRAMES];
    uint64_t n;
    struct page_info *a, *b;

    (void)state;
    n = drain(all);
    a = all[n - 1];
    b = all[n - 2];
    host_tlb_clock = 0x3fffffe; /* about to wrap */
    heap_free_guest_pages(a, 1);
    host_tlb_clock = 2;
    heap_free_guest_pages(b, 1);
    host_tlb_flushes = 0;
    give_back(all, n - 2);
    assert_int_equal(host_tlb_flushes, 0);
    /* Whatever run holds both, the newest stamp counts. */
    host_tlb_clock = 3;
    n = drain(all);
    assert_int_equal(host_tlb_flushes, 2);
    host_tlb_flushes = 0;
    heap_free_guest_pages(&frame_table[2], 1);
    host_tlb_clock = 9;
    heap_free_guest_pages(&frame_table[3], 1);
    host_tlb_clock = 11;
    a = heap_alloc_pages(1, anywhere);
    assert_non_null(a);
    assert_int_equal(host_tlb_flushes, 1);
    assert_int_equal(host_tlb_last_stamp, 9);
    /* The stamp is used up. */
    heap_free_pages(a, 1);
    a = heap_alloc_pages(1, anywhere);
    assert_int_equal(host_tlb_flushes, 1);
    heap_free_pages(a, 1);
    for (uint64_t i = 0; i < n; i++)
        if (all[i] != &frame_table[2] && all[i] != &frame_table[3])
            heap_free_pages(all[i], 0);
}

/* Runs of any length and place merge as if they were freed frame by frame. */
static void guest_runs_are_freed_whole(void **state)
{
    struct page_info *pg = heap_alloc_pages(6, anywhere);
    uint64_t before = heap_free_count();
    unsigned int cut[] = { 0, 1, 6, 7, 30, 31, 64 };

    (void)state;
    assert_non_null(pg);
    host_tlb_clock = 12;
    for (unsigned int i = 1; i < sizeof(cut) / sizeof(cut[0]); i++)
        heap_free_guest_pages(pg + cut[i - 1], cut[i] - cut[i - 1]);
    assert_int_equal(heap_free_count(), before + 64);
    host_tlb_flushes = 0;
    assert_ptr_equal(heap_alloc_pages(6, anywhere), pg);
    assert_int_equal(host_tlb_flushes, 1);
    assert_int_equal(host_tlb_last_stamp, 12);
    heap_free_pages(pg, 6);
}

static void claims_are_kept_free(void **state)
{
    uint64_t n = heap_free_count();
    struct page_info *pg;

    (void)state;
    assert_int_equal(heap_claim(n + 1), -ENOMEM);
    assert_int_equal(heap_claim(n), 0);
    assert_int_equal(heap_claim(1), -ENOMEM);
    assert_null(heap_alloc_pages(0, anywhere));
    pg = heap_take(0, anywhere, 1);
    assert_non_null(pg);
    pg->ref = PGR_UNUSED;
    assert_int_equal(heap_claimed_count(), n - 1);
    assert_null(heap_alloc_pages(0, anywhere));
    heap_unclaim(n - 1);
    heap_free_pages(pg, 0);
}

struct held {
    struct page_info *pg;
    unsigned int order;
};

static void check_disjoint(const struct held *h, unsigned int nr)
{
    static uint8_t used[FRAMES];
    uint64_t in_use = 0;

    memset(used, 0, sizeof(used));
    for (unsigned int i = 0; i < nr; i++) {
        if (!h[i].pg)
            continue;
        for (unsigned int k = 0; k < 1u << h[i].order; k++) {
            assert_int_equal(used[number(h[i].pg) + k]++, 0);
            assert_int_equal(h[i].pg[k].ref, PGR_UNUSED);
            in_use++;
        }
    }
    assert_int_equal(in_use + heap_free_count(), heap_total_count());
}

static void random_operations_agree_with_model(void **state)
{
    enum { SLOTS = 600 };
    static struct held h[SLOTS];

    (void)state;
    host_random_seed(7);
    for (unsigned int step = 0; step < 400000; step++) {
        struct held *s = &h[host_random() % SLOTS];

        if (s->pg) {
            if (host_random() % 2)
                heap_free_guest_pages(s->pg, 1u << s->order);
            else
                heap_free_pages(s->pg, s->order);
            s->pg = NULL;
        } else {
            s->order = (unsigned int)__builtin_ctzll(host_random() | 1 << 8);
            s->pg = heap_alloc_pages(
                s->order, (struct heap_constraint){ host_random() % 3 ? 0 : 12 + 11 });
        }
        if (step % 1000 == 0)
            check_disjoint(h, SLOTS);
    }
    for (unsigned int i = 0; i < SLOTS; i++)
        if (h[i].pg)
            heap_free_pages(h[i].pg, h[i].order);
    assert_int_equal(heap_free_count(), heap_total_count());
    freed_frames_merge_again(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_are_exact),
        cmocka_unit_test(freed_frames_merge_again),
        cmocka_unit_test(runs_are_aligned_and_marked),
        cmocka_unit_test(address_width_limits_frames),
        cmocka_unit_test(low_memory_is_kept_for_last),
        cmocka_unit_test(guest_frames_are_flushed_before_reuse),
        cmocka_unit_test(guest_runs_are_freed_whole),
        cmocka_unit_test(claims_are_kept_free),
        cmocka_unit_test(random_operations_agree_with_model),
        cmocka_unit_test(double_free_is_detected), /* last: the heap lock stays taken */
    };

    return cmocka_run_group_tests(tests, setup, NULL);
}
