/* SPDX-License-Identifier: MIT */
/*
 * Any hypercall with any arguments. Those that would only end the attack are rare.
 */
#include <linux/kernel.h>
#include <linux/sched.h>

#include <xen/interface/event_channel.h>
#include <xen/interface/sched.h>
#include <xen/interface/vcpu.h>

#include "hostile.h"
#include "suicide.h"

#define CALLS 64
#define WORDS 48 /* of arguments that a call finds in memory */

long hypercall(unsigned int number, u64 a, u64 b, u64 c, u64 d, u64 e)
{
    register u64 fourth asm("r10") = d;
    register u64 fifth asm("r8") = e;
    long rc;

    asm volatile("syscall"
                 : "=a"(rc), "+D"(a), "+S"(b), "+d"(c), "+r"(fourth), "+r"(fifth)
                 : "0"((u64)number)
                 : "rcx", "r11", "memory");
    return rc;
}

static void scribble(struct attacker *self)
{
    u64 *word = (u64 *)self->scratch + below(self, SCRATCH_PAGES * 512 - WORDS);

    for (unsigned int i = 0; i < WORDS; i++)
        word[i] = once_in(self, 2) ? below(self, 32) : wild(self);
}

static void wild_list(struct attacker *self)
{
    struct multicall_entry *entry = (void *)self->scratch;
    unsigned int count = below(self, CALLS);

    for (unsigned int i = 0; i < count; i++) {
        entry[i].op = below(self, CALLS);
        for (unsigned int n = 0; n < ARRAY_SIZE(entry[i].args); n++)
            entry[i].args[n] = wild(self);
        if (!once_in(self, 4))
            entry[i].args[0] = below(self, 48);
        if (is_suicide(entry[i].op, (u32)entry[i].args[0]))
            entry[i].op = __HYPERVISOR_xen_version;
    }
    hypercall(__HYPERVISOR_multicall, (u64)entry, count, 0, 0, 0);
}

static void calls_round(struct attacker *self)
{
    unsigned int number =
        once_in(self, 64) ? (unsigned int)any(self) : below(self, CALLS);
    u64 argument[5];

    if (once_in(self, 4))
        scribble(self);
    if (once_in(self, 32))
        wild_list(self);
    for (unsigned int i = 0; i < ARRAY_SIZE(argument); i++)
        argument[i] = wild(self);
    if (!once_in(self, 4))
        argument[0] = below(self, 48);
    if (once_in(self, 2))
        argument[1] = (u64)self->scratch + below(self, 512) * 8;
    if (is_suicide(number, (u32)argument[0]) && !once_in(self, 1000000))
        return;
    hypercall(number, argument[0], argument[1], argument[2], argument[3], argument[4]);
}

const struct attack attack_calls = { "calls", calls_round };
