/* SPDX-License-Identifier: MIT */
/* Zstandard, by libzstd: straight into the output, which serves as the window. */
#define ZSTD_STATIC_LINKING_ONLY
#include "unpack.h"

#include <zstd.h>
#include <zstd_errors.h>

static int code(size_t zstd_code)
{
    switch (ZSTD_getErrorCode(zstd_code)) {
    case ZSTD_error_memory_allocation:
        return -XEN_ENOMEM;
    case ZSTD_error_dstSize_tooSmall:
        return -XEN_E2BIG;
    default:
        return -XEN_EINVAL;
    }
}

static int unpack_all(const struct unpacking *u, ZSTD_DCtx *context)
{
    ZSTD_outBuffer out = { u->out, u->room, 0 };
    ZSTD_inBuffer in = { u->in, 0, 0 };
    size_t left = 1;

    while (left) {
        size_t had_in = in.pos, had_out = out.pos;

        in.size = u->in_size - in.pos < UNPACK_SLICE ? u->in_size : in.pos + UNPACK_SLICE;
        left = ZSTD_decompressStream(context, &out, &in);
        if (ZSTD_isError(left))
            return code(left);
        if (left && in.pos == had_in && out.pos == had_out)
            return out.pos == out.size ? -XEN_E2BIG : -XEN_EINVAL;
        if (unpack_step(u, out.pos))
            return -XEN_EINTR;
    }
    return out.pos == u->room ? 0 : -XEN_E2BIG;
}

int unpack_zstd(const struct unpacking *u)
{
    ZSTD_DCtx *context = ZSTD_createDCtx();
    int rc;

    if (!context)
        return -XEN_ENOMEM;
    if (ZSTD_isError(ZSTD_DCtx_setParameter(context, ZSTD_d_stableOutBuffer, 1)) ||
        ZSTD_isError(ZSTD_DCtx_setParameter(context, ZSTD_d_windowLogMax, 31)))
        rc = -XEN_EINVAL;
    else
        rc = unpack_all(u, context);
    ZSTD_freeDCtx(context);
    return rc;
}
