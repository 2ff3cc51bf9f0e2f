/* SPDX-License-Identifier: MIT */
/*
 * The set of frames that a domain has been given: a balanced tree of 2 MiB chunks, each
 * with a bit per frame. Small for small domains (one 96-byte record), in order of frame
 * number, and emptied in bounded steps. The caller holds the domain's page_lock.
 */
#ifndef HV_FRAME_SET_H
#define HV_FRAME_SET_H

#include <hv/types.h>
#include <hv/compiler.h>

struct frame_chunk;

struct frame_set {
    struct frame_chunk *root;
    struct frame_chunk *last; /* found last; a cache */
};

/* Adds 2^order frames that are not in it. 0, or -ENOMEM with nothing added. */
int must_check frame_set_add(struct frame_set *s, mfn_t mfn, unsigned int order);
/* Removes n frames of one 2 MiB chunk, all of which must be in it. Never fails. */
void frame_set_remove(struct frame_set *s, mfn_t mfn, unsigned int n);
bool frame_set_contains(const struct frame_set *s, mfn_t mfn);
/* The first frame with a number >= from, or INVALID_MFN_N. */
mfn_t frame_set_next(const struct frame_set *s, mfn_t from);
/* How many frames follow one another from that one on, *first; up to 64, all in one chunk.
 * It may be fewer than there are. 0: there is none from `from` on. */
unsigned int frame_set_next_run(const struct frame_set *s, mfn_t from, mfn_t *first);

#endif
