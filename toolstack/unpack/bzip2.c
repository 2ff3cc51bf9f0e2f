/* SPDX-License-Identifier: MIT */
/* bzip2, by libbz2: one stream, or several that have been put one behind the other. */
#include "unpack.h"

#include <bzlib.h>
#include <stdlib.h>

/* What the library calls, when it is built for mini-os, if it finds itself to be wrong. */
void bz_internal_error(int number);

void bz_internal_error(int number)
{
    (void)number;
    abort();
}

static int code(int bz_code)
{
    return bz_code == BZ_MEM_ERROR ? -XEN_ENOMEM : -XEN_EINVAL;
}

static size_t left(const struct unpacking *u, const bz_stream *z)
{
    return u->in_size - (size_t)((const uint8_t *)z->next_in - u->in);
}

static int unpack_stream(const struct unpacking *u, bz_stream *z)
{
    for (;;) {
        size_t in = left(u, z) < UNPACK_SLICE ? left(u, z) : UNPACK_SLICE;
        unsigned int room = z->avail_out;
        int rc;

        z->avail_in = (unsigned int)in;
        rc = BZ2_bzDecompress(z);
        if (rc == BZ_STREAM_END)
            return 0;
        if (rc != BZ_OK)
            return code(rc);
        if (z->avail_in == in && z->avail_out == room)
            return room ? -XEN_EINVAL : -XEN_E2BIG;
        if (unpack_step(u, u->room - z->avail_out))
            return -XEN_EINTR;
    }
}

int unpack_bzip2(const struct unpacking *u)
{
    bz_stream z = { .next_in = (char *)u->in, .next_out = (char *)u->out };
    int rc;

    if (u->room > UINT32_MAX)
        return -XEN_E2BIG;
    z.avail_out = (unsigned int)u->room;
    do {
        rc = BZ2_bzDecompressInit(&z, 0, 0);
        if (rc != BZ_OK)
            return code(rc);
        rc = unpack_stream(u, &z);
        BZ2_bzDecompressEnd(&z);
    } while (!rc && left(u, &z));
    return rc ? rc : z.avail_out ? -XEN_E2BIG : 0;
}
