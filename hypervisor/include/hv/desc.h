/* SPDX-License-Identifier: MIT */
/* This CPU's descriptor tables, and the guest's pages in its descriptor window. */
#ifndef HV_DESC_H
#define HV_DESC_H

#include <hv/types.h>

struct vcpu;

/* Builds GDT, TSS (with IST stacks), window page tables of a CPU. -ENOMEM. Boot CPU: from static data. */
int desc_init_cpu(unsigned int cpu);
/* Loads GDTR, IDTR, TR on this CPU. */
void desc_load(void);

/* Where interrupts and faults from a guest push their frame. */
void desc_set_guest_frame(struct vcpu *v);

/* Writes this CPU's window entries: frames[0..n-1] writable by us, the rest unmapped. The
 * caller reloads CR3 afterwards (entries are not global). */
void desc_window_set_gdt(const mfn_t *frames, unsigned int n);
/* Maps one LDT page (index 0-15) in this CPU's window, or unmaps all. */
void desc_window_set_ldt(unsigned int index, mfn_t frame);
void desc_window_clear_ldt(void);
/* Loads LDTR for `entries` descriptors in the window; 0 loads the null selector. */
void desc_load_ldt(unsigned int entries);

#endif
