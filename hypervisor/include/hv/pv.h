/* SPDX-License-Identifier: MIT */
/* The PV machine as other upper layers (control, boot) use it. */
#ifndef HV_PV_H
#define HV_PV_H

#include <hv/domain.h>
#include <hv/page_type.h>
#include <hv/pv_control.h>

/* The VMASST_TYPE_* bits that a PV64 guest may switch on. */
#define VM_ASSIST_OFFERED                                                                \
    (1ull << VMASST_TYPE_writable_pagetables | 1ull << VMASST_TYPE_pae_extended_cr3 |    \
     1ull << VMASST_TYPE_architectural_iopl | 1ull << VMASST_TYPE_runstate_update_flag | \
     1ull << VMASST_TYPE_m2p_strict)

/* d->vm_assist has been changed; d's vCPUs may be running. */
void pv_vm_assist_changed(struct domain *d);

/* Replaces the kernel root (a reference of it is taken; the old one's dropped).
 * Restartable. */
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
/* Exception `vector` into current's guest by its trap table; cr2 for #PF is put in
 * vcpu_info. */
void pv_inject(struct vcpu *v, unsigned int vector, uint32_t error_code);

/* Builds domain 0 from the boot modules. Panics with one clear line when it cannot. */
struct boot_info;
void pv_build_domain0(const struct boot_info *bi);

#endif
