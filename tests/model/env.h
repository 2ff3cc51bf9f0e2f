/* SPDX-License-Identifier: MIT */
/*
 * The surroundings of the page-type machine in its tests: a few frames of RAM and of
 * device memory, three domains, a TLB flush clock, and a say in when work is broken off.
 */
#ifndef MODEL_ENV_H
#define MODEL_ENV_H

#include <hv/domain.h>
#include <hv/page_type.h>

#define NR_RAM     48u  /* frames of RAM: 0 .. 47 */
#define NR_HV      2u   /* the first of them are the hypervisor's */
#define NR_FRAMES  52u  /* and up to here device memory */
#define FAR_DEVICE 100u /* device memory beyond the frame table */
#define NR_DOMAINS 3u   /* domain 0 may use device memory */

/* What the hypervisor puts into its level-4 slots: nobody else may map that frame. */
#define HV_SLOT_PTE (1ull << PAGE_SHIFT | PTE_P | PTE_US | PTE_RW | PTE_A | PTE_D)

extern struct domain domains[NR_DOMAINS];

void env_init(void);
/* New random sequence; chance in 1/256 that work is broken off where it can be. */
void env_seed(uint64_t seed, unsigned int preempt_chance);
/* Random number below n. Own sequence in every thread. */
unsigned int env_random(unsigned int n);

/* A frame that is free, given to d; -1: none. Else its number. */
int env_alloc(unsigned int d);
/* Drops the owner's reference, if it is there. True: it was. */
bool env_drop_allocated(unsigned int mfn);

static inline bool env_is_free(unsigned int mfn)
{
    return !(READ_ONCE(frame_table[mfn].ref) & PGR_INUSE);
}

/* A frame's owner, -1 for a free one. */
static inline int env_owner(unsigned int mfn)
{
    uint64_t ref = READ_ONCE(frame_table[mfn].ref);

    return ref & PGR_INUSE ? (int)(ref >> PGR_OWNER_SHIFT & 0xffff) : -1;
}

static inline uint64_t *env_table(unsigned int mfn)
{
    return mfn_to_virt(_mfn(mfn));
}

/* Flush clock, and its value when a domain's translations were flushed last. */
uint32_t env_clock(void);
uint32_t env_last_flush(unsigned int d);

/* Prints and aborts, with where in the sequence that was. */
noreturn void env_fail(const char *fmt, ...) printf_like(1, 2);
extern __thread uint64_t env_step;

#endif
