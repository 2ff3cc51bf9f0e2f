/* SPDX-License-Identifier: MIT */
/*
 * A ring of trace records. Offsets run modulo twice the size, so that full and empty
 * differ although the size is no power of two. A record never goes round the end: what
 * is left there is filled with records that mean nothing. The consumer's offset is read
 * once for each record; one that makes no sense counts as a full ring.
 */
#include "internal.h"
#include <hv/layout.h>

#define WORD 4u

void trace_ring_init(struct trace_ring *r, uint32_t n)
{
    *r = (struct trace_ring){ .size = (uint32_t)(n * PAGE_SIZE - sizeof(struct t_buf)) };
}

static void put_word(const struct trace_ring *r, uint32_t at, uint32_t word)
{
    uint32_t offset = at + sizeof(struct t_buf);
    char *frame = (char *)r->frames[offset >> PAGE_SHIFT];

    WRITE_ONCE(*(uint32_t *)(frame + (offset & ~PAGE_MASK)), word);
}

static uint32_t position(const struct trace_ring *r)
{
    return r->prod >= r->size ? r->prod - r->size : r->prod;
}

static void advance(struct trace_ring *r, uint32_t bytes)
{
    r->prod += bytes;
    if (r->prod >= 2 * r->size)
        r->prod -= 2 * r->size;
}

static uint32_t used(const struct trace_ring *r)
{
    uint32_t cons = READ_ONCE(r->frames[0]->cons), n;

    if (cons >= 2 * r->size || cons % WORD)
        return r->size;
    n = r->prod >= cons ? r->prod - cons : r->prod + 2 * r->size - cons;
    return min(n, r->size);
}

/* Bytes from the position on that a record of `bytes` must leave alone. */
static uint32_t padding(const struct trace_ring *r, uint32_t bytes)
{
    uint32_t left = r->size - position(r);

    return left < bytes ? left : 0;
}

static void put_padding(struct trace_ring *r, uint32_t bytes)
{
    while (bytes) {
        uint32_t at = position(r), extra = min(bytes / WORD - 1, TRACE_EXTRA_MAX + 0u);

        put_word(r, at, TRC_TRACE_WRAP_BUFFER | extra << TRACE_EXTRA_SHIFT);
        for (uint32_t i = 1; i <= extra; i++)
            put_word(r, at + i * WORD, 0);
        advance(r, (1 + extra) * WORD);
        bytes -= (1 + extra) * WORD;
    }
}

static bool put_record(struct trace_ring *r, uint32_t event, uint64_t time,
                       unsigned int n, const uint32_t *words)
{
    uint32_t bytes = (3 + n) * WORD, pad = padding(r, bytes), at;

    if (used(r) + pad + bytes > r->size)
        return false;
    put_padding(r, pad);
    at = position(r);
    put_word(r, at, event | n << TRACE_EXTRA_SHIFT | (uint32_t)TRC_HD_CYCLE_FLAG);
    put_word(r, at + WORD, (uint32_t)time);
    put_word(r, at + 2 * WORD, (uint32_t)(time >> 32));
    for (unsigned int i = 0; i < n; i++)
        put_word(r, at + (3 + i) * WORD, words[i]);
    advance(r, bytes);
    return true;
}

/* Tells of records that were lost. False: there is no room even for that. */
static bool report_lost(struct trace_ring *r, uint64_t time, uint32_t who)
{
    const uint32_t words[] = { r->lost, who, (uint32_t)r->first_lost,
                               (uint32_t)(r->first_lost >> 32) };

    _Static_assert(sizeof(words) == sizeof(struct abi_trace_lost), "its words");
    if (!put_record(r, TRC_LOST_RECORDS, time, ARRAY_SIZE(words), words))
        return false;
    r->lost = 0;
    return true;
}

enum ring_result trace_ring_put(struct trace_ring *r, uint32_t event, uint64_t time,
                                uint32_t who, unsigned int n, const uint32_t *words)
{
    bool was_half = used(r) >= r->size / 2, done;

    done =
        (!r->lost || report_lost(r, time, who)) && put_record(r, event, time, n, words);
    if (!done && !r->lost++)
        r->first_lost = time;
    __atomic_store_n(&r->frames[0]->prod, r->prod, __ATOMIC_RELEASE);
    if (!done)
        return RING_LOST;
    return !was_half && used(r) >= r->size / 2 ? RING_HALF_FULL : RING_OK;
}
