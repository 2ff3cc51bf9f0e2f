/* SPDX-License-Identifier: MIT */
/*
 * Random operations on the page-type machine, each checked against the model.
 *
 *   random_ops OPERATIONS [SEED]
 *
 * Rounds of two kinds alternate. Settled: an operation that is broken off is repeated at
 * once until it ends, and its result must be the one foretold. Interleaved: what was
 * broken off stays so for a while, or for good, and other operations meet it; all counts
 * must be right at every step all the same. Every round ends with the teardown of all
 * domains, after which every frame must be free.
 */
#include "model.h"
#include "pick.h"

#include <abi/errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifndef ERESTART
#define ERESTART 85
#endif

#define ROUND 2000

static struct holds holds;
static struct census now;
static bool settled;
static uint64_t refused, accepted, interrupted;

/* --- what the TLB might still hold --- */

/* The type a frame was last used as, and a time before that use ended. */
static enum page_type last_type[NR_FRAMES];
static uint32_t last_end[NR_FRAMES];

/* A frame used in a new way must not be reachable through translations of the old. */
static void check_flushed(const struct census *before, uint32_t start)
{
    for (unsigned int mfn = NR_HV; mfn < NR_RAM; mfn++) {
        if (before->count[mfn] && !now.count[mfn]) {
            last_type[mfn] = before->type[mfn];
            last_end[mfn] = start;
        }
        if (!now.in_use[mfn])
            last_type[mfn] = PT_NONE;
        if (!now.count[mfn] || now.partial[mfn] || last_type[mfn] == PT_NONE)
            continue;
        if (last_type[mfn] != now.type[mfn] &&
            env_last_flush((unsigned int)now.owner[mfn]) <= last_end[mfn])
            env_fail("frame %u: type %d to %d without a flush", mfn, last_type[mfn],
                     now.type[mfn]);
        last_type[mfn] = PT_NONE;
    }
}

/* Nor may a domain keep a writable translation of another's frame that it gave up. */
static void check_foreign_flushed(const struct census *before, uint32_t start)
{
    for (unsigned int d = 0; d < NR_DOMAINS; d++)
        for (unsigned int mfn = NR_HV; mfn < NR_RAM; mfn++)
            if (now.foreign_rw[d][mfn] < before->foreign_rw[d][mfn] &&
                env_last_flush(d) <= start)
                env_fail("domain %u can still write to frame %u", d, mfn);
}

static void recount(uint32_t start)
{
    struct census before = now;

    model_count(&holds, &now);
    model_compare(&now);
    check_flushed(&before, start);
    check_foreign_flushed(&before, start);
    if (settled && now.any_partial)
        env_fail("work was left half-way though it was repeated until its end");
}

/* --- operations: each returns its result, for the statistics --- */

/* Repeats what was broken off: always when settled, else as chance will have it. */
#define SETTLE(call)                                              \
    ({                                                            \
        int rc_;                                                  \
        do {                                                      \
            rc_ = (call);                                         \
            interrupted += rc_ == -ERESTART;                      \
        } while (rc_ == -ERESTART && (settled || env_random(3))); \
        rc_;                                                      \
    })

static void expect(const char *what, unsigned int mfn, int rc, int foretold)
{
    if (rc != foretold)
        env_fail("%s of frame %u gives %d, foretold is %d", what, mfn, rc, foretold);
}

static int op_alloc(void)
{
    return env_alloc(env_random(NR_DOMAINS)) < 0 ? -ENOMEM : 0;
}

static int op_release(void)
{
    return env_random(4) || env_drop_allocated(any_frame()) ? 0 : -EINVAL;
}

/* The guest writes to memory that is its to write. */
static int op_store(void)
{
    unsigned int mfn = any_frame();
    enum page_type level = role_of(mfn);

    if (!now.in_use[mfn] || now.partial[mfn] ||
        (now.count[mfn] && now.type[mfn] != PT_WRITABLE))
        return -EINVAL;
    for (unsigned int n = env_random(5); n; n--)
        env_table(mfn)[random_slot()] =
            random_pte(level == PT_WRITABLE ? PT_L1 : level, now.owner[mfn]);
    if (level == PT_WRITABLE) /* most bits of a descriptor matter */
        env_table(mfn)[random_slot()] =
            (uint64_t)env_random(1u << 31) << 33 ^ (uint64_t)env_random(1u << 31) << 2;
    if (!env_random(6))
        memset(env_table(mfn), 0, PAGE_SIZE);
    return 0;
}

/* The guest prepares all of a domain's tables that are not in use. */
static int op_build(void)
{
    int owner = (int)env_random(NR_DOMAINS);

    for (unsigned int mfn = NR_HV; mfn < NR_RAM; mfn++) {
        if (now.owner[mfn] != owner || role_of(mfn) > PT_L4 || now.count[mfn] ||
            now.partial[mfn])
            continue;
        memset(env_table(mfn), 0, PAGE_SIZE);
        for (unsigned int n = env_random(7); n; n--)
            env_table(mfn)[random_slot()] = good_pte(role_of(mfn), owner);
    }
    return 0;
}

static enum page_type type_for(unsigned int mfn)
{
    if (!env_random(12))
        return PT_DESC;
    return env_random(10) ? role_of(mfn) : PT_L1 + env_random(4);
}

static int op_get_type(void)
{
    unsigned int mfn = any_frame();
    enum page_type type = type_for(mfn);
    int owner = env_random(20) && now.in_use[mfn] ? now.owner[mfn] : (int)env_random(3);
    struct census then = now;
    int foretold = model_get_type(&then, mfn, owner, type);
    int rc = SETTLE(page_get_and_type(&frame_table[mfn], (domid_t)owner, type, true));

    if (!now.any_partial && rc != -ERESTART)
        expect("get_and_type", mfn, rc, foretold);
    if (!rc)
        holds.typed[mfn][type]++;
    return rc;
}

static int put_typed(unsigned int mfn, enum page_type type)
{
    int rc = SETTLE(page_put_and_type(&frame_table[mfn], true));

    if (rc && rc != -ERESTART)
        env_fail("put of frame %u gives %d", mfn, rc);
    if (!rc)
        holds.typed[mfn][type]--;
    return rc;
}

static int op_put_type(void)
{
    unsigned int mfn = any_frame(), type = env_random(8);

    for (unsigned int i = 0; i < 8 * NR_RAM && !holds.typed[mfn][type]; i++) {
        mfn = any_frame();
        type = env_random(8);
    }
    return holds.typed[mfn][type] ? put_typed(mfn, (enum page_type)type) : -EINVAL;
}

static int op_get_writable(void)
{
    unsigned int mfn = any_frame();
    int owner = env_random(20) && now.in_use[mfn] ? now.owner[mfn] : (int)env_random(3);
    struct census then = now;
    int foretold = model_get_type(&then, mfn, owner, PT_WRITABLE);
    bool got = page_get_writable(&frame_table[mfn], (domid_t)owner);

    if (!now.any_partial)
        expect("get_writable", mfn, !got, foretold != 0);
    holds.typed[mfn][PT_WRITABLE] += got;
    return got ? 0 : -EINVAL;
}

static int op_put_writable(void)
{
    for (unsigned int i = 0; i < 2 * NR_RAM; i++) {
        unsigned int mfn = any_frame();

        if (holds.typed[mfn][PT_WRITABLE]) {
            page_put_writable(&frame_table[mfn]);
            holds.typed[mfn][PT_WRITABLE]--;
            return 0;
        }
    }
    return -EINVAL;
}

static int op_plain(void)
{
    unsigned int mfn = any_frame();

    if (holds.plain[mfn]) {
        page_put(&frame_table[mfn]);
        holds.plain[mfn]--;
    } else if (now.in_use[mfn] && page_get(&frame_table[mfn], (domid_t)now.owner[mfn])) {
        holds.plain[mfn]++;
    }
    return 0;
}

/* A table in use is held for a change, as the hypercalls do. */
static int op_get_table(void)
{
    unsigned int mfn = any_frame();
    enum page_type highest = PT_L1 + env_random(4);
    bool is_table = now.count[mfn] && !now.partial[mfn] && now.type[mfn] <= highest;
    int type;

    if (!now.in_use[mfn])
        return -EINVAL;
    type = page_get_table(&frame_table[mfn], (domid_t)now.owner[mfn], highest);
    expect("get_table", mfn, type,
           !now.refs[mfn] ? -EINVAL
           : is_table     ? (int)now.type[mfn]
                          : PT_NONE);
    if (type)
        holds.typed[mfn][type]++;
    else
        holds.plain[mfn]++;
    return 0;
}

static bool is_pinned(unsigned int mfn)
{
    return frame_table[mfn].type & PGT_PINNED;
}

static int op_pin(void)
{
    unsigned int mfn = any_frame();
    enum page_type level =
        env_random(10) && role_of(mfn) <= PT_L4 ? role_of(mfn) : 1 + env_random(4);
    unsigned int d = env_random(20) && now.in_use[mfn] ? (unsigned int)now.owner[mfn]
                                                       : env_random(NR_DOMAINS);
    struct census then = now;
    int foretold = model_get_type(&then, mfn, (int)d, level), rc;

    if (!foretold && is_pinned(mfn))
        foretold = -EINVAL;
    rc = SETTLE(page_pin(&domains[d], _mfn(mfn), level));
    if (!now.any_partial && rc != -ERESTART)
        expect("pin", mfn, rc, foretold);
    return rc;
}

static int op_unpin(void)
{
    unsigned int mfn = any_frame(), d;
    int foretold, rc;

    for (unsigned int i = 0; i < NR_RAM && !is_pinned(mfn); i++)
        mfn = any_frame();
    d = env_random(20) && now.in_use[mfn] ? (unsigned int)now.owner[mfn] : env_random(3);
    foretold = is_pinned(mfn) && now.owner[mfn] == (int)d ? 0 : -EINVAL;
    rc = SETTLE(page_unpin(&domains[d], _mfn(mfn)));
    if (rc != -ERESTART)
        expect("unpin", mfn, rc, foretold);
    return rc;
}

/* A frame that is a table in use, if one is found soon. */
static bool find_table(unsigned int *mfn)
{
    for (unsigned int i = 0; i < NR_RAM; i++) {
        *mfn = any_frame();
        if (now.count[*mfn] && !now.partial[*mfn] && now.type[*mfn] <= PT_L4)
            return true;
    }
    return false;
}

/* References of the table for the time of the change, as its contract asks for. */
static void hold_table(unsigned int mfn, enum page_type level)
{
    if (page_get_table(&frame_table[mfn], (domid_t)now.owner[mfn], PT_L4) != (int)level)
        env_fail("table %u of type %d cannot be held", mfn, level);
    holds.typed[mfn][level]++;
}

static struct page_mod random_mod(unsigned int mfn, uint64_t old)
{
    int owner = now.owner[mfn];
    int frames = owner;
    struct page_mod m;

    if (now.type[mfn] == PT_L1 && !env_random(6))
        frames = env_random(3) ? (int)env_random(NR_DOMAINS) : (int)DOMID_IO;
    page_mod_init(&m, (domid_t)owner, (domid_t)frames, (domid_t)owner);
    m.how =
        (env_random(3) ? 0 : PAGE_MOD_KEEP_AD) | (env_random(4) ? 0 : PAGE_MOD_EXPECT);
    m.old = env_random(5) ? old : env_random(1u << 31);
    return m;
}

/* The child that lost its entry but is not apart yet is the test's to finish. */
static void take_over(const struct page_mod *m, enum page_type level)
{
    unsigned int child;

    if (!m->unfinished)
        return;
    child = (unsigned int)(m->unfinished - frame_table);
    holds.typed[child][level - 1]++;
    put_typed(child, level - 1);
}

static int op_mod(void)
{
    unsigned int mfn, index = random_slot();
    enum page_type level;
    uint64_t old, pte;
    int frames;
    struct page_mod m, asked;
    struct census then = now;
    int rc, foretold;

    if (!find_table(&mfn))
        return -EINVAL;
    level = now.type[mfn];
    old = env_table(mfn)[index];
    m = asked = random_mod(mfn, old);
    frames = page_word_owner(m.frames_word);
    pte = random_pte(level, frames == (int)DOMID_IO ? now.owner[mfn] : frames);
    if (!env_random(5)) /* the same frame again, other bits */
        pte = old ^ (1ull << env_random(12));
    foretold = model_mod(&then, mfn, level, index, pte, &m);
    hold_table(mfn, level);
    rc = SETTLE(page_mod_entry(&env_table(mfn)[index], level, pte, &m));
    if (!now.any_partial && rc != -ERESTART)
        expect("mod_entry", mfn, rc, foretold);
    if (!rc &&
        (m.old != old || env_table(mfn)[index] != model_stored(level, old, pte, &asked)))
        env_fail("entry %u of table %u: %lx, asked for %lx", index, mfn,
                 env_table(mfn)[index], pte);
    if (rc && env_table(mfn)[index] != old)
        env_fail("entry %u of table %u changed by a change that failed", index, mfn);
    take_over(&m, level);
    put_typed(mfn, level);
    return rc;
}

/* The processor sets accessed and dirty bits. */
static int op_walk(void)
{
    unsigned int mfn, index = random_slot();

    if (find_table(&mfn) && (env_table(mfn)[index] & PTE_P))
        env_table(mfn)[index] |= env_random(2) ? PTE_A : PTE_A | PTE_D;
    return 0;
}

/* --- teardown --- */

static void put_all_typed(unsigned int mfn)
{
    for (unsigned int t = 0; t < 8; t++)
        while (holds.typed[mfn][t])
            put_typed(mfn, (enum page_type)t);
}

/* As pv_mm_relinquish() and the return of memory do it. */
static void tear_down(void)
{
    uint32_t start = env_clock();

    for (unsigned int d = 0; d < NR_DOMAINS; d++)
        domains[d].life = DOM_DYING;
    for (unsigned int mfn = NR_HV; mfn < NR_RAM; mfn++)
        put_all_typed(mfn);
    for (unsigned int mfn = NR_HV; mfn < NR_RAM; mfn++) {
        if (!page_get(&frame_table[mfn], page_owner_id(&frame_table[mfn])))
            continue;
        while (page_unwind(&frame_table[mfn]))
            ;
        page_put(&frame_table[mfn]);
    }
    for (unsigned int mfn = NR_HV; mfn < NR_RAM; mfn++) {
        for (; holds.plain[mfn]; holds.plain[mfn]--)
            page_put(&frame_table[mfn]);
        env_drop_allocated(mfn);
    }
    for (unsigned int mfn = NR_HV; mfn < NR_RAM; mfn++)
        if (!env_is_free(mfn))
            env_fail("frame %u is left over: %lx %lx", mfn, frame_table[mfn].ref,
                     frame_table[mfn].type);
    for (unsigned int d = 0; d < NR_DOMAINS; d++)
        domains[d].life = DOM_ALIVE;
    recount(start);
}

/* --- rounds --- */

static int (*const ops[])(void) = {
    op_alloc,        op_alloc, op_release,   op_store,    op_store,
    op_store,        op_store, op_get_type,  op_get_type, op_put_type,
    op_pin,          op_pin,   op_pin,       op_unpin,    op_get_writable,
    op_put_writable, op_plain, op_get_table, op_mod,      op_mod,
    op_mod,          op_mod,   op_mod,       op_walk,     op_build,
};

static void run_round(uint64_t round, uint64_t seed)
{
    env_seed(seed + round, round % 3 == 0 ? 0 : 1u << env_random(9));
    settled = round % 2;
    for (unsigned int d = 0; d < NR_DOMAINS; d++)
        for (unsigned int n = 0; n < 14; n++)
            env_alloc(d);
    recount(env_clock());
    for (unsigned int i = 0; i < ROUND; i++, env_step++) {
        uint32_t start = env_clock();
        int rc = ops[env_random(ARRAY_SIZE(ops))]();

        refused += rc && rc != -ERESTART;
        accepted += !rc;
        recount(start);
    }
    tear_down();
}

int main(int argc, char **argv)
{
    uint64_t total = argc > 1 ? strtoull(argv[1], NULL, 0) : 100000;
    uint64_t seed = argc > 2 ? strtoull(argv[2], NULL, 0) : 1;

    env_init();
    for (uint64_t round = 0; round * ROUND < total; round++)
        run_round(round, seed);
    printf("%lu operations: %lu done, %lu refused; broken off %lu times\n", env_step,
           accepted, refused, interrupted);
    return 0;
}
