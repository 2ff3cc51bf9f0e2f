/* SPDX-License-Identifier: MIT */
/*
 * Stores of a guest kernel to its level-1 tables, which it has mapped read-only: the
 * instruction is decoded and its effect on the entry done as a checked update, by
 * compare-and-swap whether it was locked or not. What is not decoded, or not allowed,
 * faults in the guest.
 */
#include "mmu.h"
#include "mmu_ptwr.h"

#define FLAG_CF     0x001ul
#define FLAG_PF     0x004ul
#define FLAG_AF     0x010ul
#define FLAG_ZF     0x040ul
#define FLAG_SF     0x080ul
#define FLAG_OF     0x800ul
#define FLAGS_ARITH (FLAG_CF | FLAG_PF | FLAG_AF | FLAG_ZF | FLAG_SF | FLAG_OF)

/* The guest's processors may fight for an entry; then the instruction is tried again. */
#define MAX_TRIES 16

static uint64_t size_mask(unsigned int size)
{
    return ~0ull >> (64 - 8 * size);
}

/* --- registers --- */

/* The register that a byte instruction means: without REX, 4-7 are AH CH DH BH. */
static uint8_t *byte_reg(struct cpu_user_regs *regs, unsigned int nr, bool rex)
{
    if (!rex && nr >= 4 && nr < 8)
        return (uint8_t *)guest_reg(regs, nr - 4) + 1;
    return (uint8_t *)guest_reg(regs, nr);
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

/* The source operand. False: it is in memory that cannot be read. */
static bool source(struct cpu_user_regs *regs, const struct store *s, uint64_t *src)
{
    *src = 0;
    if (s->kind == STORE_MOVS)
        return !guest_read(src, regs->rsi, s->size);
    if (s->kind == STORE_STOS)
        *src = regs->rax;
    else if (s->kind == STORE_INC || s->kind == STORE_DEC)
        *src = 1;
    else if (s->reg < 0)
        *src = s->imm;
    else if (s->size == 1)
        *src = *byte_reg(regs, (unsigned int)s->reg, s->rex);
    else
        *src = *guest_reg(regs, (unsigned int)s->reg);
    *src &= size_mask(s->size);
    return true;
}

/* --- what an instruction does --- */

static uint64_t bit_of(const struct store *s, uint64_t src)
{
    return 1ull << (src & (s->size * 8 - 1u));
}

/* What the instruction makes of the operand, in the low `size` bytes. */
static uint64_t result(const struct store *s, uint64_t old, uint64_t src, uint64_t rax)
{
    switch (s->kind) {
    case STORE_CMPXCHG:
        return old == (rax & size_mask(s->size)) ? src : old;
    case STORE_ADD:
    case STORE_XADD:
    case STORE_INC:
        return (old + src) & size_mask(s->size);
    case STORE_SUB:
    case STORE_DEC:
        return (old - src) & size_mask(s->size);
    case STORE_AND:
        return old & src;
    case STORE_OR:
        return old | src;
    case STORE_XOR:
        return old ^ src;
    case STORE_BTS:
        return old | bit_of(s, src);
    case STORE_BTR:
        return old & ~bit_of(s, src);
    case STORE_BTC:
        return old ^ bit_of(s, src);
    default:
        return src;
    }
}

/* ZF, SF and PF of a result; the others are 0. */
static uint64_t result_flags(uint64_t value, unsigned int size)
{
    return (value ? 0 : FLAG_ZF) | (value >> (8 * size - 1) & 1 ? FLAG_SF : 0) |
           (__builtin_parity((unsigned int)value & 0xff) ? 0 : FLAG_PF);
}

/* Flags of a + b = sum. */
static uint64_t add_flags(uint64_t a, uint64_t b, uint64_t sum, unsigned int size)
{
    uint64_t overflow = (a ^ sum) & (b ^ sum);

    return result_flags(sum, size) | (sum < a ? FLAG_CF : 0) | ((a ^ b ^ sum) & FLAG_AF) |
           (overflow >> (8 * size - 1) & 1 ? FLAG_OF : 0);
}

/* Flags of a - b. */
static uint64_t sub_flags(uint64_t a, uint64_t b, unsigned int size)
{
    uint64_t d = (a - b) & size_mask(size), overflow = (a ^ b) & (a ^ d);

    return result_flags(d, size) | (a < b ? FLAG_CF : 0) | ((a ^ b ^ d) & FLAG_AF) |
           (overflow >> (8 * size - 1) & 1 ? FLAG_OF : 0);
}

static void set_flags(struct cpu_user_regs *regs, uint64_t mask, uint64_t flags)
{
    regs->rflags = (regs->rflags & ~mask) | (flags & mask);
}

/* One element of a string operation is done. True: the last. */
static bool step_string(struct cpu_user_regs *regs, const struct store *s)
{
    uint64_t step = regs->rflags & X86_EFLAGS_DF ? -(uint64_t)s->size : s->size;

    regs->rdi += step;
    if (s->kind == STORE_MOVS)
        regs->rsi += step;
    return !s->rep || --regs->rcx == 0;
}

/* Registers and flags after the store. True: the instruction is complete. */
static bool finish(struct cpu_user_regs *regs, const struct store *s, uint64_t old,
                   uint64_t now, uint64_t src)
{
    uint64_t rax = regs->rax & size_mask(s->size);

    switch (s->kind) {
    case STORE_MOV:
        break;
    case STORE_STOS:
    case STORE_MOVS:
        return step_string(regs, s);
    case STORE_XADD:
        set_flags(regs, FLAGS_ARITH, add_flags(old, src, now, s->size));
        /* fall through */
    case STORE_XCHG:
        write_reg(regs, (unsigned int)s->reg, s, old);
        break;
    case STORE_CMPXCHG:
        set_flags(regs, FLAGS_ARITH, sub_flags(rax, old, s->size));
        if (rax != old)
            write_reg(regs, 0, s, old);
        break;
    case STORE_ADD:
        set_flags(regs, FLAGS_ARITH, add_flags(old, src, now, s->size));
        break;
    case STORE_INC:
        set_flags(regs, FLAGS_ARITH & ~FLAG_CF, add_flags(old, src, now, s->size));
        break;
    case STORE_SUB:
        set_flags(regs, FLAGS_ARITH, sub_flags(old, src, s->size));
        break;
    case STORE_DEC:
        set_flags(regs, FLAGS_ARITH & ~FLAG_CF, sub_flags(old, src, s->size));
        break;
    case STORE_AND:
    case STORE_OR:
    case STORE_XOR:
        set_flags(regs, FLAGS_ARITH, result_flags(now, s->size));
        break;
    default:
        set_flags(regs, FLAG_CF, old & bit_of(s, src) ? FLAG_CF : 0);
    }
    return true;
}

/* --- the update --- */

/* Replaces the entry by src, whatever it was. */
static bool replace(struct vcpu *v, uint64_t *slot, const struct store *s, uint64_t src,
                    struct cpu_user_regs *regs)
{
    domid_t self = v->domain->id;
    struct page_mod m;

    page_mod_init(&m, self, self, self);
    if (unlikely(page_mod_leaf(slot, src, &m)))
        return false;
    if (s->kind == STORE_XCHG)
        *guest_reg(regs, (unsigned int)s->reg) = m.old;
    pv_skip_insn(v, regs, s->length);
    return true;
}

/* Makes of the entry, at byte `offset` of it, what depends on what it was. */
static noinline bool modify(struct vcpu *v, uint64_t *slot, unsigned int offset,
                            const struct store *s, uint64_t src,
                            struct cpu_user_regs *regs)
{
    domid_t self = v->domain->id;
    struct page_mod m;
    uint64_t mask = size_mask(s->size) << (8 * offset), old, now;
    int rc = -EAGAIN;

    page_mod_init(&m, self, self, self);
    m.how = PAGE_MOD_EXPECT;
    m.old = READ_ONCE(*slot);
    for (unsigned int i = 0; i < MAX_TRIES && rc == -EAGAIN; i++) {
        old = (m.old & mask) >> (8 * offset);
        now = result(s, old, src, regs->rax);
        rc = page_mod_leaf(slot, (m.old & ~mask) | now << (8 * offset), &m);
        if (!rc && finish(regs, s, old, now, src))
            pv_skip_insn(v, regs, s->length);
    }
    return !rc || rc == -EAGAIN; /* the guest executes it once more */
}

/* Does the store in the entry *slot, at byte `offset` of it. */
static bool do_store(struct vcpu *v, uint64_t *slot, unsigned int offset,
                     const struct store *s, struct cpu_user_regs *regs)
{
    uint64_t src;

    if (unlikely(!source(regs, s, &src)))
        return false;
    if (likely(s->size == sizeof(*slot) && s->kind <= STORE_XCHG))
        return replace(v, slot, s, src, regs);
    return modify(v, slot, offset, s, src, regs);
}

/* The entry that is mapped read-only at addr, if it is a level-1 table's: as
 * mmu_get_slot_at(). */
static uint64_t *get_target(struct vcpu *v, unsigned long addr)
{
    uint64_t pte;

    if (!pv_kernel_pte(v, addr, &pte) || (pte & (PTE_P | PTE_RW)) != PTE_P)
        return NULL;
    return mmu_get_slot_at(v->domain, (pte & PTE_ADDR_MASK) | (addr & ~PAGE_MASK & ~7ul));
}

/* Fetches and decodes the store at regs->rip, which faulted at addr. */
static bool fetch_store(struct cpu_user_regs *regs, unsigned long addr, struct store *s)
{
    uint8_t insn[INSN_MAX];
    uint64_t base;
    bool code64;

    if (!pv_code_segment(regs, &base, &code64) || !code64 ||
        !store_decode(insn, pv_fetch_insn(regs, base, insn), s) ||
        (addr & (s->size - 1u)))
        return false;
    return (s->kind != STORE_STOS && s->kind != STORE_MOVS) || regs->rdi == addr;
}

/*
 * A write of current's guest kernel faulted at addr, which is mapped read-only. True:
 * it was a store to a level-1 table and is done (or to be executed again); false: the
 * fault is the guest's.
 */
bool pv_try_pte_write(struct cpu_user_regs *regs, unsigned long addr)
{
    struct vcpu *v = current;
    uint64_t *slot = get_target(v, addr);
    struct store s;
    bool done;

    if (!slot)
        return false;
    done = fetch_store(regs, addr, &s) && do_store(v, slot, addr & 7, &s, regs);
    mmu_put_slot(slot);
    return done;
}
