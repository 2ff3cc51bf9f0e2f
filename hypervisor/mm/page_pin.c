/* SPDX-License-Identifier: MIT */
/*
 * Pins: a type reference that a guest asks for by itself, so that a table stays one
 * while no other names it. The PINNED bit says that one of the counts is the pin's.
 */
#include "page_type_internal.h"
#include <hv/domain.h>

static bool domain_is_dying(const struct domain *d)
{
    return READ_ONCE(d->life) >= DOM_DYING;
}

/* Turns the caller's references into the pin's. 0; -EINVAL, and they are dropped, when
 * there is a pin already. */
static int make_pin(struct page_info *pg)
{
    uint64_t old = READ_ONCE(pg->type);

    for (;;) {
        if (!(old & PGT_PINNED)) {
            if (word_cas(&pg->type, &old, old | PGT_PINNED))
                return 0;
        } else if (word_cas(&pg->type, &old, old - 1)) {
            page_put(pg); /* beside the pin's count: ours was not the last */
            return -EINVAL;
        }
    }
}

int page_unwind(struct page_info *pg)
{
    int rc = page_put_pin(pg);

    if (!rc)
        page_put(pg);
    return rc == -ERESTART ? rc : page_cancel(pg, true);
}

/* Nothing new for a dying domain, and nothing left half-done by an earlier try. */
static int refuse_pin(struct page_info *pg, domid_t owner)
{
    int rc;

    if (!page_get(pg, owner))
        return -EINVAL;
    rc = page_unwind(pg);
    page_put(pg);
    return rc ? rc : -EINVAL;
}

int page_pin(struct domain *d, mfn_t mfn, enum page_type type)
{
    struct page_info *pg = mfn_to_page(mfn);
    int rc;

    if (mfn_x(mfn) >= max_page || !pgt_is_table(type))
        return -EINVAL;
    if (unlikely(domain_is_dying(d)))
        return refuse_pin(pg, d->id);
    rc = page_get_and_type(pg, d->id, type, true);
    if (rc)
        return rc;
    rc = make_pin(pg);
    /* Its teardown may have begun, and passed this frame, before the pin was there. */
    if (!rc && unlikely(domain_is_dying(d)))
        rc = refuse_pin(pg, d->id);
    return rc;
}

int page_unpin(struct domain *d, mfn_t mfn)
{
    struct page_info *pg = mfn_to_page(mfn);
    int rc;

    if (mfn_x(mfn) >= max_page || !page_get(pg, d->id))
        return -EINVAL;
    rc = page_put_pin(pg);
    if (!rc)
        page_put(pg);
    page_put(pg);
    return rc;
}
