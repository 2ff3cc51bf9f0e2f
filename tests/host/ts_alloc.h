/* SPDX-License-Identifier: MIT */
/* Included before everything in toolstack code under test: its allocations can fail. */
#ifndef TS_ALLOC_H
#define TS_ALLOC_H

#include <stdlib.h>

void *fake_malloc(size_t n);
void *fake_calloc(size_t n, size_t size);
void *fake_realloc(void *old, size_t n);

#define malloc(n)       fake_malloc(n)
#define calloc(n, size) fake_calloc(n, size)
#define realloc(old, n) fake_realloc(old, n)

#endif
