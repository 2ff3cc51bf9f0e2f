/* SPDX-License-Identifier: MIT */
/*
 * Several threads at once on the page-type machine, as several processors of a domain.
 *
 *   threads OPERATIONS [THREADS [SEED]]
 *
 * Nothing is foretold: after every so many operations the threads stop, and what they
 * hold together must be what the model counts. At the end everything is dropped and
 * every frame must be free.
 */
#include "model.h"
#include "pick.h"

#include <abi/errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifndef ERESTART
#define ERESTART 85
#endif

#define MAX_THREADS 8u
#define BATCH       400u /* operations between two counts */

static struct holds holds[MAX_THREADS];
static unsigned int nr_threads = 3;
static uint64_t nr_batches, seed = 1;
static pthread_barrier_t barrier;

/* --- operations --- */

static domid_t owner_of(unsigned int mfn)
{
    int owner = env_owner(mfn);

    return owner < 0 ? (domid_t)env_random(NR_DOMAINS) : (domid_t)owner;
}

static enum page_type level_for(unsigned int mfn)
{
    return role_of(mfn) <= PT_L4 && env_random(10) ? role_of(mfn) : PT_L1 + env_random(4);
}

static void op_get_type(struct holds *h)
{
    unsigned int mfn = any_frame();
    enum page_type type = level_for(mfn);
    int rc;

    do
        rc = page_get_and_type(&frame_table[mfn], owner_of(mfn), type, true);
    while (rc == -ERESTART && env_random(4));
    h->typed[mfn][type] += !rc;
}

static void put_typed(struct holds *h, unsigned int mfn, enum page_type type)
{
    int rc;

    do
        rc = page_put_and_type(&frame_table[mfn], true);
    while (rc && env_random(4));
    h->typed[mfn][type] -= !rc;
}

static void op_put_type(struct holds *h)
{
    unsigned int mfn = any_frame();

    for (unsigned int t = 0; t < 8; t++)
        if (h->typed[mfn][t])
            put_typed(h, mfn, (enum page_type)t);
}

static void op_pin(struct holds *h)
{
    unsigned int mfn = any_frame();
    enum page_type level = level_for(mfn);

    (void)h;
    while (page_pin(&domains[owner_of(mfn)], _mfn(mfn), level) == -ERESTART &&
           env_random(4))
        ;
}

static void op_unpin(struct holds *h)
{
    unsigned int mfn = any_frame();

    (void)h;
    while (page_unpin(&domains[owner_of(mfn)], _mfn(mfn)) == -ERESTART && env_random(4))
        ;
}

static void op_plain(struct holds *h)
{
    unsigned int mfn = any_frame();

    if (h->plain[mfn]) {
        page_put(&frame_table[mfn]);
        h->plain[mfn]--;
    } else {
        h->plain[mfn] += page_get(&frame_table[mfn], owner_of(mfn));
    }
}

/* A table is filled through a writable mapping, which others may have too. */
static void op_store(struct holds *h)
{
    unsigned int mfn = any_frame();
    enum page_type level = role_of(mfn) <= PT_L4 ? role_of(mfn) : PT_L1;
    domid_t owner = owner_of(mfn);

    (void)h;
    if (!page_get_writable(&frame_table[mfn], owner))
        return;
    for (unsigned int i = 0; i < NR_SLOTS; i++) {
        uint64_t pte = env_random(3) ? 0 : good_pte(level, owner);

        WRITE_ONCE(env_table(mfn)[slots[i]],
                   env_random(50) ? pte : random_pte(level, owner));
    }
    page_put_writable(&frame_table[mfn]);
}

static void op_mod(struct holds *h)
{
    unsigned int mfn = any_frame(), index = random_slot();
    domid_t owner = owner_of(mfn);
    int level = page_get_table(&frame_table[mfn], owner, PT_L4);
    domid_t frames = owner;
    struct page_mod m;
    int rc;

    if (level < 0)
        return;
    if (level == PT_NONE) {
        page_put(&frame_table[mfn]);
        return;
    }
    h->typed[mfn][level]++;
    if (level == PT_L1 && !env_random(5))
        frames = (domid_t)env_random(NR_DOMAINS);
    page_mod_init(&m, owner, frames, owner);
    m.how =
        (env_random(3) ? 0 : PAGE_MOD_KEEP_AD) | (env_random(3) ? 0 : PAGE_MOD_EXPECT);
    m.old = READ_ONCE(env_table(mfn)[index]);
    do
        rc = page_mod_entry(&env_table(mfn)[index], (enum page_type)level,
                            random_pte((enum page_type)level, frames), &m);
    while (rc == -ERESTART && env_random(4));
    if (m.unfinished) {
        unsigned int child = (unsigned int)(m.unfinished - frame_table);

        h->typed[child][level - 1]++;
        put_typed(h, child, (enum page_type)(level - 1));
    }
    put_typed(h, mfn, (enum page_type)level);
}

static void op_alloc(struct holds *h)
{
    (void)h;
    env_alloc(env_random(NR_DOMAINS));
}

static void op_release(struct holds *h)
{
    unsigned int mfn = any_frame();

    (void)h;
    if (!env_random(8))
        env_drop_allocated(mfn);
}

static void (*const ops[])(struct holds *h) = {
    op_alloc,    op_release,  op_store, op_store, op_get_type,
    op_put_type, op_put_type, op_pin,   op_pin,   op_unpin,
    op_get_type, op_plain,    op_mod,   op_mod,   op_mod,
};

/* --- counting and the end --- */

static void check_all(void)
{
    static struct census c;
    static struct holds sum;

    memset(&sum, 0, sizeof(sum));
    for (unsigned int i = 0; i < nr_threads; i++)
        for (unsigned int mfn = 0; mfn < NR_RAM; mfn++) {
            sum.plain[mfn] += holds[i].plain[mfn];
            for (unsigned int t = 0; t < 8; t++)
                sum.typed[mfn][t] += holds[i].typed[mfn][t];
        }
    model_count(&sum, &c);
    model_compare(&c);
}

static void *run_thread(void *arg)
{
    struct holds *h = arg;
    uint64_t id = (uint64_t)(h - holds);

    for (uint64_t b = 0; b < nr_batches; b++) {
        env_seed(seed + id * 1000003 + b, 1u << env_random(8));
        for (unsigned int i = 0; i < BATCH; i++, env_step++)
            ops[env_random(ARRAY_SIZE(ops))](h);
        if (pthread_barrier_wait(&barrier) == PTHREAD_BARRIER_SERIAL_THREAD)
            check_all();
        pthread_barrier_wait(&barrier);
    }
    return NULL;
}

static void drop_holds(struct holds *h)
{
    for (unsigned int mfn = NR_HV; mfn < NR_RAM; mfn++)
        for (unsigned int t = 0; t < 8; t++)
            while (h->typed[mfn][t])
                put_typed(h, mfn, (enum page_type)t);
}

static void tear_down(void)
{
    for (unsigned int i = 0; i < nr_threads; i++)
        drop_holds(&holds[i]);
    for (unsigned int mfn = NR_HV; mfn < NR_RAM; mfn++) {
        if (!page_get(&frame_table[mfn], page_owner_id(&frame_table[mfn])))
            continue;
        while (page_unwind(&frame_table[mfn]))
            ;
        page_put(&frame_table[mfn]);
    }
    for (unsigned int mfn = NR_HV; mfn < NR_RAM; mfn++) {
        for (unsigned int i = 0; i < nr_threads; i++)
            for (; holds[i].plain[mfn]; holds[i].plain[mfn]--)
                page_put(&frame_table[mfn]);
        env_drop_allocated(mfn);
    }
    for (unsigned int mfn = NR_HV; mfn < NR_RAM; mfn++)
        if (!env_is_free(mfn))
            env_fail("frame %u is left over: %lx %lx", mfn, frame_table[mfn].ref,
                     frame_table[mfn].type);
}

int main(int argc, char **argv)
{
    pthread_t threads[MAX_THREADS];
    uint64_t total = argc > 1 ? strtoull(argv[1], NULL, 0) : 100000;

    nr_threads = argc > 2 ? (unsigned int)atoi(argv[2]) : nr_threads;
    seed = argc > 3 ? strtoull(argv[3], NULL, 0) : seed;
    nr_threads = min(max(nr_threads, 1u), MAX_THREADS);
    nr_batches = total / nr_threads / BATCH + 1;
    env_init();
    pthread_barrier_init(&barrier, NULL, nr_threads);
    for (unsigned int i = 0; i < nr_threads; i++)
        if (pthread_create(&threads[i], NULL, run_thread, &holds[i]))
            env_fail("no thread");
    for (unsigned int i = 0; i < nr_threads; i++)
        pthread_join(threads[i], NULL);
    tear_down();
    printf("%lu operations by %u threads\n", nr_batches * BATCH * nr_threads, nr_threads);
    return 0;
}
