/* SPDX-License-Identifier: MIT */
/* The debug keys: one function per printable character. */
#include "console.h"
#include "entry.h"
#include <hv/console.h>
#include <hv/cpu.h>
#include <hv/hooks.h>
#include <hv/lib.h>
#include <hv/smp.h>

#define FIRST_KEY ' '
#define LAST_KEY  '~'

struct debug_key {
    const char *help;
    void (*fn)(char key);
};

static struct debug_key keys[LAST_KEY - FIRST_KEY + 1];

static struct debug_key *find_key(char key)
{
    return key >= FIRST_KEY && key <= LAST_KEY ? &keys[key - FIRST_KEY] : NULL;
}

void debug_key_register(char key, const char *help, void (*fn)(char key))
{
    struct debug_key *k = find_key(key);

    BUG_ON(!k || k->fn);
    *k = (struct debug_key){ help, fn };
}

void debug_key_handle(char key)
{
    struct debug_key *k = find_key(key);

    if (!k || !k->fn)
        return;
    pr_err("'%c' pressed -> %s\n", key, k->help);
    k->fn(key);
}

static void print_help(char key)
{
    (void)key;
    for (char c = FIRST_KEY; c <= LAST_KEY; c++)
        if (find_key(c)->fn)
            pr_err("  %c  %s\n", c, find_key(c)->help);
}

/* On each CPU: what it was doing. A guest's registers are those of its last entry. */
static void print_this_cpu(void *arg)
{
    const struct vcpu *v = current;

    (void)arg;
    if (vcpu_is_idle(v)) {
        pr_err("CPU%u: idle\n", smp_cpu_id());
        return;
    }
    pr_err("CPU%u: guest vCPU %u\n", smp_cpu_id(), v->id);
    dump_registers(&v->regs);
}

static void print_registers(char key)
{
    unsigned int cpu;

    (void)key;
    for_each_online_cpu (cpu) {
        struct cpumask one = cpumask_of(cpu);

        smp_call(&one, print_this_cpu, NULL);
    }
}

static void reboot(char key)
{
    (void)key;
    console_flush();
    machine_restart();
}

void debug_keys_init(void)
{
    debug_key_register('h', "list the keys", print_help);
    debug_key_register('d', "registers of all CPUs", print_registers);
    debug_key_register('n', "NMI counts", nmi_print_counts);
    debug_key_register('R', "reboot", reboot);
}
