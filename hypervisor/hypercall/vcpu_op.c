/* SPDX-License-Identifier: MIT */
/* vcpu_op: start, stop, timers and shared areas of the caller's own domain's vCPUs. */
#include <hv/apic.h>
#include <hv/domain.h>
#include <hv/heap.h>
#include <hv/hooks.h>
#include <hv/hypercall.h>
#include <hv/pv.h>
#include <hv/sched.h>
#include <hv/vcpu_time.h>

#define VCPU_PARAMS_NONE(type) (struct vcpu * v)
#define VCPU_PARAMS_IN(type)   (struct vcpu * v, type * arg)
#define VCPU_PARAMS_OUT(type)  (struct vcpu * v, type * arg)
#define VCPU_PARAMS_RAW(type)  (struct vcpu * v, XEN_GUEST_HANDLE(void) arg)
#define VCPU_ARGS_NONE(arg)    (v)
#define VCPU_ARGS_IN(arg)      (v, op_arg)
#define VCPU_ARGS_OUT(arg)     (v, op_arg)
#define VCPU_ARGS_RAW(arg)     (v, arg)

#define OP(cmd, name, suffix, type, dir, priv, restart) \
    static long vcpu_op_##suffix VCPU_PARAMS_##dir(type);
#include <abi/ops/vcpu.def>

/* -EEXIST: it has a context already; what pv_vcpu_set_context() returns. */
static long set_context_once(struct vcpu *v, const struct vcpu_guest_context *ctx)
{
    long rc = -EEXIST;

    /* Two callers may name the same vCPU; the second comes again. */
    if (__atomic_exchange_n(&v->initialise_busy, true, __ATOMIC_ACQUIRE))
        return -ERESTART;
    if (!v->initialised)
        rc = pv_vcpu_set_context(v, ctx);
    __atomic_store_n(&v->initialise_busy, false, __ATOMIC_RELEASE);
    return rc;
}

static long vcpu_op_initialise(struct vcpu *v, XEN_GUEST_HANDLE(void) arg)
{
    struct vcpu_guest_context *ctx;
    long rc = -EFAULT;

    if (!vcpu_info_is_visible(v))
        return -EINVAL;
    ctx = hv_new(struct vcpu_guest_context);
    if (!ctx)
        return -ENOMEM;
    if (!guest_read(ctx, (unsigned long)arg.p, sizeof(*ctx)))
        rc = set_context_once(v, ctx);
    hv_free(ctx);
    return rc;
}

static long vcpu_op_up(struct vcpu *v)
{
    if (!v->initialised)
        return -EINVAL;
    if (__atomic_fetch_and(&v->pause_flags, ~VPF_DOWN, __ATOMIC_SEQ_CST) & VPF_DOWN)
        vcpu_wake(v);
    return 0;
}

static bool is_up(const struct vcpu *v)
{
    return !(READ_ONCE(v->pause_flags) & VPF_DOWN);
}

static bool is_last_up(const struct vcpu *v)
{
    struct vcpu *other;

    for_each_vcpu (v->domain, other)
        if (other != v && is_up(other))
            return false;
    return true;
}

/* Marks v down unless it is the last one up; whether it was up. The lock: two vCPUs that
 * go down at the same time must not each take the other for the one that stays. */
static bool mark_down(struct vcpu *v, bool *is_last)
{
    bool was_up = false;

    spin_lock(&v->domain->lock);
    *is_last = is_last_up(v);
    if (!*is_last)
        was_up =
            !(__atomic_fetch_or(&v->pause_flags, VPF_DOWN, __ATOMIC_SEQ_CST) & VPF_DOWN);
    spin_unlock(&v->domain->lock);
    return was_up;
}

/* A domain without a vCPU could never be woken again: the last one's end is its own. */
static long vcpu_op_down(struct vcpu *v)
{
    bool is_last, was_up = mark_down(v, &is_last);

    if (is_last) {
        domain_shutdown(v->domain, SHUTDOWN_poweroff);
    } else if (was_up) {
        vcpu_singleshot_stop(v);
        vcpu_sleep_nosync(v);
    }
    return 0;
}

static long vcpu_op_is_up(struct vcpu *v)
{
    return is_up(v);
}

static long vcpu_op_get_runstate_info(struct vcpu *v, vcpu_runstate_info_t *arg)
{
    struct runstate r;

    vcpu_runstate_get(v, &r);
    *arg = (vcpu_runstate_info_t){
        .state = r.state,
        .state_entry_time = (uint64_t)r.entered,
        .time = { r.time[0], r.time[1], r.time[2], r.time[3] },
    };
    return 0;
}

/* As on Xen, an area is refused only if it begins in the hypervisor's part of the address
 * space; one that turns out not to be writable is not written. */
static bool area_is_allowed(uint64_t addr)
{
    return guest_range_ok(addr, 0);
}

static long vcpu_op_register_runstate_memory_area(
    struct vcpu *v, vcpu_register_runstate_memory_area_t *arg)
{
    if (!area_is_allowed(arg->addr.p))
        return -EFAULT;
    WRITE_ONCE(v->runstate_guest, arg->addr.p);
    if (v == current && arg->addr.p)
        pv_update_runstate_area(v);
    return 0;
}

static long vcpu_op_register_vcpu_time_memory_area(struct vcpu *v,
                                                   vcpu_register_time_memory_area_t *arg)
{
    if (!area_is_allowed(arg->addr.p))
        return -EFAULT;
    WRITE_ONCE(v->time_guest, arg->addr.p);
    if (v == current && arg->addr.p)
        pv_force_vcpu_time(v);
    return 0;
}

static long vcpu_op_set_periodic_timer(struct vcpu *v, vcpu_set_periodic_timer_t *arg)
{
    return vcpu_periodic_set(v, arg->period_ns);
}

static long vcpu_op_stop_periodic_timer(struct vcpu *v)
{
    vcpu_periodic_stop(v);
    return 0;
}

static long vcpu_op_set_singleshot_timer(struct vcpu *v, vcpu_set_singleshot_timer_t *arg)
{
    ns_t deadline = (ns_t)arg->timeout_abs_ns;

    if (v != current)
        return -EINVAL;
    if (arg->flags & VCPU_SSHOTTMR_future && deadline < time_now())
        return -ETIME;
    vcpu_singleshot_set(v, deadline);
    return 0;
}

static long vcpu_op_stop_singleshot_timer(struct vcpu *v)
{
    if (v != current)
        return -EINVAL;
    vcpu_singleshot_stop(v);
    return 0;
}

static long vcpu_op_register_vcpu_info(struct vcpu *v, vcpu_register_vcpu_info_t *arg)
{
    int rc = vcpu_info_register(v, _mfn(arg->mfn), arg->offset);

    if (!rc)
        pv_force_vcpu_time(v);
    return rc;
}

static long vcpu_op_send_nmi(struct vcpu *v, XEN_GUEST_HANDLE(void) arg)
{
    if (arg.p)
        return -EINVAL;
    if (!__atomic_exchange_n(&v->pv.nmi_pending, 1, __ATOMIC_SEQ_CST))
        vcpu_kick(v);
    return 0;
}

/* Only domain 0's vCPUs that stay on one CPU have a physical identity. */
static long vcpu_op_get_physid(struct vcpu *v, vcpu_get_physid_t *arg)
{
    unsigned int cpu = cpumask_next(&v->hard_affinity, 0);

    if (v->domain != domain0 || cpumask_weight(&v->hard_affinity) != 1)
        return -EINVAL;
    arg->phys_id = cpu_apic_id[cpu] | (uint64_t)cpu_acpi_id(cpu) << 32;
    return 0;
}

long hc_vcpu_op(int cmd, unsigned int vcpu, XEN_GUEST_HANDLE(void) arg)
{
    struct vcpu *v = domain_vcpu(current->domain, vcpu);

    if (!v)
        return -ENOENT;
    switch (cmd) {
#define OP(nr, name, suffix, type, dir, priv, restart)                      \
    case nr:                                                                \
        return OP_END_##restart(                                            \
            OP_RUN_##dir(type, arg, vcpu_op_##suffix VCPU_ARGS_##dir(arg)), \
            __HYPERVISOR_vcpu_op, 3, (unsigned long)cmd, vcpu, (unsigned long)arg.p);
#include <abi/ops/vcpu.def>
    default:
        return -ENOSYS;
    }
}
