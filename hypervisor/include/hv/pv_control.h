/* SPDX-License-Identifier: MIT */
/*
 * What the PV machine does for the control interface and for vcpu_op, on vCPUs and
 * domains that need not be the caller's.
 */
#ifndef HV_PV_CONTROL_H
#define HV_PV_CONTROL_H

#include <hv/domain.h>

/* Loads a context (DOMCTL_setvcpucontext, VCPUOP_initialise, domain 0's first vCPU).
 * 0; -EINVAL a field is not allowed; -ERESTART: the root's validation was preempted. */
int must_check pv_vcpu_set_context(struct vcpu *v, const struct vcpu_guest_context *ctx);
/* The context of a paused vCPU. */
void pv_vcpu_get_context(struct vcpu *v, struct vcpu_guest_context *ctx);
/* Back to the state of a freshly created vCPU (VCPUOP_down keeps it; DOMCTL reset). */
int must_check pv_vcpu_reset(struct vcpu *v);

/* Fills a frame (direct-map address) with the hypercall stubs. */
void pv_fill_hypercall_page(void *page);

/* Does d have all of these I/O ports, first + n <= 65536? Gives or takes them: 0;
 * -ENOMEM. */
bool pv_io_ports_allowed(const struct domain *d, unsigned int first, unsigned int n);
int must_check pv_io_ports_set(struct domain *d, unsigned int first, unsigned int n,
                               bool allow);

/*
 * XCR0 and the XSAVE image (fpu_import_xsave()) of a vCPU that does not run. 0; -EINVAL:
 * cannot be. Only with host_cpu.xsave.
 */
int must_check pv_vcpu_set_xstate(struct vcpu *v, uint64_t xcr0, const void *image);

#endif
