/* SPDX-License-Identifier: MIT */
/* The frame set against a byte map, under random additions and removals. */
#include "hv_host.h"
#include "test.h"
#include <hv/frame_set.h>
#include <hv/heap.h>
#include <abi/errno.h>

#define FRAMES 4096u
/* Frame numbers of the set need no machine behind them: far more than FRAMES. */
#define NUMBERS (512u * 400)

static struct frame_set set;
static uint8_t model[NUMBERS];

static int setup(void **state)
{
    (void)state;
    host_machine_init(FRAMES);
    heap_add_range(_mfn(1), _mfn(FRAMES));
    return 0;
}

/* Runs one after the other are all there is; each is as the model says. */
static void check_runs(void)
{
    uint64_t at = 0;
    mfn_t first;

    for (unsigned int n; (n = frame_set_next_run(&set, _mfn(at), &first)) != 0;) {
        assert_in_range(n, 1, 64);
        assert_int_equal(mfn_x(first) / 512, (mfn_x(first) + n - 1) / 512);
        while (at < mfn_x(first))
            assert_int_equal(model[at++], 0);
        while (at < mfn_x(first) + n)
            assert_int_equal(model[at++], 1);
    }
    while (at < NUMBERS)
        assert_int_equal(model[at++], 0);
}

static void check_all(void)
{
    mfn_t m = frame_set_next(&set, _mfn(0));

    for (uint64_t i = 0; i < NUMBERS; i++) {
        assert_int_equal(frame_set_contains(&set, _mfn(i)), model[i]);
        if (model[i]) {
            assert_int_equal(mfn_x(m), i);
            m = frame_set_next(&set, _mfn(i + 1));
        }
    }
    assert_true(mfn_eq(m, _mfn(INVALID_MFN_N)));
    check_runs();
}

static bool range_is_free(uint64_t at, unsigned int order)
{
    for (uint64_t i = at; i < at + (1u << order); i++)
        if (model[i])
            return false;
    return true;
}

static void step_add(void)
{
    unsigned int order = (unsigned int)__builtin_ctzll(host_random() | 1 << 11);
    uint64_t at = host_random() % (NUMBERS >> order) << order;

    if (!range_is_free(at, order))
        return;
    assert_int_equal(frame_set_add(&set, _mfn(at), order), 0);
    memset(model + at, 1, 1ul << order);
}

static void step_remove(void)
{
    mfn_t m = frame_set_next(&set, _mfn(host_random() % NUMBERS));

    for (unsigned int n = (unsigned int)host_random() % 64; n-- > 0;) {
        if (mfn_eq(m, _mfn(INVALID_MFN_N)))
            return;
        frame_set_remove(&set, m, 1);
        model[mfn_x(m)] = 0;
        m = frame_set_next(&set, m);
    }
}

static void step_remove_run(void)
{
    mfn_t first;
    unsigned int n = frame_set_next_run(&set, _mfn(host_random() % NUMBERS), &first);

    if (!n)
        return;
    frame_set_remove(&set, first, n);
    memset(model + mfn_x(first), 0, n);
}

static void empty_set(void)
{
    mfn_t first;

    for (unsigned int n; (n = frame_set_next_run(&set, _mfn(0), &first)) != 0;) {
        frame_set_remove(&set, first, n);
        memset(model + mfn_x(first), 0, n);
    }
}

static void random_operations_agree_with_model(void **state)
{
    uint64_t before = heap_free_count();

    (void)state;
    host_random_seed(3);
    for (unsigned int i = 0; i < 200000; i++) {
        /* Phases of growth and of decline. */
        if (host_random() % 8 < (i / 20000 % 2 ? 1 : 4))
            step_add();
        else if (host_random() % 4)
            step_remove();
        else
            step_remove_run();
        if (i % 5000 == 0)
            check_all();
    }
    check_all();
    empty_set();
    check_all();
    assert_null(set.root);
    assert_int_equal(heap_free_count(), before);
}

static void ascending_and_descending_chunks(void **state)
{
    (void)state;
    for (uint64_t i = 0; i < 400; i++) {
        assert_int_equal(frame_set_add(&set, _mfn(i * 512 + i), 0), 0);
        model[i * 512 + i] = 1;
    }
    check_all();
    for (uint64_t i = 399; i > 100; i--) {
        frame_set_remove(&set, _mfn(i * 512 + i), 1);
        model[i * 512 + i] = 0;
    }
    check_all();
    empty_set();
}

static void large_runs_span_chunks(void **state)
{
    (void)state;
    assert_int_equal(frame_set_add(&set, _mfn(1 << 16), 16), 0);
    memset(model + (1 << 16), 1, 1 << 16);
    check_all();
    empty_set();
}

static void running_out_of_memory_adds_nothing(void **state)
{
    static void *all[FRAMES];
    unsigned int n = 0;

    (void)state;
    while ((all[n] = hv_alloc_page()) != NULL)
        n++;
    hv_free_page(all[--n]); /* one slab of chunks: 42 */
    assert_int_equal(frame_set_add(&set, _mfn(1 << 15), 15), -ENOMEM);
    assert_null(set.root);
    assert_int_equal(heap_free_count(), 1);
    assert_int_equal(frame_set_add(&set, _mfn(0), 9 + 5), 0);
    assert_int_equal(frame_set_add(&set, _mfn(1 << 14), 9 + 4), -ENOMEM);
    memset(model, 1, 1 << 14);
    check_all();
    empty_set();
    while (n)
        hv_free_page(all[--n]);
}

static void remove_absent(void *unused)
{
    (void)unused;
    frame_set_remove(&set, _mfn(77), 1);
}

static void remove_beyond_chunk(void *unused)
{
    (void)unused;
    frame_set_remove(&set, _mfn(511), 2);
}

static void misuse_is_detected(void **state)
{
    (void)state;
    assert_true(host_panics(remove_absent, NULL));
    assert_int_equal(frame_set_add(&set, _mfn(0), 10), 0);
    memset(model, 1, 1024);
    assert_true(host_panics(remove_beyond_chunk, NULL));
    check_all();
    empty_set();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_operations_agree_with_model),
        cmocka_unit_test(ascending_and_descending_chunks),
        cmocka_unit_test(large_runs_span_chunks),
        cmocka_unit_test(running_out_of_memory_adds_nothing),
        cmocka_unit_test(misuse_is_detected),
    };

    return cmocka_run_group_tests(tests, setup, NULL);
}
