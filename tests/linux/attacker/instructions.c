/* SPDX-License-Identifier: MIT */
/*
 * Instructions that only a kernel or a hypervisor may execute, or that enter one, with any
 * registers and flags; and memory that is not the program's.
 */
#include "attacker.h"

#include <string.h>

#define FIRST_NO_CALL 600 /* Linux has no system call of this number, nor above */
#define BYTES(...)                          \
    {                                       \
        sizeof((uint8_t[]){ __VA_ARGS__ }), \
        {                                   \
            __VA_ARGS__                     \
        }                                   \
    }

struct bytes {
    uint8_t n, byte[8];
};

/* What follows them at random is their operand. */
static const struct bytes privileged[] = {
    BYTES(0xf4),                                  /* hlt */
    BYTES(0xfa),                                  /* cli */
    BYTES(0xfb),                                  /* sti */
    BYTES(0x9d),                                  /* popf */
    BYTES(0x0f, 0x05),                            /* syscall */
    BYTES(0x0f, 0x34),                            /* sysenter */
    BYTES(0x0f, 0x35),                            /* sysexit */
    BYTES(0x0f, 0x07),                            /* sysret */
    BYTES(0x48, 0x0f, 0x07),                      /* sysretq */
    BYTES(0x0f, 0x30),                            /* wrmsr */
    BYTES(0x0f, 0x32),                            /* rdmsr */
    BYTES(0x0f, 0x33),                            /* rdpmc */
    BYTES(0x0f, 0x31),                            /* rdtsc */
    BYTES(0x0f, 0x06),                            /* clts */
    BYTES(0x0f, 0x08),                            /* invd */
    BYTES(0x0f, 0x09),                            /* wbinvd */
    BYTES(0x0f, 0xa2),                            /* cpuid */
    BYTES(0x0f, 0x0b, 'x', 'e', 'n', 0x0f, 0xa2), /* the hypervisor's cpuid */
    BYTES(0x0f, 0x00),                            /* lldt, ltr, verr, ... */
    BYTES(0x0f, 0x01),       /* lgdt, lidt, lmsw, invlpg, swapgs, vmcall, ... */
    BYTES(0x0f, 0x01, 0xd1), /* xsetbv */
    BYTES(0x0f, 0x01, 0xf8), /* swapgs */
    BYTES(0x0f, 0x01, 0xc1), /* vmcall */
    BYTES(0x0f, 0x01, 0xd9), /* vmmcall */
    BYTES(0x0f, 0x20),       /* mov from and to control and debug registers */
    BYTES(0x0f, 0x21),
    BYTES(0x0f, 0x22),
    BYTES(0x0f, 0x23),
    BYTES(0x0f, 0xae),             /* fxsave, xsave, ldmxcsr, ... */
    BYTES(0xf3, 0x0f, 0xae),       /* rdfsbase, ... */
    BYTES(0x66, 0x0f, 0x38, 0x82), /* invpcid */
    BYTES(0xec),                   /* in and out */
    BYTES(0xed),
    BYTES(0xee),
    BYTES(0xef),
    BYTES(0xe4),
    BYTES(0xe6),
    BYTES(0xf3, 0x6c),
    BYTES(0xf3, 0x6f),
    BYTES(0xcd),       /* int */
    BYTES(0xcd, 0x82), /* where hypercalls once were */
    BYTES(0xcd, 0x80),
    BYTES(0xcc),
    BYTES(0xf1),       /* icebp */
    BYTES(0x48, 0xcf), /* iretq */
    BYTES(0xcf),
    BYTES(0xcb), /* far return, call, jump */
    BYTES(0x48, 0xcb),
    BYTES(0xff, 0x1c, 0x24),
    BYTES(0xff, 0x2c, 0x24),
    BYTES(0x48, 0xff, 0x2c, 0x24),
    BYTES(0x8e),       /* mov to segment registers */
    BYTES(0x0f, 0xa1), /* pop fs, gs; lfs, lgs, lss */
    BYTES(0x0f, 0xa9),
    BYTES(0x0f, 0xb2),
    BYTES(0x0f, 0xb4),
    BYTES(0x0f, 0xb5),
    BYTES(0x0f, 0x02), /* lar, lsl */
    BYTES(0x0f, 0x03),
};

/* What the registers are loaded from, in the order of run(). */
static uint64_t registers[15], flags, target;

/* Jumps to the code with these registers; what comes back comes as a signal. */
static void jump(struct attacker *self)
{
    (void)self;
    asm volatile("push %1\n\tpush %2\n\t"
                 "mov 8(%0), %%rbx\n\tmov 16(%0), %%rcx\n\tmov 24(%0), %%rdx\n\t"
                 "mov 32(%0), %%rsi\n\tmov 48(%0), %%r8\n\tmov 56(%0), %%r9\n\t"
                 "mov 64(%0), %%r10\n\tmov 72(%0), %%r11\n\tmov 80(%0), %%r12\n\t"
                 "mov 88(%0), %%r13\n\tmov 96(%0), %%r14\n\tmov 104(%0), %%r15\n\t"
                 "mov (%0), %%rax\n\tmov 40(%0), %%rbp\n\tmov 112(%0), %%rdi\n\t"
                 "popf\n\tret"
                 :
                 : "D"(registers), "r"(target), "r"(flags)
                 : "memory");
    __builtin_unreachable();
}

static void set_registers(struct attacker *self)
{
    for (unsigned int i = 0; i < 15; i++)
        registers[i] = wild(self);
    flags = 0x202;
    if (once_in(self, 4)) /* single steps, nested tasks, alignment, IOPL, ... */
        flags |= any(self) & 0x277fd5;
}

/* An instruction, its operand, and the end. Ones that call Linux ask for what it has not. */
static void instruction(struct attacker *self)
{
    const size_t kinds = sizeof(privileged) / sizeof(privileged[0]);
    const struct bytes *chosen = &privileged[below(self, kinds)];
    size_t at = 0;

    set_registers(self);
    memset(self->code, 0xcc, 64);
    if (once_in(self, 8))
        self->code[at++] = 0x40 | below(self, 16); /* REX */
    memcpy(self->code + at, chosen->byte, chosen->n);
    at += chosen->n;
    for (unsigned int i = 0; i < 6; i++)
        self->code[at++] = (uint8_t)any(self);
    if (registers[0] < FIRST_NO_CALL && chosen->byte[0] != 0x8e)
        registers[0] += FIRST_NO_CALL;
    target = (uintptr_t)self->code;
    jump(self);
}

/* The stack holds what iret and far returns take. */
static void stack_frame(struct attacker *self)
{
    static const uint8_t ret[][2] = { { 0x48, 0xcf }, { 0x48, 0xcb }, { 0xcf, 0 } };
    uint64_t *stack = (uint64_t *)self->scratch;
    uint8_t *code = self->code;

    for (unsigned int i = 0; i < 16; i++)
        stack[i] = once_in(self, 3) ? 0x33 - 8 * below(self, 2) : wild(self);
    if (once_in(self, 2))
        stack[0] = (uintptr_t)code;
    set_registers(self);
    memset(code, 0xcc, 64);
    memcpy(code, "\x48\x89\xfc", 3); /* mov %rdi, %rsp */
    memcpy(code + 3, ret[below(self, 3)], 2);
    registers[14] = (uintptr_t)stack;
    target = (uintptr_t)code;
    jump(self);
}

/* The first 256 GiB of the hypervisor's range are a table that guests may read. */
#define PRIVATE     0xffff804000000000ul
#define PRIVATE_END 0xffff880000000000ul

static uint64_t address;

static void load(struct attacker *self)
{
    uint64_t value = *(volatile uint64_t *)address;

    (void)self;
    if (address >= PRIVATE && address < PRIVATE_END - 8)
        breach("the hypervisor's memory was read", address);
    else if (address >> 63 && address >= PRIVATE_END && address < 0xffffffffff600000)
        breach("the kernel's memory was read", value);
}

static void store(struct attacker *self)
{
    *(volatile uint64_t *)address = any(self);
    if (address >> 63)
        breach("memory of others was written", address);
}

static void memory(struct attacker *self)
{
    address =
        once_in(self, 2) ? PRIVATE + below(self, PRIVATE_END - PRIVATE) : wild(self);
    if (address >> 47 == 0) /* its own */
        address |= 0xffff800000000000;
    if (once_in(self, 2))
        load(self);
    else
        store(self);
}

static void round_of_instructions(struct attacker *self)
{
    static void (*const way[])(struct attacker *) = { instruction, instruction,
                                                      stack_frame, memory };

    way[below(self, sizeof(way) / sizeof(way[0]))](self);
}

const struct attack attack_instructions = { "instructions", false, NULL,
                                            round_of_instructions };
