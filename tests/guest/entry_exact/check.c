/* SPDX-License-Identifier: MIT */
/*
 * Random registers, and telling where two sets of them differ.
 */
#include "entry_exact.h"

static const char *const names[NR_REGS] = {
    "rax", "rbx", "rcx", "rdx", "rsi", "rdi", "rbp", "r8",     "r9",
    "r10", "r11", "r12", "r13", "r14", "r15", "rsp", "rflags",
};

void regs_random(struct random *random, uint64_t *regs)
{
    for (unsigned int i = 0; i < NR_REGS; i++)
        regs[i] = random_next(random);
    regs[R_RFLAGS] = (regs[R_RFLAGS] & FLAGS_RANDOM) | FLAG_FIXED | FLAG_IF;
}

void regs_of_frame(const struct trap_frame *f, uint64_t *regs)
{
    const uint64_t of[NR_REGS] = {
        f->rax, f->rbx, f->rcx, f->rdx, f->rsi, f->rdi, f->rbp, f->r8,     f->r9,
        f->r10, f->r11, f->r12, f->r13, f->r14, f->r15, f->rsp, f->rflags,
    };

    memcpy(regs, of, sizeof(of));
}

void regs_to_frame(const uint64_t *regs, struct trap_frame *f)
{
    f->rax = regs[R_RAX];
    f->rbx = regs[R_RBX];
    f->rcx = regs[R_RCX];
    f->rdx = regs[R_RDX];
    f->rsi = regs[R_RSI];
    f->rdi = regs[R_RDI];
    f->rbp = regs[R_RBP];
    f->r8 = regs[R_R8];
    f->r9 = regs[R_R9];
    f->r10 = regs[R_R10];
    f->r11 = regs[R_R11];
    f->r12 = regs[R_R12];
    f->r13 = regs[R_R13];
    f->r14 = regs[R_R14];
    f->r15 = regs[R_R15];
    f->rsp = regs[R_RSP];
    f->rflags = regs[R_RFLAGS];
}

bool regs_check(const uint64_t *regs, const uint64_t *want, const char *trip)
{
    bool same = true;

    for (unsigned int i = 0; i < NR_REGS; i++) {
        uint64_t ignored = i == R_RFLAGS ? ~(uint64_t)FLAGS_COMPARED : 0;
        bool ok = check(!((regs[i] ^ want[i]) & ~ignored), names[i]);

        if (!ok)
            note("%s: %s is %#lx, was to be %#lx", trip, names[i], regs[i], want[i]);
        same &= ok;
    }
    return same;
}
