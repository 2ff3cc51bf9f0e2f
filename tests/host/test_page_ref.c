/* SPDX-License-Identifier: MIT */
/*
 * Frames of domains: references, limits, claims, exchange and teardown. After every test
 * the heap has as many free frames as before and no domain is left with a reference.
 */
#include "hv_host.h"
#include "test.h"
#include <hv/domain.h>
#include <hv/heap.h>
#include <hv/page_type.h>
#include <hv/parts.h>
#include <hv/softirq.h>
#include <abi/errno.h>

#define FRAMES 4096u
#define FIRST  64u

static const struct heap_constraint anywhere;
static struct domain dom[2];
static uint64_t free_before;

void domain_put(struct domain *d)
{
    assert_true(d->references > 0);
    d->references--;
}

/* Of the page-type machine only what a shared frame needs. */
void page_put_writable(struct page_info *pg)
{
    pg->type -= 1;
    page_put(pg);
}

static int make_machine(void **state)
{
    (void)state;
    host_machine_init(FRAMES);
    ram_add_range(_mfn(FIRST), _mfn(FRAMES));
    heap_add_range(_mfn(FIRST), _mfn(FRAMES));
    page_reclaim_init();
    return 0;
}

static int make_domains(void **state)
{
    (void)state;
    free_before = heap_free_count();
    memset(dom, 0, sizeof(dom));
    for (unsigned int i = 0; i < 2; i++) {
        dom[i].id = (domid_t)(510 + 2 * i); /* in two leaves of the owner table */
        dom[i].max_pages = 1000;
        dom[i].references = 1;
        assert_int_equal(mem_domain_create(&dom[i], NULL), 0);
    }
    return 0;
}

static int check_all_is_back(void **state)
{
    (void)state;
    softirq_run();
    for (unsigned int i = 0; i < 2; i++) {
        dom[i].life = DOM_DYING;
        dom[i].relinquish_mfn = 0;
        assert_int_equal(mem_domain_relinquish(&dom[i]), 0);
        softirq_run();
        assert_int_equal(dom[i].tot_pages, 0);
        assert_int_equal(dom[i].references, 1);
        mem_domain_destroy(&dom[i]);
    }
    assert_int_equal(heap_free_count(), free_before);
    assert_int_equal(heap_claimed_count(), 0);
    return 0;
}

static struct page_info *alloc(struct domain *d, unsigned int order)
{
    int rc;
    struct page_info *pg = domain_alloc_pages(d, order, &anywhere, &rc);

    assert_non_null(pg);
    assert_int_equal(rc, 0);
    return pg;
}

static void frames_are_scrubbed_and_owned(void **state)
{
    static const uint8_t zeros[PAGE_SIZE];
    struct page_info *pg = alloc(&dom[0], 3);

    (void)state;
    for (unsigned int i = 0; i < 8; i++) {
        assert_int_equal(page_owner_id(&pg[i]), dom[0].id);
        assert_int_equal(pg[i].ref & PGR_COUNT_MASK, 1);
        assert_int_equal(m2p_table[page_to_mfn(pg).n + i], M2P_INVALID);
        memset(page_to_virt(&pg[i]), 0x5a, PAGE_SIZE);
        assert_true(page_get(&pg[i], dom[0].id));
        assert_true(page_drop_allocated(&dom[0], &pg[i]));
    }
    pg = alloc(&dom[1], 3); /* the same ones: merged, and taken first */
    for (unsigned int i = 0; i < 8; i++)
        assert_memory_equal(page_to_virt(&pg[i]), zeros, PAGE_SIZE);
}

static void limits_and_death_refuse_frames(void **state)
{
    int rc;

    (void)state;
    dom[0].max_pages = 5;
    alloc(&dom[0], 2);
    assert_null(domain_alloc_pages(&dom[0], 1, &anywhere, &rc));
    assert_int_equal(rc, -E2BIG);
    alloc(&dom[0], 0);
    assert_null(domain_alloc_pages(&dom[0], 0, &anywhere, &rc));
    assert_int_equal(rc, -E2BIG);
    dom[0].max_pages = 2; /* below what it has */
    assert_null(domain_alloc_pages(&dom[0], 0, &anywhere, &rc));
    assert_int_equal(rc, -E2BIG);
    dom[1].max_pages = ~0ull;
    assert_null(domain_alloc_pages(&dom[1], HEAP_MAX_ORDER, &anywhere, &rc));
    assert_int_equal(rc, -ENOMEM);
    assert_null(domain_alloc_pages(&dom[1], HEAP_MAX_ORDER + 1, &anywhere, &rc));
    assert_int_equal(rc, -ENOMEM);
    dom[1].life = DOM_DYING;
    assert_null(domain_alloc_pages(&dom[1], 0, &anywhere, &rc));
    assert_int_equal(rc, -EINVAL);
}

static void a_reference_needs_the_right_owner(void **state)
{
    struct page_info *pg = alloc(&dom[0], 0);
    domid_t owner;

    (void)state;
    assert_false(page_get(pg, dom[1].id));
    assert_true(page_get_any(pg, &owner));
    assert_int_equal(owner, dom[0].id);
    page_put(pg);
    assert_false(page_get(&frame_table[1], 0)); /* not RAM */
    assert_false(page_get_any(&frame_table[1], &owner));
    assert_true(page_get(pg, dom[0].id));
    assert_true(page_drop_allocated(&dom[0], pg));
    assert_false(page_get(pg, dom[0].id));
    assert_false(page_get_any(pg, &owner));
}

static void the_count_cannot_overflow(void **state)
{
    struct page_info *pg = alloc(&dom[0], 0);
    domid_t owner;

    (void)state;
    pg->ref += PGR_COUNT_LIMIT - 2;
    assert_true(page_get(pg, dom[0].id));
    assert_false(page_get(pg, dom[0].id));
    assert_false(page_get_any(pg, &owner));
    assert_int_equal(pg->ref & PGR_COUNT_MASK, PGR_COUNT_LIMIT);
    pg->ref -= PGR_COUNT_LIMIT - 1;
}

static void the_last_put_frees(void **state)
{
    struct page_info *pg = alloc(&dom[0], 0);
    uint64_t before = heap_free_count();

    (void)state;
    assert_int_equal(dom[0].references, 2);
    assert_true(page_get(pg, dom[0].id));
    assert_true(page_get(pg, dom[0].id));
    assert_true(page_drop_allocated(&dom[0], pg));
    assert_true(page_get(pg, dom[0].id));
    assert_false(page_drop_allocated(&dom[0], pg)); /* twice, by a hostile guest */
    assert_int_equal(dom[0].tot_pages, 1);
    spin_lock(&dom[0].page_lock); /* any context */
    page_put(pg);
    spin_unlock(&dom[0].page_lock);
    assert_int_equal(dom[0].tot_pages, 1);
    softirq_run();
    assert_int_equal(dom[0].tot_pages, 0);
    assert_int_equal(dom[0].references, 1);
    assert_int_equal(heap_free_count(), before + 2); /* the frame, and its set's chunk */
}

static void relinquish_is_preemptible_and_waits_for_others(void **state)
{
    struct page_info *pg = alloc(&dom[0], 8);
    unsigned int calls = 0;

    (void)state;
    assert_true(page_get(&pg[17], dom[0].id)); /* as a foreign mapping does */
    dom[0].life = DOM_DYING;
    do {
        softirq_pending = 1u << SOFTIRQ_SCHEDULE;
        calls++;
    } while (mem_domain_relinquish(&dom[0]) == -ERESTART);
    softirq_pending = 0;
    assert_int_equal(calls, 6); /* runs: to [17], to [63], three of 64, none */
    assert_int_equal(dom[0].tot_pages, 1);
    assert_int_equal(dom[0].references, 2);
    page_put(&pg[17]);
    softirq_run();
    assert_int_equal(dom[0].references, 1);
}

static void claims_set_frames_aside(void **state)
{
    uint64_t n = heap_free_count();
    int rc;

    (void)state;
    dom[0].max_pages = dom[1].max_pages = 10000;
    alloc(&dom[0], 0);
    n = heap_free_count();
    assert_int_equal(domain_claim_pages(&dom[0], 1), -EINVAL);
    assert_int_equal(domain_claim_pages(&dom[0], 10001), -EINVAL);
    assert_int_equal(domain_claim_pages(&dom[0], n + 2), -ENOMEM);
    assert_int_equal(domain_claim_pages(&dom[0], n + 1), 0);
    assert_int_equal(domain_claim_pages(&dom[0], n + 1), -EINVAL);
    assert_null(domain_alloc_pages(&dom[1], 0, &anywhere, &rc));
    assert_int_equal(rc, -ENOMEM);
    alloc(&dom[0], 4);
    assert_int_equal(dom[0].outstanding_pages, n - 16);
    assert_int_equal(heap_claimed_count(), n - 16);
    assert_null(domain_alloc_pages(&dom[0], 15, &anywhere, &rc)); /* no such run */
    assert_int_equal(dom[0].outstanding_pages, n - 16);
    assert_int_equal(heap_claimed_count(), n - 16);
    assert_int_equal(domain_claim_pages(&dom[0], 0), 0);
    alloc(&dom[1], 0);
}

static void exchange_is_all_or_nothing(void **state)
{
    struct page_info *in = alloc(&dom[0], 2), *out[2];
    uint64_t mfn[4], before;

    (void)state;
    dom[0].max_pages = 4; /* an exchange needs no room */
    for (unsigned int i = 0; i < 4; i++)
        mfn[i] = page_to_mfn(in).n + i;
    for (unsigned int i = 0; i < 2; i++)
        out[i] = heap_alloc_pages(1, anywhere);
    before = heap_free_count();
    assert_true(page_get(&in[3], dom[0].id));
    assert_int_equal(domain_exchange_pages(&dom[0], mfn, 4, out, 1), -EINVAL);
    page_put(&in[3]);
    mfn[3] = mfn[0]; /* one frame twice */
    assert_int_equal(domain_exchange_pages(&dom[0], mfn, 4, out, 1), -EINVAL);
    mfn[3] = ~0ull;
    assert_int_equal(domain_exchange_pages(&dom[0], mfn, 4, out, 1), -EINVAL);
    mfn[3] = 1; /* not RAM */
    assert_int_equal(domain_exchange_pages(&dom[0], mfn, 4, out, 1), -EINVAL);
    mfn[3] = mfn[0] + 3;
    assert_int_equal(domain_exchange_pages(&dom[1], mfn, 4, out, 1), -EINVAL);
    assert_int_equal(dom[0].tot_pages, 4);
    for (unsigned int i = 0; i < 4; i++)
        assert_int_equal(in[i].ref & PGR_COUNT_MASK, 1);
    assert_int_equal(domain_exchange_pages(&dom[0], mfn, 4, out, 1), 0);
    assert_int_equal(dom[0].tot_pages, 4);
    assert_int_equal(heap_free_count(), before + 4);
    for (unsigned int i = 0; i < 4; i++) {
        assert_false(page_get(&in[i], dom[0].id));
        assert_int_equal(page_owner_id(&out[i / 2][i % 2]), dom[0].id);
    }
}

static void shared_frames_outlive_their_domain(void **state)
{
    void *va = hv_alloc_page(), *ro = hv_alloc_page();
    struct page_info *pg = virt_to_page(va);

    (void)state;
    page_share_with_guest(va, &dom[0], false);
    page_share_with_guest(ro, &dom[0], true);
    assert_int_equal(pgt_type(virt_to_page(ro)->type), PT_NONE);
    assert_int_equal(virt_to_page(ro)->type & PGT_COUNT_MASK, 1);
    assert_true(page_get(pg, dom[0].id));
    pg->type++; /* a writable mapping */
    page_unshare(ro);
    page_unshare(va);
    assert_false(page_get(pg, dom[0].id));
    assert_int_equal(dom[0].references, 1);
    assert_int_equal(heap_free_count(), free_before - 3); /* owner table, 2 leaves */
    page_put_writable(pg);
    assert_int_equal(heap_free_count(), free_before - 2);
}

static void random_references_agree_with_model(void **state)
{
    enum { SLOTS = 200 };
    static struct slot {
        struct page_info *pg;
        struct domain *d;
        unsigned int refs;
        bool allocated;
    } slot[SLOTS];

    (void)state;
    host_random_seed(5);
    for (unsigned int step = 0; step < 300000; step++) {
        struct slot *s = &slot[host_random() % SLOTS];
        unsigned int what = (unsigned int)host_random() % 8;

        if (!s->pg) {
            s->d = &dom[host_random() % 2];
            s->pg = alloc(s->d, 0);
            s->allocated = true;
        } else if (what < 3) {
            assert_true(page_get(s->pg, s->d->id));
            s->refs++;
        } else if (what < 7 && s->refs) {
            page_put(s->pg);
            s->refs--;
        } else if (what == 7) {
            assert_true(page_get(s->pg, s->d->id));
            assert_int_equal(page_drop_allocated(s->d, s->pg), s->allocated);
            s->allocated = false;
        }
        if (s->pg && !s->refs && !s->allocated)
            s->pg = NULL;
        else
            assert_int_equal(s->pg->ref & PGR_COUNT_MASK, s->refs + s->allocated);
        if (step % 64 == 0)
            softirq_run();
    }
    for (unsigned int i = 0; i < SLOTS; i++)
        while (slot[i].refs)
            page_put((slot[i].refs--, slot[i].pg));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, make_domains, check_all_is_back)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(frames_are_scrubbed_and_owned),
        TEST(limits_and_death_refuse_frames),
        TEST(a_reference_needs_the_right_owner),
        TEST(the_count_cannot_overflow),
        TEST(the_last_put_frees),
        TEST(relinquish_is_preemptible_and_waits_for_others),
        TEST(claims_set_frames_aside),
        TEST(exchange_is_all_or_nothing),
        TEST(shared_frames_outlive_their_domain),
        TEST(random_references_agree_with_model),
    };

    return cmocka_run_group_tests(tests, make_machine, NULL);
}
