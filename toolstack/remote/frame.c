/* SPDX-License-Identifier: MIT */
/*
 * Frames on the channel. A frame is header, payload and CRC-32, stuffed so that it has no
 * zero byte (consistent overhead byte stuffing: each block of up to 254 bytes is preceded
 * by its length and followed by the zero it replaces), between zeros: wherever bytes are
 * lost or added, the next zero is a new start.
 *
 *   version, type, flags, window: 1 byte each; session: 8; seq: 4; ack: 4;
 *   payload; CRC of all that: 4                                    (little endian)
 */
#include "internal.h"

#include <string.h>

void put_u16(uint8_t *at, uint16_t value)
{
    at[0] = (uint8_t)value;
    at[1] = (uint8_t)(value >> 8);
}

void put_u32(uint8_t *at, uint32_t value)
{
    for (unsigned int i = 0; i < 4; i++)
        at[i] = (uint8_t)(value >> 8 * i);
}

void put_u64(uint8_t *at, uint64_t value)
{
    put_u32(at, (uint32_t)value);
    put_u32(at + 4, (uint32_t)(value >> 32));
}

uint16_t get_u16(const uint8_t *at)
{
    return (uint16_t)(at[0] | at[1] << 8);
}

uint32_t get_u32(const uint8_t *at)
{
    return at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

uint64_t get_u64(const uint8_t *at)
{
    return get_u32(at) | (uint64_t)get_u32(at + 4) << 32;
}

/* --- CRC-32, eight bytes at a time --- */

#define CRC_POLYNOMIAL 0xedb88320

/* crc_table[k][b]: the remainder of byte b with k zeros behind it. */
static uint32_t crc_table[8][256];

static void make_crc_table(void)
{
    for (uint32_t byte = 0; byte < 256; byte++) {
        uint32_t crc = byte;

        for (unsigned int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (crc & 1 ? CRC_POLYNOMIAL : 0);
        crc_table[0][byte] = crc;
    }
    for (unsigned int k = 1; k < 8; k++)
        for (unsigned int byte = 0; byte < 256; byte++) {
            uint32_t crc = crc_table[k - 1][byte];

            crc_table[k][byte] = crc >> 8 ^ crc_table[0][crc & 255];
        }
}

static uint32_t crc_of_eight(uint32_t crc, const uint8_t *at)
{
    uint32_t low = crc ^ get_u32(at), high = get_u32(at + 4);

    return crc_table[7][low & 255] ^ crc_table[6][low >> 8 & 255] ^
           crc_table[5][low >> 16 & 255] ^ crc_table[4][low >> 24] ^
           crc_table[3][high & 255] ^ crc_table[2][high >> 8 & 255] ^
           crc_table[1][high >> 16 & 255] ^ crc_table[0][high >> 24];
}

uint32_t crc32_update(uint32_t crc, const void *bytes, size_t n)
{
    const uint8_t *at = bytes;

    if (!crc_table[0][1])
        make_crc_table();
    crc = ~crc;
    for (; n >= 8; n -= 8, at += 8)
        crc = crc_of_eight(crc, at);
    for (; n; n--)
        crc = crc >> 8 ^ crc_table[0][(crc ^ *at++) & 255];
    return ~crc;
}

/* --- stuffing --- */

/* Stuffs n bytes; returns the length. */
static size_t stuff(const uint8_t *raw, size_t n, uint8_t *out)
{
    size_t at = 0;

    for (size_t i = 0;;) {
        size_t most = n - i < 254 ? n - i : 254;
        const uint8_t *zero = memchr(raw + i, 0, most);
        size_t run = zero ? (size_t)(zero - (raw + i)) : most;

        out[at++] = (uint8_t)(run + 1);
        memcpy(out + at, raw + i, run);
        at += run;
        i += run;
        if (i == n)
            return at;
        if (run < 254)
            i++; /* the zero; if it is the last byte, an empty block stands for it */
    }
}

/* Reverses that in place; returns the length, 0 if it was not well formed. */
static size_t unstuff(uint8_t *bytes, size_t n)
{
    size_t out = 0, at = 0;

    while (at < n) {
        size_t length = bytes[at++];

        if (!length || length - 1 > n - at)
            return 0;
        memmove(bytes + out, bytes + at, length - 1);
        out += length - 1;
        at += length - 1;
        if (length < 255 && at < n)
            bytes[out++] = 0;
    }
    return out;
}

size_t frame_encode(const struct frame *frame, uint8_t out[FRAME_ENCODED])
{
    uint8_t raw[FRAME_RAW] = { frame->version, frame->type, frame->flags, frame->window };
    size_t n = FRAME_HEADER + frame->n;

    put_u64(raw + 4, frame->session);
    put_u32(raw + 12, frame->seq);
    put_u32(raw + 16, frame->ack);
    if (frame->n)
        memcpy(raw + FRAME_HEADER, frame->payload, frame->n);
    put_u32(raw + n, crc32_update(0, raw, n));
    out[0] = 0;
    n = stuff(raw, n + 4, out + 1);
    out[n + 1] = 0;
    return n + 2;
}

static bool decode(uint8_t *raw, size_t n, struct frame *frame)
{
    if (n < FRAME_HEADER + 4 || n > FRAME_RAW)
        return false;
    n -= 4;
    if (crc32_update(0, raw, n) != get_u32(raw + n))
        return false;
    *frame = (struct frame){
        .version = raw[0],
        .type = raw[1],
        .flags = raw[2],
        .window = raw[3],
        .session = get_u64(raw + 4),
        .seq = get_u32(raw + 12),
        .ack = get_u32(raw + 16),
        .payload = raw + FRAME_HEADER,
        .n = n - FRAME_HEADER,
    };
    return true;
}

/* Bytes without a zero among them. */
static void keep(struct frame_reader *reader, const uint8_t *bytes, size_t n)
{
    reader->skip |= n > sizeof(reader->bytes) - reader->n;
    if (reader->skip)
        return;
    memcpy(reader->bytes + reader->n, bytes, n);
    reader->n += n;
}

size_t frame_reader_take(struct frame_reader *reader, const uint8_t *bytes, size_t n,
                         struct frame *frame, bool *is_complete)
{
    const uint8_t *zero = memchr(bytes, 0, n);

    *is_complete = false;
    keep(reader, bytes, zero ? (size_t)(zero - bytes) : n);
    if (!zero)
        return n;
    if (!reader->skip && reader->n)
        *is_complete = decode(reader->bytes, unstuff(reader->bytes, reader->n), frame);
    reader->n = 0;
    reader->skip = false;
    return (size_t)(zero - bytes) + 1;
}
