/* SPDX-License-Identifier: MIT */
/* The console ring against a plain record of everything ever written to it. */
#include <stdlib.h>
#include <string.h>
#include "test.h"
#include "../../hypervisor/x86/console.h"

#define SIZE    64u
#define WRITTEN 5000u

static char storage[SIZE], larger[4 * SIZE], record[WRITTEN];

/* A ring whose positions begin at `origin`, with `count` bytes of the record written. */
static struct console_ring make_ring(uint32_t origin, uint32_t count)
{
    struct console_ring r = { storage, SIZE, origin, origin };

    for (uint32_t i = 0; i < count; i++) {
        record[i] = (char)rand();
        ring_put(&r, record[i]);
    }
    return r;
}

static void the_newest_bytes_are_kept(void **state)
{
    char buf[SIZE];
    uint32_t index;

    (void)state;
    for (uint32_t count = 0; count < 3 * SIZE; count++) {
        struct console_ring r = make_ring(0, count);
        uint32_t kept = count < SIZE ? count : SIZE;

        assert_int_equal(ring_read(&r, buf, sizeof(buf), &index, false, false), kept);
        assert_memory_equal(buf, record + count - kept, kept);
        assert_int_equal(index, count);
    }
}

static void reading_does_not_consume_unless_cleared(void **state)
{
    struct console_ring r = make_ring(0, 10);
    char buf[SIZE];
    uint32_t index;

    (void)state;
    assert_int_equal(ring_read(&r, buf, 4, &index, false, false), 4);
    assert_int_equal(ring_read(&r, buf, 4, &index, true, false), 4);
    assert_int_equal(ring_read(&r, buf, SIZE, &index, false, false), 6);
    assert_memory_equal(buf, record + 4, 6);
}

static void incremental_reads_go_on_at_the_index(void **state)
{
    struct console_ring r = make_ring(0, 20);
    char buf[SIZE];
    uint32_t index = 0;

    (void)state;
    assert_int_equal(ring_read(&r, buf, 8, &index, false, true), 8);
    assert_int_equal(ring_read(&r, buf + 8, SIZE, &index, false, true), 12);
    assert_memory_equal(buf, record, 20);
    assert_int_equal(ring_read(&r, buf, SIZE, &index, false, true), 0);
}

static void an_index_out_of_range_reads_the_oldest(void **state)
{
    struct console_ring r = make_ring(0, 3 * SIZE);
    char buf[SIZE];
    uint32_t old = 5, forged = 100000;

    (void)state;
    assert_int_equal(ring_read(&r, buf, SIZE, &old, false, true), SIZE);
    assert_memory_equal(buf, record + 2 * SIZE, SIZE);
    assert_int_equal(ring_read(&r, buf, SIZE, &forged, false, true), SIZE);
    assert_int_equal(forged, 3 * SIZE);
}

static void positions_may_wrap(void **state)
{
    struct console_ring r = make_ring(UINT32_MAX - 20, 100);
    char buf[SIZE];
    uint32_t index = 0;

    (void)state;
    assert_int_equal(ring_read(&r, buf, SIZE, &index, false, false), SIZE);
    assert_memory_equal(buf, record + 100 - SIZE, SIZE);
    assert_int_equal(index, (uint32_t)(UINT32_MAX - 20 + 100));
}

static void growing_keeps_the_contents(void **state)
{
    char buf[4 * SIZE];
    uint32_t index;

    (void)state;
    for (uint32_t count = 0; count < 3 * SIZE; count += 7) {
        struct console_ring r = make_ring(1000, count);
        uint32_t kept = count < SIZE ? count : SIZE;

        ring_grow(&r, larger, sizeof(larger));
        assert_int_equal(ring_read(&r, buf, sizeof(buf), &index, false, false), kept);
        assert_memory_equal(buf, record + count - kept, kept);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_newest_bytes_are_kept),
        cmocka_unit_test(reading_does_not_consume_unless_cleared),
        cmocka_unit_test(incremental_reads_go_on_at_the_index),
        cmocka_unit_test(an_index_out_of_range_reads_the_oldest),
        cmocka_unit_test(positions_may_wrap),
        cmocka_unit_test(growing_keeps_the_contents),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
