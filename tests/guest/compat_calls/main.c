/* SPDX-License-Identifier: MIT */
/*
 * Behaviour: the old hypercalls whose argument holds command and union do what the newer
 * ones do; nmi_op registers an NMI handler.
 * Provocation: an event channel bound, sent to, asked about and closed; an I/O privilege
 * level; a newer command and none at all; unmapped arguments; a handler address
 * that is not canonical.
 * Expected: results in the union; -ENOSYS, -EFAULT, -EINVAL.
 */
#include <test.h>

#include <abi/nmi.h>
#include <mini-os/events.h>

COVERS(event_channel_op_compat);
COVERS(physdev_op_compat);
COVERS(nmi_op, XENNMI_register_callback, XENNMI_unregister_callback);

static void check_events(void)
{
    struct evtchn_op op = { .cmd = EVTCHNOP_bind_ipi, .u.bind_ipi.vcpu = 0 };
    evtchn_port_t port;

    check_eq(HYPERVISOR_event_channel_op_compat(&op), 0);
    port = op.u.bind_ipi.port;
    check(port != 0, "a port");
    op = (struct evtchn_op){ .cmd = EVTCHNOP_status,
                             .u.status = { .dom = DOMID_SELF, .port = port } };
    check_eq(HYPERVISOR_event_channel_op_compat(&op), 0);
    check_eq(op.u.status.status, EVTCHNSTAT_ipi);
    op = (struct evtchn_op){ .cmd = EVTCHNOP_send, .u.send.port = port };
    check_eq(HYPERVISOR_event_channel_op_compat(&op), 0);
    check(shared_info.evtchn_pending[0] >> port & 1, "the event is pending");
    op = (struct evtchn_op){ .cmd = EVTCHNOP_close, .u.close.port = port };
    check_eq(HYPERVISOR_event_channel_op_compat(&op), 0);
    check_eq(HYPERVISOR_event_channel_op_compat(&op), -EINVAL);
    op.cmd = EVTCHNOP_reset;
    check_eq(HYPERVISOR_event_channel_op_compat(&op), -ENOSYS);
    check_eq(HYPERVISOR_event_channel_op_compat((void *)0x10), -EFAULT);
}

static void check_physdev(void)
{
    struct physdev_op op = { .cmd = PHYSDEVOP_set_iopl, .u.set_iopl.iopl = 4 };

    check_eq(HYPERVISOR_physdev_op_compat(&op), -EINVAL);
    op.u.set_iopl.iopl = 1;
    check_eq(HYPERVISOR_physdev_op_compat(&op), 0);
    op.cmd = 0;
    check_eq(HYPERVISOR_physdev_op_compat(&op), -ENOSYS);
    check_eq(HYPERVISOR_physdev_op_compat((void *)0x10), -EFAULT);
}

static void check_nmi(void)
{
    struct xennmi_callback cb = { .handler_address = 0x8000000000000000 };

    check_eq(HYPERVISOR_nmi_op(XENNMI_register_callback, &cb), -EINVAL);
    cb.handler_address = (unsigned long)check_nmi;
    check_eq(HYPERVISOR_nmi_op(XENNMI_register_callback, &cb), 0);
    check_eq(HYPERVISOR_nmi_op(XENNMI_unregister_callback, NULL), 0);
    check_eq(HYPERVISOR_nmi_op(XENNMI_register_callback, (void *)0x10), -EFAULT);
    check_eq(HYPERVISOR_nmi_op(2, &cb), -ENOSYS);
}

void test_main(void)
{
    check_events();
    check_physdev();
    check_nmi();
}
