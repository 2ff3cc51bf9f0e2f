/* SPDX-License-Identifier: MIT */
/* This CPU's descriptor tables, and the guest's pages in its descriptor window. */
#ifndef HV_DESC_H
#define HV_DESC_H

#include <hv/compiler.h>
#include <hv/layout.h>
#include <hv/types.h>

struct vcpu;

/*
 * A stack for a vector that may interrupt anything (#DB, NMI, #DF, #MC). The processor
 * starts pushing below gs_base, so that the word behind the frame is the per-CPU base.
 */
struct ist_stack {
    uint8_t stack[PAGE_SIZE - 16];
    uint64_t gs_base;
    uint64_t spare;
};
_Static_assert(sizeof(struct ist_stack) == PAGE_SIZE, "one page");

/*
 * Builds the GDT, TSS, IST stacks and window page tables of a CPU whose per-CPU area and
 * stack_top are set, from the heap. CPU 0 comes first. On the boot CPU. 0; -ENOMEM.
 */
int must_check desc_init_cpu(unsigned int cpu);
/* Loads GDTR, IDTR, TR, LDTR and segment registers; GS.base is kept. Interrupts off. */
void desc_load(void);

/* v's regs are where interrupts, faults and SYSCALL push their frame from now on. */
void desc_set_guest_frame(struct vcpu *v);

/*
 * The guest's pages in this CPU's GDT: frames[0..n-1], n <= GDT_RESERVED_PAGE; the rest
 * are null descriptors. The caller reloads CR3 afterwards (entries are not global).
 */
void desc_window_set_gdt(const mfn_t *frames, unsigned int n);
/* Maps one LDT page (index 0-15) in this CPU's window, or unmaps all. */
void desc_window_set_ldt(unsigned int index, mfn_t frame);
void desc_window_clear_ldt(void);
/* Loads LDTR for `entries` descriptors in the window; 0 loads the null selector. */
void desc_load_ldt(unsigned int entries);

#endif
