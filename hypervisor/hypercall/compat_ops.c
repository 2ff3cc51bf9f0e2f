/* SPDX-License-Identifier: MIT */
/*
 * Hypercalls of old guests whose argument holds the command and its union. They are
 * the newer calls with the argument's address moved on to the union. Event channels and
 * scheduling answer only the commands of that time; physical devices, all of them.
 */
#include <hv/domain.h>
#include <hv/hypercall.h>

long hc_event_channel_op_compat(XEN_GUEST_HANDLE(evtchn_op_t) op)
{
    XEN_GUEST_HANDLE(void) arg = { &op.p->u };
    uint32_t cmd;

    if (guest_read(&cmd, (unsigned long)&op.p->cmd, sizeof(cmd)))
        return -EFAULT;
    return cmd <= EVTCHNOP_unmask ? hc_event_channel_op((int)cmd, arg) : -ENOSYS;
}

long hc_physdev_op_compat(XEN_GUEST_HANDLE(physdev_op_t) op)
{
    XEN_GUEST_HANDLE(void) arg = { &op.p->u };
    uint32_t cmd;

    if (guest_read(&cmd, (unsigned long)&op.p->cmd, sizeof(cmd)))
        return -EFAULT;
    return hc_physdev_op((int)cmd, arg);
}

/* Here the argument of shutdown is the reason itself. */
long hc_sched_op_compat(int cmd, unsigned long arg)
{
    switch (cmd) {
    case SCHEDOP_yield:
    case SCHEDOP_block:
        return hc_sched_op(cmd, (XEN_GUEST_HANDLE(void)){ NULL });
    case SCHEDOP_shutdown:
        domain_shutdown(current->domain, (uint8_t)arg);
        return 0;
    default:
        return -ENOSYS;
    }
}
