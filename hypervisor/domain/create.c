/* SPDX-License-Identifier: MIT */
/*
 * Creation and destruction of domains and vCPUs. What a domain consists of is the table
 * hv/parts.def; creation walks down, destruction up, and progress is an index into it, so
 * that a creation that fails half-way undoes exactly what was done.
 */
#include "internal.h"

#include <hv/cpu.h>
#include <hv/heap.h>
#include <hv/lib.h>
#include <hv/page.h>
#include <hv/parts.h>
#include <hv/softirq.h>
#include <abi/errno.h>

static const struct part {
    int (*domain_create)(struct domain *d, const struct xen_domctl_createdomain *cfg);
    int (*domain_relinquish)(struct domain *d);
    void (*domain_destroy)(struct domain *d);
    int (*vcpu_create)(struct vcpu *v);
    void (*vcpu_destroy)(struct vcpu *v);
} parts[] = {
#define PART(name)                                                           \
    { name##_domain_create, name##_domain_relinquish, name##_domain_destroy, \
      name##_vcpu_create, name##_vcpu_destroy },
#include <hv/parts.def>
#undef PART
};
#define NR_PARTS ARRAY_SIZE(parts)

/* What a PV domain may be created with; the rest is for kinds of guests we do not have.
 */
#define FLAGS_KNOWN (XEN_DOMCTL_CDF_xs_domain)

struct domain *domain0;

static int check_config(domid_t id, const struct xen_domctl_createdomain *cfg)
{
    if (id >= DOMID_FIRST_RESERVED && id != DOMID_INVALID)
        return -EINVAL;
    if (!cfg->max_vcpus || cfg->max_vcpus > DOMAIN_MAX_VCPUS)
        return -EINVAL;
    if (cfg->flags & ~FLAGS_KNOWN || cfg->iommu_opts || cfg->vmtrace_size)
        return -EINVAL;
    if (cfg->cpupool_id || cfg->arch.emulation_flags ||
        cfg->arch.misc_flags & ~XEN_X86_MSR_RELAXED)
        return -EINVAL;
    return 0;
}

static void parts_destroy(struct domain *d)
{
    while (d->parts_created)
        parts[--d->parts_created].domain_destroy(d);
}

static int parts_create(struct domain *d, const struct xen_domctl_createdomain *cfg)
{
    for (; d->parts_created < NR_PARTS; d->parts_created++) {
        int rc = parts[d->parts_created].domain_create(d, cfg);

        if (rc) {
            parts_destroy(d);
            return rc;
        }
    }
    return 0;
}

int domain_relinquish_parts(struct domain *d)
{
    for (; d->relinquish_step; d->relinquish_step--) {
        int rc = parts[d->relinquish_step - 1].domain_relinquish(d);

        if (rc)
            return rc;
    }
    return 0;
}

/* The structure itself with its vCPU array; null: no memory. */
static struct domain *domain_alloc(const struct xen_domctl_createdomain *cfg,
                                   bool privileged)
{
    struct domain *d = hv_new(struct domain);

    if (!d)
        return NULL;
    d->vcpu = hv_zalloc_array(cfg->max_vcpus, sizeof(*d->vcpu));
    if (!d->vcpu) {
        hv_free(d);
        return NULL;
    }
    d->max_vcpus = cfg->max_vcpus;
    d->is_privileged = privileged;
    d->life = DOM_BUILDING;
    d->references = 2;
    d->pause_count = 1;
    d->controller_pause_count = 1;
    d->relinquish_step = NR_PARTS;
    d->ssidref = cfg->ssidref;
    d->options = cfg->flags;
    memcpy(d->handle, cfg->handle, sizeof(d->handle));
    spin_init(&d->lock, LOCK_DOMAIN);
    spin_init(&d->page_lock, LOCK_PAGE_ALLOC);
    return d;
}

static void domain_free(struct domain *d)
{
    hv_free(d->vcpu);
    hv_free(d);
}

int domain_create(domid_t id, const struct xen_domctl_createdomain *cfg, bool privileged,
                  struct domain **out)
{
    struct domain *d;
    int rc = check_config(id, cfg);

    if (rc)
        return rc;
    d = domain_alloc(cfg, privileged);
    if (!d)
        return -ENOMEM;
    rc = domain_id_reserve(&id);
    if (rc)
        goto free;
    d->id = id;
    rc = -ENOMEM;
    d->shared_info = hv_alloc_page();
    if (!d->shared_info)
        goto release_id;
    page_share_with_guest(d->shared_info, d, false);
    rc = parts_create(d, cfg);
    if (rc)
        goto unshare;
    domain_id_publish(d);
    *out = d;
    return 0;

unshare:
    page_unshare(d->shared_info);
release_id:
    domain_id_release(id);
free:
    domain_free(d);
    return rc;
}

static void vcpu_destroy(struct vcpu *v)
{
    for (unsigned int i = NR_PARTS; i-- > 0;)
        parts[i].vcpu_destroy(v);
    vcpu_info_free(v);
    hv_free(v);
}

static int vcpu_create_parts(struct vcpu *v)
{
    for (unsigned int i = 0; i < NR_PARTS; i++) {
        int rc = parts[i].vcpu_create(v);

        if (rc) {
            while (i-- > 0)
                parts[i].vcpu_destroy(v);
            return rc;
        }
    }
    return 0;
}

/* A vCPU that no one can find yet; 0 or -ENOMEM, or what a part says. */
static int vcpu_build(struct domain *d, unsigned int id, struct vcpu **out)
{
    struct vcpu *v = hv_new(struct vcpu);
    int rc;

    if (!v)
        return -ENOMEM;
    v->domain = d;
    v->id = id;
    v->cpu = smp_cpu_id();
    rc = vcpu_info_init(v);
    if (rc)
        goto free;
    rc = vcpu_create_parts(v);
    if (rc)
        goto free_info;
    *out = v;
    return 0;

free_info:
    vcpu_info_free(v);
free:
    hv_free(v);
    return rc;
}

int vcpu_create(struct domain *d, unsigned int id, struct vcpu **out)
{
    struct vcpu *v, *none = NULL;
    int rc;

    if (id >= d->max_vcpus)
        return -EINVAL;
    if (domain_vcpu(d, id))
        return -EEXIST;
    if (READ_ONCE(d->life) >= DOM_DYING)
        return -EINVAL;
    rc = vcpu_build(d, id, &v);
    if (rc)
        return rc;
    if (!__atomic_compare_exchange_n(&d->vcpu[id], &none, v, false, __ATOMIC_RELEASE,
                                     __ATOMIC_RELAXED)) {
        vcpu_destroy(v);
        return -EEXIST;
    }
    *out = v;
    return 0;
}

void domain_destroy(struct domain *d)
{
    domid_t id = d->id;
    struct vcpu *v;

    for_each_vcpu (d, v)
        vcpu_destroy(v);
    parts_destroy(d);
    page_unshare(d->shared_info);
    domain_free(d);
    domain_id_release(id);
}
