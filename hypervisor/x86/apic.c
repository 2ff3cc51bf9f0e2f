/* SPDX-License-Identifier: MIT */
/*
 * The local APIC in xAPIC mode (registers in memory) or x2APIC mode (MSRs): set-up,
 * interprocessor interrupts, end of interrupt, and what it reports as errors.
 *
 * Logical delivery is not used: IPIs go to one processor at a time by physical id.
 */
#include "platform.h"

#include <hv/apic.h>
#include <hv/boot.h>
#include <hv/cmdline.h>
#include <hv/cpu.h>
#include <hv/heap.h>
#include <hv/lib.h>
#include <hv/spinlock.h>

#define APIC_BASE_ENABLE (1u << 11)
#define APIC_BASE_X2APIC (1u << 10)
#define X2APIC_MSR(reg)  (0x800 + ((reg) >> 4))
#define SPURIOUS_ENABLE  (1u << 8)
#define LVT_MASKED       (1u << 16)
#define LVT_NMI          (4u << 8)
#define PIC1_DATA        0x21
#define PIC2_DATA        0xa1
#define ICR_NMI          (4u << 8)
#define ICR_INIT         (5u << 8)
#define ICR_STARTUP      (6u << 8)
#define ICR_BUSY         (1u << 12)
#define ICR_ASSERT       (1u << 14)

uint32_t *cpu_apic_id __ro_after_init;

static bool has_x2apic __ro_after_init;
static volatile uint32_t *apic_page __ro_after_init;

static __initdata bool opt_x2apic = true;
BOOT_OPTION_BOOL("x2apic", opt_x2apic);

uint32_t apic_read(unsigned int reg)
{
    if (has_x2apic)
        return (uint32_t)rdmsr(X2APIC_MSR(reg));
    return apic_page[reg / 4];
}

void apic_write(unsigned int reg, uint32_t v)
{
    if (has_x2apic)
        wrmsr(X2APIC_MSR(reg), v);
    else
        apic_page[reg / 4] = v;
}

void apic_eoi(void)
{
    apic_write(APIC_EOI, 0);
}

uint32_t apic_id(void)
{
    return has_x2apic ? apic_read(APIC_ID) : apic_read(APIC_ID) >> 24;
}

/* The command's two halves must not be torn by an interrupt handler's own. */
static void send_command(uint32_t dest, uint32_t command)
{
    unsigned long flags;

    if (has_x2apic) {
        barrier();
        __asm__ volatile("mfence; lfence" ::: "memory");
        wrmsr(X2APIC_MSR(APIC_ICR), (uint64_t)dest << 32 | command);
        return;
    }
    flags = irq_save();
    while (apic_read(APIC_ICR) & ICR_BUSY)
        cpu_relax();
    apic_write(APIC_ICR_HIGH, dest << 24);
    apic_write(APIC_ICR, command);
    irq_restore(flags);
}

void apic_send_ipi(unsigned int cpu, unsigned int vector)
{
    send_command(cpu_apic_id[cpu], ICR_ASSERT | vector);
}

void apic_send_ipi_mask(const struct cpumask *mask, unsigned int vector)
{
    unsigned int cpu, self = smp_cpu_id();

    for_each_cpu (cpu, mask)
        if (cpu != self && cpumask_test(&cpu_online_map, cpu))
            apic_send_ipi(cpu, vector);
}

void apic_send_nmi_others(void)
{
    unsigned int cpu, self = smp_cpu_id();

    if (!cpu_apic_id)
        return;
    for_each_online_cpu (cpu)
        if (cpu != self)
            send_command(cpu_apic_id[cpu], ICR_ASSERT | ICR_NMI);
}

/* The 8-bit ids of memory-mapped APICs end at 254: 255 is everyone. */
bool apic_can_reach(uint32_t id)
{
    return has_x2apic || id < 0xff;
}

void apic_send_init(uint32_t id)
{
    send_command(id, ICR_ASSERT | ICR_INIT);
}

void apic_send_startup(uint32_t id, uint8_t page)
{
    send_command(id, ICR_ASSERT | ICR_STARTUP | page);
}

static void handle_error(void)
{
    apic_write(APIC_ESR, 0);
    pr_warn("CPU %u: local APIC error 0x%x\n", smp_cpu_id(), apic_read(APIC_ESR));
}

/* Nothing was delivered and nothing is in service: there is nothing to end. */
static void handle_spurious(void)
{
}

static void enable_in_msr(void)
{
    uint64_t base = rdmsr(MSR_APIC_BASE) | APIC_BASE_ENABLE;

    wrmsr(MSR_APIC_BASE, base);
    if (has_x2apic)
        wrmsr(MSR_APIC_BASE, base | APIC_BASE_X2APIC);
}

/* What a former owner left in service would hold up everything below it. */
static void drain_in_service(void)
{
    for (unsigned int word = 0; word < 8; word++)
        for (unsigned int n = 0; n < 32 && apic_read(APIC_ISR + word * 0x10); n++)
            apic_eoi();
}

/* The timer's and the error entry's vectors; NMI on its pin, on all processors. */
static void set_local_vectors(void)
{
    unsigned int entries = (apic_read(APIC_VERSION) >> 16 & 0xff) + 1;
    uint32_t nmi = LVT_NMI, none = LVT_MASKED;

    apic_write(APIC_LVT_TIMER, LVT_MASKED | VEC_TIMER);
    apic_write(APIC_LVT_LINT0, machine.nmi_pin == 0 ? nmi : none);
    apic_write(APIC_LVT_LINT1, machine.nmi_pin == 1 ? nmi : none);
    apic_write(APIC_LVT_ERROR, VEC_ERROR);
    if (entries > 4)
        apic_write(APIC_LVT_PERF, LVT_MASKED);
    if (entries > 5)
        apic_write(APIC_LVT_THERMAL, LVT_MASKED);
}

void apic_init_cpu(void)
{
    enable_in_msr();
    if (!has_x2apic) {
        apic_write(APIC_DFR, 0xffffffff);
        apic_write(APIC_LDR, 0);
    }
    apic_write(APIC_TPR, 0);
    apic_write(APIC_SPURIOUS, SPURIOUS_ENABLE | VEC_SPURIOUS);
    drain_in_service();
    set_local_vectors();
    apic_write(APIC_ESR, 0);
}

/* CPU 0 is the processor we run on, wherever the firmware lists it. */
static __init void number_cpus(void)
{
    uint32_t self = apic_id(), uid;
    unsigned int at = 0;

    if (!machine.nr_lapics)
        machine.nr_lapics = 1;
    while (at < machine.nr_lapics && machine.lapic[at] != self)
        at++;
    if (at == machine.nr_lapics)
        at = 0;
    uid = machine.lapic_uid[at];
    machine.lapic[at] = machine.lapic[0];
    machine.lapic_uid[at] = machine.lapic_uid[0];
    machine.lapic[0] = self;
    machine.lapic_uid[0] = uid;
    cpu_apic_id = hv_zalloc_array(machine.nr_lapics, sizeof(*cpu_apic_id));
    if (!cpu_apic_id)
        boot_fail("out of memory: APIC ids");
    memcpy(cpu_apic_id, machine.lapic, machine.nr_lapics * sizeof(*cpu_apic_id));
}

uint32_t cpu_acpi_id(unsigned int cpu)
{
    return machine.lapic_uid[cpu];
}

/*
 * The PC's own interrupt controllers are never used. They are silenced while the local
 * APIC still passes on what they say: a request that it has taken up must be withdrawn.
 */
static __init void disable_8259(void)
{
    outb(PIC1_DATA, 0xff);
    outb(PIC2_DATA, 0xff);
}

__init void apic_init(void)
{
    if (!(cpuid(1, 0).d & (1u << 9)))
        boot_fail("the processor has no local APIC");
    has_x2apic =
        (host_cpu.x2apic && opt_x2apic) || (rdmsr(MSR_APIC_BASE) & APIC_BASE_X2APIC);
    if (!has_x2apic) {
        apic_page = vmap_device(machine.lapic_address, PAGE_SIZE);
        if (!apic_page)
            boot_fail("out of memory: local APIC");
    }
    if (machine.has_8259)
        disable_8259();
    apic_init_cpu();
    number_cpus();
    pr_debug("local APIC: %s\n", has_x2apic ? "x2APIC" : "xAPIC");
    irq_set_vector(VEC_ERROR, handle_error);
    irq_set_vector(VEC_SPURIOUS, handle_spurious);
}
