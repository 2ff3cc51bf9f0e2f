/* SPDX-License-Identifier: MIT */
/* Instructions with which a 64-bit guest kernel stores to its page tables. */
#ifndef PV_MMU_PTWR_H
#define PV_MMU_PTWR_H

#include <hv/types.h>

enum store_kind {
    STORE_MOV, /* up to XCHG: whatever there was */
    STORE_XCHG,
    STORE_CMPXCHG,
    STORE_ADD,
    STORE_XADD,
    STORE_SUB,
    STORE_INC,
    STORE_DEC,
    STORE_AND,
    STORE_OR,
    STORE_XOR,
    STORE_BTS,
    STORE_BTR,
    STORE_BTC,
    STORE_STOS,
    STORE_MOVS,
};

/* A decoded store. Its address is not decoded: it is where the instruction faulted. */
struct store {
    uint8_t kind;   /* enum store_kind */
    uint8_t length; /* of the instruction, bytes */
    uint8_t size;   /* bytes stored: 1, 2, 4, 8 */
    int8_t reg;     /* number of the source register, or -1: imm */
    bool rex;       /* a byte register 4-7 is SPL.., not AH.. */
    bool rep;       /* string operation with a repeat prefix */
    uint64_t imm;   /* sign-extended */
};

/*
 * Decodes the instruction at insn[0..n-1], in 64-bit mode. False: cut off, or none of
 * those above with a memory operand. Sees untrusted bytes and nothing else.
 */
bool store_decode(const uint8_t *insn, unsigned int n, struct store *s);

#endif
