/* SPDX-License-Identifier: MIT */
/*
 * Making a domain's policy. What the hypervisor does not offer it leaves out without a
 * word; so the policy is read back, and what is not as it must be is an error.
 */
#include "internal.h"

#include <stdlib.h>

#define MSR_ARCH_CAPS 0x10a

/* The policies that a change may refer to. */
struct policies {
    struct ts_cpu_policy host, usual, wanted, found;
};

static xen_cpuid_leaf_t *find_leaf(struct ts_cpu_policy *p, uint32_t leaf, uint32_t sub)
{
    for (unsigned int i = 0; i < p->nr_leaves; i++) {
        xen_cpuid_leaf_t *l = &p->leaf[i];

        /* A sub-leaf may be named of leaves that have none, or left out for the first. */
        if (l->leaf == leaf && (l->subleaf == sub || l->subleaf == XEN_CPUID_NO_SUBLEAF ||
                                (sub == XEN_CPUID_NO_SUBLEAF && l->subleaf == 0)))
            return l;
    }
    return NULL;
}

static uint32_t *find_msr(struct ts_cpu_policy *p, uint32_t msr, unsigned int half)
{
    for (unsigned int i = 0; half < 2 && i < p->nr_msrs; i++)
        if (p->msr[i].idx == msr)
            return (uint32_t *)&p->msr[i].val + half;
    return NULL;
}

/* The register of a change in p; NULL when p has no such leaf. */
static uint32_t *find(struct ts_cpu_policy *p, const struct ts_cpuid_change *c)
{
    xen_cpuid_leaf_t *l;

    if (c->leaf == TS_CPUID_ARCH_CAPS)
        return find_msr(p, MSR_ARCH_CAPS, c->reg);
    l = find_leaf(p, c->leaf, c->sub);
    switch (l ? c->reg : ~0u) {
    case EAX:
        return &l->a;
    case EBX:
        return &l->b;
    case ECX:
        return &l->c;
    case EDX:
        return &l->d;
    default:
        return NULL;
    }
}

static uint32_t value_of(struct ts_cpu_policy *p, const struct ts_cpuid_change *c)
{
    const uint32_t *value = find(p, c);

    return value ? *value : 0;
}

static void change_wanted(struct policies *p, const struct ts_cpuid_change *c)
{
    uint32_t *value = find(&p->wanted, c);
    uint32_t mask = c->ones | c->zeros | c->host | c->usual;

    if (value)
        *value = (*value & ~mask) | c->ones | (value_of(&p->host, c) & c->host) |
                 (value_of(&p->usual, c) & c->usual);
}

static int check_found(struct policies *p, const struct ts_cpuid_change *c,
                       struct ts_err *err)
{
    uint32_t value = value_of(&p->found, c);

    if (c->ones & ~value)
        return ts_fail(err, -XEN_EOPNOTSUPP,
                       "cpuid: \"%s\" cannot be had: the machine, or a PV guest, has no "
                       "such thing, or it needs something that is not there",
                       c->name);
    if (c->zeros & value)
        return ts_fail(err, -XEN_EOPNOTSUPP, "cpuid: \"%s\" cannot be taken away",
                       c->name);
    return 0;
}

static int apply(struct ts_hv *hv, domid_t id, const struct ts_cpuid *cpuid,
                 struct policies *p)
{
    int rc = hv->ops->cpu_policy_get(hv, DOMID_INVALID, &p->host);

    if (!rc)
        rc = hv->ops->cpu_policy_get(hv, id, &p->usual);
    if (rc)
        return rc;
    p->wanted = p->usual;
    for (unsigned int i = 0; i < cpuid->n; i++)
        change_wanted(p, &cpuid->change[i]);
    rc = hv->ops->cpu_policy_set(hv, id, &p->wanted);
    return rc ? rc : hv->ops->cpu_policy_get(hv, id, &p->found);
}

int ts_cpuid_apply(struct ts_hv *hv, domid_t id, const struct ts_cpuid *cpuid,
                   struct ts_err *err)
{
    struct policies *p;
    int rc;

    if (!cpuid->n)
        return 0;
    p = malloc(sizeof(*p));
    if (!p)
        return ts_fail(err, -XEN_ENOMEM, "out of memory");
    rc = apply(hv, id, cpuid, p);
    if (rc)
        ts_fail(err, rc, "cpuid: the hypervisor refuses the policy: %s", ts_err_text(rc));
    for (unsigned int i = 0; !rc && i < cpuid->n; i++)
        rc = check_found(p, &cpuid->change[i], err);
    free(p);
    return rc;
}
