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
#define OP(nr, name, suffix, type, dir, priv, restart) \
    OP_ROW(event_channel_op, evtchn_op_, nr, suffix, type, dir, priv, restart)
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
#define OP(nr, name, suffix, type, dir, priv, restart) \
    OP_ROW(callback_op, callback_op_, nr, suffix, type, dir, priv, restart)
#define OP_ABSENT(nr, name, err) OP_ABSENT_CASE(nr, err)
#include <abi/ops/callback.def>
    default:
        return -ENOSYS;
    }
}

long hc_physdev_op(int cmd, XEN_GUEST_HANDLE(void) arg)
{
    switch (cmd) {
#define OP(nr, name, suffix, type, dir, priv, restart) \
    OP_ROW(physdev_op, physdev_op_, nr, suffix, type, dir, priv, restart)
#define OP_ABSENT(nr, name, err) OP_ABSENT_CASE(nr, err)
#include <abi/ops/physdev.def>
    default:
        return -ENOSYS;
    }
}

long hc_nmi_op(unsigned int cmd, XEN_GUEST_HANDLE(void) arg)
{
    switch (cmd) {
#define OP(nr, name, suffix, type, dir, priv, restart) \
    OP_ROW(nmi_op, nmi_op_, nr, suffix, type, dir, priv, restart)
#define OP_ABSENT(nr, name, err) OP_ABSENT_CASE(nr, err)
#include <abi/ops/nmi.def>
    default:
        return -ENOSYS;
    }
}

static noinline long xen_version(int cmd, XEN_GUEST_HANDLE(void) arg)
{
    switch (cmd) {
#define OP(nr, name, suffix, type, dir, priv, restart) \
    OP_ROW(xen_version, xen_version_, nr, suffix, type, dir, priv, restart)
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
