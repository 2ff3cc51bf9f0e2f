/* SPDX-License-Identifier: MIT */
/*
 * From the loader's hand-over to domain 0: the steps of steps.def, one after the other.
 */
#include "internal.h"
#include "multiboot.h"
#include "startup.h"

#include <hv/console.h>
#include <hv/cpu.h>
#include <hv/heap.h>
#include <hv/lib.h>
#include <hv/percpu.h>
#include <hv/pv.h>
#include <hv/sched.h>

struct boot_info boot_info;

static __initdata char cmdline[sizeof(boot_info.cmdline)];
static __initdata uint32_t loader_magic, loader_info;
static __initdata const char *loader_error;

/* The loader's structures all lie below 4 GiB, which the start-up tables map. */
__init void startup_loader(void)
{
    const struct machine_view mem = { (const uint8_t *)DIRECTMAP_START, 1ull << 32 };

    loader_error = multiboot_parse(&mem, loader_magic, loader_info, &boot_info);
}

__init void startup_cmdline(void)
{
    strlcpy(cmdline, boot_info.cmdline, sizeof(cmdline));
    cmdline_parse(cmdline);
}

__init void startup_console(void)
{
    console_init_early();
    pr_info("Pavise 4.17-pavise, started by %s\n",
            boot_info.loader[0] ? boot_info.loader : "an unnamed boot loader");
    pr_info("command line: %s\n", boot_info.cmdline);
    cmdline_report();
}

__init void startup_check_input(void)
{
    if (!loader_error)
        loader_error = boot_info_check(&boot_info);
    if (loader_error)
        boot_fail("%s", loader_error);
}

__init void startup_heap(void)
{
    for (unsigned int i = 0; i < boot_info.nr_mem; i++) {
        const struct mem_range *r = &boot_info.mem[i];

        if (r->kind == MEM_RAM)
            ram_add_range(maddr_to_mfn(_maddr(r->start)),
                          maddr_to_mfn(_maddr(r->start + r->size)));
    }
    early_to_heap();
}

__init void startup_descriptors(void)
{
    this_cpu(stack_top) = (uintptr_t)boot_stack_top;
    if (desc_init_cpu(0))
        boot_fail("out of memory: descriptor tables");
    desc_load();
}

__init void startup_cpu_policies(void)
{
    if (host_cpu.arch_caps_msr && rdmsr_safe(MSR_ARCH_CAPS, &host_cpu.arch_caps))
        host_cpu.arch_caps = 0;
    cpu_policy_init(cpuid, host_cpu.arch_caps);
}

__init void startup_domain0(void)
{
    pv_build_domain0(&boot_info);
}

void boot_fail(const char *fmt, ...)
{
    char reason[256];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(reason, sizeof(reason), fmt, ap);
    va_end(ap);
    irq_disable();
    pr_err("Pavise cannot start: %s\n", reason);
    console_flush();
    for (;;)
        __asm__ volatile("hlt");
}

void boot_module_release(unsigned int i)
{
    struct boot_module *m = &boot_info.module[i];
    uint64_t start = ROUND_UP(m->start, PAGE_SIZE);
    uint64_t end = ROUND_DOWN(m->start + m->size, PAGE_SIZE);

    if (start < end)
        heap_add_range(maddr_to_mfn(_maddr(start)), maddr_to_mfn(_maddr(end)));
    m->size = 0;
}

static const struct startup_step {
    const char *name;
    void (*run)(void);
} step[] = {
#define STEP(name, fn) { name, fn },
#include "steps.def"
#undef STEP
};

static __init void run_steps(void)
{
    bool can_print = false;

    for (size_t i = 0; i < ARRAY_SIZE(step); i++) {
        if (can_print)
            pr_debug("start-up: %s (%lu kcycles)\n", step[i].name,
                     (unsigned long)(rdtsc() / 1000));
        step[i].run();
        can_print |= step[i].run == startup_console;
    }
}

/* Everything of start-up is done: its own code and data go, and the CPU gets to work. */
static noreturn noinline void finish(void)
{
    paging_seal();
    pr_info("start-up done after %lu kcycles: %lu MiB free\n",
            (unsigned long)(rdtsc() / 1000),
            (unsigned long)(heap_free_count() >> (20 - PAGE_SHIFT)));
    idle_loop();
}

__init void boot_main(uint32_t magic, uint32_t info)
{
    percpu_save_template();
    loader_magic = magic;
    loader_info = info;
    run_steps();
    finish();
}
