/* SPDX-License-Identifier: MIT */
/* domctl: a vCPU's register context, as it starts and as tools look at it. */
#include "internal.h"
#include <hv/guest_copy.h>
#include <hv/heap.h>
#include <hv/lib.h>
#include <hv/pv_control.h>
#include <hv/sched.h>

/* Another domain's vCPU, or null. */
static struct vcpu *foreign_vcpu(struct domain *d, unsigned int id)
{
    return d == current->domain ? NULL : domain_vcpu(d, id);
}

static void set_online(struct vcpu *v, bool online)
{
    if (online)
        __atomic_fetch_and(&v->pause_flags, ~VPF_DOWN, __ATOMIC_SEQ_CST);
    else
        __atomic_fetch_or(&v->pause_flags, VPF_DOWN, __ATOMIC_SEQ_CST);
}

/* Back to a vCPU that was never started. */
static int reset_vcpu(struct vcpu *v)
{
    int rc = pv_vcpu_reset(v);

    if (rc)
        return rc;
    set_online(v, false);
    __atomic_fetch_and(&v->pause_flags, ~(VPF_BLOCKED | VPF_POLLING), __ATOMIC_SEQ_CST);
    return 0;
}

static int load_context(struct vcpu *v, const struct vcpu_guest_context *ctx)
{
    int rc = pv_vcpu_set_context(v, ctx);

    if (!rc)
        set_online(v, ctx->flags & VGCF_online);
    return rc;
}

/* ctx null: reset. The domain does not run meanwhile. */
static int set_paused(struct vcpu *v, const struct vcpu_guest_context *ctx)
{
    int rc;

    if (!domain_hold_kill(v->domain))
        return -ERESTART;
    rc = domain_pause(v->domain);
    if (rc)
        goto release;
    /* The guest itself may have been broken off in VCPUOP_initialise of this one. */
    if (READ_ONCE(v->domain->life) >= DOM_DYING)
        rc = -EINVAL;
    else
        rc = ctx ? load_context(v, ctx) : reset_vcpu(v);
    domain_unpause(v->domain);
release:
    domain_release_kill(v->domain);
    return rc;
}

/* 0; -EINVAL the caller's own domain, no such vCPU, a context that cannot be, or a dying
 * domain; -EOPNOTSUPP a running vCPU's tables would change; -EFAULT; -ENOMEM; -ERESTART.
 */
int domctl_setvcpucontext(struct domain *d, struct xen_domctl_vcpucontext *arg)
{
    struct vcpu *v = foreign_vcpu(d, arg->vcpu);
    struct vcpu_guest_context *ctx;
    int rc = -EFAULT;

    if (!v)
        return -EINVAL;
    if (guest_handle_is_null(arg->ctxt))
        return set_paused(v, NULL);
    ctx = hv_new(struct vcpu_guest_context);
    if (!ctx)
        return -ENOMEM;
    if (!copy_from_guest(ctx, arg->ctxt, 1))
        rc = set_paused(v, ctx);
    hv_free(ctx);
    return rc;
}

/* 0; -EINVAL the caller's own domain, no such vCPU; -ENODATA it has no context yet;
 * -EFAULT; -ENOMEM; -ERESTART. */
int domctl_getvcpucontext(struct domain *d, struct xen_domctl_vcpucontext *arg)
{
    struct vcpu *v = foreign_vcpu(d, arg->vcpu);
    struct vcpu_guest_context *ctx;
    int rc;

    if (!v)
        return -EINVAL;
    if (!v->initialised)
        return -ENODATA;
    ctx = hv_new(struct vcpu_guest_context);
    if (!ctx)
        return -ENOMEM;
    rc = vcpu_pause(v);
    if (!rc) {
        pv_vcpu_get_context(v, ctx);
        vcpu_unpause(v);
        rc = copy_to_guest(arg->ctxt, ctx, 1);
    }
    hv_free(ctx);
    return rc;
}

/* Machine check capabilities: no banks, and what software recovery needs. */
#define MCG_CAP     2
#define EXT_MINIMUM offsetof(struct xen_domctl_ext_vcpucontext, mcg_cap)

/* 0; -ESRCH no such vCPU, or the caller itself. */
int domctl_get_ext_vcpucontext(struct domain *d, struct xen_domctl_ext_vcpucontext *arg)
{
    const struct vcpu *v = domain_vcpu(d, arg->vcpu);
    uint32_t id = arg->vcpu;

    if (!v || v == current)
        return -ESRCH;
    *arg = (struct xen_domctl_ext_vcpucontext){
        .vcpu = id,
        .size = sizeof(*arg),
        .syscall32_callback_eip = v->pv.syscall32.rip,
        .syscall32_callback_cs = FLAT_USER_CS32,
        .syscall32_disables_events = v->pv.syscall32.masks_events,
        .sysenter_callback_eip = v->pv.sysenter.rip,
        .sysenter_callback_cs = FLAT_USER_CS32,
        .sysenter_disables_events = v->pv.sysenter.masks_events,
        .vmce.caps = MCG_CAP,
    };
    return 0;
}

static bool is_canonical(uint64_t addr)
{
    return (uint64_t)((int64_t)(addr << 16) >> 16) == addr;
}

static int check_ext(const struct xen_domctl_ext_vcpucontext *arg)
{
    if (arg->size < EXT_MINIMUM || !is_canonical(arg->syscall32_callback_eip) ||
        !is_canonical(arg->sysenter_callback_eip))
        return -EINVAL;
    if (arg->size >= EXT_MINIMUM + sizeof(arg->mcg_cap) &&
        (arg->mcg_cap & ~(uint64_t)MCG_CAP))
        return -EINVAL;
    return 0;
}

/* 0; -ESRCH no such vCPU, or the caller itself; -EINVAL its domain, too small a size, an
 * address or capability that cannot be; -ERESTART. */
int domctl_set_ext_vcpucontext(struct domain *d, struct xen_domctl_ext_vcpucontext *arg)
{
    struct vcpu *v = domain_vcpu(d, arg->vcpu);
    int rc;

    if (!v || v == current)
        return -ESRCH;
    rc = d == current->domain ? -EINVAL : check_ext(arg);
    if (!rc)
        rc = vcpu_pause(v);
    if (rc)
        return rc;
    v->pv.syscall32.rip = arg->syscall32_callback_eip;
    v->pv.syscall32.masks_events = arg->syscall32_disables_events;
    v->pv.sysenter.rip = arg->sysenter_callback_eip;
    v->pv.sysenter.masks_events = arg->sysenter_disables_events;
    vcpu_unpause(v);
    return 0;
}
