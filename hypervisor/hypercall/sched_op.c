/* SPDX-License-Identifier: MIT */
/* sched_op and set_timer_op: giving up the CPU, shutting down, watchdogs, the timer. */
#include <hv/domain.h>
#include <hv/hypercall.h>
#include <hv/sched.h>
#include <hv/vcpu_time.h>

#define POLL_MAX_PORTS 128

#define OP(cmd, name, suffix, type, dir, priv, restart) \
    static long sched_op_##suffix(OP_PARAM_##dir(type));
#include <abi/ops/sched.def>

static long sched_op_yield(void)
{
    vcpu_yield();
    return 0;
}

static long sched_op_block(void)
{
    vcpu_block_enable_events();
    return 0;
}

static long sched_op_shutdown(sched_shutdown_t *arg)
{
    domain_shutdown(current->domain, (uint8_t)arg->reason);
    return 0;
}

static long sched_op_shutdown_code(sched_shutdown_t *arg)
{
    domain_set_shutdown_code(current->domain, (uint8_t)arg->reason);
    return 0;
}

static long sched_op_poll(sched_poll_t *arg)
{
    evtchn_port_t ports[POLL_MAX_PORTS];

    if (arg->nr_ports > POLL_MAX_PORTS)
        return -EINVAL;
    if (copy_from_guest(ports, arg->ports, arg->nr_ports))
        return -EFAULT;
    return vcpu_poll(ports, arg->nr_ports, (ns_t)arg->timeout);
}

static long sched_op_remote_shutdown(sched_remote_shutdown_t *arg)
{
    struct domain *d = domain_get_by_id(arg->domain_id);

    if (!d)
        return -ESRCH;
    domain_shutdown(d, (uint8_t)arg->reason);
    domain_put(d);
    return 0;
}

static long sched_op_watchdog(sched_watchdog_t *arg)
{
    return domain_watchdog(current->domain, arg->id, arg->timeout);
}

static long sched_op_pin_override(sched_pin_override_t *arg)
{
    return vcpu_pin_override(current, arg->pcpu);
}

static noinline long sched_op(int cmd, XEN_GUEST_HANDLE(void) arg)
{
    switch (cmd) {
#define OP(nr, name, suffix, type, dir, priv, restart) \
    OP_ROW(sched_op, sched_op_, nr, suffix, type, dir, priv, restart)
#include <abi/ops/sched.def>
    default:
        return -ENOSYS;
    }
}

/* The two without argument first: they need none of the stack that the others do. */
long hc_sched_op(int cmd, XEN_GUEST_HANDLE(void) arg)
{
    if (likely(cmd == SCHEDOP_block))
        return sched_op_block();
    if (likely(cmd == SCHEDOP_yield))
        return sched_op_yield();
    return sched_op(cmd, arg);
}

/*
 * 0 stops the timer. Kernels whose tick arithmetic wraps ask for negative or absurdly far
 * times, some when they have work that is overdue, some when they have none; a timeout
 * shortly from now serves both.
 */
long hc_set_timer_op(uint64_t timeout)
{
    ns_t deadline = (ns_t)timeout;

    if (unlikely(!timeout)) {
        vcpu_singleshot_stop(current);
        return 0;
    }
    if (unlikely(timeout >> 50)) {
        ns_t now = time_now();

        if (deadline < 0 || deadline - now >= 1ll << 50)
            deadline = now + 100 * NS_PER_MS;
    }
    vcpu_singleshot_set(current, deadline);
    return 0;
}
