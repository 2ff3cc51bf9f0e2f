/* SPDX-License-Identifier: MIT */
/*
 * The format of the program lzop, with which Linux packs kernels: a header, then blocks
 * behind their sizes and checksums, all numbers big-endian, up to a block of no bytes.
 */
#include "unpack.h"

#include <string.h>
#include <zlib.h>

enum {
    SUM_PLAIN_ADLER = 0x1, /* flags: which checksums blocks have */
    SUM_PACKED_ADLER = 0x2,
    SUM_PLAIN_CRC = 0x100,
    SUM_PACKED_CRC = 0x200,
    HAS_EXTRA = 0x40,
    HAS_FILTER = 0x800,
    MARK_SIZE = 9,
    VERSION_0940 = 0x940, /* from which on there are more fields */
};

struct reader {
    const uint8_t *at, *end;
    bool bad; /* more was wanted than there is */
};

static const uint8_t *take(struct reader *r, size_t n)
{
    const uint8_t *at = r->at;

    if (n > (size_t)(r->end - at)) {
        r->bad = true;
        return NULL;
    }
    r->at += n;
    return at;
}

/* A number of n bytes; 0 when they are not there. */
static uint32_t number(struct reader *r, size_t n)
{
    const uint8_t *p = take(r, n);
    uint32_t value = 0;

    while (p && n--)
        value = value << 8 | *p++;
    return value;
}

/* Returns the flags. */
static uint32_t read_header(struct reader *r)
{
    uint32_t version, flags;
    bool newer;

    take(r, MARK_SIZE);
    version = number(r, 2);
    newer = version >= VERSION_0940;
    take(r, newer ? 4 : 2); /* of the library; needed */
    take(r, newer ? 2 : 1); /* method, level */
    flags = number(r, 4);
    if (flags & HAS_FILTER)
        take(r, 4);
    take(r, newer ? 12 : 8); /* mode, time */
    take(r, number(r, 1));   /* name */
    take(r, 4);              /* checksum of the header */
    if (flags & HAS_EXTRA)
        take(r, (size_t)number(r, 4) + 4);
    return flags;
}

static bool sums_are_right(const uint8_t *data, uint32_t n, uint32_t flags,
                           const uint32_t *sum)
{
    if (flags & SUM_PLAIN_ADLER && adler32(adler32(0, NULL, 0), data, n) != sum[0])
        return false;
    return !(flags & SUM_PLAIN_CRC) || crc32(crc32(0, NULL, 0), data, n) == sum[1];
}

/* A block that gives n bytes, up to the room there is. */
static int unpack_block(struct reader *r, uint32_t flags, uint8_t *out, uint32_t n)
{
    uint32_t packed = number(r, 4), sum[2];
    const uint8_t *data;

    sum[0] = flags & SUM_PLAIN_ADLER ? number(r, 4) : 0;
    sum[1] = flags & SUM_PLAIN_CRC ? number(r, 4) : 0;
    if (packed < n) {
        take(r, flags & SUM_PACKED_ADLER ? 4 : 0);
        take(r, flags & SUM_PACKED_CRC ? 4 : 0);
    }
    data = take(r, packed);
    if (!data || packed > n)
        return -XEN_EINVAL;
    if (packed == n)
        memcpy(out, data, n);
    else if (lzo1x_unpack(data, packed, out, n) != (long)n)
        return -XEN_EINVAL;
    return sums_are_right(out, n, flags, sum) ? 0 : -XEN_EINVAL;
}

int unpack_lzo(const struct unpacking *u)
{
    struct reader r = { u->in, u->in + u->in_size, false };
    uint32_t flags = read_header(&r);
    size_t done = 0;
    int rc = 0;

    for (;;) {
        uint32_t n = number(&r, 4);

        if (r.bad)
            return -XEN_EINVAL;
        if (!n)
            return done == u->room ? 0 : -XEN_E2BIG;
        if (n > u->room - done)
            return -XEN_E2BIG;
        rc = unpack_block(&r, flags, u->out + done, n);
        done += n;
        if (!rc)
            rc = unpack_step(u, done);
        if (rc)
            return rc;
    }
}
