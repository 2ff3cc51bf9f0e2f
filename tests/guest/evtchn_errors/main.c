/* SPDX-License-Identifier: MIT */
/*
 * Behaviour: event channel operations check ports, vCPUs, domains and addresses.
 * Provocation: ports 0, free, one past the last and huge; vCPU 1000; domain 77; a channel
 * end that is not for us; unmapped argument structures; an unknown operation.
 * Expected: -EINVAL for ports, -ENOENT for vCPUs, -ESRCH for domains, -EFAULT, -ENOSYS.
 */
#include <test.h>

#include <mini-os/events.h>

COVERS(event_channel_op, EVTCHNOP_alloc_unbound, EVTCHNOP_bind_interdomain,
       EVTCHNOP_bind_ipi, EVTCHNOP_bind_vcpu, EVTCHNOP_close, EVTCHNOP_send,
       EVTCHNOP_status, EVTCHNOP_unmask, EVTCHNOP_reset);

#define NO_DOMAIN  77
#define NO_VCPU    1000
#define FREE_PORT  1500
#define NO_COMMAND 15 /* 14 is the hypervisor's own */

static int op(unsigned int cmd, void *arg)
{
    return HYPERVISOR_event_channel_op(cmd, arg);
}

static int status_error(domid_t dom, evtchn_port_t port)
{
    struct evtchn_status status = { .dom = dom, .port = port };

    return op(EVTCHNOP_status, &status);
}

static int bind_vcpu(evtchn_port_t port, unsigned int vcpu)
{
    struct evtchn_bind_vcpu bind = { .port = port, .vcpu = vcpu };

    return op(EVTCHNOP_bind_vcpu, &bind);
}

static void check_bad_port(evtchn_port_t port)
{
    bool ok = check_eq(event_send(port), -EINVAL);

    ok &= check_eq(op(EVTCHNOP_close, &(struct evtchn_close){ .port = port }), -EINVAL);
    ok &= check_eq(bind_vcpu(port, 0), -EINVAL);
    ok &= check_eq(event_bind_interdomain(DOMID_SELF, port, NULL, NULL), -EINVAL);
    if (!ok)
        note("port %u", port);
}

static void check_out_of_range(evtchn_port_t port)
{
    check_bad_port(port);
    check_eq(status_error(DOMID_SELF, port), -EINVAL);
    check_eq(op(EVTCHNOP_unmask, &(struct evtchn_unmask){ .port = port }), -EINVAL);
}

static void check_domains(void)
{
    struct evtchn_alloc_unbound alloc = { .dom = NO_DOMAIN, .remote_dom = DOMID_SELF };
    int foreign = event_bind_unbound(NO_DOMAIN, NULL, NULL);

    check_eq(op(EVTCHNOP_alloc_unbound, &alloc), -ESRCH);
    check_eq(event_bind_interdomain(NO_DOMAIN, 1, NULL, NULL), -ESRCH);
    check_eq(status_error(NO_DOMAIN, 1), -ESRCH);
    require(foreign > 0);
    check_eq(event_bind_interdomain(DOMID_SELF, foreign, NULL, NULL), -EINVAL);
    check_eq(event_close(foreign), 0);
}

static void check_vcpus(void)
{
    int unbound = event_bind_unbound(DOMID_SELF, NULL, NULL);
    int ipi = event_bind_ipi(0, NULL, NULL);

    require(unbound > 0 && ipi > 0);
    check_eq(event_bind_ipi(NO_VCPU, NULL, NULL), -ENOENT);
    check_eq(bind_vcpu(unbound, NO_VCPU), -ENOENT);
    check_eq(bind_vcpu(unbound, 0), 0);
    check_eq(bind_vcpu(ipi, 0), -EINVAL);
    check_eq(event_close(unbound), 0);
    check_eq(event_close(ipi), 0);
    check_eq(event_close(ipi), -EINVAL);
}

static void check_addresses(void)
{
    for (unsigned int cmd = 0; cmd <= EVTCHNOP_reset; cmd++)
        if (!check_eq(op(cmd, (void *)0x10), -EFAULT))
            note("operation %u", cmd);
}

/* Everything that is open is closed by a reset. */
static void check_reset(void)
{
    struct evtchn_reset reset = { .dom = NO_DOMAIN };
    struct evtchn_status status = { .dom = DOMID_SELF };
    int port = event_bind_ipi(0, NULL, NULL);

    require(port > 0);
    check_eq(op(EVTCHNOP_reset, &reset), -ESRCH);
    reset.dom = DOMID_SELF;
    check_eq(op(EVTCHNOP_reset, &reset), 0);
    status.port = port;
    check_eq(op(EVTCHNOP_status, &status), 0);
    check_eq(status.status, EVTCHNSTAT_closed);
    port = event_bind_ipi(0, NULL, NULL);
    check(port > 0, "a port can be bound after reset");
    check_eq(event_close(port), 0);
}

void test_main(void)
{
    check_bad_port(0);
    check_bad_port(FREE_PORT);
    check_out_of_range(EVTCHN_2L_NR_CHANNELS);
    check_out_of_range(0x80000000);
    check_out_of_range(~0U);
    check_domains();
    check_vcpus();
    check_addresses();
    check_eq(op(NO_COMMAND, (void *)0x10), -ENOSYS);
    check_eq(op(~0U, NULL), -ENOSYS);
    check_reset();
}
