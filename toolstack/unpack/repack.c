/* SPDX-License-Identifier: MIT */
/*
 * A kernel file with another packing: for a program that has a processor to itself and
 * sends kernels to a machine that has not. The file is cut behind its payload, where the
 * code follows that unpacks it on a bare machine.
 */
#include "unpack.h"

#include <lz4.h>
#include <stdlib.h>
#include <string.h>

struct packing {
    const struct ts_unpacked *from;
    uint8_t *file;
    size_t at, room;
    const struct ts_progress *progress;
};

bool ts_repack_helps(const struct ts_payload *payload)
{
    return payload->is_bzimage &&
           (payload->packing == TS_PACKING_XZ || payload->packing == TS_PACKING_LZMA ||
            payload->packing == TS_PACKING_BZIP2);
}

static void put32(uint8_t *at, uint32_t value)
{
    memcpy(at, &value, sizeof(value));
}

static int pack_block(struct packing *p, const uint8_t *bytes, size_t n)
{
    size_t room = p->room - p->at - 4;
    int size = LZ4_compress_default((const char *)bytes, (char *)p->file + p->at + 4,
                                    (int)n, (int)room);

    if (size <= 0)
        return -XEN_EINVAL;
    put32(p->file + p->at, (uint32_t)size);
    p->at += 4 + (size_t)size;
    return 0;
}

/* The payload: lz4's mark, blocks, and the unpacked size. */
static int pack(struct packing *p)
{
    const struct ts_unpacked *from = p->from;
    const struct unpacking told = { .progress = p->progress, .room = from->size };
    int rc = 0;

    put32(p->file + p->at, LZ4_MARK);
    p->at += 4;
    for (size_t done = 0, n; !rc && done < from->size; done += n) {
        n = from->size - done < LZ4_BLOCK ? from->size - done : LZ4_BLOCK;
        rc = pack_block(p, from->data + done, n);
        if (!rc)
            rc = unpack_step(&told, done + n);
    }
    put32(p->file + p->at, (uint32_t)from->size);
    p->at += 4;
    return rc;
}

/* What it can take, in the worst case, behind the first `start` bytes. */
static size_t bound(size_t start, size_t size)
{
    size_t blocks = size / LZ4_BLOCK + 1;

    return start + blocks * (4 + LZ4_COMPRESSBOUND(LZ4_BLOCK)) + 8;
}

static int repack(const uint8_t *file, const struct ts_payload *payload,
                  struct packing *p, struct ts_err *err)
{
    size_t start = (size_t)(payload->data - file);
    int rc;

    p->room = bound(start, p->from->size);
    p->at = start;
    p->file = malloc(p->room);
    if (!p->file)
        return ts_fail(err, -XEN_ENOMEM, "out of memory");
    memcpy(p->file, file, start);
    rc = pack(p);
    if (!rc) {
        put32(p->file + PAYLOAD_LENGTH, (uint32_t)(p->at - start));
        return 0;
    }
    free(p->file);
    return ts_fail(err, rc, "cannot be packed: %s", ts_err_text(rc));
}

int ts_repack(const void *file, size_t size, const struct ts_progress *progress,
              void **repacked, size_t *repacked_size, struct ts_err *err)
{
    struct packing p = { .progress = progress };
    struct ts_unpacked *unpacked;
    struct ts_payload payload;
    int rc = ts_payload_find(file, size, &payload, err);

    if (rc)
        return rc;
    if (!ts_repack_helps(&payload))
        return ts_fail(err, -XEN_EOPNOTSUPP, "is not packed in a way that takes long");
    rc = ts_unpacked_get(NULL, &payload, progress, &unpacked, err);
    if (rc)
        return rc;
    p.from = unpacked;
    rc = repack(file, &payload, &p, err);
    ts_unpacked_put(unpacked);
    if (rc)
        return rc;
    *repacked = p.file;
    *repacked_size = p.at;
    return 0;
}
