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

uint32_t crc32_update(uint32_t crc, const void *bytes, size_t n)
{
    static const uint32_t table[16] = {
        0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac, 0x76dc4190, 0x6b6b51f4,
        0x4db26158, 0x5005713c, 0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c,
        0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c,
    };
    const uint8_t *at = bytes;

    crc = ~crc;
    for (size_t i = 0; i < n; i++) {
        crc ^= at[i];
        crc = crc >> 4 ^ table[crc & 15];
        crc = crc >> 4 ^ table[crc & 15];
    }
    return ~crc;
}

/* Stuffs n bytes; returns the length. */
static size_t stuff(const uint8_t *raw, size_t n, uint8_t *out)
{
    size_t length_at = 0, at = 1;

    for (size_t i = 0; i < n; i++) {
        if (raw[i])
            out[at++] = raw[i];
        if (!raw[i] || at - length_at == 255) {
            out[length_at] = (uint8_t)(at - length_at);
            length_at = at++;
        }
    }
    out[length_at] = (uint8_t)(at - length_at);
    return at;
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

bool frame_reader_push(struct frame_reader *reader, uint8_t byte, struct frame *frame)
{
    size_t n = reader->n;
    bool skip = reader->skip;

    if (byte) {
        reader->skip |= n == sizeof(reader->bytes);
        if (!reader->skip)
            reader->bytes[reader->n++] = byte;
        return false;
    }
    reader->n = 0;
    reader->skip = false;
    return !skip && decode(reader->bytes, unstuff(reader->bytes, n), frame);
}
