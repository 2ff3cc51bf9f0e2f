/* SPDX-License-Identifier: MIT */
/*
 * Instructions of the hypervisor that may fault, and where to go on when they do.
 * Section .ex_table holds pairs of 32-bit distances from the word itself: the faulting
 * instruction, the fixup. The trap entry looks a fault (#PF, #GP, #SS, ...) up by its
 * RIP with extable_lookup() and continues at the fixup, everything else unchanged.
 */
#ifndef HV_EXTABLE_H
#define HV_EXTABLE_H

#ifdef __ASSEMBLY__
.macro EXTABLE from, to.pushsection.ex_table,
    "a".balign 4.long \from -..long \to -..popsection.endm
#else
#include <hv/types.h>

/* For use inside an asm statement: both are assembler expressions, as "1b", "%l2". */
#define EXTABLE(from, to)             \
    ".pushsection .ex_table, \"a\"\n" \
    ".balign 4\n"                     \
    ".long " from " - .\n"            \
    ".long " to " - .\n"              \
    ".popsection\n"

/* The fixup for a fault at rip, or 0. Any context. */
uintptr_t extable_lookup(uintptr_t rip);
#endif

#endif
