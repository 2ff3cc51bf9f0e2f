/* SPDX-License-Identifier: MIT */
/*
 * LZ4 as Linux packs kernels: the older frame, a mark and then blocks of up to 8 MiB, each
 * behind its packed size. The blocks by liblz4.
 */
#include "unpack.h"

#include <lz4.h>
#include <string.h>

static int unpack_block(const struct unpacking *u, size_t in, uint32_t size, size_t *done)
{
    size_t room = u->room - *done;
    int n;

    if (size > u->in_size - in || size > LZ4_COMPRESSBOUND(LZ4_BLOCK))
        return -XEN_EINVAL;
    if (!room)
        return -XEN_E2BIG;
    n = LZ4_decompress_safe((const char *)u->in + in, (char *)u->out + *done, (int)size,
                            room < LZ4_BLOCK ? (int)room : (int)LZ4_BLOCK);
    if (n < 0)
        return -XEN_EINVAL;
    *done += (size_t)n;
    return unpack_step(u, *done);
}

int unpack_lz4(const struct unpacking *u)
{
    size_t in = 0, done = 0;
    int rc = 0;

    while (!rc && u->in_size - in >= 4) {
        uint32_t size;

        memcpy(&size, u->in + in, 4);
        in += 4;
        if (size == LZ4_MARK) /* files that have been put one behind the other */
            continue;
        rc = unpack_block(u, in, size, &done);
        in += size;
    }
    if (!rc && in != u->in_size)
        return -XEN_EINVAL;
    return rc ? rc : done == u->room ? 0 : -XEN_E2BIG;
}
