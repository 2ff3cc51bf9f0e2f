/* SPDX-License-Identifier: MIT */
/* The trace ring: a consumer that reads what it can, stands still, or lies. */
#include "test.h"

#include <stdlib.h>

#include "../../hypervisor/trace/internal.h"
#include <hv/layout.h>

#define FRAMES 3u
#define BYTES  (FRAMES * PAGE_SIZE - sizeof(struct t_buf))
#define WHO    (5u | 1u << 16)

static struct trace_ring ring;
static struct t_buf *frames[FRAMES];
/* A canary page on either side of each frame tells of stores beyond it. */
static _Alignas(8) char memory[2 * FRAMES + 1][PAGE_SIZE];

static int start(void **state)
{
    (void)state;
    memset(memory, 0, sizeof(memory));
    for (unsigned int i = 0; i < FRAMES; i++)
        frames[i] = (struct t_buf *)memory[2 * i + 1];
    trace_ring_init(&ring, FRAMES);
    ring.frames = frames;
    return 0;
}

static int stop(void **state)
{
    static const char zeroes[PAGE_SIZE];

    (void)state;
    for (unsigned int i = 0; i <= 2 * FRAMES; i += 2)
        assert_memory_equal(memory[i], zeroes, PAGE_SIZE);
    return 0;
}

/* --- the consumer --- */

static uint32_t word(uint32_t offset)
{
    uint32_t at = offset % BYTES + sizeof(struct t_buf), value;

    memcpy(&value, (char *)frames[at / PAGE_SIZE] + at % PAGE_SIZE, sizeof(value));
    return value;
}

static void move(uint32_t bytes)
{
    frames[0]->cons = (uint32_t)((frames[0]->cons + bytes) % (2 * BYTES));
}

/* The next record: its event, words and how many; 0: none. */
static uint32_t take(uint32_t *words, unsigned int *n, uint64_t *time)
{
    while (frames[0]->cons != frames[0]->prod) {
        uint32_t cons = frames[0]->cons, head = word(cons);
        bool timed = TRC_HD_INCLUDES_CYCLE_COUNT(head);

        *n = TRC_HD_EXTRA(head);
        for (unsigned int i = 0; i < *n; i++)
            words[i] = word(cons + (timed ? 12 : 4) + 4 * i);
        *time = timed ? word(cons + 4) | (uint64_t)word(cons + 8) << 32 : 0;
        move((timed ? 12 : 4) + 4 * *n);
        if (TRC_HD_TO_EVENT(head) != TRC_TRACE_WRAP_BUFFER)
            return TRC_HD_TO_EVENT(head);
    }
    return 0;
}

/* Record number i: its event, count and words follow from that. */
static enum ring_result put(uint32_t i)
{
    uint32_t words[TRACE_EXTRA_MAX];

    for (unsigned int w = 0; w < TRACE_EXTRA_MAX; w++)
        words[w] = i * 8 + w;
    return trace_ring_put(&ring, 0x201000 + (i & 0xff), i, WHO, i * 5 % 8, words);
}

static void check_taken(uint32_t i, uint32_t event, const uint32_t *words, unsigned int n,
                        uint64_t time)
{
    assert_int_equal(event, 0x201000 + (i & 0xff));
    assert_int_equal(n, i * 5 % 8);
    assert_int_equal(time, i);
    for (unsigned int w = 0; w < n; w++)
        assert_int_equal(words[w], i * 8 + w);
}

/* --- tests --- */

static void test_one_by_one(void **state)
{
    uint32_t words[TRACE_EXTRA_MAX], event;
    unsigned int n;
    uint64_t time;

    (void)state;
    for (uint32_t i = 0; i < 20000; i++) {
        assert_int_equal(put(i), RING_OK);
        event = take(words, &n, &time);
        check_taken(i, event, words, n, time);
        assert_int_equal(take(words, &n, &time), 0);
    }
}

/* Bursts of random length: all that was not lost comes in order, and the losses add up. */
static void test_bursts(void **state)
{
    uint32_t words[TRACE_EXTRA_MAX], event, next = 0, i = 0;
    unsigned int n, halves = 0, lost_seen = 0;
    uint64_t time;

    (void)state;
    srand(7);
    for (unsigned int round = 0; round < 2000; round++) {
        for (int burst = rand() % 900; burst > 0; burst--)
            halves += put(i++) == RING_HALF_FULL;
        for (int reads = rand() % 900; reads > 0 && (event = take(words, &n, &time));
             reads--) {
            if (event == TRC_LOST_RECORDS) {
                assert_int_equal(words[1], WHO);
                assert_int_equal(words[2], next); /* the time of the first one */
                next += words[0];
                lost_seen++;
            } else {
                check_taken(next++, event, words, n, time);
            }
        }
    }
    assert_true(halves > 10 && lost_seen > 10);
}

static void test_full(void **state)
{
    uint32_t words[TRACE_EXTRA_MAX], i = 0;
    unsigned int n, taken = 0;
    uint64_t time;

    (void)state;
    while (put(i) != RING_LOST)
        i++;
    for (unsigned int more = 0; more < 50; more++)
        assert_int_equal(put(i + 1), RING_LOST);
    assert_int_equal(ring.lost, 51);
    while (take(words, &n, &time))
        taken++;
    assert_int_equal(taken, i);
    put(1);
    assert_int_equal(take(words, &n, &time), TRC_LOST_RECORDS);
    assert_int_equal(words[0], 51);
    assert_int_equal(take(words, &n, &time), 0x201001);
}

/* Whatever the consumer writes, only its own ring suffers (see stop()). */
static void test_lies(void **state)
{
    (void)state;
    srand(11);
    for (uint32_t i = 0; i < 300000; i++) {
        if (rand() % 3 == 0)
            frames[0]->cons = (uint32_t)rand() << 16 ^ (uint32_t)rand();
        else if (rand() % 3 == 0)
            frames[0]->cons = (uint32_t)rand() % (2 * BYTES) & ~3u;
        if (rand() % 7 == 0)
            frames[0]->prod = (uint32_t)rand();
        put(i);
        assert_true(ring.prod < 2 * BYTES && ring.prod % 4 == 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_one_by_one, start, stop),
        cmocka_unit_test_setup_teardown(test_bursts, start, stop),
        cmocka_unit_test_setup_teardown(test_full, start, stop),
        cmocka_unit_test_setup_teardown(test_lies, start, stop),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
