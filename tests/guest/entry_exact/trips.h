/* SPDX-License-Identifier: MIT */
/*
 * Trips from the guest's kernel into the hypervisor and back, with every register live.
 * The vCPU's struct trip is found through its GS base. Shared with assembly.
 */
#ifndef TRIPS_H
#define TRIPS_H

/* Indices of the registers in struct trip's in and out. */
#define R_RAX    0
#define R_RBX    1
#define R_RCX    2
#define R_RDX    3
#define R_RSI    4
#define R_RDI    5
#define R_RBP    6
#define R_R8     7
#define R_R9     8
#define R_R10    9
#define R_R11    10
#define R_R12    11
#define R_R13    12
#define R_R14    13
#define R_R15    14
#define R_RSP    15
#define R_RFLAGS 16
#define NR_REGS  17

/* Offsets in struct trip. */
#define TRIP_IN         0
#define TRIP_OUT        (8 * NR_REGS)
#define TRIP_CALLER_RSP (16 * NR_REGS)
#define TRIP_CODE       (TRIP_CALLER_RSP + 8)
#define TRIP_SPIN       (TRIP_CODE + 8)
#define TRIP_ZERO       (TRIP_SPIN + 8)
#define TRIP_IRET_FLAGS (TRIP_ZERO + 8)

/* Addresses that the page fault and the #GP of trips.S touch, without a register. */
#define NOT_MAPPED    0x123000
#define NON_CANONICAL 0x800000000000

/* Where trips.S's code for user mode is to be mapped: below 4 GiB, for 32-bit code. */
#define USER_CODE 0x400000

#ifndef __ASSEMBLER__
#include <mini-os/traps.h>

struct trip {
    uint64_t in[NR_REGS], out[NR_REGS];
    uint64_t caller_rsp;
    const void *code;          /* where trip_run() jumps */
    const void *volatile spin; /* where trip_spin jumps, until an event changes it */
    uint64_t zero;
    uint64_t iret_flags;
    /* Not for assembly: */
    uint64_t want[NR_REGS]; /* out, as it has to be */
    const void *resume;     /* where the trap handler continues */
    bool active;
    volatile unsigned int traps;
    struct trap_frame frame; /* the last trap's */
    uint64_t cr2;
};

/* Loads all registers from t->in, jumps to t->code, and stores them in t->out when that
 * comes to trip_done. The GS base is t; t->in[R_RSP] lies below the caller's frame. */
void trip_run(struct trip *t);

/* The stretches of code, with the places where a trap is expected and to be resumed. */
#define TRIP(name) \
    extern const char trip_##name[], trip_##name##_at[], trip_##name##_end[];
TRIP(nothing)
TRIP(syscall)
TRIP(page)
TRIP(spin)
TRIP(ud2)
TRIP(int3)
TRIP(page_fault)
TRIP(gp)
TRIP(divide)
TRIP(fpu)
TRIP(step)
TRIP(clts)
TRIP(cpuid)
TRIP(store)
TRIP(iret)
#undef TRIP
extern const char trip_done[];

/* The same in user mode, as offsets from the page user_code; 32-bit ones at the end. */
extern const char user_code[];
#define USER(name) extern const char utrip_##name[], utrip_##name##_at[];
USER(syscall)
USER(int3)
USER(ud2)
USER(page_fault)
USER(gp)
USER(step)
USER(spin)
USER(sysenter)
USER(syscall32)
USER(sysenter32)
USER(int3_32)
USER(page_fault32)
#undef USER
#endif

#endif
