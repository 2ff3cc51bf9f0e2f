/* SPDX-License-Identifier: MIT */
/* The memory of one configuration: allocated piece by piece, freed at once. */
#include "internal.h"

#include <stdlib.h>

struct piece {
    struct piece *next;
    max_align_t bytes[];
};

struct ts_config_pool {
    struct piece *pieces;
};

struct ts_config_pool *pool_create(void)
{
    return calloc(1, sizeof(struct ts_config_pool));
}

void *pool_alloc(struct ts_config_pool *pool, size_t n)
{
    struct piece *piece = calloc(1, sizeof(*piece) + n);

    if (!piece)
        return NULL;
    piece->next = pool->pieces;
    pool->pieces = piece;
    return piece->bytes;
}

void pool_free(struct ts_config_pool *pool)
{
    if (!pool)
        return;
    while (pool->pieces) {
        struct piece *piece = pool->pieces;

        pool->pieces = piece->next;
        free(piece);
    }
    free(pool);
}
