/* SPDX-License-Identifier: MIT */
/* domctl: a vCPU's state besides its context: run state, extended state, MSRs. */
#include "internal.h"
#include <hv/guest_copy.h>
#include <hv/heap.h>
#include <hv/lib.h>
#include <hv/pv_control.h>
#include <hv/sched.h>

int control_vcpu(struct domain *d, unsigned int id, struct vcpu **out)
{
    if (id >= d->max_vcpus)
        return -EINVAL;
    *out = domain_vcpu(d, id);
    return *out ? 0 : -ESRCH;
}

/* A vCPU of another domain, for what needs it not to run. */
static int other_vcpu(struct domain *d, unsigned int id, struct vcpu **out)
{
    if (d == current->domain)
        return -EINVAL;
    *out = domain_vcpu(d, id);
    return *out ? 0 : -ESRCH;
}

/* 0; -EINVAL vcpu out of range; -ESRCH not created. */
int domctl_getvcpuinfo(struct domain *d, struct xen_domctl_getvcpuinfo *arg)
{
    struct runstate r;
    struct vcpu *v;
    int rc = control_vcpu(d, arg->vcpu, &v);

    if (rc)
        return rc;
    vcpu_runstate_get(v, &r);
    arg->online = !(READ_ONCE(v->pause_flags) & VPF_DOWN);
    arg->blocked = !!(READ_ONCE(v->pause_flags) & VPF_BLOCKED);
    arg->running = r.state == RUNSTATE_running;
    arg->cpu_time = r.time[RUNSTATE_running];
    arg->cpu = READ_ONCE(v->cpu);
    return 0;
}

/* --- XSAVE state: what XCR0 is, what it has been, and the area as the CPU lays it out --- */
struct xstate_head {
    uint64_t xcr0, xcr0_accum;
};

/* The legacy area and the header. */
#define XSAVE_LEAST (512 + 64)

static uint64_t xstate_size(void)
{
    return sizeof(struct xstate_head) + host_cpu.xsave_size;
}

static int write_xstate(struct vcpu *v, const struct xen_domctl_vcpuextstate *arg)
{
    struct xstate_head head = { v->pv.xcr0, host_cpu.xcr0 };
    unsigned long to = (unsigned long)arg->buffer.p;
    void *image = hv_zalloc(host_cpu.xsave_size);
    int rc = 0;

    if (!image)
        return -ENOMEM;
    fpu_export_xsave(v->pv.fpu, image);
    if (guest_write(to, &head, sizeof(head)) ||
        guest_write(to + sizeof(head), image, host_cpu.xsave_size))
        rc = -EFAULT;
    hv_free(image);
    return rc;
}

/* Without a buffer: the size. 0; -EINVAL the caller's own domain, a size or mask that is
 * not the machine's; -ESRCH; -EFAULT; -EOPNOTSUPP no XSAVE; -ENOMEM; -ERESTART. */
int domctl_getvcpuextstate(struct domain *d, struct xen_domctl_vcpuextstate *arg)
{
    struct vcpu *v;
    int rc = other_vcpu(d, arg->vcpu, &v);

    if (rc)
        return rc;
    if (!host_cpu.xsave)
        return -EOPNOTSUPP;
    if (guest_handle_is_null(arg->buffer)) {
        arg->xfeature_mask = host_cpu.xcr0;
        arg->size = xstate_size();
        return 0;
    }
    if (arg->xfeature_mask != host_cpu.xcr0 || arg->size != xstate_size())
        return -EINVAL;
    rc = vcpu_pause(v);
    if (rc)
        return rc;
    rc = write_xstate(v, arg);
    vcpu_unpause(v);
    return rc;
}

/* The area that follows the head may be shorter than the machine's. */
static int read_xstate(const struct xen_domctl_vcpuextstate *arg,
                       struct xstate_head *head, void *image)
{
    unsigned long from = (unsigned long)arg->buffer.p;

    if (guest_read(head, from, sizeof(*head)) ||
        guest_read(image, from + sizeof(*head), arg->size - sizeof(*head)))
        return -EFAULT;
    if ((head->xcr0_accum & ~host_cpu.xcr0) || (head->xcr0 & ~head->xcr0_accum))
        return -EINVAL;
    return 0;
}

static int set_xstate(struct vcpu *v, const struct xen_domctl_vcpuextstate *arg,
                      void *image)
{
    struct xstate_head head;
    int rc = read_xstate(arg, &head, image);

    if (rc)
        return rc;
    if (!head.xcr0 && !head.xcr0_accum) /* it has never had any */
        return 0;
    if (arg->size < sizeof(head) + XSAVE_LEAST)
        return -EINVAL;
    rc = vcpu_pause(v);
    if (rc)
        return rc;
    rc = pv_vcpu_set_xstate(v, head.xcr0, image);
    vcpu_unpause(v);
    return rc;
}

/* 0; -EINVAL the caller's own domain, a size, XCR0 or area that cannot be; others as for
 * get. */
int domctl_setvcpuextstate(struct domain *d, struct xen_domctl_vcpuextstate *arg)
{
    struct vcpu *v;
    void *image;
    int rc = other_vcpu(d, arg->vcpu, &v);

    if (rc)
        return rc;
    if (!host_cpu.xsave)
        return -EOPNOTSUPP;
    if (arg->size < sizeof(struct xstate_head) || arg->size > xstate_size())
        return -EINVAL;
    image = hv_zalloc(host_cpu.xsave_size);
    if (!image)
        return -ENOMEM;
    rc = set_xstate(v, arg, image);
    hv_free(image);
    return rc;
}

/* --- MSRs that a PV vCPU has a value of its own for: TSC_AUX, if it is not 0 --- */
#define NR_MSRS 1

/* Without a buffer: how many there can be. 0; -EINVAL the caller's own domain; -ESRCH;
 * -ENOBUFS no room, msr_count is what is needed; -EFAULT; -ERESTART. */
int domctl_get_vcpu_msrs(struct domain *d, struct xen_domctl_vcpu_msrs *arg)
{
    xen_domctl_vcpu_msr_t msr = { .index = MSR_TSC_AUX };
    struct vcpu *v;
    int rc = other_vcpu(d, arg->vcpu, &v);

    if (rc)
        return rc;
    if (guest_handle_is_null(arg->msrs)) {
        arg->msr_count = NR_MSRS;
        return 0;
    }
    rc = vcpu_pause(v);
    if (rc)
        return rc;
    msr.value = v->pv.msr_tsc_aux;
    vcpu_unpause(v);
    if (msr.value && !arg->msr_count)
        rc = -ENOBUFS;
    else if (msr.value && copy_to_guest(arg->msrs, &msr, 1))
        return -EFAULT;
    arg->msr_count = msr.value != 0;
    return rc;
}

static int set_msr(struct vcpu *v, const xen_domctl_vcpu_msr_t *msr)
{
    if (msr->reserved || msr->index != MSR_TSC_AUX || !host_cpu.rdtscp ||
        msr->value >> 32)
        return -EINVAL;
    v->pv.msr_tsc_aux = msr->value;
    return 0;
}

static int set_msrs(struct vcpu *v, struct xen_domctl_vcpu_msrs *arg)
{
    uint32_t count = arg->msr_count;

    for (arg->msr_count = 0; arg->msr_count < count; arg->msr_count++) {
        xen_domctl_vcpu_msr_t msr;
        int rc;

        if (copy_from_guest_offset(&msr, arg->msrs, arg->msr_count, 1))
            return -EFAULT;
        rc = set_msr(v, &msr);
        if (rc)
            return rc;
    }
    return 0;
}

/* 0; -EINVAL the caller's own domain, too many, or one that cannot be set, which
 * msr_count then says; -ESRCH; -EFAULT; -ERESTART. */
int domctl_set_vcpu_msrs(struct domain *d, struct xen_domctl_vcpu_msrs *arg)
{
    struct vcpu *v;
    int rc = other_vcpu(d, arg->vcpu, &v);

    if (rc)
        return rc;
    if (arg->msr_count > 64)
        return -EINVAL;
    rc = vcpu_pause(v);
    if (rc)
        return rc;
    rc = set_msrs(v, arg);
    vcpu_unpause(v);
    return rc;
}
