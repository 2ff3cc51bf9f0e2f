/* SPDX-License-Identifier: MIT */
/*
 * Stores of a guest kernel to its level-1 tables, which it has mapped read-only: the
 * store is decoded and done as a checked update of the entry. Bit, exchange and logic
 * instructions are done as compare-and-swap, whether locked or not. What is none of the
 * instructions below, or is not allowed, faults in the guest.
 */
#include "mmu.h"

#define FLAGS_ARITH 0x8d5ul /* CF PF AF ZF SF OF */
/* The guest's processors may fight for an entry; then the instruction is tried again. */
#define MAX_TRIES 16

enum store_kind {
    STORE_MOV, STORE_XCHG, STORE_CMPXCHG, STORE_AND, STORE_OR, STORE_XOR,
    STORE_BTS, STORE_BTR, STORE_BTC,
};

/* A decoded store. Its address is where it faulted. */
struct store {
    enum store_kind kind;
    uint8_t length; /* of the instruction */
    uint8_t size;   /* bytes stored: 1, 2, 4, 8 */
    int8_t reg;     /* source register, or -1: imm */
    bool rex;
    uint64_t imm;
};

/* --- decoding --- */

struct cursor {
    const uint8_t *at, *end;
};

/* The next byte; past the end it reads 0, and is_cut() tells. */
static uint8_t next_byte(struct cursor *c)
{
    uint8_t b = c->at < c->end ? *c->at : 0;

    c->at++;
    return b;
}

static bool is_cut(const struct cursor *c)
{
    return c->at > c->end;
}

/* A little-endian immediate of n bytes, sign-extended. */
static uint64_t next_imm(struct cursor *c, unsigned int n)
{
    uint64_t v = 0;

    for (unsigned int i = 0; i < n; i++)
        v |= (uint64_t)next_byte(c) << (8 * i);
    return n == 8 ? v : (uint64_t)((int64_t)(v << (64 - 8 * n)) >> (64 - 8 * n));
}

struct prefixes {
    bool opsize16;
    uint8_t rex;
};

static uint8_t skip_prefixes(struct cursor *c, struct prefixes *p)
{
    for (;;) {
        uint8_t b = next_byte(c);

        switch (b) {
        case 0x66:
            p->opsize16 = true;
            break;
        case 0xf0: /* LOCK */
        case 0x26: case 0x2e: case 0x36: case 0x3e: case 0x64: case 0x65: case 0x67:
            break;
        default:
            if ((b & 0xf0) != 0x40)
                return b;
            p->rex = b;
            return next_byte(c);
        }
        if (is_cut(c))
            return 0;
    }
}

/* Passes ModRM, SIB and displacement; the reg field with REX.R. False: a register. */
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

/* Opcodes with a register source; bit 0 of the opcode tells byte from word size. */
static bool kind_of_reg_store(bool two_byte, uint8_t op, enum store_kind *kind)
{
    static const struct {
        bool two_byte;
        uint8_t op;
        enum store_kind kind;
    } table[] = {
        { false, 0x88, STORE_MOV }, { false, 0x86, STORE_XCHG }, { false, 0x20, STORE_AND },
        { false, 0x08, STORE_OR },  { false, 0x30, STORE_XOR },  { true, 0xb0, STORE_CMPXCHG },
    };

    for (unsigned int i = 0; i < ARRAY_SIZE(table); i++) {
        if (table[i].two_byte == two_byte && table[i].op == (op & ~1)) {
            *kind = table[i].kind;
            return true;
        }
    }
    return false;
}

/* BTS, BTR, BTC with a register, and with an immediate: the bit offset. */
static bool kind_of_bit_store(uint8_t op, enum store_kind *kind)
{
    if (op != 0xab && op != 0xb3 && op != 0xbb)
        return false;
    *kind = op == 0xab ? STORE_BTS : op == 0xb3 ? STORE_BTR : STORE_BTC;
    return true;
}

/* Group opcodes: what the reg field of ModRM says. imm: bytes of the immediate. */
static bool kind_of_group(bool two_byte, uint8_t op, unsigned int reg, unsigned int size,
                          enum store_kind *kind, unsigned int *imm)
{
    *imm = min(size, 4u);
    if (!two_byte && (op & ~1) == 0xc6 && reg == 0) {
        *kind = STORE_MOV;
        return true;
    }
    if (!two_byte && (op == 0x80 || op == 0x81 || op == 0x83) &&
        (reg == 1 || reg == 4 || reg == 6)) {
        *kind = reg == 1 ? STORE_OR : reg == 4 ? STORE_AND : STORE_XOR;
        *imm = op == 0x83 ? 1 : *imm;
        return true;
    }
    if (two_byte && op == 0xba && reg >= 5) {
        *kind = reg == 5 ? STORE_BTS : reg == 6 ? STORE_BTR : STORE_BTC;
        *imm = 1;
        return true;
    }
    return false;
}

static bool decode(const uint8_t *insn, unsigned int n, struct store *s)
{
    struct cursor c = { insn, insn + n };
    struct prefixes p = { 0 };
    uint8_t op = skip_prefixes(&c, &p);
    bool two_byte = op == 0x0f, is_bit;
    unsigned int reg, imm;

    if (two_byte)
        op = next_byte(&c);
    is_bit = two_byte && kind_of_bit_store(op, &s->kind);
    s->rex = p.rex;
    s->size = p.rex & 8 ? 8 : p.opsize16 ? 2 : 4;
    if (!is_bit && !(op & 1) && !(two_byte && op == 0xba))
        s->size = 1;
    if (!skip_modrm(&c, p.rex, &reg))
        return false;
    s->reg = (int8_t)reg;
    if (!is_bit && !kind_of_reg_store(two_byte, op, &s->kind)) {
        if (!kind_of_group(two_byte, op, reg & 7, s->size, &s->kind, &imm))
            return false;
        s->reg = -1;
        s->imm = next_imm(&c, imm);
    }
    s->length = (uint8_t)(c.at - insn);
    return !is_cut(&c);
}

/* --- execution --- */

/* The register that a byte instruction means: without REX, 4-7 are AH CH DH BH. */
static uint8_t *byte_reg(struct cpu_user_regs *regs, unsigned int nr, bool rex)
{
    if (!rex && nr >= 4 && nr < 8)
        return (uint8_t *)guest_reg(regs, nr - 4) + 1;
    return (uint8_t *)guest_reg(regs, nr);
}

static uint64_t size_mask(unsigned int size)
{
    return ~0ull >> (64 - 8 * size);
}

static uint64_t source(struct cpu_user_regs *regs, const struct store *s)
{
    if (s->reg < 0)
        return s->imm & size_mask(s->size);
    if (s->size == 1)
        return *byte_reg(regs, (unsigned int)s->reg, s->rex);
    return *guest_reg(regs, (unsigned int)s->reg) & size_mask(s->size);
}

static void write_reg(struct cpu_user_regs *regs, unsigned int nr, const struct store *s,
                      uint64_t value)
{
    uint64_t *reg = guest_reg(regs, nr);

    if (s->size == 1)
        *byte_reg(regs, nr, s->rex) = (uint8_t)value;
    else if (s->size == 2)
        *(uint16_t *)reg = (uint16_t)value;
    else
        *reg = value; /* 32-bit results are zero-extended */
}

/* What the instruction makes of the operand. */
static uint64_t result(const struct store *s, uint64_t old, uint64_t src, uint64_t rax)
{
    uint64_t bit = 1ull << (src & (s->size * 8 - 1u));

    switch (s->kind) {
    case STORE_CMPXCHG:
        return old == (rax & size_mask(s->size)) ? src : old;
    case STORE_AND:
        return old & src;
    case STORE_OR:
        return old | src;
    case STORE_XOR:
        return old ^ src;
    case STORE_BTS:
        return old | bit;
    case STORE_BTR:
        return old & ~bit;
    case STORE_BTC:
        return old ^ bit;
    default:
        return src;
    }
}

static uint64_t logic_flags(uint64_t value, unsigned int size)
{
    uint64_t f = 0;

    if (!value)
        f |= 1ul << 6;
    if (value >> (8 * size - 1) & 1)
        f |= 1ul << 7;
    if (!__builtin_parity((unsigned int)(value & 0xff)))
        f |= 1ul << 2;
    return f;
}

/* Flags of comparing a with b: those of the subtraction, as the processor does it. */
static uint64_t compare_flags(uint64_t a, uint64_t b, unsigned int size)
{
    unsigned int up = 64 - 8 * size;
    uint64_t d = (a - b) & size_mask(size), x = a << up, y = b << up;
    uint64_t f = logic_flags(d, size) | (x < y);

    if (((x ^ y) & (x ^ (x - y))) >> 63)
        f |= 1ul << 11;
    if ((a ^ b ^ d) & 0x10)
        f |= 1ul << 4;
    return f;
}

static void set_flags(struct cpu_user_regs *regs, uint64_t mask, uint64_t flags)
{
    regs->rflags = (regs->rflags & ~mask) | flags;
}

/* Registers and flags after the store; old: the operand before it. */
static void finish(struct cpu_user_regs *regs, const struct store *s, uint64_t old,
                   uint64_t now, uint64_t src)
{
    uint64_t rax = regs->rax & size_mask(s->size);

    switch (s->kind) {
    case STORE_MOV:
        break;
    case STORE_XCHG:
        write_reg(regs, (unsigned int)s->reg, s, old);
        break;
    case STORE_CMPXCHG:
        set_flags(regs, FLAGS_ARITH, compare_flags(rax, old, s->size));
        if (rax != old)
            write_reg(regs, 0, s, old);
        break;
    case STORE_AND:
    case STORE_OR:
    case STORE_XOR:
        set_flags(regs, FLAGS_ARITH, logic_flags(now, s->size));
        break;
    default:
        set_flags(regs, 1, old >> (src & (s->size * 8 - 1u)) & 1);
    }
}

/* --- the update --- */

/* Does the store in entry `index` of l1, at byte `offset` of the entry. */
static bool do_store(struct vcpu *v, struct page_info *l1, unsigned int index,
                     unsigned int offset, const struct store *s, struct cpu_user_regs *regs)
{
    const uint64_t *slot = (uint64_t *)page_to_virt(l1) + index;
    domid_t self = v->domain->id;
    struct page_mod m = { .owner = self, .frames = self, .caller = self };
    uint64_t mask = size_mask(s->size) << (8 * offset), src = source(regs, s);
    int rc = 0;

    m.expect = s->kind != STORE_MOV || s->size != 8;
    m.old = READ_ONCE(*slot);
    for (unsigned int i = 0; i < MAX_TRIES; i++) {
        uint64_t old = (m.old & mask) >> (8 * offset);
        uint64_t now = result(s, old, src, regs->rax);

        rc = page_mod_entry(l1, PT_L1, index, (m.old & ~mask) | now << (8 * offset), &m);
        if (!rc)
            finish(regs, s, old, now, src);
        if (rc != -EAGAIN)
            break;
    }
    if (!rc)
        pv_skip_insn(v, regs, s->length);
    return !rc || rc == -EAGAIN; /* the guest executes it once more */
}

/* The level-1 table that is mapped at addr, with references; null: none is. */
static struct page_info *get_target(struct vcpu *v, unsigned long addr)
{
    struct page_info *pg;
    enum page_type type;
    uint64_t pte;

    if (!pv_kernel_pte(v, addr, &pte) || (pte & (PTE_P | PTE_RW)) != PTE_P ||
        mfn_x(pte_mfn(pte)) >= max_page)
        return NULL;
    pg = mfn_to_page(pte_mfn(pte));
    if (!page_get_table(pg, v->domain->id, PT_L1, &type))
        return NULL;
    if (type == PT_L1)
        return pg;
    page_put(pg);
    return NULL;
}

/*
 * A write of current's guest kernel faulted at addr, which is mapped read-only. True:
 * it was a store to a level-1 table and is done (or to be executed again); false: the
 * fault is the guest's.
 */
bool pv_try_pte_write(struct cpu_user_regs *regs, unsigned long addr)
{
    struct vcpu *v = current;
    struct page_info *l1 = get_target(v, addr);
    uint8_t insn[INSN_MAX];
    struct store s;
    uint64_t base;
    bool code64, done;

    if (!l1)
        return false;
    done = pv_code_segment(regs, &base, &code64) && code64 &&
           decode(insn, pv_fetch_insn(regs, base, insn), &s) && !(addr & (s.size - 1u)) &&
           do_store(v, l1, (addr & ~PAGE_MASK) / 8, addr & 7, &s, regs);
    page_put_and_type(l1, false);
    return done;
}
