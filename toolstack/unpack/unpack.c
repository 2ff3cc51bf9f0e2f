/* SPDX-License-Identifier: MIT */
/* Which function unpacks which format, and what to say when it cannot. */
#include "unpack.h"

struct format {
    const char *name;
    int (*unpack)(const struct unpacking *u);
};

static const struct format formats[] = {
    [TS_PACKING_NONE] = { "none", NULL },
    [TS_PACKING_GZIP] = { "gzip", unpack_gzip },
    [TS_PACKING_LZMA] = { "lzma", unpack_lzma },
    [TS_PACKING_XZ] = { "xz", unpack_xz },
    [TS_PACKING_LZO] = { "lzo", unpack_lzo },
    [TS_PACKING_LZ4] = { "lz4", unpack_lz4 },
    [TS_PACKING_ZSTD] = { "zstd", unpack_zstd },
    [TS_PACKING_BZIP2] = { "bzip2", unpack_bzip2 },
    [TS_PACKING_UNKNOWN] = { "unknown", NULL },
};

const char *ts_packing_text(enum ts_packing packing)
{
    return formats[packing <= TS_PACKING_UNKNOWN ? packing : TS_PACKING_UNKNOWN].name;
}

static int fail(const struct ts_payload *payload, int rc, struct ts_err *err)
{
    const char *name = ts_packing_text(payload->packing);

    switch (rc) {
    case -XEN_EINVAL:
        return ts_fail(err, -XEN_ENOEXEC,
                       "is cut off or corrupt: its %s payload cannot be unpacked", name);
    case -XEN_E2BIG:
        return ts_fail(err, -XEN_ENOEXEC,
                       "is corrupt: its %s payload is not of the size it says", name);
    case -XEN_EINTR:
        return ts_fail(err, rc, "is not used: unpacking it has been interrupted");
    default:
        return ts_fail(err, rc, "cannot be unpacked: %s", ts_err_text(rc));
    }
}

int ts_unpack(const struct ts_payload *payload, void *to, size_t n,
              const struct ts_progress *progress, struct ts_err *err)
{
    const struct unpacking u = {
        .in = payload->data,
        .in_size = payload->size,
        .out = to,
        .room = n,
        .progress = progress,
    };
    int rc;

    if (!formats[payload->packing].unpack)
        return ts_fail(err, -XEN_ENOEXEC, "is packed in a way that is not known");
    rc = formats[payload->packing].unpack(&u);
    if (!rc)
        rc = unpack_step(&u, n);
    return rc ? fail(payload, rc, err) : 0;
}
