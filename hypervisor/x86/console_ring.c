/* SPDX-License-Identifier: MIT */
/*
 * The console ring. Positions are counts of all bytes ever written, modulo 2^32; the ring
 * holds [read, write). Callers serialise.
 */
#include "console.h"
#include <hv/lib.h>

void ring_put(struct console_ring *r, char c)
{
    r->buf[r->write++ & (r->size - 1)] = c;
    if (r->write - r->read > r->size)
        r->read = r->write - r->size;
}

size_t ring_read(struct console_ring *r, char *buf, size_t n, uint32_t *index, bool clear,
                 bool incremental)
{
    uint32_t from = r->read;
    size_t count;

    /* An index that is outside of the ring's contents, old or forged, means the oldest.
     */
    if (incremental && *index - r->read <= r->write - r->read)
        from = *index;
    for (count = 0; count < n && from != r->write; count++)
        buf[count] = r->buf[from++ & (r->size - 1)];
    if (clear)
        r->read = from;
    *index = from;
    return count;
}

void ring_grow(struct console_ring *r, char *buf, uint32_t size)
{
    for (uint32_t i = r->read; i != r->write; i++)
        buf[i & (size - 1)] = r->buf[i & (r->size - 1)];
    r->buf = buf;
    r->size = size;
}
