/* SPDX-License-Identifier: MIT */
/* The manager's table of records, and questions about it. */
#include "manager.h"

#include <stdlib.h>
#include <string.h>

#define FIRST_ROOM 16

bool uuid_is_zero(const uint8_t *uuid)
{
    static const uint8_t zero[TS_UUID_BYTES];

    return !memcmp(uuid, zero, TS_UUID_BYTES);
}

void uuid_make(const struct ts_manager *m, uint8_t *uuid)
{
    m->env.random(m->env.context, uuid, TS_UUID_BYTES);
    uuid[6] = (uuid[6] & 0x0f) | 0x40; /* RFC 4122: version 4, variant 1 */
    uuid[8] = (uuid[8] & 0x3f) | 0x80;
}

/* --- one record --- */

static uint32_t hash_of(const char *name)
{
    uint32_t hash = 2166136261u; /* FNV-1a */

    for (; *name; name++)
        hash = (hash ^ (uint8_t)*name) * 16777619u;
    return hash;
}

void record_set_name(struct record *r, const char *name)
{
    memmove(r->domain.name, name, strlen(name) + 1);
    memcpy(r->config.name, r->domain.name, sizeof(r->config.name));
    r->name_hash = hash_of(name);
}

/* A text's copy; NULL stays NULL. False when out of memory. */
static bool copy_text(const char *from, const char **to)
{
    size_t n = from ? strlen(from) + 1 : 0;
    char *copy;

    *to = NULL;
    if (!from)
        return true;
    copy = malloc(n);
    if (copy)
        memcpy(copy, from, n);
    *to = copy;
    return copy != NULL;
}

/* A copy of an array of that many bytes, NULL for none; *ok is cleared if there is no
 * memory. */
static void *copy_array(const void *array, size_t bytes, bool *ok)
{
    void *copy = bytes ? malloc(bytes) : NULL;

    if (copy)
        memcpy(copy, array, bytes);
    *ok &= copy || !bytes;
    return copy;
}

static bool copy_arrays(struct ts_config *config)
{
    struct ts_affinity *hard = &config->hard, *soft = &config->soft;
    struct ts_cpuid *cpuid = &config->cpuid;
    bool ok = true;

    hard->vcpu = copy_array(hard->vcpu, hard->nr_vcpus * sizeof(*hard->vcpu), &ok);
    soft->vcpu = copy_array(soft->vcpu, soft->nr_vcpus * sizeof(*soft->vcpu), &ok);
    cpuid->change = copy_array(cpuid->change, cpuid->n * sizeof(*cpuid->change), &ok);
    return ok;
}

static void free_parts(struct record *r)
{
    free((struct ts_cpuid_change *)r->config.cpuid.change);
    free((char *)r->config.kernel);
    free((char *)r->config.ramdisk);
    free((char *)r->config.cmdline);
    free((struct ts_cpu_set *)r->config.hard.vcpu);
    free((struct ts_cpu_set *)r->config.soft.vcpu);
}

/* Tells the program which files the record names, or does no more. */
static void tell_file(void (*tell)(void *context, const char *path),
                      const struct ts_manager *m, const char *path)
{
    if (tell && path)
        tell(m->env.context, path);
}

struct record *record_new(const struct ts_manager *m, const struct ts_config *config)
{
    struct record *r = calloc(1, sizeof(*r));
    bool ok;

    if (!r)
        return NULL;
    r->config = *config;
    ok = copy_text(config->kernel, &r->config.kernel);
    ok &= copy_text(config->ramdisk, &r->config.ramdisk);
    ok &= copy_text(config->cmdline, &r->config.cmdline);
    ok &= copy_arrays(&r->config);
    if (!ok) {
        free_parts(r);
        free(r);
        return NULL;
    }
    tell_file(m->env.hold, m, r->config.kernel);
    tell_file(m->env.hold, m, r->config.ramdisk);
    r->domain.config = &r->config;
    record_set_name(r, config->name);
    return r;
}

void record_free(const struct ts_manager *m, struct record *r)
{
    if (!r)
        return;
    tell_file(m->env.drop, m, r->config.kernel);
    tell_file(m->env.drop, m, r->config.ramdisk);
    free_parts(r);
    free(r);
}

/* --- the table --- */

/* Index of the first record whose number is not below id. */
static unsigned int index_of(const struct ts_manager *m, unsigned int id)
{
    unsigned int low = 0, high = m->nr_records;

    while (low < high) {
        unsigned int middle = (low + high) / 2;

        if (m->record[middle]->domain.id < id)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

struct record *record_find(const struct ts_manager *m, domid_t id)
{
    unsigned int i = index_of(m, id);

    return i < m->nr_records && m->record[i]->domain.id == id ? m->record[i] : NULL;
}

int record_guest(const struct ts_manager *m, domid_t id, const char *verb,
                 struct record **record, struct ts_err *err)
{
    *record = record_find(m, id);
    if (!*record)
        return ts_fail(err, -XEN_ESRCH, "there is no domain %u", id);
    if (*record == m->domain0)
        return ts_fail(err, -XEN_EPERM, "domain 0 cannot be %s", verb);
    return 0;
}

int record_reserve(struct ts_manager *m)
{
    unsigned int room = m->room ? m->room * 2 : FIRST_ROOM;
    struct record **more;

    if (m->nr_records < m->room)
        return 0;
    more = realloc(m->record, room * sizeof(*more));
    if (!more)
        return -XEN_ENOMEM;
    m->record = more;
    m->room = room;
    return 0;
}

void record_insert(struct ts_manager *m, struct record *r)
{
    unsigned int i = index_of(m, r->domain.id);

    memmove(&m->record[i + 1], &m->record[i], (m->nr_records - i) * sizeof(r));
    m->record[i] = r;
    m->nr_records++;
}

void record_remove(struct ts_manager *m, struct record *r)
{
    unsigned int i = index_of(m, r->domain.id);

    m->nr_records--;
    memmove(&m->record[i], &m->record[i + 1], (m->nr_records - i) * sizeof(r));
}

void manager_event(const struct ts_manager *m, enum ts_event event,
                   const struct record *r, const char *text)
{
    if (m->env.event)
        m->env.event(m->env.context, event, &r->domain, text);
}

/* --- the manager --- */

struct ts_manager *ts_manager_create(const struct ts_manager_env *env)
{
    struct ts_manager *m = calloc(1, sizeof(*m));
    struct ts_config config;

    if (!m)
        return NULL;
    m->env = *env;
    ts_config_init(&config);
    strcpy(config.name, "Domain-0");
    m->domain0 = record_new(m, &config);
    if (!m->domain0 || record_reserve(m)) {
        ts_manager_destroy(m);
        return NULL;
    }
    m->domain0->domain.config = NULL;
    record_insert(m, m->domain0);
    return m;
}

void ts_manager_destroy(struct ts_manager *m)
{
    if (!m)
        return;
    if (!m->nr_records)
        record_free(m, m->domain0);
    for (unsigned int i = 0; i < m->nr_records; i++)
        record_free(m, m->record[i]);
    free(m->record);
    free(m);
}

/* --- questions --- */

const struct ts_domain *ts_domain_next(const struct ts_manager *m,
                                       const struct ts_domain *previous)
{
    unsigned int i = previous ? index_of(m, previous->id + 1u) : 0;

    return i < m->nr_records ? &m->record[i]->domain : NULL;
}

const struct ts_domain *ts_domain_by_id(const struct ts_manager *m, domid_t id)
{
    const struct record *r = record_find(m, id);

    return r ? &r->domain : NULL;
}

const struct ts_domain *ts_domain_by_name(const struct ts_manager *m, const char *name)
{
    uint32_t hash = hash_of(name);

    for (unsigned int i = 0; i < m->nr_records; i++)
        if (m->record[i]->name_hash == hash && !strcmp(m->record[i]->domain.name, name))
            return &m->record[i]->domain;
    return NULL;
}

const struct ts_domain *ts_domain_find(const struct ts_manager *m, const char *what,
                                       struct ts_err *err)
{
    const struct ts_domain *d;
    char *end;
    unsigned long id = strtoul(what, &end, 10);

    if (*what >= '0' && *what <= '9' && !*end)
        d = id < DOMID_FIRST_RESERVED ? ts_domain_by_id(m, (domid_t)id) : NULL;
    else
        d = ts_domain_by_name(m, what);
    if (!d)
        ts_fail(err, -XEN_ESRCH, "there is no domain \"%s\"", what);
    return d;
}
