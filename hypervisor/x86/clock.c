/* SPDX-License-Identifier: MIT */
/*
 * System time. Every CPU turns its TSC into nanoseconds by a record of its own (base and
 * rate); the platform's counter (HPET, ACPI timer or PIT) gives the first rate and
 * steers it afterwards, once a second:
 *
 *   TSCs in sync      CPU 0 measures the rate over all the time so far, and when that has
 *                     got better every CPU takes the same new record
 *   TSCs not in sync  every CPU steers its own record so that it meets the platform's
 *                     time a second later
 *
 * Time never steps; only its rate changes. A machine with nothing but a PIT, which wraps
 * too soon to be followed, keeps the first rate.
 */
#include "platform.h"

#include <hv/boot.h>
#include <hv/cmdline.h>
#include <hv/cpu.h>
#include <hv/hooks.h>
#include <hv/lib.h>
#include <hv/percpu.h>
#include <hv/smp.h>
#include <hv/spinlock.h>
#include <hv/vcpu.h>

#define CALIBRATION_US 2000
#define PERIOD         NS_PER_SEC
/* Rates this close are as good as equal: 1 / 2^20, about one in a million. */
#define RATE_TOLERANCE 20

struct clock {
    struct time_base base;
    uint32_t changes; /* of base; an interrupt handler may do one */
};

static DEFINE_PER_CPU(struct clock, clock);
static DEFINE_PER_CPU(struct timer, steer_timer);

uint32_t tsc_khz __ro_after_init;

/* The platform's time: ns at counter value `count`; followed by reading often enough. */
static struct {
    const struct clock_source *source;
    struct time_scale scale;
    uint64_t count;
    uint64_t total; /* counts since the clock began */
} platform;
static struct spinlock platform_lock = SPINLOCK_INIT(CLOCK);
static uint64_t first_tsc;

static char opt_clocksource[8];
BOOT_OPTION_STRING("clocksource", opt_clocksource);

static always_inline ns_t time_of(uint64_t tsc)
{
    const uint32_t changes = this_cpu(clock.changes);
    int64_t delta;
    ns_t ns;

    barrier();
    delta = (int64_t)(tsc - this_cpu(clock.base.tsc));
    ns = this_cpu(clock.base.ns);
    if (likely(delta > 0))
        ns += (ns_t)scale_ticks((uint64_t)delta, this_cpu(clock.base.scale));
    barrier();
    return likely(changes == this_cpu(clock.changes)) ? ns : -1;
}

ns_t time_at_tsc(uint64_t tsc)
{
    ns_t ns;

    do
        ns = time_of(tsc);
    while (unlikely(ns < 0));
    return ns;
}

ns_t time_now(void)
{
    ns_t ns;

    do
        ns = time_of(rdtsc());
    while (unlikely(ns < 0));
    return ns;
}

const struct time_base *time_base(void)
{
    return &this_cpu_ptr(clock)->base;
}

/* Counts since the clock began. */
static uint64_t platform_counts(void)
{
    unsigned long flags = spin_lock_irqsave(&platform_lock);
    uint64_t now = platform.source->read();
    uint64_t total;

    platform.total += (now - platform.count) & platform.source->mask;
    platform.count = now;
    total = platform.total;
    spin_unlock_irqrestore(&platform_lock, flags);
    return total;
}

/* TSC and platform counts at one moment, as closely as some tries get them. */
static void read_pair(uint64_t *tsc, uint64_t *counts)
{
    uint64_t best = UINT64_MAX;

    for (unsigned int i = 0; i < 4; i++) {
        unsigned long flags = irq_save();
        uint64_t before = rdtsc(), c = platform_counts(), after = rdtsc();

        irq_restore(flags);
        if (after - before < best) {
            best = after - before;
            *tsc = before + best / 2;
            *counts = c;
        }
    }
}

/* Changes the rate from this moment on. Interrupts off. */
static void change_rate(struct time_scale scale)
{
    struct clock *c = this_cpu_ptr(clock);
    uint64_t tsc = rdtsc();
    ns_t now = time_at_tsc(tsc);

    c->base = (struct time_base){ tsc, now, scale };
    c->changes++;
    barrier();
    if (!vcpu_is_idle(current))
        pv_update_vcpu_time(current);
}

/* All CPUs at the same moment, from one common base, so that they stay together. */
static void take_common_base(void *arg)
{
    struct clock *c = this_cpu_ptr(clock);
    ns_t before = time_now(), after;

    c->base = *(const struct time_base *)arg;
    c->changes++;
    after = time_now();
    if (after < before)
        c->base.ns += before - after;
    if (!vcpu_is_idle(current))
        pv_update_vcpu_time(current);
}

static bool is_close(struct time_scale a, struct time_scale b)
{
    uint32_t diff =
        a.mul_frac > b.mul_frac ? a.mul_frac - b.mul_frac : b.mul_frac - a.mul_frac;

    return a.shift == b.shift && diff <= a.mul_frac >> RATE_TOLERANCE;
}

/* No crystal is that far off: the platform's counter was read too late, or lies. */
static bool is_plausible(uint64_t hz)
{
    uint64_t first = (uint64_t)tsc_khz * 1000;

    return hz > first - first / 64 && hz < first + first / 64;
}

/* The rate over the whole time since the start is the best there is. */
static void steer_together(void)
{
    struct time_base base;
    uint64_t tsc, counts, hz;

    read_pair(&tsc, &counts);
    hz = mul_div_u64(tsc - first_tsc, platform.source->hz, counts);
    base.scale = scale_from_hz(hz);
    if (is_close(base.scale, time_base()->scale) || !is_plausible(hz))
        return;
    base.tsc = tsc;
    base.ns = time_at_tsc(tsc);
    smp_call(&cpu_online_map, take_common_base, &base);
}

/* Rate with which this CPU's time meets the platform's one period from now. */
static void steer_alone(void)
{
    uint64_t tsc, counts, hz = (uint64_t)tsc_khz * 1000;
    ns_t error, limit = PERIOD / 16;
    unsigned long flags;

    read_pair(&tsc, &counts);
    error = (ns_t)scale_ticks(counts, platform.scale) - time_at_tsc(tsc);
    error = error > limit ? limit : error < -limit ? -limit : error;
    hz = mul_div_u64(hz, PERIOD, (uint64_t)(PERIOD + error));
    flags = irq_save();
    change_rate(scale_from_hz(hz));
    irq_restore(flags);
}

static void steer(void *arg)
{
    if (!tsc_in_sync)
        steer_alone();
    else if (smp_cpu_id() == 0)
        steer_together();
    timer_set(arg, time_now() + PERIOD);
}

/* Has the platform's clock to be read at all on this CPU? */
static bool must_steer(unsigned int cpu)
{
    return platform.source != &clock_pit && (cpu == 0 || !tsc_in_sync);
}

static __init const struct clock_source *choose_source(void)
{
    static const struct clock_source *const known[] = { &clock_hpet, &clock_pm_timer };

    for (unsigned int i = 0; i < ARRAY_SIZE(known); i++)
        if ((!opt_clocksource[0] || !strcmp(opt_clocksource, known[i]->name)) &&
            known[i]->probe())
            return known[i];
    (void)clock_pit.probe();
    return &clock_pit;
}

/* The TSC's rate in Hz, and the local APIC timer's, against the platform's counter. */
static __init uint64_t calibrate(void)
{
    uint64_t window = platform.source->hz * CALIBRATION_US / 1000000;
    uint64_t start, counts, tsc, began;
    uint32_t ticks;

    apic_timer_start_count();
    read_pair(&first_tsc, &start);
    began = apic_timer_count();
    do
        read_pair(&tsc, &counts);
    while (counts - start < window);
    ticks = (uint32_t)(apic_timer_count() - began);
    platform.total -= start;
    counts -= start;
    tsc -= first_tsc;
    tsc_khz = (uint32_t)(tsc * platform.source->hz / counts / 1000);
    apic_timer_set_rate(ticks, (ns_t)(counts * NS_PER_SEC / platform.source->hz));
    return tsc * platform.source->hz / counts;
}

__init void clock_init(void)
{
    uint64_t hz, told = tsc_rate_from_cpuid();

    platform.source = choose_source();
    platform.scale = scale_from_hz(platform.source->hz);
    platform.count = platform.source->read();
    hz = calibrate();
    if (told) {
        hz = told;
        tsc_khz = (uint32_t)(told / 1000);
    }
    this_cpu_ptr(clock)->base = (struct time_base){ first_tsc, 0, scale_from_hz(hz) };
    apic_timer_init_cpu();
    pr_info("clock: TSC %u.%03u MHz, by %s\n", tsc_khz / 1000, tsc_khz % 1000,
            platform.source->name);
}

void clock_delay_us(unsigned int us)
{
    ns_t end = time_now() + us * NS_PER_US;

    while (time_now() < end)
        cpu_relax();
}

/*
 * The boot CPU's record does for all when the TSCs are in sync; when not, this one starts
 * at the platform's time.
 */
void clock_init_cpu(void)
{
    struct clock *c = this_cpu_ptr(clock);
    uint64_t tsc, counts;

    c->base = per_cpu(clock, 0).base;
    if (tsc_in_sync)
        return;
    read_pair(&tsc, &counts);
    c->base.tsc = tsc;
    c->base.ns = (ns_t)scale_ticks(counts, platform.scale);
}

__init void clock_start_steering(void)
{
    unsigned int n;

    for_each_online_cpu (n) {
        if (must_steer(n)) {
            timer_init(&per_cpu(steer_timer, n), steer, &per_cpu(steer_timer, n), n);
            timer_set(&per_cpu(steer_timer, n), time_now() + PERIOD);
        }
    }
}
