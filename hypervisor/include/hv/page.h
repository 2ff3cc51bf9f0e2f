/* SPDX-License-Identifier: MIT */
/*
 * The frame table: one 16-byte struct page_info for every machine frame.
 *
 * Word `ref` of a frame in use (changed by compare-and-swap, or atomic add where noted):
 *   bits  0-31  references: every mapping, grant, foreign map and temporary use is one
 *   bits 32-47  owner: a domain id, or DOMID_XEN / DOMID_IO
 *   bit  48     ALLOCATED: the owner's own reference exists (the frame is in its set)
 *   bit  49     HVPAGE: hypervisor memory shared with its owner (shared_info, grant frames)
 *   bit  63     INUSE: clear for a frame in the heap or absent from RAM
 *   Owner and reference count sit in one word so that taking a reference checks both.
 *   A frame whose count is 0 can never be taken a reference of: get fails.
 *
 * Word `ref` of a free frame:
 *   bits  0-7 order, bit 8 HEAD of a free run, bit 9 PRISTINE: a head whose run nobody
 *   has used since power-on, bits 32-57 flush stamp (0: none needed)
 * A frame that is absent from RAM has both words 0.
 * Word `type` of a free run's head: bits 0-31 next, 32-63 previous head in its list.
 *
 * Word `type` of a frame in use:
 *   bits  0-31  type count: uses that need the type (for a table: each parent entry, a
 *               pin, each CR3; for writable: each writable mapping and grant)
 *   bits 32-57  count 0: flush stamp of the last drop; PARTIAL: progress (see page_type.h)
 *   bit  58     VALIDATED   bit 59 PARTIAL   bit 60 PINNED
 *   bits 61-63  the type (enum page_type)
 */
#ifndef HV_PAGE_H
#define HV_PAGE_H

#include <hv/types.h>
#include <hv/compiler.h>
#include <hv/layout.h>
#include <abi/xen.h>

struct domain;
struct heap_constraint;

struct page_info {
    uint64_t ref;
    uint64_t type;
};
_Static_assert(sizeof(struct page_info) == 16, "16 bytes a frame");

#define PGR_COUNT_MASK  0xffffffffull
#define PGR_OWNER_SHIFT 32
#define PGR_OWNER_MASK  (0xffffull << PGR_OWNER_SHIFT)
#define PGR_ALLOCATED   (1ull << 48)
#define PGR_HVPAGE      (1ull << 49)
#define PGR_INUSE       (1ull << 63)
/* Taken from the heap and given to no domain: the hypervisor's own, count 0. */
#define PGR_UNUSED (PGR_INUSE | (uint64_t)DOMID_XEN << PGR_OWNER_SHIFT)
/* References stop short of overflow: get fails from here on. */
#define PGR_COUNT_LIMIT 0xfffffff0ull

enum page_type {
    PT_NONE = 0,
    PT_L1 = 1,
    PT_L2 = 2,
    PT_L3 = 3,
    PT_L4 = 4,
    PT_DESC = 5, /* GDT or LDT page */
    PT_WRITABLE = 7,
};

#define PGT_COUNT_MASK  0xffffffffull
#define PGT_COUNT_LIMIT 0xfffffff0ull
#define PGT_EXTRA_SHIFT 32
#define PGT_EXTRA_MASK  (0x3ffffffull << PGT_EXTRA_SHIFT)
#define PGT_VALIDATED   (1ull << 58)
#define PGT_PARTIAL     (1ull << 59)
#define PGT_PINNED      (1ull << 60)
#define PGT_TYPE_SHIFT  61

static inline enum page_type pgt_type(uint64_t word)
{
    return (enum page_type)(word >> PGT_TYPE_SHIFT);
}

#ifndef HV_HOST_BUILD
#define frame_table ((struct page_info *)FRAMETABLE_START)
#else
extern struct page_info *frame_table;
#endif
/* Frames with an entry in the frame table have numbers below this. */
extern uint64_t max_page;

/* True for frames that are RAM and have a frame-table entry. */
bool mfn_is_ram(mfn_t mfn);
/* Start-up: RAM of the memory map, [first, end), in ascending order. */
void ram_add_range(mfn_t first, mfn_t end);

/* mfn must be below max_page. */
static inline struct page_info *mfn_to_page(mfn_t mfn)
{
    return &frame_table[mfn_x(mfn)];
}

static inline mfn_t page_to_mfn(const struct page_info *pg)
{
    return _mfn((uint64_t)(pg - frame_table));
}

/* Direct-map addresses; valid for RAM only. */
#ifndef HV_HOST_BUILD
static inline void *mfn_to_virt(mfn_t mfn)
{
    return (void *)(DIRECTMAP_START + (mfn_x(mfn) << PAGE_SHIFT));
}

static inline mfn_t virt_to_mfn(const void *va)
{
    return _mfn(((uintptr_t)va - DIRECTMAP_START) >> PAGE_SHIFT);
}
#else
void *mfn_to_virt(mfn_t mfn);
mfn_t virt_to_mfn(const void *va);
#endif

static inline void *page_to_virt(const struct page_info *pg)
{
    return mfn_to_virt(page_to_mfn(pg));
}

static inline struct page_info *virt_to_page(const void *va)
{
    return mfn_to_page(virt_to_mfn(va));
}

/* Machine-to-physical table, as guests see it read-only at RO_M2P_START. */
#ifndef HV_HOST_BUILD
#define m2p_table ((uint64_t *)RW_M2P_START)
#else
extern uint64_t *m2p_table;
#endif
#define M2P_INVALID (~0ull)

static inline domid_t page_owner_id(const struct page_info *pg)
{
    return (domid_t)(READ_ONCE(pg->ref) >> PGR_OWNER_SHIFT);
}

/*
 * Takes a reference of a frame that domain id owns. False, with nothing changed, when
 * another owns it, when it is free or being freed, or when the count is at its limit.
 * Lock-free; any context. mfn has been checked to be below max_page.
 */
static inline bool page_get(struct page_info *pg, domid_t owner)
{
    uint64_t old = READ_ONCE(pg->ref);

    do {
        if (unlikely((old & PGR_OWNER_MASK) != (uint64_t)owner << PGR_OWNER_SHIFT ||
                     !(old & PGR_INUSE) ||
                     (old & PGR_COUNT_MASK) - 1 >= PGR_COUNT_LIMIT - 1))
            return false;
    } while (unlikely(!__atomic_compare_exchange_n(&pg->ref, &old, old + 1, true,
                                                   __ATOMIC_ACQUIRE, __ATOMIC_RELAXED)));
    return true;
}

/* Takes a reference whoever owns it; the owner's id through *owner. Else as page_get(). */
bool page_get_any(struct page_info *pg, domid_t *owner);

/* The last reference has gone: the frame leaves its owner's account and is freed. */
void page_release(struct page_info *pg);
/* Start-up: SOFTIRQ_FRAMES. */
void page_reclaim_init(void);

/*
 * Drops a reference; with the last one the frame goes back to the heap, at the latest in
 * SOFTIRQ_FRAMES of this CPU. Any context but NMI; no lock of level HEAP or above held.
 */
static inline void page_put(struct page_info *pg)
{
    uint64_t now = __atomic_sub_fetch(&pg->ref, 1, __ATOMIC_RELEASE);

    if (unlikely(!(now & PGR_COUNT_MASK)))
        page_release(pg);
}

/*
 * Gives 2^order frames from heap_alloc_pages() to d as ordinary memory (M2P invalid,
 * count 1, ALLOCATED, type none). Returns 0; -E2BIG over d's max_pages; -ENOMEM when the
 * frame set cannot grow; -EINVAL when d is dying. Takes d's PAGE_ALLOC lock.
 */
int must_check page_assign(struct domain *d, struct page_info *pg, unsigned int order);

/* Allocates, scrubs and assigns in one: null and *rc = -ENOMEM, -E2BIG, -EINVAL. */
struct page_info *domain_alloc_pages(struct domain *d, unsigned int order,
                                     const struct heap_constraint *c, int *rc);
/* The same unscrubbed: the contents are what the machine had. For building domain 0. */
struct page_info *domain_alloc_boot_pages(struct domain *d, unsigned int order,
                                          const struct heap_constraint *c, int *rc);

/*
 * Sets aside heap frames so that d can grow to `pages` frames; what others may allocate
 * shrinks by as much. 0 drops the claim. Returns 0; -EINVAL: a claim is there already, or
 * pages is not above what d has or is above its limit; -ENOMEM. Takes PAGE_ALLOC.
 */
int must_check domain_claim_pages(struct domain *d, uint64_t pages);

/*
 * Drops the owner's own reference (ALLOCATED) if it is still there, and in any case the
 * caller's, which is used up. False when ALLOCATED had been dropped before. The frame is
 * freed when no reference is left: at once, or with the last page_put(). Its domain goes
 * on accounting for it until then. d owns pg. Takes d's PAGE_ALLOC lock.
 */
bool page_drop_allocated(struct domain *d, struct page_info *pg);

/*
 * Swaps frames of d for others of the same number, all or none: in[] (n frame numbers)
 * is freed, out[] (n >> out_order runs from heap_alloc_pages(), scrubbed) is assigned. Returns 0;
 * -EINVAL: a frame of in[] is not d's, has other references than its owner's, or d is
 * dying; -ENOMEM. With an error out[] is still the caller's. Takes PAGE_ALLOC.
 */
int must_check domain_exchange_pages(struct domain *d, const uint64_t *in,
                                     unsigned long n, struct page_info *const *out,
                                     unsigned int out_order);
/* Would in[] do now? A look ahead, before out[] is allocated. */
bool domain_can_exchange(const struct domain *d, const uint64_t *in, unsigned long n);

/*
 * Makes a hypervisor frame (from hv_alloc_page) mappable by d: owner d, HVPAGE, one
 * reference and one type reference held by the hypervisor, type writable (or, with
 * readonly, none, which no guest can change). No lock.
 */
void page_share_with_guest(void *va, struct domain *d, bool readonly);
/*
 * The same with owner DOMID_XEN: mappable by who is privileged over that, as the control
 * domain is.
 */
void page_share_as_xen(void *va, bool readonly);
/*
 * Undoes either: from now on nobody can take a reference (of a frame of DOMID_XEN: nobody
 * while no mapping exists), and the frame is freed at once or when the last mapping that
 * exists goes. The hypervisor does not touch it any more.
 */
void page_unshare(void *va);

/* Start-up: makes the frames of the M2P readable, through owner DOMID_XEN, by domains that
 * are privileged over it. */
void m2p_init(void);
/* The frame where 2 MiB stretch i of the M2P begins; INVALID_MFN_N past its end. */
mfn_t m2p_stretch_mfn(unsigned long i);

#endif
