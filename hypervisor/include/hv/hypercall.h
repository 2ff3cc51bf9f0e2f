/* SPDX-License-Identifier: MIT */
/*
 * Hypercall dispatch. Everything here is made from the rows of abi/hypercalls.def and
 * abi/ops/: a row without its handler fails the link.
 *
 * Hypercalls:       long hc_<name>(params of the row)
 * Sub-operations:   <prefix><suffix>(argument by the row's direction)
 *     NONE                       (void)
 *     IN, OUT, INOUT, REPORT     (type *arg): the dispatcher's copy, on its stack. An OUT
 *                                argument comes uninitialised and is filled completely.
 *     RAW                        (XEN_GUEST_HANDLE(void) arg)
 *   They are prototyped below: evtchn_op_, callback_op_, physdev_op_, nmi_op_ return int;
 *   xen_version_ and console_io_ long. Groups with parameters of their own are dispatched
 *   in files of their own.
 *
 * Handlers run on the hypervisor's stack with interrupts on and return >= 0 or -errno.
 * A handler of a RESTARTS row may return -ERESTART: the dispatcher then makes the guest
 * issue the same call again. One whose arguments are to change uses hypercall_continue().
 */
#ifndef HV_HYPERCALL_H
#define HV_HYPERCALL_H

#include <hv/guest_copy.h>
#include <hv/vcpu.h>
#include <abi/callback.h>
#include <abi/domctl.h>
#include <abi/errno.h>
#include <abi/event_channel.h>
#include <abi/grant_table.h>
#include <abi/memory.h>
#include <abi/nmi.h>
#include <abi/physdev.h>
#include <abi/platform.h>
#include <abi/sched.h>
#include <abi/sysctl.h>
#include <abi/vcpu.h>
#include <abi/version.h>
#include <abi/xen.h>

/* The hypercalls, by number; entry.S calls through it. Absent ones answer -ENOSYS. */
#define HYPERCALL_TABLE_SIZE 64
extern void *const hypercall_table[HYPERCALL_TABLE_SIZE];

#define HYPERCALL(nr, name, nargs, params, args, restart) long hc_##name params;
#include <abi/hypercalls.def>

/*
 * Arranges that the guest issues hypercall nr again with these nargs (at most 6)
 * arguments, each converted to unsigned long; handles as handle.p cast. Within a
 * multicall its entry is rewritten instead. Returns what the handler must return.
 */
#define hypercall_continue(nr, nargs, ...) \
    hypercall_restart((nr), (nargs), (const unsigned long[]){ __VA_ARGS__ })
long hypercall_restart(unsigned int nr, unsigned int nargs, const unsigned long *args);

/* --- prototypes of the sub-operations' handlers --- */
#define OP_PARAM_NONE(type)   void
#define OP_PARAM_IN(type)     type *arg
#define OP_PARAM_OUT(type)    type *arg
#define OP_PARAM_INOUT(type)  type *arg
#define OP_PARAM_REPORT(type) type *arg
#define OP_PARAM_RAW(type)    XEN_GUEST_HANDLE(void) arg

#define OP(cmd, name, suffix, type, dir, priv, restart) \
    int evtchn_op_##suffix(OP_PARAM_##dir(type));
#include <abi/ops/evtchn.def>
#define OP(cmd, name, suffix, type, dir, priv, restart) \
    int callback_op_##suffix(OP_PARAM_##dir(type));
#include <abi/ops/callback.def>
#define OP(cmd, name, suffix, type, dir, priv, restart) \
    int physdev_op_##suffix(OP_PARAM_##dir(type));
#include <abi/ops/physdev.def>
#define OP(cmd, name, suffix, type, dir, priv, restart) \
    int nmi_op_##suffix(OP_PARAM_##dir(type));
#include <abi/ops/nmi.def>
#define OP(cmd, name, suffix, type, dir, priv, restart) \
    long xen_version_##suffix(OP_PARAM_##dir(type));
#include <abi/ops/xen_version.def>

/* grant_table_op: count elements at ops. */
#define OP(cmd, name, suffix, type, dir, priv, restart) \
    long grant_op_##suffix(XEN_GUEST_HANDLE(type) ops, unsigned int count);
#include <abi/ops/grant.def>

/* console_io: count bytes at buffer. */
#define OP(cmd, name, suffix, type, dir, priv, restart) \
    long console_io_##suffix(unsigned int count, XEN_GUEST_HANDLE(char) buffer);
#include <abi/ops/console.def>

/*
 * --- running one sub-operation: for the cases of a dispatcher's switch ---
 * OP_RUN_<dir>(type, arg, call) evaluates `call`, in which the argument is op_arg, with
 * the copies that the direction asks for; a long.
 */
#define OP_COPY_IN(a, arg)  guest_read(&(a), (unsigned long)(arg).p, sizeof(a))
#define OP_COPY_OUT(a, arg) guest_write((unsigned long)(arg).p, &(a), sizeof(a))

#define OP_RUN_NONE(type, arg, call) (call)
#define OP_RUN_RAW(type, arg, call)  (call)
#define OP_RUN_IN(type, arg, call)                            \
    ({                                                        \
        type op_buf, *op_arg = &op_buf;                       \
        unlikely(OP_COPY_IN(op_buf, arg)) ? -EFAULT : (call); \
    })
#define OP_RUN_OUT(type, arg, call)                               \
    ({                                                            \
        type op_buf, *op_arg = &op_buf;                           \
        long op_rc = (call);                                      \
        op_rc >= 0 && OP_COPY_OUT(op_buf, arg) ? -EFAULT : op_rc; \
    })
#define OP_RUN_INOUT(type, arg, call)                   \
    ({                                                  \
        type op_buf, *op_arg = &op_buf;                 \
        long op_rc = -EFAULT;                           \
        if (likely(!OP_COPY_IN(op_buf, arg))) {         \
            op_rc = (call);                             \
            if (op_rc >= 0 && OP_COPY_OUT(op_buf, arg)) \
                op_rc = -EFAULT;                        \
        }                                               \
        op_rc;                                          \
    })
#define OP_RUN_REPORT(type, arg, call)          \
    ({                                          \
        type op_buf, *op_arg = &op_buf;         \
        long op_rc = -EFAULT;                   \
        if (likely(!OP_COPY_IN(op_buf, arg))) { \
            op_rc = (call);                     \
            if (OP_COPY_OUT(op_buf, arg))       \
                op_rc = -EFAULT;                \
        }                                       \
        op_rc;                                  \
    })

/* The argument list of a handler with the parameters of OP_PARAM_<dir>. */
#define OP_ARGS_NONE(arg)   ()
#define OP_ARGS_IN(arg)     (op_arg)
#define OP_ARGS_OUT(arg)    (op_arg)
#define OP_ARGS_INOUT(arg)  (op_arg)
#define OP_ARGS_REPORT(arg) (op_arg)
#define OP_ARGS_RAW(arg)    (arg)

/* May current's domain ask? */
#define OP_MAY_ANY     true
#define OP_MAY_CONTROL (current->domain->is_privileged)

/* What a row's handler returned, -ERESTART turned into a restart of the same call. */
#define OP_END_NEVER(rc, nr, nargs, ...) (rc)
#define OP_END_RESTARTS(rc, nr, nargs, ...)                                        \
    ({                                                                             \
        long op_end = (rc);                                                        \
        op_end == -ERESTART ? hypercall_continue(nr, nargs, __VA_ARGS__) : op_end; \
    })

/* A row's result: `return OP_CASE(evtchn_op_, suffix, ...)`. More arguments: of a restart. */
#define OP_CASE(prefix, suffix, type, dir, priv, restart, arg, nr, nargs, ...)          \
    (OP_MAY_##priv                                                                      \
         ? OP_END_##restart(OP_RUN_##dir(type, arg, prefix##suffix OP_ARGS_##dir(arg)), \
                            nr, nargs, __VA_ARGS__)                                     \
         : -EPERM)

/* A row's whole case in a switch (cmd) of hypercall `call` with arguments (cmd, arg). */
#define OP_ROW(call, prefix, cmd_nr, suffix, type, dir, priv, restart) \
    case cmd_nr:                                                       \
        return OP_CASE(prefix, suffix, type, dir, priv, restart, arg,  \
                       __HYPERVISOR_##call, 2, (unsigned long)cmd,     \
                       (unsigned long)arg.p);

#endif
