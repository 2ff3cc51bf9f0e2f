/* SPDX-License-Identifier: MIT */
/*
 * An account of the heap, for those who look whether everything comes back. What the C
 * library itself could tell depends on how free memory is cut up; this counts the bytes
 * that were asked for. The linker puts these in the place of the library's functions
 * (build.mk), which are __real_*.
 */
#include <errno.h>
#include <reent.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "control.h"
#include "images.h"

struct block {
    size_t size;
    char bytes[] __attribute__((aligned(16)));
};

static size_t bytes_in_use;

void *__real__malloc_r(struct _reent *reent, size_t size);
void __real__free_r(struct _reent *reent, void *memory);
void *__wrap__malloc_r(struct _reent *reent, size_t size);
void *__wrap__calloc_r(struct _reent *reent, size_t n, size_t size);
void *__wrap__realloc_r(struct _reent *reent, void *old, size_t size);
void *__wrap__memalign_r(struct _reent *reent, size_t alignment, size_t size);
void __wrap__free_r(struct _reent *reent, void *memory);

static struct block *block_of(void *memory)
{
    return (struct block *)((char *)memory - offsetof(struct block, bytes));
}

size_t heap_in_use(void)
{
    return bytes_in_use;
}

/* Files that are only kept for a next time give way. */
static void *allocate(struct _reent *reent, size_t size)
{
    void *memory;

    do
        memory = __real__malloc_r(reent, size);
    while (!memory && images_drop());
    return memory;
}

void *__wrap__malloc_r(struct _reent *reent, size_t size)
{
    struct block *block = NULL;

    if (size <= PTRDIFF_MAX - sizeof(*block))
        block = allocate(reent, sizeof(*block) + size);
    if (!block) {
        __errno_r(reent) = ENOMEM;
        return NULL;
    }
    block->size = size;
    bytes_in_use += size;
    return block->bytes;
}

void __wrap__free_r(struct _reent *reent, void *memory)
{
    if (!memory)
        return;
    bytes_in_use -= block_of(memory)->size;
    __real__free_r(reent, block_of(memory));
}

void *__wrap__calloc_r(struct _reent *reent, size_t n, size_t size)
{
    size_t all;
    void *memory;

    if (__builtin_mul_overflow(n, size, &all)) {
        __errno_r(reent) = ENOMEM;
        return NULL;
    }
    memory = __wrap__malloc_r(reent, all);
    return memory ? memset(memory, 0, all) : NULL;
}

void *__wrap__realloc_r(struct _reent *reent, void *old, size_t size)
{
    size_t keep = old ? block_of(old)->size : 0;
    void *fresh;

    if (old && !size) {
        __wrap__free_r(reent, old);
        return NULL;
    }
    fresh = __wrap__malloc_r(reent, size);
    if (fresh && old) {
        memcpy(fresh, old, keep < size ? keep : size);
        __wrap__free_r(reent, old);
    }
    return fresh;
}

/* Nobody in this program wants more than malloc() gives. */
void *__wrap__memalign_r(struct _reent *reent, size_t alignment, size_t size)
{
    if (alignment <= offsetof(struct block, bytes))
        return __wrap__malloc_r(reent, size);
    __errno_r(reent) = ENOMEM;
    return NULL;
}
