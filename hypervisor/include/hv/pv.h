/* SPDX-License-Identifier: MIT */
/* The PV machine as other upper layers (control, boot) use it. */
#ifndef HV_PV_H
#define HV_PV_H

#include <hv/domain.h>
#include <hv/page_type.h>

/* The VMASST_TYPE_* bits that a PV64 guest may switch on. */
#define VM_ASSIST_OFFERED                                                               \
    (1ull << VMASST_TYPE_writable_pagetables | 1ull << VMASST_TYPE_pae_extended_cr3 |    \
     1ull << VMASST_TYPE_architectural_iopl | 1ull << VMASST_TYPE_runstate_update_flag | \
     1ull << VMASST_TYPE_m2p_strict)

/* Loads a context (DOMCTL_setvcpucontext, VCPUOP_initialise, domain 0's first vCPU).
 * 0; -EINVAL a field is not allowed; -ERESTART: the root's validation was preempted. */
int must_check pv_vcpu_set_context(struct vcpu *v, const struct vcpu_guest_context *ctx);
/* The context of a paused vCPU. */
void pv_vcpu_get_context(struct vcpu *v, struct vcpu_guest_context *ctx);
/* Back to the state of a freshly created vCPU (VCPUOP_down keeps it; DOMCTL reset). */
int must_check pv_vcpu_reset(struct vcpu *v);

/* Replaces the kernel root (a reference of it is taken; the old one's dropped). Restartable. */
int must_check pv_set_kernel_root(struct vcpu *v, mfn_t root);
int must_check pv_set_user_root(struct vcpu *v, mfn_t root); /* mfn 0 = none */

/* Between guest kernel and user mode: swaps GS base, root, kernel_mode. current only. */
void pv_toggle_mode(struct vcpu *v);

/*
 * Builds a frame at the guest's kernel stack and continues it at cb's address: the way
 * every trap, event and callback enters a guest kernel. error_code is pushed when
 * has_error. Crashes the domain when the stack cannot be written.
 */
struct pv_bounce {
    uint64_t rip;
    uint32_t error_code;
    bool has_error, masks_events, failsafe;
};
void pv_bounce(struct vcpu *v, const struct pv_bounce *b);
/* Exception `vector` into current's guest by its trap table; cr2 for #PF is put in vcpu_info. */
void pv_inject(struct vcpu *v, unsigned int vector, uint32_t error_code);

/* Fills a frame (direct-map address) with the hypercall stubs. */
void pv_fill_hypercall_page(void *page);

/* Does d have all of these I/O ports, first + n <= 65536? Gives or takes them: 0; -ENOMEM. */
bool pv_io_ports_allowed(const struct domain *d, unsigned int first, unsigned int n);
int must_check pv_io_ports_set(struct domain *d, unsigned int first, unsigned int n, bool allow);

/*
 * XCR0 and the XSAVE image (fpu_import_xsave()) of a vCPU that does not run. 0; -EINVAL:
 * cannot be. Only with host_cpu.xsave.
 */
int must_check pv_vcpu_set_xstate(struct vcpu *v, uint64_t xcr0, const void *image);

/* A leaf as d's guests see it, but for what differs between vCPUs; d null: a new domain's. */
struct cpuid_regs;
void pv_cpuid_policy(const struct domain *d, uint32_t leaf, uint32_t sub,
                     struct cpuid_regs *out);
/* Narrows it by n more leaves, which take the place of what was set before for them. d has
 * not run yet, and the caller serialises. 0; -ENOMEM. */
int must_check pv_cpuid_override(struct domain *d, const struct xen_cpuid_leaf *leaf,
                                 unsigned int n);

/* Builds domain 0 from the boot modules. Panics with one clear line when it cannot. */
struct boot_info;
void pv_build_domain0(const struct boot_info *bi);

#endif
