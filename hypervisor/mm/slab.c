/* SPDX-License-Identifier: MIT */
/*
 * Small objects. A slab is one frame: this header, then objects of one size class. Its
 * bitmap has a bit for every 32 bytes of the rest of the frame; the bit of an object's
 * first bytes tells that it is free. A slab is in its class's list while it has free
 * objects and goes back to the heap with its last object, so that no frame is held in
 * reserve.
 *
 * What is larger than every class is a run of whole frames whose first frame's type word
 * holds the order. The two are told apart by the address: only whole frames are
 * page aligned.
 */
#include "internal.h"
#include <hv/lib.h>
#include <hv/list.h>
#include <hv/spinlock.h>

#define GRANULE      32
#define SLAB_HEADER  64
#define BITMAP_WORDS 2

struct slab {
    struct list link;
    uint64_t free[BITMAP_WORDS];  /* free objects */
    uint64_t start[BITMAP_WORDS]; /* where objects start */
    struct slab_class *class;
    unsigned int used;
};
_Static_assert(sizeof(struct slab) <= SLAB_HEADER, "slab header");
_Static_assert((PAGE_SIZE - SLAB_HEADER) / GRANULE <= BITMAP_WORDS * 64, "slab bitmap");

struct slab_class {
    struct spinlock lock;
    unsigned int size;   /* bytes; multiple of GRANULE, of 64 except for 32 and 96 */
    struct list partial; /* slabs with a free object */
};

static struct slab_class classes[] = {
#define CLASS(i, bytes) \
    [i] = { SPINLOCK_INIT(SLAB), bytes, LIST_INIT(classes[i].partial) }
    CLASS(0, 32),   CLASS(1, 64),    CLASS(2, 96),    CLASS(3, 128), CLASS(4, 192),
    CLASS(5, 256),  CLASS(6, 320),   CLASS(7, 448),   CLASS(8, 576), CLASS(9, 768),
    CLASS(10, 960), CLASS(11, 1344), CLASS(12, 1984),
#undef CLASS
};
#define SLAB_MAX_SIZE 1984

static struct slab_class *class_for(size_t size)
{
    struct slab_class *c = classes;

    while (c->size < size)
        c++;
    return c;
}

/* A slab with all objects free, in no list; null when out of memory. */
static struct slab *slab_create(struct slab_class *c)
{
    struct page_info *pg = heap_alloc_pages(0, (struct heap_constraint){ 0 });
    struct slab *s;

    if (!pg)
        return NULL;
    s = page_to_virt(pg);
    *s = (struct slab){ .class = c };
    list_init(&s->link);
    for (unsigned int at = SLAB_HEADER; at + c->size <= PAGE_SIZE; at += c->size) {
        unsigned int bit = (at - SLAB_HEADER) / GRANULE;

        s->start[bit / 64] |= 1ull << (bit % 64);
    }
    memcpy(s->free, s->start, sizeof(s->free));
    return s;
}

static bool slab_is_full(const struct slab *s)
{
    return !(s->free[0] | s->free[1]);
}

/* Takes an object of a slab that has a free one. */
static void *slab_take(struct slab *s)
{
    unsigned int word = s->free[0] ? 0 : 1;
    unsigned int bit = (unsigned int)__builtin_ctzll(s->free[word]);

    s->free[word] &= s->free[word] - 1;
    s->used++;
    return (char *)s + SLAB_HEADER + (word * 64 + bit) * GRANULE;
}

/* An object of the class's partial slabs, or null when it has none. */
static void *class_take(struct slab_class *c)
{
    unsigned long flags = spin_lock_irqsave(&c->lock);
    void *p = NULL;

    if (!list_is_empty(&c->partial)) {
        struct slab *s = list_first_entry(&c->partial, struct slab, link);

        p = slab_take(s);
        if (slab_is_full(s))
            list_del(&s->link);
    }
    spin_unlock_irqrestore(&c->lock, flags);
    return p;
}

/* The heap may have to flush TLBs, so no class lock is held while it is asked. */
static void *class_grow(struct slab_class *c)
{
    struct slab *s = slab_create(c);
    unsigned long flags;
    void *p;

    if (!s)
        return NULL;
    flags = spin_lock_irqsave(&c->lock);
    p = slab_take(s);
    list_add(&c->partial, &s->link);
    spin_unlock_irqrestore(&c->lock, flags);
    return p;
}

static void slab_put(struct slab *s, void *p)
{
    unsigned int offset = (unsigned int)((char *)p - (char *)s);
    unsigned int bit = (offset - SLAB_HEADER) / GRANULE;
    uint64_t mask = 1ull << (bit % 64);

    BUG_ON(offset < SLAB_HEADER || offset % GRANULE || !(s->start[bit / 64] & mask));
    BUG_ON(s->free[bit / 64] & mask); /* freed twice */
    s->free[bit / 64] |= mask;
    s->used--;
}

static void free_small(void *p)
{
    struct slab *s = (struct slab *)((uintptr_t)p & PAGE_MASK);
    struct slab_class *c = s->class;
    unsigned long flags = spin_lock_irqsave(&c->lock);
    bool is_empty;

    if (slab_is_full(s))
        list_add(&c->partial, &s->link);
    slab_put(s, p);
    is_empty = !s->used;
    if (is_empty)
        list_del(&s->link);
    spin_unlock_irqrestore(&c->lock, flags);
    if (is_empty)
        heap_free_pages(virt_to_page(s), 0);
}

static void *alloc_large(size_t size)
{
    unsigned int order = 0;
    void *va;

    while (PAGE_SIZE << order < size && order < HEAP_MAX_ORDER)
        order++;
    if (PAGE_SIZE << order < size)
        return NULL;
    va = hv_alloc_pages(order);
    if (va)
        virt_to_page(va)->type = order;
    return va;
}

static void free_large(void *va)
{
    hv_free_pages(va, (unsigned int)virt_to_page(va)->type);
}

void *hv_zalloc(size_t size)
{
    struct slab_class *c;
    void *p;

    if (size > SLAB_MAX_SIZE)
        return alloc_large(size);
    c = class_for(size);
    p = class_take(c);
    if (!p)
        p = class_grow(c);
    return p ? memset(p, 0, c->size) : NULL;
}

void hv_free(void *p)
{
    if (!p)
        return;
    if (IS_ALIGNED((uintptr_t)p, PAGE_SIZE))
        free_large(p);
    else
        free_small(p);
}

void *hv_zalloc_array(size_t n, size_t size)
{
    size_t bytes;

    if (__builtin_mul_overflow(n, size, &bytes))
        return NULL;
    return hv_zalloc(bytes);
}
