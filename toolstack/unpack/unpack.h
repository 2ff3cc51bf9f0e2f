/* SPDX-License-Identifier: MIT */
/*
 * Unpacking: what the formats' files share. Packed bytes are untrusted: a format's
 * function writes exactly `room` bytes to `out` or fails, and needs little other memory
 * whatever the bytes say.
 */
#ifndef TS_UNPACK_UNPACK_H
#define TS_UNPACK_UNPACK_H

#include <ts/unpack.h>

struct unpacking {
    const uint8_t *in;
    size_t in_size;
    uint8_t *out;
    size_t room;
    const struct ts_progress *progress; /* NULL: nobody looks */
};

/* Where a bzImage's header says how long its payload is. */
#define PAYLOAD_LENGTH 0x24c

/* LZ4 as Linux' build makes it: this mark, and blocks of that many bytes unpacked. */
#define LZ4_MARK  0x184c2102u
#define LZ4_BLOCK (8u << 20)

/* How much of the input is taken between two steps of progress. */
#define UNPACK_SLICE 65536u

/* done: bytes written. Returns 0 or -XEN_EINTR. */
static inline int unpack_step(const struct unpacking *u, uint64_t done)
{
    const struct ts_progress *p = u->progress;

    return p && !p->step(p->context, done, u->room) ? -XEN_EINTR : 0;
}

/*
 * The formats. Each returns 0; -XEN_EINVAL: corrupt or cut off; -XEN_E2BIG: there would be
 * more than room bytes, or there are fewer; -XEN_ENOMEM; -XEN_EINTR.
 */
int unpack_gzip(const struct unpacking *u);
int unpack_bzip2(const struct unpacking *u);
int unpack_lzma(const struct unpacking *u);
int unpack_xz(const struct unpacking *u);
int unpack_lzo(const struct unpacking *u);
int unpack_lz4(const struct unpacking *u);
int unpack_zstd(const struct unpacking *u);

/*
 * One block of LZO1X. Returns how many bytes it gave, or -1: it is corrupt, or would give
 * more than room.
 */
long lzo1x_unpack(const uint8_t *in, size_t in_size, uint8_t *out, size_t room);

#endif
