/* SPDX-License-Identifier: MIT */
#include "model.h"

#include <abi/errno.h>
#include <string.h>

const unsigned int slots[NR_SLOTS] = { 0, 1, 6, 7, 8, 63, 255, 256, 271, 272, 510, 511 };

/* --- counting --- */

static void use_as(struct census *c, unsigned int mfn, enum page_type type)
{
    if ((c->count[mfn] || c->partial[mfn]) && c->type[mfn] != type)
        env_fail("frame %u is used as type %d and as type %d", mfn, c->type[mfn], type);
    c->type[mfn] = type;
    c->count[mfn]++;
    c->refs[mfn]++;
}

static bool is_hv_slot(enum page_type level, unsigned int index)
{
    return level == PT_L4 && index >= 256 && index <= 271;
}

static unsigned int mfn_of(uint64_t pte)
{
    return (unsigned int)(pte << 12 >> 24);
}

/* What one entry of a table of that level and owner adds. */
static void count_entry(struct census *c, enum page_type level, int owner,
                        unsigned int index, uint64_t pte)
{
    unsigned int mfn = mfn_of(pte);

    if (!(pte & 1) || is_hv_slot(level, index))
        return;
    if (level > PT_L1)
        use_as(c, mfn, level - 1);
    else if (mfn < NR_RAM && (pte & 2)) {
        use_as(c, mfn, PT_WRITABLE);
        c->foreign_rw[owner][mfn] += c->owner[mfn] != owner;
    } else if (mfn < NR_RAM)
        c->refs[mfn]++;
}

static void count_table(struct census *c, unsigned int mfn)
{
    uint64_t extra = frame_table[mfn].type >> 32 & 0x3ffffff;
    unsigned int done = c->partial[mfn] ? extra & 0x3ff : 512;
    bool one_more = c->partial[mfn] && (extra >> 10 & 1);

    for (unsigned int i = 0; i < NR_SLOTS; i++)
        if (slots[i] < done || (one_more && slots[i] == done))
            count_entry(c, c->type[mfn], c->owner[mfn], slots[i],
                        env_table(mfn)[slots[i]]);
}

/* What the words of a frame say about its owner and broken-off work. */
static void look_at(struct census *c, unsigned int mfn)
{
    uint64_t ref = frame_table[mfn].ref, type = frame_table[mfn].type;

    c->in_use[mfn] = ref >> 63;
    c->allocated[mfn] = ref >> 48 & 1;
    c->owner[mfn] = c->in_use[mfn] ? (int)(ref >> 32 & 0xffff) : -1;
    c->partial[mfn] = type >> 59 & 1;
    c->refs[mfn] = c->allocated[mfn] + c->partial[mfn];
    if (c->partial[mfn]) {
        c->type[mfn] = (enum page_type)(type >> 61);
        c->any_partial = true;
    }
    if (type >> 60 & 1)
        use_as(c, mfn, (enum page_type)(type >> 61));
}

void model_count(const struct holds *h, struct census *c)
{
    memset(c, 0, sizeof(*c));
    for (unsigned int mfn = 0; mfn < NR_RAM; mfn++) {
        look_at(c, mfn);
        c->refs[mfn] += h->plain[mfn];
        for (unsigned int t = 0; t < 8; t++)
            for (unsigned int n = h->typed[mfn][t]; n; n--)
                use_as(c, mfn, (enum page_type)t);
    }
    /* Entries of a level are counted when all that names its tables has been. */
    for (unsigned int level = PT_L4; level >= PT_L1; level--)
        for (unsigned int mfn = NR_HV; mfn < NR_RAM; mfn++)
            if (c->type[mfn] == level && (c->count[mfn] || c->partial[mfn]))
                count_table(c, mfn);
}

static void compare_hv_slots(const struct census *c, unsigned int mfn)
{
    if (!c->count[mfn] || c->partial[mfn] || c->type[mfn] != PT_L4)
        return;
    if (env_table(mfn)[256] != HV_SLOT_PTE || env_table(mfn)[271] != HV_SLOT_PTE)
        env_fail("root %u lacks the hypervisor's entries", mfn);
}

void model_compare(const struct census *c)
{
    for (unsigned int mfn = NR_RAM; mfn < NR_FRAMES; mfn++)
        if (frame_table[mfn].ref || frame_table[mfn].type)
            env_fail("device memory %u has been counted", mfn);
    for (unsigned int mfn = 0; mfn < NR_RAM; mfn++) {
        uint64_t ref = frame_table[mfn].ref, type = frame_table[mfn].type;
        bool usable = type >> 58 & 1;

        if ((ref & 0xffffffff) != c->refs[mfn] || (type & 0xffffffff) != c->count[mfn])
            env_fail("frame %u: %lu references, type count %lu; the model counts %u, %u",
                     mfn, ref & 0xffffffff, type & 0xffffffff, c->refs[mfn],
                     c->count[mfn]);
        if (c->in_use[mfn] && mfn >= NR_HV && !c->refs[mfn])
            env_fail("frame %u is in use without a reference", mfn);
        if (c->count[mfn] && type >> 61 != c->type[mfn])
            env_fail("frame %u has type %lu instead of %d", mfn, type >> 61,
                     c->type[mfn]);
        if (c->count[mfn] && usable == c->partial[mfn])
            env_fail("frame %u has type word %lx", mfn, type);
        compare_hv_slots(c, mfn);
    }
}

/* --- foretelling --- */

static bool bits_allowed(uint64_t pte, enum page_type level, int table_owner)
{
    uint64_t forbidden = 0x198; /* PWT, PCD, PSE or PAT, G */

    if (level == PT_L1)
        forbidden = table_owner == 0 ? 0 : 0x98;
    return !(pte & forbidden);
}

static int take_leaf(struct census *c, int table_owner, uint64_t pte, int frames,
                     int caller)
{
    unsigned int mfn = mfn_of(pte);

    if (!bits_allowed(pte, PT_L1, table_owner))
        return -EINVAL;
    if (mfn >= NR_RAM) /* devices: domain 0's, and for its own tables */
        return table_owner || (frames != DOMID_IO ? frames : caller) ? -EPERM : 0;
    if (!c->in_use[mfn] || c->owner[mfn] != frames || !c->refs[mfn])
        return -EBUSY;
    if (!(pte & 2)) {
        c->refs[mfn]++;
        return 0;
    }
    return model_get_type(c, mfn, frames, PT_WRITABLE) ? -EBUSY : 0;
}

static int take_child(struct census *c, int table_owner, uint64_t pte,
                      enum page_type level)
{
    if (!bits_allowed(pte, level, table_owner) || mfn_of(pte) >= NR_RAM)
        return -EINVAL;
    return model_get_type(c, mfn_of(pte), table_owner, level - 1);
}

static bool descriptor_allowed(uint64_t d)
{
    unsigned int access = d >> 40 & 0xff, target = d >> 16 & 0xffff;

    if (!(access & 0x80) || (access & 0x10) || !(access & 0xf))
        return true; /* not present; code, data; the null type */
    if ((access & 0xf) != 0xc || (d >> 32 & 0xff) || target < 4)
        return false;
    return (target & 4) || target < 14 * 4096 || target == 0xe033;
}

static int take_entries(struct census *c, unsigned int mfn, enum page_type type)
{
    int owner = c->owner[mfn], rc = 0;

    for (unsigned int i = 0; i < NR_SLOTS && !rc; i++) {
        uint64_t e = env_table(mfn)[slots[i]];

        if (type == PT_DESC)
            rc = descriptor_allowed(e) ? 0 : -EINVAL;
        else if (type == PT_WRITABLE || !(e & 1) || is_hv_slot(type, slots[i]))
            continue;
        else
            rc = type == PT_L1 ? take_leaf(c, owner, e, owner, owner)
                               : take_child(c, owner, e, type);
    }
    return rc;
}

int model_get_type(struct census *c, unsigned int mfn, int owner, enum page_type type)
{
    struct census before = *c;
    int rc;

    if (mfn >= NR_RAM || !c->in_use[mfn] || c->owner[mfn] != owner || !c->refs[mfn])
        return -EINVAL;
    if (c->count[mfn] && c->type[mfn] != type)
        return -EINVAL;
    c->refs[mfn]++;
    if (c->count[mfn]++)
        return 0;
    c->type[mfn] = type;
    rc = take_entries(c, mfn, type);
    if (rc)
        *c = before;
    return rc;
}

int model_mod(struct census *c, unsigned int mfn, enum page_type level,
              unsigned int index, uint64_t new_pte, const struct page_mod *m)
{
    uint64_t old = env_table(mfn)[index], same = level == PT_L1 ? 3 : 1;
    uint64_t stored = model_stored(level, old, new_pte, m);
    int rc = 0;

    if (is_hv_slot(level, index))
        return -EINVAL;
    same |= 0x000ffffffffff000;
    if (new_pte & 1) {
        /* What is named does not change: nothing to be had, nothing to be refused. */
        if (((old ^ stored) & same) == 0 && bits_allowed(new_pte, level, 1) &&
            !((m->how & PAGE_MOD_EXPECT) && m->old != old))
            return 0;
        rc = level == PT_L1 ? take_leaf(c, c->owner[mfn], new_pte,
                                        (int)(m->frames_word >> 32 & 0xffff), m->caller)
                            : take_child(c, c->owner[mfn], new_pte, level);
    }
    return rc ? rc : (m->how & PAGE_MOD_EXPECT) && m->old != old ? -EAGAIN : 0;
}

uint64_t model_stored(enum page_type level, uint64_t old, uint64_t new_pte,
                      const struct page_mod *m)
{
    if (new_pte & 1)
        new_pte |= 4;
    if ((new_pte & 1) && level == PT_L1)
        new_pte &= ~0x100ull;
    return m->how & PAGE_MOD_KEEP_AD ? new_pte | (old & 0x60) : new_pte;
}
