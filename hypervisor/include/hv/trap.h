/* SPDX-License-Identifier: MIT */
/* Exceptions of the processor: vectors, and the error code of a page fault. */
#ifndef HV_TRAP_H
#define HV_TRAP_H

/* Exception vectors. */
enum {
    TRAP_DE = 0,
    TRAP_DB = 1,
    TRAP_NMI = 2,
    TRAP_BP = 3,
    TRAP_OF = 4,
    TRAP_UD = 6,
    TRAP_NM = 7,
    TRAP_DF = 8,
    TRAP_TS = 10,
    TRAP_NP = 11,
    TRAP_SS = 12,
    TRAP_GP = 13,
    TRAP_PF = 14,
    TRAP_MF = 16,
    TRAP_AC = 17,
    TRAP_MC = 18,
    TRAP_XM = 19,
};

/* Page-fault error code bits. */
#define PFEC_PRESENT (1u << 0)
#define PFEC_WRITE   (1u << 1)
#define PFEC_USER    (1u << 2)
#define PFEC_RSVD    (1u << 3)
#define PFEC_FETCH   (1u << 4)

#ifndef __ASSEMBLY__
#include <hv/compiler.h>
#include <hv/types.h>

struct cpu_user_regs;

/* Any exception of a guest but #PF, by regs->entry_vector. Interrupts off. */
void exception_from_guest(struct cpu_user_regs *regs);
/*
 * This CPU's entries for SYSCALL and exceptions become those that lead to the functions
 * named _traced (hv/guest_entry.h), or the ordinary ones. Interrupts off.
 */
void entry_set_traced(bool traced);
#endif

#endif
