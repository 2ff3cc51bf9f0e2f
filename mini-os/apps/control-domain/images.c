/* SPDX-License-Identifier: MIT */
/* What clients have sent, by digest and number. */
#include "images.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PREFIX      "sent/"
#define PREFIX_SIZE (sizeof(PREFIX) - 1)

struct image {
    struct image *next;
    unsigned int references;
    unsigned long number;
    uint64_t used; /* when a reference was last given up: a count */
    uint8_t digest[TS_DIGEST_BYTES];
    uint8_t stands_for[TS_DIGEST_BYTES]; /* digest, when for nothing else */
    size_t size, come;
    bool is_complete;
    unsigned char bytes[] __attribute__((aligned(16)));
};

static struct image *images;
static size_t limit, used; /* costs */
static unsigned long last_number;
static uint64_t clock_ticks;

void images_init(size_t most)
{
    limit = most;
}

size_t images_limit(void)
{
    return limit;
}

/* With what it takes besides; that is rounded up, so that they do not become too many to
 * look through. */
size_t image_cost(size_t size)
{
    return size + 8192;
}

static void drop(struct image *image)
{
    struct image **link = &images;

    while (*link != image)
        link = &(*link)->next;
    *link = image->next;
    used -= image_cost(image->size);
    free(image);
}

/* The unreferenced image that was not used for the longest time. */
static struct image *oldest_unused(void)
{
    struct image *oldest = NULL;

    for (struct image *image = images; image; image = image->next)
        if (!image->references && (!oldest || image->used < oldest->used))
            oldest = image;
    return oldest;
}

bool images_drop(void)
{
    struct image *image = oldest_unused();

    if (image)
        drop(image);
    return image;
}

static bool is_like(const struct image *image, const uint8_t digest[TS_DIGEST_BYTES])
{
    return !memcmp(image->digest, digest, TS_DIGEST_BYTES) ||
           !memcmp(image->stands_for, digest, TS_DIGEST_BYTES);
}

static void set_stands_for(struct image *image, const uint8_t *digest)
{
    if (digest && !memcmp(image->stands_for, image->digest, TS_DIGEST_BYTES))
        memcpy(image->stands_for, digest, TS_DIGEST_BYTES);
}

struct image *image_find(const uint8_t digest[TS_DIGEST_BYTES], const uint8_t *stands_for)
{
    for (struct image *image = images; image; image = image->next) {
        if (image->is_complete && is_like(image, digest)) {
            set_stands_for(image, stands_for);
            image->references++;
            return image;
        }
    }
    return NULL;
}

static bool make_room(size_t size)
{
    while (image_cost(size) > limit - used)
        if (!images_drop())
            return false;
    return true;
}

struct image *image_create(const char *name, uint64_t size,
                           const uint8_t digest[TS_DIGEST_BYTES],
                           const uint8_t *stands_for, struct ts_err *err)
{
    struct image *image;

    if (size > limit || !make_room(size)) {
        ts_fail(err, -XEN_ENOSPC, "no room for \"%s\": files may take %zu KiB here", name,
                limit >> 10);
        return NULL;
    }
    image = malloc(sizeof(*image) + size);
    if (!image) {
        ts_fail(err, -XEN_ENOMEM, "the control domain has no memory for \"%s\"", name);
        return NULL;
    }
    memset(image, 0, sizeof(*image));
    memcpy(image->digest, digest, TS_DIGEST_BYTES);
    memcpy(image->stands_for, digest, TS_DIGEST_BYTES);
    set_stands_for(image, stands_for);
    image->number = ++last_number;
    image->size = size;
    image->references = 1;
    image->next = images;
    images = image;
    used += image_cost(size);
    return image;
}

void image_append(struct image *image, const void *bytes, size_t n)
{
    if (n > image->size - image->come)
        n = image->size - image->come;
    memcpy(image->bytes + image->come, bytes, n);
    image->come += n;
}

struct image *image_complete(struct image *image)
{
    struct image *same = image_find(image->digest, image->stands_for);

    if (same) {
        image_put(image);
        return same;
    }
    image->is_complete = true;
    return image;
}

size_t image_size(const struct image *image)
{
    return image->size;
}

void image_get(struct image *image)
{
    image->references++;
}

void image_put(struct image *image)
{
    image->used = ++clock_ticks;
    if (!--image->references && !image->is_complete)
        drop(image);
}

int image_name(const struct image *image, const char *path, char *name, size_t size)
{
    return snprintf(name, size, PREFIX "%lu/%s", image->number, path);
}

struct image *image_named(const char *name)
{
    unsigned long number;
    char *end;

    if (strncmp(name, PREFIX, PREFIX_SIZE))
        return NULL;
    number = strtoul(name + PREFIX_SIZE, &end, 10);
    for (struct image *image = images; *end == '/' && image; image = image->next)
        if (image->is_complete && image->number == number)
            return image;
    return NULL;
}

const void *image_bytes(const struct image *image)
{
    return image->bytes;
}

struct image *image_of(const void *bytes)
{
    for (struct image *image = images; image; image = image->next)
        if (image->bytes == bytes)
            return image;
    return NULL;
}
