/* SPDX-License-Identifier: MIT */
/*
 * The page-type machine: what keeps a guest from writing its page tables and from
 * mapping what is not its own. States and transitions are tabled in mm/page_type.c.
 *
 * A frame's type can change only while its type count is 0. Getting a table type for
 * the first time validates every entry (each entry gets references of what it names);
 * dropping the last one undoes that. Both are preemptible and resume where they stopped.
 *
 * The files behind this header compile on the host and are tested against the model in
 * tests/model. They see the machine through struct page_env only.
 */
#ifndef HV_PAGE_TYPE_H
#define HV_PAGE_TYPE_H

#include <hv/page.h>

/* Page-table entry bits. */
#define PTE_P     (1ull << 0)
#define PTE_RW    (1ull << 1)
#define PTE_US    (1ull << 2)
#define PTE_PWT   (1ull << 3)
#define PTE_PCD   (1ull << 4)
#define PTE_A     (1ull << 5)
#define PTE_D     (1ull << 6)
#define PTE_PSE   (1ull << 7) /* L2, L3; PAT in L1 */
#define PTE_PAT   (1ull << 7)
#define PTE_G     (1ull << 8)
#define PTE_AVAIL (7ull << 9)
#define PTE_GNTTAB (1ull << 62) /* software: a grant mapping; guests may not set it */
#define PTE_NX    (1ull << 63)
#define PTE_ADDR_MASK 0x000ffffffffff000ull

static inline mfn_t pte_mfn(uint64_t pte)
{
    return _mfn((pte & PTE_ADDR_MASK) >> PAGE_SHIFT);
}

/*
 * Takes a type reference of pg, of which the caller holds an ordinary reference.
 * preemptible: may return -ERESTART when preempt_wanted(), with progress kept in the
 * frame; otherwise runs to the end. Returns 0; -EINVAL when the frame has another type
 * in use, an entry is not allowed, or the count is at its limit; -EBUSY when another
 * CPU is at it and did not finish; -ERESTART; -EINTR = nothing was done at all, retry.
 */
int must_check page_get_type(struct page_info *pg, enum page_type type, bool preemptible);

/* Drops one. preemptible: -ERESTART as above (call again); otherwise always 0. */
int page_put_type(struct page_info *pg, bool preemptible);

/* Fast pairs for the common case. False: nothing was taken. owner as in page_get(). */
bool page_get_writable(struct page_info *pg, domid_t owner); /* reference + writable type */
void page_put_writable(struct page_info *pg);
/* Reference and type in one; errors as page_get_type(), -EINVAL also for a foreign frame. */
int must_check page_get_and_type(struct page_info *pg, domid_t owner, enum page_type type,
                                 bool preemptible);
int page_put_and_type(struct page_info *pg, bool preemptible);

/* Pins (type = L1..L4) or unpins a table of d; errors as page_get_type(); unpin of a
 * frame that is not pinned: -EINVAL. Restartable with -ERESTART. */
int must_check page_pin(struct domain *d, mfn_t mfn, enum page_type type);
int must_check page_unpin(struct domain *d, mfn_t mfn);

/*
 * Replaces entry `index` of table frame `pg` (caller holds a type reference of it), type
 * level taken from the frame. fd: the domain whose frames the new entry may name (the
 * table's owner, or a foreign domain d is privileged over; DOMID_IO for device memory).
 * preserve_ad keeps accessed/dirty bits set meanwhile by the processor.
 * Returns 0; -EINVAL: entry not allowed; -ERESTART: a lower table's validation was
 * preempted, nothing changed; -EBUSY: a slot of the hypervisor's.
 */
int must_check page_mod_entry(struct domain *d, struct domain *fd, struct page_info *pg,
                              unsigned int index, uint64_t new_pte, bool preserve_ad);

#endif
