/* SPDX-License-Identifier: MIT */
/*
 * A kernel module that attacks the hypervisor below its kernel. Each kind of attack is a
 * function that does one random thing and is called for some seconds on all vCPUs at once;
 * the guest may go down by it. What must never be had is reported by breach().
 */
#ifndef HOSTILE_H
#define HOSTILE_H

#include <linux/types.h>

#include <xen/interface/xen.h>

#define SCRATCH_PAGES 8

/* A vCPU's part in the attack. */
struct attacker {
    u64 random;
    unsigned char
        *scratch;         /* pages for arguments; whatever is written there is harmless */
    unsigned long window; /* an address of one page whose mapping may be changed */
    unsigned long *table; /* a page that may become a page table; read-only when it is */
    unsigned long rounds;
};

struct attack {
    const char *name;
    void (*round)(struct attacker *self);
};

extern const struct attack attack_calls, attack_tables, attack_ports, attack_msrs,
    attack_instructions, attack_descriptors, attack_events, attack_grants, attack_console,
    attack_xenstore;

/* A random number; one below `limit`; true once in `n`. */
u64 any(struct attacker *self);
unsigned int below(struct attacker *self, unsigned int limit);
bool once_in(struct attacker *self, unsigned int n);

/* A value that means something as a number, frame, entry or address. */
u64 wild(struct attacker *self);

/* A frame anywhere in the machine; whether the guest has it, by its own tables. */
u64 any_frame(struct attacker *self);
bool is_own(u64 mfn);
u64 frame_of(const void *address);

/* Finds out which frames the grant table has; whether it has this one. */
void find_grant_frames(void);
bool is_grant_frame(u64 mfn);

/* Makes a hypercall with any number. Returns what the hypervisor says. */
long hypercall(unsigned int number, u64 a, u64 b, u64 c, u64 d, u64 e);

/*
 * The attack had what it must not have: of this frame, unless the frame turns out to be the
 * guest's own, or NO_FRAME.
 */
#define NO_FRAME (~0ull)
void breach(u64 mfn, const char *format, ...) __printf(2, 3);

#endif
