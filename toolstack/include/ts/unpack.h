/* SPDX-License-Identifier: MIT */
/*
 * Packed kernels: the payload of a bzImage, and a cache of what has been unpacked, so that
 * the same kernel is unpacked once for many domains. The cache knows kernels by content.
 */
#ifndef TS_UNPACK_H
#define TS_UNPACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <ts/err.h>

enum ts_packing {
    TS_PACKING_NONE,
    TS_PACKING_GZIP,
    TS_PACKING_LZMA,
    TS_PACKING_XZ,
    TS_PACKING_LZO,
    TS_PACKING_LZ4,
    TS_PACKING_ZSTD,
    TS_PACKING_BZIP2,
    TS_PACKING_UNKNOWN, /* of a bzImage */
};

/* "xz", ...; "none", "unknown" */
const char *ts_packing_text(enum ts_packing packing);

/* What is in a file that may be packed. Points into the file. */
struct ts_payload {
    enum ts_packing packing;
    bool is_bzimage;
    const uint8_t *data;
    size_t size;
    uint64_t unpacked_size; /* as the file says */
    char version[160];      /* a bzImage's own line about itself; printable */
};

/*
 * Looks for a bzImage's payload, or a whole file that gzip has packed; anything else is a
 * payload that is not packed. Returns 0, or -XEN_ENOEXEC with the reason in err, to be put
 * behind the file's name: "is cut off: ...".
 */
int ts_payload_find(const void *file, size_t size, struct ts_payload *payload,
                    struct ts_err *err);

/*
 * Called now and then by what takes long, with the bytes done and to be done. It may let
 * other threads run; what the caller of the long function has passed must stay as it is.
 * false: give up, the function returns -XEN_EINTR.
 */
struct ts_progress {
    bool (*step)(void *context, uint64_t done, uint64_t total);
    void *context;
};

/*
 * Unpacks into exactly n bytes at to. Returns 0; -XEN_ENOEXEC with the reason in err, to
 * be put behind the file's name (corrupt, cut off, of another size, unknown packing);
 * -XEN_ENOMEM; -XEN_EINTR. progress may be NULL.
 */
int ts_unpack(const struct ts_payload *payload, void *to, size_t n,
              const struct ts_progress *progress, struct ts_err *err);

/* --- the cache --- */

struct ts_unpacker_env {
    void *context;
    /* Memory for a whole kernel: page aligned or not, not cleared; NULL when out of it. */
    void *(*alloc)(void *context, size_t size);
    void (*free)(void *context, void *address, size_t size);
    void (*random)(void *context, void *bytes, size_t n);
    /* Unpacked kernels that nobody has open are kept while all of them together have no
     * more bytes than this. */
    uint64_t keep_bytes;
};

struct ts_unpacker;

/* Returns NULL when out of memory. env is copied. */
struct ts_unpacker *ts_unpacker_create(const struct ts_unpacker_env *env);
/* No kernel may be open. */
void ts_unpacker_destroy(struct ts_unpacker *unpacker);

/* A payload's unpacked bytes. Read only. */
struct ts_unpacked {
    const uint8_t *data;
    size_t size;
};

/*
 * Unpacks a payload, or finds it unpacked. Each one got is to be put back. unpacker NULL:
 * in memory of malloc(), for this user alone. Returns as ts_unpack(); *unpacked is NULL
 * after a failure. progress->step() may use the unpacker, but not destroy it.
 */
int ts_unpacked_get(struct ts_unpacker *unpacker, const struct ts_payload *payload,
                    const struct ts_progress *progress, struct ts_unpacked **unpacked,
                    struct ts_err *err);
void ts_unpacked_put(struct ts_unpacked *unpacked);

/* Forgets kernels that nobody has open until all have no more than keep bytes. Returns
 * whether any was forgotten. */
bool ts_unpacker_trim(struct ts_unpacker *unpacker, uint64_t keep);

/* Bytes of memory that kernels have now, and how many kernels they are. */
uint64_t ts_unpacker_bytes(const struct ts_unpacker *unpacker, unsigned int *kernels);

/* --- for who sends kernels to another machine --- */

/* Would unpacking it take the other end much longer than what ts_repack() makes of it? */
bool ts_repack_helps(const struct ts_payload *payload);

/*
 * A copy of a bzImage, its payload packed so that it is unpacked quickly, *repacked_size
 * bytes at *repacked, to be freed. Returns 0; -XEN_EOPNOTSUPP: it would not help; or as
 * ts_payload_find(), ts_unpack(), with nothing to be freed.
 */
int ts_repack(const void *file, size_t size, const struct ts_progress *progress,
              void **repacked, size_t *repacked_size, struct ts_err *err);

#endif
