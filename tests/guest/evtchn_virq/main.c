/* SPDX-License-Identifier: MIT */
/*
 * Behaviour: virtual interrupts are bound to ports; those of a vCPU once for each vCPU,
 * global ones once, on vCPU 0.
 * Provocation: VIRQ_TIMER on both vCPUs, bound twice; VIRQ_DEBUG; a global VIRQ on vCPU 0
 * and 1, moved by bind_vcpu; close and bind again; numbers out of range.
 * Expected: -EEXIST for the second binding, -EINVAL for a global one elsewhere and for a
 * number out of range, -ENOENT for a vCPU that does not exist; status names the VIRQ.
 */
/* qemu: -smp 2 */
#include <test.h>

#include <mini-os/events.h>

COVERS(event_channel_op, EVTCHNOP_bind_virq, EVTCHNOP_bind_vcpu, EVTCHNOP_status,
       EVTCHNOP_close);

static int bind(unsigned int virq, unsigned int vcpu)
{
    return event_bind_virq(virq, vcpu, NULL, NULL);
}

static int bind_vcpu(evtchn_port_t port, unsigned int vcpu)
{
    struct evtchn_bind_vcpu op = { .port = port, .vcpu = vcpu };

    return HYPERVISOR_event_channel_op(EVTCHNOP_bind_vcpu, &op);
}

static void check_status(evtchn_port_t port, unsigned int virq, unsigned int vcpu)
{
    struct evtchn_status status = { .dom = DOMID_SELF, .port = port };

    check_eq(HYPERVISOR_event_channel_op(EVTCHNOP_status, &status), 0);
    check_eq(status.status, EVTCHNSTAT_virq);
    check_eq(status.u.virq, virq);
    check_eq(status.vcpu, vcpu);
}

static void check_per_vcpu(void)
{
    int on_zero = bind(VIRQ_TIMER, 0);
    int on_one = bind(VIRQ_TIMER, 1);

    require(on_zero > 0 && on_one > 0);
    check(on_zero != on_one, "a port for each vCPU");
    check_status(on_zero, VIRQ_TIMER, 0);
    check_status(on_one, VIRQ_TIMER, 1);
    check_eq(bind(VIRQ_TIMER, 0), -EEXIST);
    check_eq(bind_vcpu(on_zero, 1), -EINVAL);
    check_eq(event_send(on_zero), -EINVAL);
    check_eq(event_close(on_zero), 0);
    on_zero = bind(VIRQ_TIMER, 0);
    check(on_zero > 0, "bound again after close");
    check_eq(event_close(on_zero), 0);
    check_eq(event_close(on_one), 0);
}

static void check_global(void)
{
    int port = bind(VIRQ_CON_RING, 0);

    require(port > 0);
    check_status(port, VIRQ_CON_RING, 0);
    check_eq(bind(VIRQ_CON_RING, 0), -EEXIST);
    check_eq(bind(VIRQ_CON_RING, 1), -EINVAL);
    check_eq(bind_vcpu(port, 1), 0);
    check_status(port, VIRQ_CON_RING, 1);
    check_eq(bind_vcpu(port, 2), -ENOENT);
    check_eq(event_close(port), 0);
}

void test_main(void)
{
    check_per_vcpu();
    check_global();
    check_eq(bind(VIRQ_DEBUG, 2), -ENOENT);
    check_eq(bind(NR_VIRQS, 0), -EINVAL);
    check_eq(bind(~0U, 0), -EINVAL);
}
