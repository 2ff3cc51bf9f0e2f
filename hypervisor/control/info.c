/* SPDX-License-Identifier: MIT */
/* domctl and sysctl: what domains there are and how they do. */
#include "internal.h"
#include <hv/guest_copy.h>
#include <hv/lib.h>
#include <hv/page.h>
#include <hv/sched.h>

/* The shutdown code of a domain that has none yet. */
#define NO_SHUTDOWN_CODE (~0u << XEN_DOMINF_shutdownshift)

static uint32_t state_flags(const struct domain *d)
{
    uint32_t flags = NO_SHUTDOWN_CODE;

    if (d->is_shut_down)
        flags = XEN_DOMINF_shutdown | (uint32_t)d->shutdown_code
                                          << XEN_DOMINF_shutdownshift;
    if (d->life == DOM_DEAD)
        flags |= XEN_DOMINF_dying;
    if (d->controller_pause_count)
        flags |= XEN_DOMINF_paused;
    if (d->debugger_attached)
        flags |= XEN_DOMINF_debugged;
    if (d->options & XEN_DOMCTL_CDF_xs_domain)
        flags |= XEN_DOMINF_xs_domain;
    return flags;
}

/* What follows from the vCPUs: how many are up, whether they run or all wait. */
static void add_vcpus(struct domain *d, struct xen_domctl_getdomaininfo *info)
{
    uint32_t flags = XEN_DOMINF_blocked;
    struct vcpu *v;

    info->max_vcpu_id = XEN_INVALID_MAX_VCPU_ID;
    for_each_vcpu (d, v) {
        struct runstate r;

        vcpu_runstate_get(v, &r);
        info->cpu_time += r.time[RUNSTATE_running];
        info->max_vcpu_id = v->id;
        if (READ_ONCE(v->pause_flags) & VPF_DOWN)
            continue;
        if (!(READ_ONCE(v->pause_flags) & VPF_BLOCKED))
            flags &= ~XEN_DOMINF_blocked;
        if (r.state == RUNSTATE_running)
            flags |= XEN_DOMINF_running;
        info->nr_online_vcpus++;
    }
    info->flags |= info->nr_online_vcpus ? flags : 0;
}

void domain_info_get(struct domain *d, struct xen_domctl_getdomaininfo *info)
{
    *info = (struct xen_domctl_getdomaininfo){
        .domain = d->id,
        .flags = state_flags(d),
        .tot_pages = d->tot_pages,
        .max_pages = d->max_pages,
        .outstanding_pages = d->outstanding_pages,
        .shared_info_frame = mfn_x(virt_to_mfn(d->shared_info)),
        .ssidref = d->ssidref,
        .gpaddr_bits = (uint8_t)host_cpu.phys_bits,
        .arch_config.emulation_flags = d->is_privileged ? XEN_X86_EMU_PIT : 0,
        .arch_config.misc_flags = d->has_relaxed_msrs ? XEN_X86_MSR_RELAXED : 0,
    };
    memcpy(info->handle, d->handle, sizeof(info->handle));
    add_vcpus(d, info);
}

/* d is the first domain with an id not below the one asked for. */
int domctl_getdomaininfo(struct domain *d, struct xen_domctl_getdomaininfo *arg)
{
    domain_info_get(d, arg);
    return 0;
}

/* 0; -EFAULT. */
int sysctl_getdomaininfolist(struct xen_sysctl_getdomaininfolist *arg)
{
    struct xen_domctl_getdomaininfo info;
    domid_t next = arg->first_domain;

    for (arg->num_domains = 0; arg->num_domains < arg->max_domains; arg->num_domains++) {
        struct domain *d = domain_get_next(next);

        if (!d)
            break;
        next = (domid_t)(d->id + 1);
        domain_info_get(d, &info);
        domain_put(d);
        if (copy_to_guest_offset(arg->buffer, arg->num_domains, &info, 1))
            return -EFAULT;
    }
    return 0;
}
