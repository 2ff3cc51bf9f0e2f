/* SPDX-License-Identifier: MIT */
/*
 * Starting the other processors, one at a time. The boot CPU prepares everything a CPU
 * needs, wakes it, and waits; what the new one has reached is in `progress`:
 *
 *   ASLEEP -> AWAKE    it runs our code        (else: not there; put back with INIT)
 *   AWAKE -> SYNCING   its tables and APIC are set up; both now compare their TSCs
 *   SYNCING -> ONLINE  in cpu_online_map, on its way to the idle loop
 */
#include "platform.h"

#include <hv/apic.h>
#include <hv/boot.h>
#include <hv/cmdline.h>
#include <hv/cpu.h>
#include <hv/desc.h>
#include <hv/heap.h>
#include <hv/lib.h>
#include <hv/page.h>
#include <hv/paging.h>
#include <hv/percpu.h>
#include <hv/sched.h>

enum ap_progress { AP_ASLEEP, AP_AWAKE, AP_SYNCING, AP_ONLINE };

#define FIRST_WAIT_US 20000
/* Generous: an emulated processor may have to wait for its host. */
#define SECOND_WAIT_US 1000000
#define SETUP_WAIT_US  10000000

unsigned int nr_cpus __ro_after_init = 1;
struct cpumask cpu_online_map = { { 1 } };

/* For the one being started; trampoline.S reads the first two. */
uintptr_t ap_stack, ap_gs_base;
static enum ap_progress progress;

extern const char trampoline_start[], trampoline_end[], trampoline_gdt_ptr[],
    trampoline_jump[], trampoline_cr3[];
extern uint64_t boot_l4_alias[];
void smp_count(void);
noreturn void ap_main(void);

static __initdata unsigned int opt_maxcpus = NR_CPUS;
BOOT_OPTION_UINT("maxcpus", opt_maxcpus);
static __initdata bool opt_nosmp;
BOOT_OPTION_BOOL("nosmp", opt_nosmp);

__init void smp_count(void)
{
    nr_cpus = opt_nosmp ? 1 : min(machine.nr_lapics, opt_maxcpus);
    nr_cpus = max(nr_cpus, 1u);
    if (nr_cpus < machine.nr_lapics)
        pr_info("using %u of %u CPUs\n", nr_cpus, machine.nr_lapics);
}

static void set_progress(enum ap_progress p)
{
    __atomic_store_n(&progress, p, __ATOMIC_RELEASE);
}

/* Waits until the new CPU has got to p; false after `us`. */
static __init bool wait_for(enum ap_progress p, unsigned int us)
{
    ns_t end = time_now() + us * NS_PER_US;

    while (__atomic_load_n(&progress, __ATOMIC_ACQUIRE) < p) {
        if (time_now() > end)
            return false;
        cpu_relax();
    }
    return true;
}

/* From trampoline.S on the CPU's own stack; interrupts off, GS = its per-CPU area. */
void ap_main(void)
{
    set_progress(AP_AWAKE);
    desc_load();
    cpu_setup();
    apic_init_cpu();
    set_progress(AP_SYNCING);
    tsc_sync_target();
    clock_init_cpu();
    apic_timer_init_cpu();
    cpumask_set_atomic(&cpu_online_map, smp_cpu_id());
    set_progress(AP_ONLINE);
    idle_loop();
}

static __init void patch32(char *copy, const char *field, uint32_t add)
{
    uint32_t v;

    memcpy(&v, copy + (field - trampoline_start), sizeof(v));
    v += add;
    memcpy(copy + (field - trampoline_start), &v, sizeof(v));
}

/*
 * Puts the trampoline into a page below 1 MiB, and the hypervisor's tables into the
 * start-up root beside its identity map. Null when there is no such page.
 */
static __init struct page_info *prepare_trampoline(void)
{
    struct page_info *pg =
        heap_alloc_pages(0, (struct heap_constraint){ .address_bits = 20 });
    uint64_t cr3 = (uintptr_t)boot_l4_alias - HV_IMAGE_START;
    uint64_t *root = mfn_to_virt(maddr_to_mfn(_maddr(cr3)));
    uint32_t at;

    if (!pg)
        return NULL;
    at = (uint32_t)mfn_to_maddr(page_to_mfn(pg)).n;
    memcpy(page_to_virt(pg), trampoline_start,
           (size_t)(trampoline_end - trampoline_start));
    patch32(page_to_virt(pg), trampoline_gdt_ptr + 2, at);
    patch32(page_to_virt(pg), trampoline_jump, at);
    patch32(page_to_virt(pg), trampoline_cr3, (uint32_t)cr3);
    memcpy(&root[HV_FIRST_SLOT], &idle_root[HV_FIRST_SLOT],
           (HV_LAST_SLOT - HV_FIRST_SLOT + 1) * sizeof(*root));
    return pg;
}

/* Memory of CPU cpu. False: there is not enough. */
static __init bool prepare_cpu(unsigned int cpu)
{
    char *stack = vmap_alloc(HV_STACK_ORDER);

    if (!stack)
        return false;
    per_cpu(stack_top, cpu) = (uintptr_t)stack + HV_STACK_SIZE;
    if (desc_init_cpu(cpu)) {
        vmap_free(stack, HV_STACK_ORDER);
        return false;
    }
    sched_init_cpu(cpu);
    ap_stack = per_cpu(stack_top, cpu);
    ap_gs_base = percpu_offset[cpu];
    return true;
}

/* INIT, then start-up, then a second start-up for a processor that missed the first. */
static __init bool wake(uint32_t id, uint8_t page)
{
    set_progress(AP_ASLEEP);
    apic_send_init(id);
    clock_delay_us(10);
    apic_send_startup(id, page);
    if (wait_for(AP_AWAKE, FIRST_WAIT_US))
        return true;
    apic_send_startup(id, page);
    if (wait_for(AP_AWAKE, SECOND_WAIT_US))
        return true;
    apic_send_init(id);
    return false;
}

static __init void start_cpu(unsigned int cpu, uint8_t page)
{
    if (!prepare_cpu(cpu)) {
        pr_err("CPU %u: out of memory, not started\n", cpu);
        return;
    }
    if (!apic_can_reach(cpu_apic_id[cpu]) || !wake(cpu_apic_id[cpu], page)) {
        pr_err("CPU %u (APIC id %u) does not start\n", cpu, cpu_apic_id[cpu]);
        return;
    }
    if (!wait_for(AP_SYNCING, SETUP_WAIT_US))
        panic("CPU %u stopped while being set up", cpu);
    tsc_sync_source();
    if (!wait_for(AP_ONLINE, SETUP_WAIT_US))
        panic("CPU %u stopped on its way to the scheduler", cpu);
}

__init void smp_start_all(void)
{
    struct page_info *pg = nr_cpus > 1 ? prepare_trampoline() : NULL;

    if (!pg && nr_cpus > 1)
        pr_err("no memory below 1 MiB: only one CPU is used\n");
    for (unsigned int cpu = 1; pg && cpu < nr_cpus; cpu++)
        start_cpu(cpu, (uint8_t)page_to_mfn(pg).n);
    if (pg)
        heap_free_pages(pg, 0);
    pr_info("%u of %u CPUs online\n", cpumask_weight(&cpu_online_map), nr_cpus);
}
