/* SPDX-License-Identifier: MIT */
/* Configurations: defaults, and whether a domain may be made from one. */
#include "manager.h"

#include <string.h>

#define LEAST_KIB      64
#define MOST_KIB       (1ull << 40)
#define MOST_VCPUS     128
#define MOST_PORT      4095
#define MOST_GRANTS    64
#define MOST_MAPTRACKS 1024

void ts_config_init(struct ts_config *config)
{
    *config = (struct ts_config){
        .memory_kib = 128 << 10,
        .vcpus = 1,
        .on_poweroff = TS_DESTROY,
        .on_reboot = TS_RESTART,
        .on_crash = TS_DESTROY,
        .on_watchdog = TS_DESTROY,
        .on_soft_reset = TS_DESTROY,
    };
}

/* A name that can be told from a number and be part of a path. */
static bool name_is_fit(const char *name)
{
    bool all_digits = true;

    for (const char *c = name; *c; c++) {
        if (*c == '/' || *c <= ' ' || *c == 0x7f)
            return false;
        all_digits &= *c >= '0' && *c <= '9';
    }
    return *name && !all_digits;
}

int name_check(const struct ts_manager *m, const char *name, const struct record *self,
               struct ts_err *err)
{
    const struct ts_domain *d;

    if (strnlen(name, TS_NAME_MAX) == TS_NAME_MAX)
        return ts_fail(err, -XEN_EINVAL, "a domain's name has at most %u characters",
                       TS_NAME_MAX - 1);
    if (!name_is_fit(name))
        return ts_fail(err, -XEN_EINVAL,
                       "\"%s\" cannot be a domain's name: not empty, not a number, "
                       "without spaces and \"/\"",
                       name);
    d = ts_domain_by_name(m, name);
    if (d && (!self || d != &self->domain))
        return ts_fail(err, -XEN_EEXIST, "there is a domain \"%s\" already: number %u",
                       name, d->id);
    return 0;
}

static int check_memory(const struct ts_config *c, struct ts_err *err)
{
    if (c->memory_kib < LEAST_KIB || c->memory_kib > MOST_KIB)
        return ts_fail(err, -XEN_EINVAL, "a domain cannot have %llu KiB of memory",
                       (unsigned long long)c->memory_kib);
    if (c->max_memory_kib > MOST_KIB ||
        (c->max_memory_kib && c->max_memory_kib < c->memory_kib))
        return ts_fail(
            err, -XEN_EINVAL,
            "the limit of its memory, %llu KiB, is below the %llu it starts with",
            (unsigned long long)c->max_memory_kib, (unsigned long long)c->memory_kib);
    return 0;
}

static int check_numbers(const struct ts_config *c, struct ts_err *err)
{
    unsigned int max_vcpus = c->max_vcpus ? c->max_vcpus : c->vcpus;

    if (!c->vcpus || c->vcpus > max_vcpus || max_vcpus > MOST_VCPUS)
        return ts_fail(err, -XEN_EINVAL,
                       "a domain has 1 to %u vCPUs, not %u of at most %u", MOST_VCPUS,
                       c->vcpus, max_vcpus);
    if (c->max_event_port > MOST_PORT || c->max_grant_frames > MOST_GRANTS ||
        c->max_maptrack_frames > MOST_MAPTRACKS)
        return ts_fail(
            err, -XEN_EINVAL,
            "a domain has at most %u event channels, %u grant table frames and "
            "%u maptrack frames",
            MOST_PORT, MOST_GRANTS, MOST_MAPTRACKS);
    if (c->cmdline && strlen(c->cmdline) >= MAX_GUEST_CMDLINE)
        return ts_fail(err, -XEN_EINVAL,
                       "the kernel's command line is longer than %u bytes",
                       MAX_GUEST_CMDLINE - 1);
    return 0;
}

static int check_uuid(const struct ts_manager *m, const uint8_t *uuid,
                      const struct record *self, struct ts_err *err)
{
    if (uuid_is_zero(uuid))
        return 0;
    for (unsigned int i = 0; i < m->nr_records; i++) {
        const struct record *r = m->record[i];

        if (r != self && !memcmp(r->domain.uuid, uuid, TS_UUID_BYTES))
            return ts_fail(err, -XEN_EEXIST, "domain \"%s\" has this UUID already",
                           r->domain.name);
    }
    return 0;
}

int config_check(const struct ts_manager *m, const struct ts_config *config,
                 const struct record *self, struct ts_err *err)
{
    int rc = name_check(m, config->name, self, err);

    if (!rc && !config->kernel)
        rc = ts_fail(err, -XEN_EINVAL, "no kernel is given");
    if (!rc)
        rc = check_memory(config, err);
    if (!rc)
        rc = check_numbers(config, err);
    return rc ? rc : check_uuid(m, config->uuid, self, err);
}
