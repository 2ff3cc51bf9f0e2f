/* SPDX-License-Identifier: MIT */
/*
 * Root's own way to the hypervisor, which the module xen-privcmd opens: any hypercall with
 * any arguments, from a kernel that goes on as if nothing had been; and mappings of other
 * domains' frames. Calls that would only end the guest are rare.
 */
#define _GNU_SOURCE
#include "attacker.h"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#define __XEN_INTERFACE_VERSION__ 0x00040e00
#include <xen/xen.h>

#include <xen/event_channel.h>
#include <xen/sched.h>
#include <xen/vcpu.h>

#include "../hostile/suicide.h"

/* As the kernel has them. */
struct call {
    uint64_t number, argument[5];
};
struct map_batch {
    uint32_t n;
    uint16_t domain;
    uint64_t address;
    const uint64_t *frames;
    int *errors;
};
#define DO_CALL   _IOC(_IOC_NONE, 'P', 0, sizeof(struct call))
#define MAP_BATCH _IOC(_IOC_NONE, 'P', 4, sizeof(struct map_batch))

#define CALLS  64
#define WORDS  64
#define FRAMES 8

static int device;

static bool prepare_privcmd(void)
{
    device = open("/dev/xen/privcmd", O_RDWR);
    return device >= 0;
}

static void scribble(struct attacker *self)
{
    uint64_t *word = (uint64_t *)self->scratch + below(self, SCRATCH_PAGES * 512 - WORDS);

    for (unsigned int i = 0; i < WORDS; i++)
        word[i] = once_in(self, 2) ? below(self, 32) : wild(self);
}

static void any_call(struct attacker *self)
{
    struct call call = { .number = once_in(self, 64) ? any(self) : below(self, CALLS) };

    scribble(self);
    for (unsigned int i = 0; i < 5; i++)
        call.argument[i] = wild(self);
    if (!once_in(self, 4))
        call.argument[0] = below(self, 48);
    if (once_in(self, 2))
        call.argument[1] = (uintptr_t)self->scratch + below(self, 512) * 8;
    if (is_suicide(call.number, (uint32_t)call.argument[0]) && !once_in(self, 100000))
        return;
    ioctl(device, DO_CALL, &call);
}

/* Maps frames of a domain, and forgets them; errors[] says which of them not. */
static void map(uint16_t domain, const uint64_t *frames, int *errors)
{
    void *at = mmap(NULL, FRAMES * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, device, 0);
    struct map_batch batch = { .n = FRAMES,
                               .domain = domain,
                               .address = (uintptr_t)at,
                               .frames = frames,
                               .errors = errors };

    for (unsigned int i = 0; i < FRAMES; i++)
        errors[i] = -1;
    if (at == MAP_FAILED)
        return;
    ioctl(device, MAP_BATCH, &batch);
    munmap(at, FRAMES * PAGE);
}

/* A frame that can be had by another domain's name only is another domain's. */
static void map_frames(struct attacker *self)
{
    uint16_t domain = (uint16_t)below(self, 6);
    uint64_t frames[FRAMES];
    int errors[FRAMES], own[FRAMES];

    for (unsigned int i = 0; i < FRAMES; i++)
        frames[i] = once_in(self, 4) ? wild(self) : below(self, 1 << 18);
    map(once_in(self, 4) ? DOMID_SELF + 1 + domain : domain, frames, errors);
    map(DOMID_SELF, frames, own);
    for (unsigned int i = 0; i < FRAMES; i++)
        if (!errors[i] && own[i])
            breach("another domain's frame was mapped", frames[i]);
}

static void round_of_privcmd(struct attacker *self)
{
    if (once_in(self, 2000)) /* what is refused makes the kernel write beside its array */
        map_frames(self);
    else
        any_call(self);
}

const struct attack attack_privcmd = { "privcmd", true, prepare_privcmd,
                                       round_of_privcmd };
