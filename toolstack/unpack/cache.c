/* SPDX-License-Identifier: MIT */
/*
 * Unpacked kernels, most recently used first. They are found again by a digest of their
 * packed bytes under a random key: nobody can prepare two kernels with the same one.
 */
#include "unpack.h"

#include <stdlib.h>
#include <string.h>

#define MAX_BYTES (1ull << 30) /* no kernel is larger */

struct digest {
    uint64_t half[2];
};

struct entry {
    struct ts_unpacked unpacked; /* first: users have its address */
    struct ts_unpacker *home;    /* NULL: in no cache */
    struct entry *next;
    struct digest digest;
    unsigned int users;
};

struct ts_unpacker {
    struct ts_unpacker_env env;
    struct entry *first;
    struct digest key;
};

/* --- digests --- */

static uint64_t fold(uint64_t a, uint64_t b)
{
    __uint128_t product = (__uint128_t)a * b;

    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

/* Each half: a chain of multiplications by the data, from the key. */
static void add(struct digest *d, const struct digest *key, const uint64_t word[2],
                size_t n)
{
    d->half[0] = fold(d->half[0] ^ word[0], key->half[1] ^ word[1]) + key->half[0];
    d->half[1] = fold(d->half[1] ^ word[1], key->half[0] ^ word[0] ^ n) + key->half[1];
}

static struct digest digest_of(const struct digest *key, const struct ts_payload *payload)
{
    const uint8_t *p = payload->data, *end = p + payload->size / 16 * 16;
    struct digest d = { { key->half[0] ^ payload->size,
                          key->half[1] ^ payload->unpacked_size } };
    uint64_t word[2];

    for (; p < end; p += sizeof(word)) {
        memcpy(word, p, sizeof(word));
        add(&d, key, word, sizeof(word));
    }
    word[0] = word[1] = 0;
    memcpy(word, p, payload->size % sizeof(word));
    add(&d, key, word, payload->size % sizeof(word));
    return d;
}

static bool is_same(const struct digest *a, const struct digest *b)
{
    return a->half[0] == b->half[0] && a->half[1] == b->half[1];
}

/* --- entries --- */

static void entry_free(struct entry *e)
{
    struct ts_unpacker *home = e->home;

    if (home)
        home->env.free(home->env.context, (void *)e->unpacked.data, e->unpacked.size);
    else
        free((void *)e->unpacked.data);
    free(e);
}

static void *allocate(struct ts_unpacker *home, size_t size)
{
    void *address;

    if (!home)
        return malloc(size);
    do
        address = home->env.alloc(home->env.context, size);
    while (!address && ts_unpacker_trim(home, 0));
    return address;
}

static struct entry *entry_new(struct ts_unpacker *home, size_t size)
{
    struct entry *e = calloc(1, sizeof(*e));

    if (!e)
        return NULL;
    e->home = home;
    e->users = 1;
    e->unpacked.size = size;
    e->unpacked.data = allocate(home, size);
    if (e->unpacked.data)
        return e;
    free(e);
    return NULL;
}

static struct entry *find(struct ts_unpacker *u, const struct digest *digest)
{
    for (struct entry **link = &u->first, *e; (e = *link); link = &e->next) {
        if (!is_same(&e->digest, digest))
            continue;
        *link = e->next;
        e->next = u->first;
        u->first = e;
        return e;
    }
    return NULL;
}

/* --- what users call --- */

static int check_size(const struct ts_payload *payload, struct ts_err *err)
{
    if (payload->unpacked_size && payload->unpacked_size <= MAX_BYTES)
        return 0;
    return ts_fail(err, -XEN_ENOEXEC,
                   "is cut off or corrupt: it says that it has %llu bytes unpacked",
                   (unsigned long long)payload->unpacked_size);
}

static int unpack_new(struct ts_unpacker *u, const struct ts_payload *payload,
                      const struct ts_progress *progress, struct entry **entry,
                      struct ts_err *err)
{
    struct entry *e;
    int rc = check_size(payload, err);

    if (rc)
        return rc;
    e = entry_new(u, (size_t)payload->unpacked_size);
    if (!e)
        return ts_fail(err, -XEN_ENOMEM, "needs %llu MiB of memory to be unpacked",
                       ((unsigned long long)payload->unpacked_size >> 20) + 1);
    rc = ts_unpack(payload, (void *)e->unpacked.data, e->unpacked.size, progress, err);
    if (rc)
        entry_free(e);
    else
        *entry = e;
    return rc;
}

int ts_unpacked_get(struct ts_unpacker *u, const struct ts_payload *payload,
                    const struct ts_progress *progress, struct ts_unpacked **unpacked,
                    struct ts_err *err)
{
    struct digest digest = { { 0, 0 } };
    struct entry *e = NULL;
    int rc = 0;

    *unpacked = NULL;
    if (u) {
        digest = digest_of(&u->key, payload);
        e = find(u, &digest);
    }
    if (e) {
        e->users++;
    } else {
        rc = unpack_new(u, payload, progress, &e, err);
        if (rc)
            return rc;
        e->digest = digest;
        if (u) {
            e->next = u->first;
            u->first = e;
        }
    }
    *unpacked = &e->unpacked;
    return 0;
}

void ts_unpacked_put(struct ts_unpacked *unpacked)
{
    struct entry *e = (struct entry *)unpacked;

    if (!e)
        return;
    e->users--;
    if (e->home)
        ts_unpacker_trim(e->home, e->home->env.keep_bytes);
    else
        entry_free(e);
}

/* --- the cache as a whole --- */

struct ts_unpacker *ts_unpacker_create(const struct ts_unpacker_env *env)
{
    struct ts_unpacker *u = calloc(1, sizeof(*u));

    if (!u)
        return NULL;
    u->env = *env;
    env->random(env->context, &u->key, sizeof(u->key));
    return u;
}

void ts_unpacker_destroy(struct ts_unpacker *u)
{
    if (!u)
        return;
    ts_unpacker_trim(u, 0);
    free(u);
}

uint64_t ts_unpacker_bytes(const struct ts_unpacker *u, unsigned int *kernels)
{
    uint64_t bytes = 0;

    *kernels = 0;
    for (const struct entry *e = u->first; e; e = e->next) {
        bytes += e->unpacked.size;
        ++*kernels;
    }
    return bytes;
}

/* The last one in the list that nobody has open. */
static bool forget_one(struct ts_unpacker *u)
{
    struct entry **unused = NULL, *e;

    for (struct entry **link = &u->first; *link; link = &(*link)->next)
        if (!(*link)->users)
            unused = link;
    if (!unused)
        return false;
    e = *unused;
    *unused = e->next;
    entry_free(e);
    return true;
}

bool ts_unpacker_trim(struct ts_unpacker *u, uint64_t keep)
{
    unsigned int kernels;
    bool any = false;

    while (ts_unpacker_bytes(u, &kernels) > keep && forget_one(u))
        any = true;
    return any;
}
