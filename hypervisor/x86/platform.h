/* SPDX-License-Identifier: MIT */
/*
 * What the firmware says about the machine (acpi.c fills it in), and what the interrupt
 * and clock files of this folder share. A machine without ACPI tables keeps the defaults:
 * one CPU, no IO-APIC, PC-compatible timers.
 */
#ifndef X86_PLATFORM_H
#define X86_PLATFORM_H

#include <hv/cpumask.h>
#include <hv/irq.h>
#include <hv/timer.h>
#include <hv/types.h>

#define MAX_IOAPICS 16
#define NR_ISA_IRQS 16

/* An address as ACPI gives it; space 0 = memory, 1 = I/O ports; address 0 = absent. */
struct acpi_address {
    uint8_t space;
    uint64_t address;
};

struct machine {
    /* Usable processors, the boot one first after apic_init(). */
    unsigned int nr_lapics;
    uint32_t lapic[NR_CPUS];
    uint32_t lapic_uid[NR_CPUS];
    uint64_t lapic_address;
    bool has_8259;

    unsigned int nr_ioapics;
    struct ioapic_info {
        uint64_t address;
        uint32_t gsi_base;
    } ioapic[MAX_IOAPICS];

    struct isa_line {
        uint32_t gsi;
        bool level, active_low;
    } isa[NR_ISA_IRQS];

    /* Local interrupt pin (0, 1) that carries NMI; -1 none. For all processors. */
    int nmi_pin;

    uint64_t hpet; /* machine address, 0 none */
    struct acpi_address pm_timer;
    bool pm_timer_is_32bit;
    uint8_t century; /* CMOS register, 0 none */

    struct acpi_address reset;
    uint8_t reset_value;
    struct acpi_address pm1a_control, pm1b_control;
    uint16_t smi_command;
    uint8_t acpi_enable;
    bool has_s5;
    uint8_t s5_type_a, s5_type_b;
};
extern struct machine machine;

/* Fills in `machine` from the firmware's tables. After the heap, before apic_init(). */
void acpi_init(void);

/* --- apic.c --- */
void apic_init(void);
/* Sets the running CPU's local APIC up. */
void apic_init_cpu(void);
/* Resets a processor; starts it at the trampoline in page `page`, below 1 MiB. */
bool apic_can_reach(uint32_t id);
void apic_send_init(uint32_t id);
void apic_send_startup(uint32_t id, uint8_t page);
uint32_t apic_read(unsigned int reg);
void apic_write(unsigned int reg, uint32_t v);

#define APIC_ID           0x020
#define APIC_VERSION      0x030
#define APIC_TPR          0x080
#define APIC_EOI          0x0b0
#define APIC_LDR          0x0d0
#define APIC_DFR          0x0e0
#define APIC_SPURIOUS     0x0f0
#define APIC_ISR          0x100
#define APIC_ESR          0x280
#define APIC_ICR          0x300
#define APIC_ICR_HIGH     0x310
#define APIC_LVT_TIMER    0x320
#define APIC_LVT_THERMAL  0x330
#define APIC_LVT_PERF     0x340
#define APIC_LVT_LINT0    0x350
#define APIC_LVT_LINT1    0x360
#define APIC_LVT_ERROR    0x370
#define APIC_TIMER_INIT   0x380
#define APIC_TIMER_COUNT  0x390
#define APIC_TIMER_DIVIDE 0x3e0

/* --- apic_timer.c: rate found by clock_init() --- */
void apic_timer_start_count(void);
uint32_t apic_timer_count(void);
void apic_timer_set_rate(uint64_t ticks, ns_t ns);
void apic_timer_init_cpu(void);

/* --- ioapic.c: lines are masked until told otherwise; the caller serialises --- */
unsigned int ioapic_init(void); /* lines of all IO-APICs */
bool ioapic_has(unsigned int gsi);
void ioapic_route(unsigned int gsi, uint8_t vector, uint32_t apic, bool level,
                  bool active_low);
void ioapic_set_mask(unsigned int gsi, bool masked);
void ioapic_set_target(unsigned int gsi, uint32_t apic);

/* --- irq.c --- */
void irq_init(void);

/* --- smpboot.c --- */
void smp_start_all(void);

/* --- clock.c and the counters behind it --- */

/* A free-running counter of known rate. */
struct clock_source {
    const char *name;
    bool (*probe)(void); /* makes it run; false: this machine has none */
    uint64_t (*read)(void);
    uint64_t mask; /* the counter's width; it wraps */
    uint64_t hz;
};
extern struct clock_source clock_hpet, clock_pm_timer, clock_pit;
void clock_init(void);
/* The running CPU's clock, from the boot CPU's: at its start, before interrupts. */
void clock_init_cpu(void);
/* Begins to follow the platform's counter, on all CPUs. Once they all run. */
void clock_start_steering(void);
/* Lets time pass in a polled way; works from clock_init() on. */
void clock_delay_us(unsigned int us);

/* --- tsc.c --- */
uint64_t tsc_rate_from_cpuid(void); /* Hz, 0 = not told */
/* ns per tick of hz, as the ABI's scale. */
struct time_scale scale_from_hz(uint64_t hz);

static inline uint64_t mul_u64_u32_shr32(uint64_t a, uint32_t b)
{
    uint64_t result, high;

    __asm__("mulq %3; shrdq $32, %1, %0"
            : "=a"(result), "=&d"(high)
            : "0"(a), "rm"((uint64_t)b));
    return result;
}

/* a * b / c; the result must fit. */
static inline uint64_t mul_div_u64(uint64_t a, uint64_t b, uint64_t c)
{
    uint64_t result, high;

    __asm__("mulq %3; divq %4"
            : "=a"(result), "=&d"(high)
            : "0"(a), "rm"(b), "rm"(c)
            : "cc");
    return result;
}

static inline uint64_t scale_ticks(uint64_t ticks, struct time_scale s)
{
    return mul_u64_u32_shr32(s.shift < 0 ? ticks >> -s.shift : ticks << s.shift,
                             s.mul_frac);
}

/* --- tsc_sync.c: run on both CPUs at the same time --- */
void tsc_sync_source(void);
void tsc_sync_target(void);
extern bool tsc_in_sync;

#endif
