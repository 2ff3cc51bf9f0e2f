/* SPDX-License-Identifier: MIT */
/*
 * The machine that hypervisor code sees when it is compiled as an ordinary program
 * (HV_HOST_BUILD): RAM behind mfn_to_virt(), a frame table, an M2P, one CPU, locks that
 * check their order, a TLB that only counts, and panics that a test can expect.
 */
#ifndef HV_HOST_H
#define HV_HOST_H

#include <hv/page.h>
#include <hv/types.h>

/*
 * Makes a machine of `frames` frames, all absent from RAM until added with
 * ram_add_range() and heap_add_range(). Contents of memory start as zero. A second call
 * (at most the first call's size) makes frame table, M2P and memory new again.
 */
void host_machine_init(uint64_t frames);

/* Runs fn(arg): true when it panicked. The panic message is kept in host_panic_text. */
bool host_panics(void (*fn)(void *arg), void *arg);
extern char host_panic_text[512];

/* The flush clock, and how often and for which stamp a flush was asked for. */
extern uint32_t host_tlb_clock;
extern unsigned int host_tlb_flushes;
extern uint32_t host_tlb_last_stamp;

/* Repeatable pseudo-random numbers. */
uint64_t host_random(void);
void host_random_seed(uint64_t seed);

#endif
