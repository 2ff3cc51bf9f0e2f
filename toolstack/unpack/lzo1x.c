/* SPDX-License-Identifier: MIT */
/*
 * LZO1X blocks, after the description of the stream in Linux' documentation (lzo.rst); the
 * reference library's licence does not go together with ours.
 *
 * A block is a sequence of instructions. What the first 16 codes mean depends on how many
 * literals came just before (state): none, 1 to 3, or more.
 *   0-15     state 0: literals, 3 or more
 *            state 1-3: match of 2 bytes, near; state 4: of 3 bytes, 2 to 3 KiB away
 *   16-31    match of 2 or more, 16 to 48 KiB away; at 16 KiB: the end
 *   32-63    match of 2 or more, up to 16 KiB away
 *   64-255   match of 3 to 8, up to 2 KiB away
 * The lowest two bits of a match's last but one byte: how many literals follow it.
 */
#include "unpack.h"

#include <string.h>

struct block {
    const uint8_t *in, *in_end;
    uint8_t *start, *out, *out_end;
    unsigned int state;
    bool ended;
};

struct match {
    size_t distance, length;
    unsigned int literals; /* behind it */
};

static bool has(const struct block *b, size_t n)
{
    return n <= (size_t)(b->in_end - b->in);
}

static bool copy_literals(struct block *b, size_t n)
{
    if (!has(b, n) || n > (size_t)(b->out_end - b->out))
        return false;
    memcpy(b->out, b->in, n);
    b->in += n;
    b->out += n;
    return true;
}

/* A match may overlap what it gives: then it repeats. */
static bool copy_match(struct block *b, const struct match *m)
{
    if (m->distance > (size_t)(b->out - b->start) ||
        m->length > (size_t)(b->out_end - b->out))
        return false;
    if (m->distance >= m->length) {
        memcpy(b->out, b->out - m->distance, m->length);
        b->out += m->length;
    } else {
        for (size_t n = m->length; n; n--, b->out++)
            *b->out = *(b->out - m->distance);
    }
    b->state = m->literals;
    return copy_literals(b, m->literals);
}

/* A length whose bits were all 0 goes on in further bytes: 255 for each 0, and the last. */
static bool read_length(struct block *b, size_t bits, size_t most, size_t *length)
{
    *length = bits;
    if (bits)
        return true;
    for (*length = most; has(b, 1) && !*b->in; b->in++)
        *length += 255;
    if (!has(b, 1))
        return false;
    *length += *b->in++;
    return true;
}

static bool long_literals(struct block *b, unsigned int code)
{
    size_t n;

    if (!read_length(b, code, 15, &n) || !copy_literals(b, n + 3))
        return false;
    b->state = 4;
    return true;
}

/* Codes 0 to 15 that are matches, and 64 to 255: one byte more. */
static bool near_match(struct block *b, unsigned int code)
{
    struct match m = { .literals = code & 3 };
    size_t high;

    if (!has(b, 1))
        return false;
    high = *b->in++;
    if (code >= 64) {
        m.distance = (high << 3) + (code >> 2 & 7) + 1;
        m.length = code >= 128 ? 5 + (code >> 5 & 3) : 3 + (code >> 5 & 1);
    } else {
        m.distance = (high << 2) + (code >> 2) + (b->state == 4 ? 2049 : 1);
        m.length = b->state == 4 ? 3 : 2;
    }
    return copy_match(b, &m);
}

/* Codes 16 to 63: a length, then distance and literals in two bytes. */
static bool far_match(struct block *b, unsigned int code)
{
    unsigned int mask = code >= 32 ? 31 : 7;
    struct match m;
    unsigned int word;

    if (!read_length(b, code & mask, mask, &m.length) || !has(b, 2))
        return false;
    word = b->in[0] | (unsigned int)b->in[1] << 8;
    b->in += 2;
    m.length += 2;
    m.literals = word & 3;
    m.distance = (word >> 2) + 1;
    if (code < 32) {
        m.distance += 16384 - 1 + ((code & 8) << 11);
        b->ended = m.distance == 16384;
    }
    return b->ended || copy_match(b, &m);
}

static bool instruction(struct block *b)
{
    unsigned int code;

    if (!has(b, 1))
        return false;
    code = *b->in++;
    if (code < 16 && !b->state)
        return long_literals(b, code);
    return code < 16 || code >= 64 ? near_match(b, code) : far_match(b, code);
}

/* A block may begin with literals, whose number is in its first byte. */
static bool first_literals(struct block *b)
{
    unsigned int n;

    if (!has(b, 1) || *b->in < 18)
        return true;
    n = *b->in++ - 17u;
    b->state = n < 4 ? n : 4;
    return copy_literals(b, n);
}

long lzo1x_unpack(const uint8_t *in, size_t in_size, uint8_t *out, size_t room)
{
    struct block b = {
        .in = in,
        .in_end = in + in_size,
        .start = out,
        .out = out,
        .out_end = out + room,
    };

    if (!first_literals(&b))
        return -1;
    while (!b.ended)
        if (!instruction(&b))
            return -1;
    return b.out - b.start;
}
