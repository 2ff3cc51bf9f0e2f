/* SPDX-License-Identifier: MIT */
/* Interrupt stack table: which slot of the TSS each vector with its own stack uses. */
#ifndef X86_IST_H
#define X86_IST_H

enum { IST_DB = 1, IST_NMI, IST_DF, IST_MC, NR_IST = IST_MC };

#endif
