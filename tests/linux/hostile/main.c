/* SPDX-License-Identifier: MIT */
/*
 * The attack that `kind` names, by a thread on every vCPU for `seconds`, the same numbers
 * for the same `seed`. insmod comes back when it is over.
 */
#include <linux/completion.h>
#include <linux/cpu.h>
#include <linux/jiffies.h>
#include <linux/kthread.h>
#include <linux/log2.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/vmalloc.h>

#include <xen/page.h>

#include <asm/io.h>
#include <asm/xen/hypervisor.h>

#include "hostile.h"
#include "numbers.h"

#define REPORTED 1024 /* rounds; and every power of two above */

static char *kind = "calls";
static unsigned long seed = 1;
static unsigned int seconds = 3;
module_param(kind, charp, 0);
module_param(seed, ulong, 0);
module_param(seconds, uint, 0);

static const struct attack *const attacks[] = {
    &attack_calls,        &attack_tables,      &attack_ports,  &attack_msrs,
    &attack_instructions, &attack_descriptors, &attack_events, &attack_grants,
    &attack_console,      &attack_xenstore,
};

static struct attacker attackers[NR_CPUS];
static struct completion all_done;
static atomic_t running;
static const struct attack *chosen;

u64 any(struct attacker *self)
{
    return number_of(self->random += NUMBER_STEP);
}

unsigned int below(struct attacker *self, unsigned int limit)
{
    return (u32)any(self) % limit;
}

bool once_in(struct attacker *self, unsigned int n)
{
    return !below(self, n);
}

u64 frame_of(const void *address)
{
    return pfn_to_mfn(virt_to_phys((void *)address) >> PAGE_SHIFT);
}

u64 any_frame(struct attacker *self)
{
    static const u64 device[] = {
        0, 0xb8, 0xe0, 0xf0, 0xfec00, 0xfee00, 0xfed00, 0xfd000
    };

    if (once_in(self, 8))
        return device[below(self, ARRAY_SIZE(device))];
    return below(self, machine_to_phys_nr + 16);
}

bool is_own(u64 mfn)
{
    unsigned long pfn;

    if (mfn == xen_start_info->shared_info >> PAGE_SHIFT || is_grant_frame(mfn))
        return true;
    if (mfn >= machine_to_phys_nr)
        return false;
    if (get_kernel_nofault(pfn, &machine_to_phys_mapping[mfn]))
        return false;
    return pfn < xen_p2m_size && get_phys_to_machine(pfn) == mfn;
}

u64 wild(struct attacker *self)
{
    static const u64 number[] = {
        0,
        1,
        2,
        3,
        7,
        8,
        31,
        32,
        63,
        64,
        4095,
        4096,
        0x7fff,
        0xffff,
        0x10000,
        0x7fffffff,
        0x80000000,
        0xffffffff,
        1ul << 32,
        1ul << 52,
        ~0ul >> 1,
        1ul << 63,
        ~0ul,
        -4096ul,
        DOMID_SELF,
        DOMID_IO,
        DOMID_XEN,
        DOMID_COW,
        DOMID_INVALID,
        0x7ffffffffff8,
        0x800000000000,
        0xffff7fffffffffff,
        0xffff800000000000,
        0xffff804000000000,
        0xffff82d080000000,
        0xffff82d080200000,
        0xffff830000000000,
        0xffff87fffffffff8,
        0xdead000000000000,
        0xfffffffffffff000,
    };

    switch (below(self, 8)) {
    case 0:
    case 1:
        return (u64)self->scratch + below(self, (SCRATCH_PAGES - 1) * PAGE_SIZE / 8) * 8;
    case 2:
        return any_frame(self);
    case 3:
        return any_frame(self) << PAGE_SHIFT | below(self, 512) * 8;
    case 4:
        return any_frame(self) << PAGE_SHIFT | (any(self) & 0x80000000000001ff) | 1;
    case 5:
        return frame_of(self->table) << PAGE_SHIFT | (any(self) & 0xfff);
    case 6:
        return once_in(self, 2) ? any(self) : self->window + below(self, 4096);
    default:
        return number[below(self, ARRAY_SIZE(number))];
    }
}

/* What the hypervisor's table says of a frame may have been changed by the attack. */
static bool is_in_p2m(u64 mfn)
{
    for (unsigned long pfn = 0; pfn < xen_p2m_size; pfn++)
        if (xen_p2m_addr[pfn] == mfn)
            return true;
    return false;
}

void breach(u64 mfn, const char *format, ...)
{
    struct va_format text = { .fmt = format };
    va_list arguments;

    if (mfn != NO_FRAME && is_in_p2m(mfn)) {
        pr_emerg("hostile: own frame %#llx by another name\n", mfn);
        return;
    }
    va_start(arguments, format);
    text.va = &arguments;
    pr_emerg("hostile: BREACH: frame %#llx: %pV\n", mfn, &text);
    va_end(arguments);
}

static void report(struct attacker *self)
{
    pr_emerg("hostile: %s: %lu rounds\n", kind, self->rounds);
}

static int work(void *data)
{
    struct attacker *self = data;
    unsigned long end = jiffies + seconds * HZ;

    while (time_before(jiffies, end)) {
        chosen->round(self);
        if (!(++self->rounds % 64))
            cond_resched();
        if (self->rounds >= REPORTED && is_power_of_2(self->rounds))
            report(self);
    }
    report(self);
    if (atomic_dec_and_test(&running))
        complete(&all_done);
    return 0;
}

/* Its pages and address are never given back: the attack may have taken them elsewhere. */
static int prepare(struct attacker *self, unsigned int cpu)
{
    self->random = seed * 1000003 + cpu;
    self->scratch = (void *)__get_free_pages(GFP_KERNEL | __GFP_ZERO, 3);
    self->table = (void *)get_zeroed_page(GFP_KERNEL);
    self->window = (unsigned long)vmalloc(PAGE_SIZE);
    return self->scratch && self->table && self->window ? 0 : -ENOMEM;
}

static int __init hostile_init(void)
{
    unsigned int cpu;

    for (unsigned int i = 0; i < ARRAY_SIZE(attacks); i++)
        if (!strcmp(kind, attacks[i]->name))
            chosen = attacks[i];
    if (!chosen)
        return -EINVAL;
    for_each_online_cpu (cpu)
        if (prepare(&attackers[cpu], cpu))
            return -ENOMEM;
    find_grant_frames();
    init_completion(&all_done);
    atomic_set(&running, num_online_cpus());
    pr_emerg("hostile: %s begins, seed %lu\n", kind, seed);
    for_each_online_cpu (cpu)
        kthread_run_on_cpu(work, &attackers[cpu], cpu, "hostile/%u");
    wait_for_completion(&all_done);
    return 0;
}

module_init(hostile_init);
MODULE_LICENSE("Dual MIT/GPL");
MODULE_DESCRIPTION("attacks on the hypervisor");
