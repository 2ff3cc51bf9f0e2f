/* SPDX-License-Identifier: MIT */
/*
 * Contents of files that clients have sent, in memory. Each content is there once. It
 * stays while anybody refers to it (a session, a domain's record, whoever has its bytes),
 * and then until its memory is wanted, the one that was longest unused first.
 *
 * No function blocks; one thread at a time is in here because threads take turns.
 */
#ifndef IMAGES_H
#define IMAGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <ts/digest.h>
#include <ts/err.h>

struct image;

/* limit: bytes that all images together may cost. */
void images_init(size_t limit);
size_t images_limit(void);
/* What an image of size bytes counts, for a limit. */
size_t image_cost(size_t size);
/* Gives back the memory of the image that nobody refers to for the longest time. False:
 * there is none. Also called from within malloc(). */
bool images_drop(void);

/* A new reference to a complete image with that digest, or that stands for a file with that
 * digest; NULL when there is none. stands_for, unless NULL: a digest of which it is found
 * from now on, too, if it stands for nothing else yet. */
struct image *image_find(const uint8_t digest[TS_DIGEST_BYTES],
                         const uint8_t *stands_for);

/* An incomplete image, with a reference. stands_for: of a file in whose place it is as
 * good, by the word of whoever sends it; NULL: none. NULL with err filled in:
 * -XEN_ENOSPC, -XEN_ENOMEM and a sentence that says so of the file name. */
struct image *image_create(const char *name, uint64_t size,
                           const uint8_t digest[TS_DIGEST_BYTES],
                           const uint8_t *stands_for, struct ts_err *err);
/* Appends n bytes, as far as the image's size goes. */
void image_append(struct image *image, const void *bytes, size_t n);
/* All has come. Returns the image to be used from now on: another one if that content has
 * come by another way meanwhile. */
struct image *image_complete(struct image *image);

size_t image_size(const struct image *image);
void image_get(struct image *image);
/* Gives up a reference. */
void image_put(struct image *image);

/*
 * The toolstack knows the file path of an image by a name: "sent/NUMBER/path". Writes it;
 * returns its length like snprintf().
 */
int image_name(const struct image *image, const char *path, char *name, size_t size);
/* The image of such a name; NULL when it is none, or there is none any more. */
struct image *image_named(const char *name);

const void *image_bytes(const struct image *image);
/* The image with these bytes; NULL when they are no image's. */
struct image *image_of(const void *bytes);

#endif
