/* SPDX-License-Identifier: MIT */
/* Small objects: zeroed, aligned, disjoint, and nothing is held back once all are freed.
 */
#include "hv_host.h"
#include "test.h"
#include <hv/heap.h>

#define FRAMES 4096u

static int setup(void **state)
{
    (void)state;
    host_machine_init(FRAMES);
    heap_add_range(_mfn(16), _mfn(FRAMES));
    return 0;
}

static bool is_filled(const uint8_t *p, size_t n, uint8_t with)
{
    for (size_t i = 0; i < n; i++)
        if (p[i] != with)
            return false;
    return true;
}

static void every_size_is_zeroed_and_aligned(void **state)
{
    uint64_t before = heap_free_count();

    (void)state;
    for (size_t size = 0; size < 9000; size++) {
        uint8_t *p = hv_zalloc(size);

        assert_non_null(p);
        assert_int_equal((uintptr_t)p % (size < 128 ? 32 : 64), 0);
        assert_true(is_filled(p, size, 0));
        memset(p, 0xa5, size);
        hv_free(p);
        assert_int_equal(heap_free_count(), before);
    }
}

static void arrays_refuse_overflow(void **state)
{
    void *p;

    (void)state;
    assert_null(hv_zalloc_array(1ull << 33, 1ull << 33));
    assert_null(hv_zalloc_array(SIZE_MAX, 2));
    assert_null(hv_zalloc(SIZE_MAX));
    assert_null(hv_zalloc(FRAMES * PAGE_SIZE + 1));
    p = hv_zalloc_array(100, 24);
    assert_non_null(p);
    hv_free(p);
    hv_free(NULL);
}

static void exhaustion_is_reported_and_undone(void **state)
{
    static void *all[FRAMES * 2];
    uint64_t before = heap_free_count();
    unsigned int n = 0;

    (void)state;
    while ((all[n] = hv_zalloc(1984)) != NULL)
        n++;
    assert_int_equal(n, (FRAMES - 16) * 2);
    assert_null(hv_zalloc(32));
    assert_null(hv_alloc_page());
    while (n)
        hv_free(all[--n]);
    assert_int_equal(heap_free_count(), before);
}

static void free_it(void *p)
{
    hv_free(p);
}

static void bad_frees_are_detected(void **state)
{
    char *keep = hv_zalloc(40), *p = hv_zalloc(40);

    (void)state;
    (void)keep;
    hv_free(p);
    assert_true(host_panics(free_it, p));
}

struct object {
    uint8_t *p;
    size_t size;
    uint8_t fill;
};

static void random_objects_do_not_overlap(void **state)
{
    enum { SLOTS = 3000 };
    static struct object o[SLOTS];
    uint64_t before = heap_free_count();

    (void)state;
    host_random_seed(11);
    for (unsigned int step = 0; step < 300000; step++) {
        struct object *s = &o[host_random() % SLOTS];

        if (s->p) {
            assert_true(is_filled(s->p, s->size, s->fill));
            hv_free(s->p);
            s->p = NULL;
            continue;
        }
        s->size = host_random() % (host_random() % 16 ? 700 : 6000);
        s->fill = (uint8_t)host_random();
        s->p = hv_zalloc(s->size);
        assert_non_null(s->p);
        assert_true(is_filled(s->p, s->size, 0));
        memset(s->p, s->fill, s->size);
    }
    for (unsigned int i = 0; i < SLOTS; i++)
        hv_free(o[i].p);
    assert_int_equal(heap_free_count(), before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_size_is_zeroed_and_aligned),
        cmocka_unit_test(arrays_refuse_overflow),
        cmocka_unit_test(exhaustion_is_reported_and_undone),
        cmocka_unit_test(random_objects_do_not_overlap),
        cmocka_unit_test(bad_frees_are_detected), /* last: leaves a lock taken */
    };

    return cmocka_run_group_tests(tests, setup, NULL);
}
