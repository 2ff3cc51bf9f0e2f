/* SPDX-License-Identifier: MIT */
/* Decoder of the stores in mmu_ptwr.h (SDM volume 2, chapter 2 and appendix A). */
#include "mmu_ptwr.h"
#include <hv/compiler.h>

struct cursor {
    const uint8_t *insn;
    unsigned int at, n;
};

/* The next byte; past the end it reads 0, and is_cut() tells. */
static uint8_t next_byte(struct cursor *c)
{
    uint8_t b = c->at < c->n ? c->insn[c->at] : 0;

    c->at++;
    return b;
}

static bool is_cut(const struct cursor *c)
{
    return c->at > c->n;
}

/* A little-endian immediate of 1, 2 or 4 bytes, sign-extended. */
static uint64_t next_imm(struct cursor *c, unsigned int n)
{
    unsigned int unused = 64 - 8 * n;
    uint64_t v = 0;

    for (unsigned int i = 0; i < n; i++)
        v |= (uint64_t)next_byte(c) << (8 * i);
    return (uint64_t)((int64_t)(v << unused) >> unused);
}

struct prefixes {
    bool opsize16, addr32, rep, fs_or_gs;
    uint8_t rex;
};

/* Eats prefixes; the opcode byte behind them. */
static uint8_t skip_prefixes(struct cursor *c, struct prefixes *p)
{
    for (;;) {
        uint8_t b = next_byte(c);

        if (b == 0x66)
            p->opsize16 = true;
        else if (b == 0x67)
            p->addr32 = true;
        else if (b == 0x64 || b == 0x65)
            p->fs_or_gs = true;
        else if (b == 0xf2 || b == 0xf3)
            p->rep = true;
        else if ((b & 0xf0) == 0x40) {
            p->rex = b;
            return next_byte(c);
        } else if (b != 0xf0 && b != 0x26 && b != 0x2e && b != 0x36 && b != 0x3e)
            return b;
    }
}

/* Passes ModRM, SIB and displacement; *reg: its reg field, extended. False: no memory. */
static bool skip_modrm(struct cursor *c, uint8_t rex, unsigned int *reg)
{
    uint8_t modrm = next_byte(c);
    unsigned int mod = modrm >> 6, rm = modrm & 7;

    *reg = (modrm >> 3 & 7) | (rex & 4) << 1;
    if (mod == 3)
        return false;
    if (rm == 4 && (next_byte(c) & 7) == 5 && mod == 0)
        mod = 2; /* SIB without a base has a 32-bit displacement */
    if (mod == 0 && rm == 5)
        mod = 2; /* relative to RIP */
    c->at += mod == 1 ? 1 : mod == 2 ? 4 : 0;
    return true;
}

/*
 * Opcodes with a memory destination. `op`: 0x100 and more for those behind 0x0f; BYTE_OP:
 * the opcode below, with bit 0 clear, stores a byte; reg: what the reg field of ModRM
 * must be, or ANY where it is the source; imm: how an immediate source is encoded.
 */
#define BYTE_OP 1
#define ANY     8
enum imm { IMM_NONE, IMM_8, IMM_SIZE };

/* The frequent ones first. */
static const struct opcode {
    uint16_t op;
    uint8_t flags, kind, reg, imm;
} opcodes[] = {
    { 0x089, BYTE_OP, STORE_MOV, ANY, IMM_NONE },
    { 0x0c7, BYTE_OP, STORE_MOV, 0, IMM_SIZE },
    { 0x087, BYTE_OP, STORE_XCHG, ANY, IMM_NONE },
    { 0x1b1, BYTE_OP, STORE_CMPXCHG, ANY, IMM_NONE },
    { 0x1ba, 0, STORE_BTR, 6, IMM_8 },
    { 0x021, BYTE_OP, STORE_AND, ANY, IMM_NONE },
    { 0x009, BYTE_OP, STORE_OR, ANY, IMM_NONE },
    { 0x083, 0, STORE_AND, 4, IMM_8 },
    { 0x083, 0, STORE_OR, 1, IMM_8 },
    { 0x1c3, 0, STORE_MOV, ANY, IMM_NONE },
    { 0x001, BYTE_OP, STORE_ADD, ANY, IMM_NONE },
    { 0x029, BYTE_OP, STORE_SUB, ANY, IMM_NONE },
    { 0x031, BYTE_OP, STORE_XOR, ANY, IMM_NONE },
    { 0x081, BYTE_OP, STORE_ADD, 0, IMM_SIZE },
    { 0x081, BYTE_OP, STORE_OR, 1, IMM_SIZE },
    { 0x081, BYTE_OP, STORE_AND, 4, IMM_SIZE },
    { 0x081, BYTE_OP, STORE_SUB, 5, IMM_SIZE },
    { 0x081, BYTE_OP, STORE_XOR, 6, IMM_SIZE },
    { 0x083, 0, STORE_ADD, 0, IMM_8 },
    { 0x083, 0, STORE_SUB, 5, IMM_8 },
    { 0x083, 0, STORE_XOR, 6, IMM_8 },
    { 0x0ff, BYTE_OP, STORE_INC, 0, IMM_NONE },
    { 0x0ff, BYTE_OP, STORE_DEC, 1, IMM_NONE },
    { 0x1ab, 0, STORE_BTS, ANY, IMM_NONE },
    { 0x1b3, 0, STORE_BTR, ANY, IMM_NONE },
    { 0x1bb, 0, STORE_BTC, ANY, IMM_NONE },
    { 0x1ba, 0, STORE_BTS, 5, IMM_8 },
    { 0x1ba, 0, STORE_BTC, 7, IMM_8 },
    { 0x1c1, BYTE_OP, STORE_XADD, ANY, IMM_NONE },
};

static const struct opcode *find_opcode(unsigned int op, unsigned int reg)
{
    for (unsigned int i = 0; i < ARRAY_SIZE(opcodes); i++) {
        const struct opcode *o = &opcodes[i];

        if ((o->op == op || (o->flags == BYTE_OP && o->op == (op | 1))) &&
            (o->reg == ANY || o->reg == reg))
            return o;
    }
    return NULL;
}

/* STOS and MOVS, by RDI and RSI. */
static bool decode_string(unsigned int op, const struct prefixes *p, struct store *s)
{
    bool movs = (op | 1) == 0xa5;

    if ((!movs && (op | 1) != 0xab) || p->addr32 || (movs && p->fs_or_gs))
        return false;
    s->kind = movs ? STORE_MOVS : STORE_STOS;
    s->rep = p->rep;
    s->size = op & 1 ? s->size : 1;
    return true;
}

/* Any instruction. */
static noinline bool decode(const uint8_t *insn, unsigned int n, struct store *s)
{
    struct cursor c = { insn, 0, n };
    struct prefixes p = { 0 };
    unsigned int op = skip_prefixes(&c, &p), reg;
    const struct opcode *o;

    if (op == 0x0f)
        op = 0x100 | next_byte(&c);
    *s = (struct store){ .rex = p.rex, .reg = -1 };
    s->size = p.rex & 8 ? 8 : p.opsize16 ? 2 : 4;
    if (!decode_string(op, &p, s)) {
        if (p.rep || !skip_modrm(&c, p.rex, &reg))
            return false;
        o = find_opcode(op, reg & 7);
        if (!o)
            return false;
        s->kind = o->kind;
        s->size = o->flags == BYTE_OP && !(op & 1) ? 1 : s->size;
        if (o->reg == ANY)
            s->reg = (int8_t)reg;
        else if (o->imm != IMM_NONE)
            s->imm = next_imm(&c, o->imm == IMM_8 ? 1 : min(s->size, 4));
    }
    s->length = (uint8_t)c.at;
    return !is_cut(&c);
}

/*
 * MOV and XCHG of a 64-bit register, addressed without SIB and RIP: how compilers write
 * an entry. False: it is something else, or too near to the end of the bytes.
 */
static always_inline bool decode_frequent(const uint8_t *insn, unsigned int n,
                                          struct store *s)
{
    static const uint8_t length[4] = { 3, 4, 7 };
    unsigned int mod, rm;

    if (n < 7 || (insn[0] & 0xf8) != 0x48 || (insn[1] != 0x89 && insn[1] != 0x87))
        return false;
    mod = insn[2] >> 6;
    rm = insn[2] & 7;
    if (mod == 3 || rm == 4 || (!mod && rm == 5))
        return false;
    *s = (struct store){
        .kind = insn[1] == 0x89 ? STORE_MOV : STORE_XCHG,
        .length = length[mod],
        .size = 8,
        .reg = (int8_t)((insn[2] >> 3 & 7) | (insn[0] & 4) << 1),
        .rex = true,
    };
    return true;
}

bool store_decode(const uint8_t *insn, unsigned int n, struct store *s)
{
    return decode_frequent(insn, n, s) || decode(insn, n, s);
}
