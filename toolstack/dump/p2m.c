/* SPDX-License-Identifier: MIT */
/*
 * The list that a domain publishes of its frames: three levels of frames full of frame
 * numbers. The domain has written all of it and may have written anything.
 */
#include "dump.h"

#include <string.h>

#define MAX_PFN (PER_FRAME * PER_FRAME * PER_FRAME) /* what three levels can say */
#define MAX_MFN (1ull << 40)                        /* 52 bits of address */

int p2m_copy_frame(struct ts_hv *hv, domid_t id, uint64_t mfn, void *to)
{
    const xen_pfn_t frame = mfn;
    const void *page;
    int rc = hv->ops->frames_map_read(hv, id, &frame, 1, &page);

    if (rc)
        return rc;
    memcpy(to, page, TS_PAGE_SIZE);
    hv->ops->frames_unmap(hv, page, 1);
    return 0;
}

/* Linux marks what is not its own memory by the two highest bits. */
bool p2m_is_frame(xen_pfn_t entry)
{
    return entry && entry < MAX_MFN;
}

int p2m_open(struct p2m *p2m, struct ts_hv *hv, domid_t id,
             const struct shared_info *shared, struct ts_err *err)
{
    xen_pfn_t top = shared->arch.pfn_to_mfn_frame_list_list;

    p2m->hv = hv;
    p2m->id = id;
    p2m->max_pfn = shared->arch.max_pfn;
    p2m->has_middle = false;
    if (!p2m->max_pfn || !p2m_is_frame(top))
        return ts_fail(err, -XEN_EINVAL,
                       "the domain's kernel has not said (yet) where its memory is");
    if (p2m->max_pfn > MAX_PFN)
        p2m->max_pfn = MAX_PFN;
    if (p2m_copy_frame(hv, id, top, p2m->top))
        return ts_fail(err, -XEN_EINVAL,
                       "what the domain says of where its memory is is not right");
    return 0;
}

static bool read_level(const struct p2m *p2m, xen_pfn_t entry, xen_pfn_t *to)
{
    return p2m_is_frame(entry) && !p2m_copy_frame(p2m->hv, p2m->id, entry, to);
}

bool p2m_read(struct p2m *p2m, uint64_t pfn)
{
    uint64_t leaf = pfn / PER_FRAME, middle = leaf / PER_FRAME;

    if (!p2m->has_middle || p2m->middle_at != middle) {
        p2m->has_middle = true;
        p2m->middle_at = middle;
        if (!read_level(p2m, p2m->top[middle], p2m->middle))
            memset(p2m->middle, 0, sizeof(p2m->middle));
    }
    return read_level(p2m, p2m->middle[leaf % PER_FRAME], p2m->leaf);
}
