/* SPDX-License-Identifier: MIT */
/*
 * The frames of a domain: an AVL tree of 2 MiB chunks. A chunk is in the tree while it
 * has a frame, so the tree of a domain is as large as its memory is scattered, and the
 * work of every operation is bounded by the height of a tree of all the machine's chunks.
 */
#include <hv/frame_set.h>
#include <hv/heap.h>
#include <hv/layout.h>
#include <hv/lib.h>
#include <abi/errno.h>

#define CHUNK_ORDER  9
#define CHUNK_FRAMES (1u << CHUNK_ORDER)
#define CHUNK_WORDS  (CHUNK_FRAMES / 64)

struct frame_chunk {
    struct frame_chunk *child[2]; /* lower, higher numbers */
    uint32_t nr;                  /* holds the frames nr * 512 ... */
    uint16_t count;               /* of frames in it, 1-512 except within a call */
    uint8_t height;               /* of the tree below and with it */
    uint64_t bits[CHUNK_WORDS];
};
_Static_assert(sizeof(struct frame_chunk) <= 96, "small domains stay small");
_Static_assert(MAX_FRAMES >> CHUNK_ORDER <= ~0u, "chunk numbers fit");

/* An AVL tree of 2^22 nodes is at most 1.44 * 22 + 1 high. */
#define MAX_HEIGHT 34
_Static_assert(MAX_FRAMES >> CHUNK_ORDER <= 1u << 22, "height of the tree");

/* The links followed from the root to a node; the last one points at the node. */
struct path {
    struct frame_chunk **link[MAX_HEIGHT];
    unsigned int depth;
};

static unsigned int height(const struct frame_chunk *c)
{
    return c ? c->height : 0;
}

static void update_height(struct frame_chunk *c)
{
    unsigned int low = height(c->child[0]), high = height(c->child[1]);

    c->height = (uint8_t)(max(low, high) + 1);
}

/* Lifts the child on `side` over its parent. */
static void rotate(struct frame_chunk **link, unsigned int side)
{
    struct frame_chunk *parent = *link, *child = parent->child[side];

    parent->child[side] = child->child[!side];
    child->child[!side] = parent;
    update_height(parent);
    update_height(child);
    *link = child;
}

static void balance(struct frame_chunk **link)
{
    struct frame_chunk *c = *link;
    int lean = (int)height(c->child[1]) - (int)height(c->child[0]);
    unsigned int side = lean > 0;
    struct frame_chunk *deep = c->child[side];

    if (lean >= -1 && lean <= 1) {
        update_height(c);
        return;
    }
    if (height(deep->child[!side]) > height(deep->child[side]))
        rotate(&c->child[side], !side);
    rotate(link, side);
}

static void path_add(struct path *p, struct frame_chunk **link)
{
    BUG_ON(p->depth == MAX_HEIGHT);
    p->link[p->depth++] = link;
}

static void balance_path(struct path *p)
{
    while (p->depth) {
        struct frame_chunk **link = p->link[--p->depth];

        if (*link)
            balance(link);
    }
}

/* Follows nr down to its node, or to the empty link where it belongs. */
static struct frame_chunk **find_link(struct frame_set *s, uint32_t nr, struct path *p)
{
    struct frame_chunk **link = &s->root;

    p->depth = 0;
    path_add(p, link);
    while (*link && (*link)->nr != nr) {
        link = &(*link)->child[nr > (*link)->nr];
        path_add(p, link);
    }
    return link;
}

static struct frame_chunk *find(const struct frame_set *s, uint32_t nr)
{
    struct frame_chunk *c = s->last;

    if (c && c->nr == nr)
        return c;
    for (c = s->root; c && c->nr != nr;)
        c = c->child[nr > c->nr];
    return c;
}

/* The chunk with the least number >= nr, or null. */
static struct frame_chunk *find_from(const struct frame_set *s, uint32_t nr)
{
    struct frame_chunk *best = NULL, *c = s->last;

    if (c && c->nr == nr)
        return c;
    for (c = s->root; c;) {
        if (c->nr >= nr)
            best = c;
        c = c->nr == nr ? NULL : c->child[nr > c->nr];
    }
    return best;
}

/* The chunk numbered nr, made when it is not there; null when out of memory. */
static struct frame_chunk *find_or_make(struct frame_set *s, uint32_t nr)
{
    struct frame_chunk *c = find(s, nr);
    struct path p;

    if (!c) {
        c = hv_new(struct frame_chunk);
        if (!c)
            return NULL;
        c->nr = nr;
        *find_link(s, nr, &p) = c;
        balance_path(&p);
    }
    s->last = c;
    return c;
}

/* Unlinks and returns the least node of the tree at link; the way there is added to p. */
static struct frame_chunk *detach_least(struct frame_chunk **link, struct path *p)
{
    struct frame_chunk *c;

    for (c = *link; c->child[0]; c = *link) {
        path_add(p, link);
        link = &c->child[0];
    }
    *link = c->child[1];
    return c;
}

/* Takes an empty chunk out of the tree. */
static void drop_chunk(struct frame_set *s, struct frame_chunk *c)
{
    struct path p;
    struct frame_chunk **link = find_link(s, c->nr, &p), *heir;

    if (!c->child[0] || !c->child[1]) {
        *link = c->child[c->child[0] ? 0 : 1];
    } else {
        unsigned int below = p.depth;

        heir = detach_least(&c->child[1], &p);
        heir->child[0] = c->child[0];
        heir->child[1] = c->child[1];
        *link = heir;
        if (p.depth > below)
            p.link[below] = &heir->child[1]; /* was c's */
    }
    balance_path(&p);
    s->last = NULL;
    hv_free(c);
}

/* The bits of word w that frames [first, first + n) of a chunk have. */
static uint64_t word_mask(unsigned int w, unsigned int first, unsigned int n)
{
    unsigned int from = max(first, w * 64), to = min(first + n, w * 64 + 64);

    if (from >= to)
        return 0;
    return ~0ull >> (64 - (to - from)) << (from % 64);
}

static void chunk_add(struct frame_chunk *c, unsigned int first, unsigned int n)
{
    for (unsigned int w = first / 64; w <= (first + n - 1) / 64; w++) {
        BUG_ON(c->bits[w] & word_mask(w, first, n));
        c->bits[w] |= word_mask(w, first, n);
    }
    c->count = (uint16_t)(c->count + n);
}

static void chunk_remove(struct frame_set *s, struct frame_chunk *c, unsigned int first,
                         unsigned int n)
{
    for (unsigned int w = first / 64; w <= (first + n - 1) / 64; w++) {
        BUG_ON(~c->bits[w] & word_mask(w, first, n));
        c->bits[w] &= ~word_mask(w, first, n);
    }
    c->count = (uint16_t)(c->count - n);
    if (!c->count)
        drop_chunk(s, c);
    else
        s->last = c;
}

int frame_set_add(struct frame_set *s, mfn_t mfn, unsigned int order)
{
    uint32_t first = (uint32_t)(mfn_x(mfn) >> CHUNK_ORDER);
    uint32_t end = first + (order > CHUNK_ORDER ? 1u << (order - CHUNK_ORDER) : 1);
    unsigned int n = order > CHUNK_ORDER ? CHUNK_FRAMES : 1u << order;
    unsigned int offset = mfn_x(mfn) % CHUNK_FRAMES;

    for (uint32_t nr = first; nr != end; nr++) {
        struct frame_chunk *c = find_or_make(s, nr);

        if (!c) {
            while (nr-- != first)
                chunk_remove(s, find(s, nr), offset, n);
            return -ENOMEM;
        }
        chunk_add(c, offset, n);
    }
    return 0;
}

void frame_set_remove(struct frame_set *s, mfn_t mfn, unsigned int n)
{
    struct frame_chunk *c = find(s, (uint32_t)(mfn_x(mfn) >> CHUNK_ORDER));
    unsigned int first = mfn_x(mfn) % CHUNK_FRAMES;

    BUG_ON(!c || n > CHUNK_FRAMES - first);
    chunk_remove(s, c, first, n);
}

bool frame_set_contains(const struct frame_set *s, mfn_t mfn)
{
    const struct frame_chunk *c = find(s, (uint32_t)(mfn_x(mfn) >> CHUNK_ORDER));
    unsigned int i = mfn_x(mfn) % CHUNK_FRAMES;

    return c && (c->bits[i / 64] >> (i % 64) & 1);
}

/* The first frame of c whose number within it is >= from, or CHUNK_FRAMES. */
static unsigned int chunk_next(const struct frame_chunk *c, unsigned int from)
{
    uint64_t mask = ~0ull << (from % 64);

    for (unsigned int w = from / 64; w < CHUNK_WORDS; w++) {
        if (c->bits[w] & mask)
            return w * 64 + (unsigned int)__builtin_ctzll(c->bits[w] & mask);
        mask = ~0ull;
    }
    return CHUNK_FRAMES;
}

/* How many frames of c there are from number i on, which is one, up to the word's end. */
static unsigned int run_length(const struct frame_chunk *c, unsigned int i)
{
    uint64_t gaps = ~(c->bits[i / 64] >> (i % 64));

    return gaps ? (unsigned int)__builtin_ctzll(gaps) : 64;
}

unsigned int frame_set_next_run(const struct frame_set *s, mfn_t from, mfn_t *first)
{
    uint64_t nr = mfn_x(from) >> CHUNK_ORDER;
    unsigned int i = mfn_x(from) % CHUNK_FRAMES;
    const struct frame_chunk *c;

    while (nr <= MAX_FRAMES >> CHUNK_ORDER && (c = find_from(s, (uint32_t)nr)) != NULL) {
        i = chunk_next(c, c->nr == nr ? i : 0);
        if (i < CHUNK_FRAMES) {
            *first = _mfn((uint64_t)c->nr << CHUNK_ORDER | i);
            return run_length(c, i);
        }
        nr = (uint64_t)c->nr + 1;
        i = 0;
    }
    return 0;
}

mfn_t frame_set_next(const struct frame_set *s, mfn_t from)
{
    mfn_t first;

    return frame_set_next_run(s, from, &first) ? first : _mfn(INVALID_MFN_N);
}
