/* SPDX-License-Identifier: MIT */
/*
 * Digests of files: equal digests mean equal content. BLAKE2b with 32 bytes of result, as
 * `b2sum -l 256` computes it: a third of SHA-256's cost on a 64-bit machine.
 */
#ifndef TS_DIGEST_H
#define TS_DIGEST_H

#include <stddef.h>
#include <stdint.h>

#define TS_DIGEST_BYTES 32
#define TS_DIGEST_BLOCK 128

struct ts_digest {
    uint64_t h[8];
    uint64_t n; /* bytes so far, without those in block */
    size_t pending;
    uint8_t block[TS_DIGEST_BLOCK];
};

void ts_digest_begin(struct ts_digest *digest);
void ts_digest_add(struct ts_digest *digest, const void *bytes, size_t n);
/* The digest of all that was added; begin again before another use. */
void ts_digest_end(struct ts_digest *digest, uint8_t result[TS_DIGEST_BYTES]);

/* All at once. */
void ts_digest_of(const void *bytes, size_t n, uint8_t result[TS_DIGEST_BYTES]);

#endif
