/* SPDX-License-Identifier: MIT */
/*
 * A program in the guest of an innocent kernel attacks what is below it: as a user whom
 * nothing is allowed, or as root by the devices that the kernel has for tools. Each kind of
 * attack is a function that does one random thing; processes repeat it, and others take
 * their places when they die or have lived for a while.
 */
#ifndef ATTACKER_H
#define ATTACKER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PAGE          4096
#define SCRATCH_PAGES 8

struct attacker {
    uint64_t random;
    uint8_t *scratch; /* pages for arguments */
    uint8_t *code;    /* a page that can be executed */
    unsigned long rounds;
};

struct attack {
    const char *name;
    bool is_root;
    /* Opens what it needs. Returns whether it can begin. */
    bool (*prepare)(void);
    void (*round)(struct attacker *self);
};

extern const struct attack attack_instructions, attack_processes, attack_devices,
    attack_privcmd;

/* A random number; one below limit; true once in n. */
uint64_t any(struct attacker *self);
uint64_t below(struct attacker *self, uint64_t limit);
bool once_in(struct attacker *self, uint64_t n);
/* A value that means something as a number, frame, entry, selector or address. */
uint64_t wild(struct attacker *self);

/* Calls fn; whatever signal comes of it ends it. Returns whether it came to its end. */
bool guarded(struct attacker *self, void (*fn)(struct attacker *self));

/* The attack had what it must not have. */
void breach(const char *what, uint64_t value);

#endif
