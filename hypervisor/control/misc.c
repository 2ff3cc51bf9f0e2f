/* SPDX-License-Identifier: MIT */
/* domctl: time, triggers, scheduling parameters, word size, VIRQs. */
#include "internal.h"
#include <hv/evtchn.h>
#include <hv/hooks.h>
#include <hv/sched.h>
#include <hv/timer.h>

int domctl_scheduler_op(struct domain *d, struct xen_domctl_scheduler_op *arg)
{
    return sched_adjust(d, arg);
}

int domctl_settimeoffset(struct domain *d, struct xen_domctl_settimeoffset *arg)
{
    WRITE_ONCE(d->time_offset, arg->time_offset_seconds);
    pv_update_wallclock(d);
    return 0;
}

/* 0; -ESRCH no such vCPU; -EINVAL a button of a machine that PV guests do not have;
 * -ENOSYS no such trigger. */
int domctl_sendtrigger(struct domain *d, struct xen_domctl_sendtrigger *arg)
{
    struct vcpu *v = domain_vcpu(d, arg->vcpu);

    if (!v)
        return -ESRCH;
    switch (arg->trigger) {
    case XEN_DOMCTL_SENDTRIGGER_NMI:
        if (!__atomic_exchange_n(&v->pv.nmi_pending, 1, __ATOMIC_SEQ_CST))
            vcpu_kick(v);
        return 0;
    case XEN_DOMCTL_SENDTRIGGER_POWER:
    case XEN_DOMCTL_SENDTRIGGER_SLEEP:
        return -EINVAL;
    default:
        return -ENOSYS;
    }
}

/* 0; -EOPNOTSUPP 32 bits; -EINVAL anything else. */
int domctl_set_address_size(struct domain *d, struct xen_domctl_address_size *arg)
{
    (void)d;
    switch (arg->size) {
    case 64:
        return 0;
    case 32:
        return -EOPNOTSUPP;
    default:
        return -EINVAL;
    }
}

int domctl_get_address_size(struct domain *d, struct xen_domctl_address_size *arg)
{
    (void)d;
    arg->size = 64;
    return 0;
}

/* xen_domctl_tsc_info.tsc_mode: the machine's when that serves, emulated,
 * the machine's. */
enum { TSC_DEFAULT, TSC_EMULATED, TSC_NATIVE };

/* 0; -EINVAL the caller's own domain. */
int domctl_gettscinfo(struct domain *d, struct xen_domctl_tsc_info *arg)
{
    if (d == current->domain)
        return -EINVAL;
    *arg = (struct xen_domctl_tsc_info){
        .tsc_mode = (uint32_t)d->tsc_mode,
        .incarnation = d->tsc_incarnation,
    };
    if (d->tsc_mode != TSC_NATIVE) {
        arg->gtsc_khz = tsc_khz;
        arg->elapsed_nsec = (uint64_t)time_now();
    }
    return 0;
}

/* 0; -EINVAL the caller's own domain, no such mode; -EOPNOTSUPP: the TSC would have to be
 * emulated. */
int domctl_settscinfo(struct domain *d, struct xen_domctl_tsc_info *arg)
{
    if (d == current->domain || arg->tsc_mode > TSC_NATIVE)
        return -EINVAL;
    if (arg->tsc_mode == TSC_EMULATED)
        return -EOPNOTSUPP;
    d->tsc_mode = arg->tsc_mode;
    d->tsc_incarnation = arg->incarnation + 1;
    return 0;
}

/* 0; -EINVAL: no such VIRQ, or one of each vCPU. */
int domctl_set_virq_handler(struct domain *d, struct xen_domctl_set_virq_handler *arg)
{
    return evtchn_set_global_virq_handler(d, arg->virq);
}
