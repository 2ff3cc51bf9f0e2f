/* SPDX-License-Identifier: MIT */
/*
 * Hypercall dispatch. Handlers are `long hc_<name>(...)`, prototyped from
 * abi/hypercalls.def; sub-operations get their argument copied in, and out again, by
 * the dispatcher that abi/ops/x.def generates.
 *
 * A handler that must be continued later returns hypercall_continue(...): the guest's
 * registers (or its multicall entry) are rewritten so that it issues the call again
 * with the new arguments. Handlers run on the hypervisor stack with interrupts on.
 */
#ifndef HV_HYPERCALL_H
#define HV_HYPERCALL_H

#include <hv/guest_copy.h>
#include <hv/vcpu.h>
#include <abi/xen.h>
#include <abi/errno.h>

/* Internal: "break off, call again". Never reaches a guest. */
#ifndef ERESTART
#define ERESTART 85
#endif

/* Arranges the restart and returns the value the handler must return. nargs <= 6. */
long hypercall_continue(unsigned int nr, unsigned int nargs, ...);

/* By number; entry.S calls through it. Absent numbers point at a handler of -ENOSYS. */
extern void *const hypercall_table[];
#define HYPERCALL_TABLE_SIZE 64

#endif
