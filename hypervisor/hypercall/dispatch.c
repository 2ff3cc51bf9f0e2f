/* SPDX-License-Identifier: MIT */
/*
 * From a command to the handler of its row. Each switch is the row table, a case a row;
 * copies, privilege and restart are the row's columns (OP_CASE in hv/hypercall.h).
 */
#include <hv/domain.h>
#include <hv/evtchn.h>
#include <hv/hypercall.h>

#define OP_ABSENT_CASE(cmd, err) \
    case cmd:                    \
        return -err;

static noinline long event_channel_op(int cmd, XEN_GUEST_HANDLE(void) arg)
{
    switch (cmd) {
#define OP(nr, name, suffix, type, dir, priv, restart)                       \
    case nr:                                                                 \
        return OP_CASE(evtchn_op_, suffix, type, dir, priv, restart, arg,    \
                       __HYPERVISOR_event_channel_op, 2, (unsigned long)cmd, \
                       (unsigned long)arg.p);
#define OP_ABSENT(nr, name, err) OP_ABSENT_CASE(nr, err)
#include <abi/ops/evtchn.def>
    default:
        return -ENOSYS;
    }
}

/* Sending is what event channels are for: it skips the switch. */
long hc_event_channel_op(int cmd, XEN_GUEST_HANDLE(void) arg)
{
    long port;

    if (unlikely(cmd != EVTCHNOP_send))
        return event_channel_op(cmd, arg);
    port = guest_fetch32((unsigned long)arg.p);
    if (unlikely(port < 0))
        return port;
    return evtchn_send(current->domain, (evtchn_port_t)port);
}
_Static_assert(offsetof(struct evtchn_send, port) == 0, "the argument is the port");

long hc_callback_op(int cmd, XEN_GUEST_HANDLE(const_void) arg)
{
    switch (cmd) {
#define OP(nr, name, suffix, type, dir, priv, restart)                      \
    case nr:                                                                \
        return OP_CASE(callback_op_, suffix, type, dir, priv, restart, arg, \
                       __HYPERVISOR_callback_op, 2, (unsigned long)cmd,     \
                       (unsigned long)arg.p);
#define OP_ABSENT(nr, name, err) OP_ABSENT_CASE(nr, err)
#include <abi/ops/callback.def>
    default:
        return -ENOSYS;
    }
}

long hc_physdev_op(int cmd, XEN_GUEST_HANDLE(void) arg)
{
    switch (cmd) {
#define OP(nr, name, suffix, type, dir, priv, restart)                     \
    case nr:                                                               \
        return OP_CASE(physdev_op_, suffix, type, dir, priv, restart, arg, \
                       __HYPERVISOR_physdev_op, 2, (unsigned long)cmd,     \
                       (unsigned long)arg.p);
#define OP_ABSENT(nr, name, err) OP_ABSENT_CASE(nr, err)
#include <abi/ops/physdev.def>
    default:
        return -ENOSYS;
    }
}

long hc_nmi_op(unsigned int cmd, XEN_GUEST_HANDLE(void) arg)
{
    switch (cmd) {
#define OP(nr, name, suffix, type, dir, priv, restart)                 \
    case nr:                                                           \
        return OP_CASE(nmi_op_, suffix, type, dir, priv, restart, arg, \
                       __HYPERVISOR_nmi_op, 2, cmd, (unsigned long)arg.p);
#define OP_ABSENT(nr, name, err) OP_ABSENT_CASE(nr, err)
#include <abi/ops/nmi.def>
    default:
        return -ENOSYS;
    }
}

static noinline long xen_version(int cmd, XEN_GUEST_HANDLE(void) arg)
{
    switch (cmd) {
#define OP(nr, name, suffix, type, dir, priv, restart)                      \
    case nr:                                                                \
        return OP_CASE(xen_version_, suffix, type, dir, priv, restart, arg, \
                       __HYPERVISOR_xen_version, 2, (unsigned long)cmd,     \
                       (unsigned long)arg.p);
#define OP_ABSENT(nr, name, err) OP_ABSENT_CASE(nr, err)
#include <abi/ops/xen_version.def>
    default:
        return -ENOSYS;
    }
}

/* Guests use the version as the cheapest call there is, to have events delivered. The
 * page size has no argument, and says so. */
long hc_xen_version(int cmd, XEN_GUEST_HANDLE(void) arg)
{
    if (likely(cmd == XENVER_version))
        return xen_version_version();
    if (cmd == XENVER_pagesize && !guest_handle_is_null(arg))
        return -EINVAL;
    return xen_version(cmd, arg);
}

long hc_console_io(unsigned int cmd, unsigned int count, XEN_GUEST_HANDLE(char) buffer)
{
    switch (cmd) {
#define OP(nr, name, suffix, type, dir, priv, restart) \
    case nr:                                           \
        return OP_MAY_##priv ? console_io_##suffix(count, buffer) : -EPERM;
#define OP_ABSENT(nr, name, err) OP_ABSENT_CASE(nr, err)
#include <abi/ops/console.def>
    default:
        return -ENOSYS;
    }
}
