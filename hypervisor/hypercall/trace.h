/* SPDX-License-Identifier: MIT */
/* Hypercalls of traced vCPUs, recorded (hv/trace.h). */
#ifndef HYPERCALL_TRACE_H
#define HYPERCALL_TRACE_H

#include <hv/types.h>

/* One hypercall with its six registers: recorded, called, its result recorded. listed: it
 * is an entry of a multicall. */
long hypercall_run_traced(unsigned long nr, const unsigned long *args, bool listed);

/* trace_pointed.c: what the arguments of hypercall nr point to, before or after it. */
void trace_pointed(unsigned long nr, const unsigned long *args, bool after);

/* multicall.c: hc_multicall(), its entries recorded. */
long multicall_traced(unsigned long calls, unsigned long count);

#endif
