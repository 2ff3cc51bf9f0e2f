/* SPDX-License-Identifier: MIT */
/* gzip, by zlib. */
#include "unpack.h"

#include <zlib.h>

#define GZIP_ONLY (15 + 16) /* window bits: 32 KiB; zlib's own format is not taken */

static int code(int zlib_code)
{
    return zlib_code == Z_MEM_ERROR ? -XEN_ENOMEM : -XEN_EINVAL;
}

static int inflate_all(const struct unpacking *u, z_stream *z)
{
    int rc = Z_OK;

    z->next_out = u->out;
    z->next_in = (Bytef *)u->in;
    z->avail_out = (uInt)u->room;
    while (rc == Z_OK) {
        size_t left = u->in_size - (size_t)(z->next_in - u->in);

        z->avail_in = left < UNPACK_SLICE ? (uInt)left : UNPACK_SLICE;
        rc = inflate(z, Z_NO_FLUSH);
        if (rc == Z_OK && unpack_step(u, u->room - z->avail_out))
            return -XEN_EINTR;
    }
    if (rc == Z_BUF_ERROR && !z->avail_out)
        return -XEN_E2BIG;
    if (rc != Z_STREAM_END)
        return code(rc);
    return z->avail_out ? -XEN_E2BIG : 0;
}

int unpack_gzip(const struct unpacking *u)
{
    z_stream z = { 0 };
    int rc;

    if (u->room > UINT32_MAX)
        return -XEN_E2BIG;
    rc = inflateInit2(&z, GZIP_ONLY);
    if (rc != Z_OK)
        return code(rc);
    rc = inflate_all(u, &z);
    inflateEnd(&z);
    return rc;
}
