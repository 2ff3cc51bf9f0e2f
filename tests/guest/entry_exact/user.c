/* SPDX-License-Identifier: MIT */
/*
 * Trips from user mode, 64-bit and 32-bit: what iret loads is what the trap shows.
 */
#include "entry_exact.h"

#include <mini-os/mm.h>

#define USER_FAULT 4

struct kind {
    const char *name;
    const char *code, *at;
    unsigned int vector;
    uint64_t error;
    uint64_t set_flags;
    uint16_t cs;
    bool is_syscall;
};

#define KIND64(name, code, vector, error, flags, is_syscall)                       \
    {                                                                              \
        name, utrip_##code, utrip_##code##_at, vector, error, flags, FLAT_USER_CS, \
            is_syscall                                                             \
    }
#define KIND32(name, code, vector, error, is_syscall)                            \
    {                                                                            \
        name, utrip_##code, utrip_##code##_at, vector, error, 0, FLAT_USER_CS32, \
            is_syscall                                                           \
    }

static const struct kind kinds[] = {
    KIND64("user syscall", syscall, TRAP_CALLBACK_SYSCALL, 0, 0, true),
    KIND64("user #BP", int3, TRAP_INT3, 0, 0, false),
    KIND64("user #UD", ud2, TRAP_INVALID_OP, 0, 0, false),
    KIND64("user #PF", page_fault, TRAP_PAGE_FAULT, USER_FAULT, 0, false),
    KIND64("user #GP", gp, TRAP_GP_FAULT, 0, 0, false),
    KIND64("user #DB", step, TRAP_DEBUG, 0, FLAG_TF, false),
    KIND64("user events", spin, TRAP_INT3, 0, 0, false),
    KIND32("32-bit #BP", int3_32, TRAP_INT3, 0, false),
    KIND32("32-bit #PF", page_fault32, TRAP_PAGE_FAULT, USER_FAULT, false),
};

/* SYSCALL from 32-bit code is AMD's, SYSENTER in long mode Intel's; the emulator has
 * either for both, but SYSENTER in 64-bit code. */
static const struct kind syscall32 =
    KIND32("32-bit syscall", syscall32, TRAP_CALLBACK_SYSCALL, 0, true);
static const struct kind sysenter =
    KIND64("sysenter", sysenter, TRAP_CALLBACK_SYSCALL, 0, 0, false);
static const struct kind sysenter32 =
    KIND32("32-bit sysenter", sysenter32, TRAP_CALLBACK_SYSCALL, 0, false);

static uint64_t user_address(const char *code)
{
    return USER_CODE + (code - user_code);
}

static void init_frame(struct traveller *self, const struct kind *kind,
                       struct trap_frame *frame)
{
    uint64_t regs[NR_REGS];

    regs_random(&self->random, regs);
    regs[R_RFLAGS] |= kind->set_flags;
    if (kind->cs == FLAT_USER_CS32)
        for (unsigned int i = 0; i <= R_RSP; i++)
            regs[i] &= 0xffffffff;
    *frame = (struct trap_frame){
        .rip = user_address(kind->code),
        .cs = kind->cs,
        .ss = FLAT_USER_SS,
    };
    regs_to_frame(regs, frame);
}

/*
 * Enters with random registers; *before is what user mode then had. VGCF_in_syscall gives
 * up RCX and R11: SYSRET leaves RIP and RFLAGS in them unless an event came between.
 */
static void travel(struct traveller *self, const struct kind *kind,
                   unsigned long iret_flags, struct trap_frame *before,
                   struct trap_frame *after)
{
    uint64_t cr2 = 0;

    init_frame(self, kind, before);
    *after = *before;
    user_enter(after, iret_flags, &cr2);
    if (kind->vector == TRAP_PAGE_FAULT)
        check_eq(cr2, NOT_MAPPED);
    if (iret_flags & VGCF_in_syscall) {
        before->rcx = after->rcx;
        before->r11 = after->r11;
    }
}

static void check_registers(const struct kind *kind, const struct trap_frame *before,
                            const struct trap_frame *after)
{
    uint64_t want[NR_REGS], seen[NR_REGS];

    regs_of_frame(before, want);
    regs_of_frame(after, seen);
    if (kind->is_syscall) {
        want[R_RCX] = user_address(kind->at);
        want[R_R11] = before->rflags;
        seen[R_R11] = (after->r11 & FLAGS_COMPARED) == (before->rflags & FLAGS_COMPARED)
                          ? before->rflags
                          : after->r11;
    }
    regs_check(seen, want, kind->name);
}

/* A SYSRET that sets TF traps before the first instruction, an IRET behind it. */
static void run(struct traveller *self, const struct kind *kind, unsigned long iret_flags)
{
    struct trap_frame before, after;

    travel(self, kind, iret_flags, &before, &after);
    check_registers(kind, &before, &after);
    check_eq(after.vector, kind->vector);
    check_eq(after.error, kind->error);
    if (!(iret_flags && kind->vector == TRAP_DEBUG && after.rip == before.rip))
        check_eq(after.rip, user_address(kind->at));
    check_eq(after.cs & 0xffff, kind->cs);
    check_eq(after.ss & 0xffff, FLAT_USER_SS);
    check_eq(after.rflags & FLAG_IF, FLAG_IF);
}

/* The processor keeps neither the address nor the stack. */
static void run_sysenter(struct traveller *self, const struct kind *kind)
{
    struct trap_frame before, after;

    travel(self, kind, 0, &before, &after);
    check_eq(after.vector, kind->vector);
    check_eq(after.rip, 0);
    check_eq(after.rsp, 0);
    check_eq(after.cs & 3, 3);
    check_eq(after.rflags & FLAG_IF, FLAG_IF);
    before.rsp = 0;
    check_registers(kind, &before, &after);
}

/* The other one is an undefined instruction. */
static void run_undefined(struct traveller *self, const struct kind *kind)
{
    struct kind undefined = *kind;

    undefined.vector = TRAP_INVALID_OP;
    undefined.at = undefined.code;
    undefined.is_syscall = false;
    run(self, &undefined, 0);
}

static bool is_intel(void)
{
    uint32_t a = 0, b, c, d;

    asm volatile("cpuid" : "+a"(a), "=b"(b), "=c"(c), "=d"(d));
    return b == 0x756e6547; /* "Genu" */
}

void user_begin(struct user_space *user)
{
    require(user_space_create(user) == 0);
    require(space_map(&user->space, USER_CODE,
                      pte_make(virt_to_mfn(user_code), PTE_RX)) == 0);
}

void user_trips(struct traveller *self)
{
    for (unsigned int i = 0; i < ARRAY_SIZE(kinds); i++) {
        run(self, &kinds[i], 0);
        if (kinds[i].cs == FLAT_USER_CS)
            run(self, &kinds[i], VGCF_in_syscall);
    }
    if (is_intel()) {
        run_sysenter(self, &sysenter);
        run_sysenter(self, &sysenter32);
    } else {
        run(self, &syscall32, 0);
        run_undefined(self, &sysenter);
    }
}
