/* SPDX-License-Identifier: MIT */
/* What users ask of existing domains, but for creating and shutting down. */
#include "manager.h"

#include <string.h>

static unsigned int nr_vcpus(const struct record *r)
{
    return r->config.max_vcpus ? r->config.max_vcpus : r->config.vcpus;
}

int ts_domain_destroy(struct ts_manager *m, domid_t id, struct ts_err *err)
{
    struct record *r;
    int rc = record_guest(m, id, "destroyed", &r, err);

    if (rc)
        return rc;
    rc = domain_unmake(m, r, err);
    if (rc)
        return rc;
    manager_event(m, TS_EVENT_DESTROYED, r, "destroyed");
    record_remove(m, r);
    record_free(m, r);
    timer_update(m);
    return 0;
}

int ts_domain_pause(struct ts_manager *m, domid_t id, struct ts_err *err)
{
    struct record *r;
    int rc = record_guest(m, id, "paused", &r, err);

    if (rc)
        return rc;
    rc = m->env.hv->ops->domain_pause(m->env.hv, id);
    if (rc)
        return ts_fail(err, rc, "domain \"%s\" cannot be paused: %s", r->domain.name,
                       ts_err_text(rc));
    r->domain.pauses++;
    return 0;
}

int ts_domain_unpause(struct ts_manager *m, domid_t id, struct ts_err *err)
{
    struct record *r;
    int rc = record_guest(m, id, "unpaused", &r, err);

    if (rc)
        return rc;
    if (!r->domain.pauses)
        return ts_fail(err, -XEN_EINVAL, "domain \"%s\" is not paused", r->domain.name);
    rc = m->env.hv->ops->domain_unpause(m->env.hv, id);
    if (rc)
        return ts_fail(err, rc, "domain \"%s\" cannot be unpaused: %s", r->domain.name,
                       ts_err_text(rc));
    r->domain.pauses--;
    return 0;
}

int ts_domain_rename(struct ts_manager *m, domid_t id, const char *name,
                     struct ts_err *err)
{
    struct record *r;
    char old[TS_NAME_MAX];
    int rc = record_guest(m, id, "renamed", &r, err);

    if (rc)
        return rc;
    rc = name_check(m, name, r, err);
    if (rc)
        return rc;
    memcpy(old, r->domain.name, sizeof(old));
    record_set_name(r, name);
    rc = nodes_rename(m, r);
    if (rc) {
        record_set_name(r, old);
        return ts_fail(err, rc, "domain \"%s\" cannot be renamed in xenstore: %s", old,
                       ts_err_text(rc));
    }
    manager_event(m, TS_EVENT_RENAMED, r, old);
    return 0;
}

int ts_domain_set_vcpus(struct ts_manager *m, domid_t id, unsigned int n,
                        struct ts_err *err)
{
    struct record *r;
    int rc = record_guest(m, id, "given other vCPUs", &r, err);

    if (rc)
        return rc;
    if (!n || n > nr_vcpus(r))
        return ts_fail(err, -XEN_EINVAL, "domain \"%s\" can have 1 to %u vCPUs, not %u",
                       r->domain.name, nr_vcpus(r), n);
    rc = nodes_write_vcpus(m, r, n);
    if (rc)
        return ts_fail(err, rc, "domain \"%s\" cannot be told by xenstore: %s",
                       r->domain.name, ts_err_text(rc));
    r->domain.vcpus = n;
    return 0;
}

/* The node is written first: it can be set back, and the limit then needs not. */
static int change_max_mem(struct ts_manager *m, struct record *r, uint64_t kib,
                          struct ts_err *err)
{
    struct ts_config *c = &r->config;
    uint64_t old = c->max_memory_kib ? c->max_memory_kib : c->memory_kib;
    int rc = nodes_write_max_mem(m, r, kib);

    if (rc)
        return ts_fail(err, rc, "the limit cannot be written to xenstore: %s",
                       ts_err_text(rc));
    rc = m->env.hv->ops->domain_set_max_mem(m->env.hv, r->domain.id, kib);
    if (rc) {
        (void)nodes_write_max_mem(m, r, old);
        return ts_fail(err, rc, "the hypervisor refuses the limit: %s", ts_err_text(rc));
    }
    c->max_memory_kib = kib;
    return 0;
}

int ts_domain_set_max_mem(struct ts_manager *m, domid_t id, uint64_t kib,
                          struct ts_err *err)
{
    struct record *r;
    struct ts_domain_info info;
    uint64_t has;
    int rc = record_guest(m, id, "given another limit", &r, err);

    if (rc)
        return rc;
    rc = m->env.hv->ops->domain_info(m->env.hv, id, &info);
    if (rc)
        return ts_fail(err, rc, "domain \"%s\" cannot be looked at: %s", r->domain.name,
                       ts_err_text(rc));
    has = info.nr_pages * (TS_PAGE_SIZE / 1024);
    if (kib < has || kib < r->config.memory_kib)
        return ts_fail(err, -XEN_EINVAL,
                       "domain \"%s\" has %llu KiB: no limit below that", r->domain.name,
                       (unsigned long long)(has > r->config.memory_kib
                                                ? has
                                                : r->config.memory_kib));
    return change_max_mem(m, r, kib, err);
}

/* The limit is set first: it can be set back. */
static int change_target(struct ts_manager *m, struct record *r, uint64_t kib,
                         struct ts_err *err)
{
    struct ts_hv *hv = m->env.hv;
    struct ts_domain_info info;
    int rc = hv->ops->domain_info(hv, r->domain.id, &info);

    if (!rc)
        rc = hv->ops->domain_set_max_mem(hv, r->domain.id, kib);
    if (rc)
        return ts_fail(err, rc, "the hypervisor refuses the limit: %s", ts_err_text(rc));
    rc = nodes_write_target(m, r, kib);
    if (!rc)
        return 0;
    (void)hv->ops->domain_set_max_mem(hv, r->domain.id,
                                      info.max_pages * (TS_PAGE_SIZE / 1024));
    return ts_fail(err, rc, "domain \"%s\" cannot be told by xenstore: %s",
                   r->domain.name, ts_err_text(rc));
}

int ts_domain_set_target(struct ts_manager *m, domid_t id, uint64_t kib,
                         struct ts_err *err)
{
    struct record *r;
    uint64_t most;
    int rc = record_guest(m, id, "given other memory", &r, err);

    if (rc)
        return rc;
    most = r->config.max_memory_kib ? r->config.max_memory_kib : r->config.memory_kib;
    if (!kib || kib > most)
        return ts_fail(err, -XEN_EINVAL,
                       "domain \"%s\" can have up to %llu KiB of memory, not %llu",
                       r->domain.name, (unsigned long long)most, (unsigned long long)kib);
    return change_target(m, r, kib, err);
}

static bool is_letter_or_digit(char c)
{
    return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
}

int ts_domain_sysrq(struct ts_manager *m, domid_t id, char letter, struct ts_err *err)
{
    const char text[] = { letter, '\0' };
    struct record *r;
    int rc = record_guest(m, id, "sent requests", &r, err);

    if (rc)
        return rc;
    if (!is_letter_or_digit(letter))
        return ts_fail(err, -XEN_EINVAL, "a request is a letter or digit");
    rc = nodes_write_sysrq(m, r, text);
    return rc ? ts_fail(err, rc, "domain \"%s\" cannot be told by xenstore: %s",
                        r->domain.name, ts_err_text(rc))
              : 0;
}

int ts_domain_nmi(struct ts_manager *m, domid_t id, unsigned int vcpu, struct ts_err *err)
{
    struct record *r;
    int rc = record_guest(m, id, "interrupted", &r, err);

    if (rc)
        return rc;
    if (vcpu >= nr_vcpus(r))
        return ts_fail(err, -XEN_EINVAL, "domain \"%s\" has no vCPU %u", r->domain.name,
                       vcpu);
    rc = m->env.hv->ops->domain_nmi(m->env.hv, id, vcpu);
    return rc ? ts_fail(err, rc, "domain \"%s\" cannot be interrupted: %s",
                        r->domain.name, ts_err_text(rc))
              : 0;
}

int ts_domain_set_sched(struct ts_manager *m, domid_t id, unsigned int weight,
                        unsigned int cap, struct ts_err *err)
{
    struct record *r = record_find(m, id);
    struct ts_hv *hv = m->env.hv;
    struct ts_sched_params params;
    int rc;

    if (!r)
        return ts_fail(err, -XEN_ESRCH, "there is no domain %u", id);
    rc = hv->ops->sched_get(hv, id, &params);
    if (!rc && weight)
        params.weight = weight;
    if (!rc && cap != TS_KEEP_CAP)
        params.cap = cap;
    if (!rc)
        rc = hv->ops->sched_set(hv, id, &params);
    if (rc)
        return ts_fail(err, rc, "the weight and cap of domain %u cannot be changed: %s",
                       id, ts_err_text(rc));
    r->config.sched = params;
    return 0;
}

static int pin_one(struct ts_manager *m, domid_t id, unsigned int vcpu,
                   const struct ts_cpu_set *hard, const struct ts_cpu_set *soft,
                   struct ts_err *err)
{
    int rc = m->env.hv->ops->vcpu_set_affinity(m->env.hv, id, vcpu, hard, soft);

    return rc ? ts_fail(err, rc, "vCPU %u of domain %u cannot be pinned: %s", vcpu, id,
                        ts_err_text(rc))
              : 0;
}

/* Domain 0, too: nobody but the hypervisor knows how many vCPUs it has. */
static int last_vcpu(struct ts_manager *m, domid_t id, unsigned int *last,
                     struct ts_err *err)
{
    struct ts_domain_info info;
    int rc = m->env.hv->ops->domain_info(m->env.hv, id, &info);

    if (rc)
        return ts_fail(err, rc, "domain %u cannot be looked at: %s", id, ts_err_text(rc));
    *last = info.max_vcpu_id;
    return 0;
}

int ts_domain_pin(struct ts_manager *m, domid_t id, unsigned int vcpu,
                  const struct ts_cpu_set *hard, const struct ts_cpu_set *soft,
                  struct ts_err *err)
{
    unsigned int first = vcpu, last = 0;
    int rc;

    if (!record_find(m, id))
        return ts_fail(err, -XEN_ESRCH, "there is no domain %u", id);
    rc = last_vcpu(m, id, &last, err);
    if (rc)
        return rc;
    if (vcpu == TS_ALL_VCPUS)
        first = 0;
    else if (vcpu <= last)
        last = vcpu;
    else
        return ts_fail(err, -XEN_EINVAL, "domain %u has no vCPU %u", id, vcpu);
    for (unsigned int i = first; !rc && i <= last; i++)
        rc = pin_one(m, id, i, hard, soft, err);
    return rc;
}
