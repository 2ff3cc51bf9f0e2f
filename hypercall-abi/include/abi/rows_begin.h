/* SPDX-License-Identifier: MIT */
/*
 * Start of a .def table: row macros that the includer has not defined expand to nothing.
 * Their columns are explained in hypercalls.def. Included by tables only, many times.
 */
#ifndef HYPERCALL
#define HYPERCALL(nr, name, nargs, params, args, restart)
#endif
#ifndef HYPERCALL_ABSENT
#define HYPERCALL_ABSENT(nr, name)
#endif
#ifndef OP
#define OP(cmd, name, suffix, type, dir, priv, restart)
#endif
#ifndef OP_ABSENT
#define OP_ABSENT(cmd, name, error)
#endif
#ifndef VM_ASSIST
#define VM_ASSIST(type, name, suffix)
#endif
#ifndef PLATFORM
#define PLATFORM(cmd, name, suffix, member, dir, restart)
#endif
#ifndef PLATFORM_ABSENT
#define PLATFORM_ABSENT(cmd, name, error)
#endif
#ifndef DOMCTL
#define DOMCTL(cmd, name, suffix, member, dir, restart)
#endif
#ifndef DOMCTL_ABSENT
#define DOMCTL_ABSENT(cmd, name, error)
#endif
#ifndef SYSCTL
#define SYSCTL(cmd, name, suffix, member, dir, restart)
#endif
#ifndef SYSCTL_ABSENT
#define SYSCTL_ABSENT(cmd, name, error)
#endif
