/* SPDX-License-Identifier: MIT */
/*
 * SCHEDOP_poll: a vCPU waits for one of a set of ports, masked or not.
 *
 * Event channels look at d->polling, poll_vcpus and poll_port after they have set a
 * port's pending bit; the poller reads the bits after it has set those and its BLOCKED
 * flag: one of them sees the other. Whoever wakes the poller only clears its flags;
 * the rest is undone by the CPU that runs it next, so that a late waker can never
 * disturb a later poll.
 */
#include "internal.h"

#include <hv/hooks.h>
#include <hv/softirq.h>
#include <abi/errno.h>

#define POLL_SEVERAL (~0u)

void vcpu_poll_end(struct vcpu *v)
{
    struct domain *d = v->domain;

    timer_stop(&v->poll_timer);
    v->poll_port = 0;
    cpumask_clear_atomic(&d->poll_vcpus, v->id);
    __atomic_fetch_sub(&d->polling, 1, __ATOMIC_RELAXED);
}

static void poll_begin(struct vcpu *v, evtchn_port_t port)
{
    struct domain *d = v->domain;

    WRITE_ONCE(v->poll_port, port);
    cpumask_set_atomic(&d->poll_vcpus, v->id);
    __atomic_fetch_add(&d->polling, 1, __ATOMIC_SEQ_CST);
}

/* 1: one of the ports is pending; 0: none; -EINVAL. */
static int any_pending(struct domain *d, const evtchn_port_t *ports, unsigned int n)
{
    for (unsigned int i = 0; i < n; i++) {
        int rc = ports[i] ? evtchn_port_is_pending(d, ports[i]) : -EINVAL;

        if (rc)
            return rc;
    }
    return 0;
}

int vcpu_poll(const evtchn_port_t *ports, unsigned int n, ns_t timeout)
{
    struct vcpu *v = current;
    int rc = 0;

    poll_begin(v, n == 1 && ports[0] ? ports[0] : POLL_SEVERAL);
    if (vcpu_block(v, VPF_BLOCKED | VPF_POLLING)) {
        rc = any_pending(v->domain, ports, n);
        if (!rc) {
            if (timeout)
                timer_set(&v->poll_timer, timeout);
            return 0;
        }
        vcpu_block_cancel(v);
    }
    vcpu_poll_end(v);
    return rc < 0 ? rc : 0;
}
