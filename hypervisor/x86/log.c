/* SPDX-License-Identifier: MIT */
/*
 * Messages of the hypervisor. loglvl= and guest_loglvl= take `<level>[/<level>]` with
 * none, error, warning, info, debug, all: what is up to the first level is printed, what
 * is above it up to the second only at a limited rate. Messages that a guest causes are
 * subject to guest_loglvl, whose two levels differ unless they are chosen equal.
 */
#include "console.h"
#include <hv/cmdline.h>
#include <hv/cpu.h>
#include <hv/lib.h>
#include <hv/spinlock.h>
#include <hv/timer.h>
#include <abi/errno.h>

#define LINE_MAX 1024

/* Levels are counted: none 0, error 1, ... debug 4. */
struct log_limits {
    unsigned int always, rated;
};
static struct log_limits own_limits = { 1 + LOG_INFO, 1 + LOG_INFO };
static struct log_limits guest_limits = { 0, 1 + LOG_WARNING };

/* Up to BURST messages at once, then one per INTERVAL. */
#define BURST       10
#define INTERVAL_MS 500

struct rate_limit {
    uint64_t last; /* TSC when credit was last given */
    unsigned int credit, suppressed;
};
static struct rate_limit rate = { .credit = BURST };

static char line[LINE_MAX]; /* under the console's lock */

static int parse_level(const char *s, size_t n, unsigned int *level)
{
    static const char *const names[] = { "none", "error", "warning",
                                         "info", "debug", "all" };

    for (unsigned int i = 0; i < ARRAY_SIZE(names); i++) {
        if (strlen(names[i]) == n && strncmp(s, names[i], n) == 0) {
            *level = min(i, 1u + LOG_DEBUG);
            return 0;
        }
    }
    return -XEN_EINVAL;
}

static int parse_limits(const char *value, struct log_limits *out)
{
    const char *slash = strchr(value, '/');
    size_t n = slash ? (size_t)(slash - value) : strlen(value);
    struct log_limits l;

    if (parse_level(value, n, &l.always))
        return -XEN_EINVAL;
    l.rated = l.always;
    if (slash && parse_level(slash + 1, strlen(slash + 1), &l.rated))
        return -XEN_EINVAL;
    *out = l;
    return 0;
}

static int parse_loglvl(const char *value)
{
    return parse_limits(value, &own_limits);
}
BOOT_OPTION_CUSTOM("loglvl", parse_loglvl);

static int parse_guest_loglvl(const char *value)
{
    return parse_limits(value, &guest_limits);
}
BOOT_OPTION_CUSTOM("guest_loglvl", parse_guest_loglvl);

/* May one more rate-limited message be printed? Under the console's lock. */
static bool rate_permits(void)
{
    uint64_t now = rdtsc(), interval = (uint64_t)tsc_khz * INTERVAL_MS;

    while (rate.credit < BURST && now - rate.last >= interval) {
        rate.credit++;
        rate.last += interval;
    }
    if (rate.credit == BURST)
        rate.last = now;
    if (!rate.credit) {
        rate.suppressed++;
        return false;
    }
    rate.credit--;
    return true;
}

static void print_locked(const char *fmt, va_list ap) printf_like(1, 0);
static void print_locked(const char *fmt, va_list ap)
{
    int n = vsnprintf(line, sizeof(line), fmt, ap);

    console_put_message(line, min((size_t)n, sizeof(line) - 1));
}

static void report_suppressed(void)
{
    int n;

    if (!rate.suppressed)
        return;
    n = snprintf(line, sizeof(line), "%u messages suppressed\n", rate.suppressed);
    console_put_message(line, (size_t)n);
    rate.suppressed = 0;
}

static void print(const struct log_limits *limits, enum log_level level, const char *fmt,
                  va_list ap) printf_like(3, 0);
static void print(const struct log_limits *limits, enum log_level level, const char *fmt,
                  va_list ap)
{
    unsigned long flags;

    if (level >= limits->always && level >= limits->rated)
        return;
    flags = console_lock();
    if (level < limits->always || rate_permits()) {
        report_suppressed();
        print_locked(fmt, ap);
    }
    console_unlock(flags);
}

void log_vprintf(enum log_level level, const char *fmt, va_list ap)
{
    print(&own_limits, level, fmt, ap);
}

void log_printf(enum log_level level, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    print(&own_limits, level, fmt, ap);
    va_end(ap);
}

void guest_printf(enum log_level level, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    print(&guest_limits, level, fmt, ap);
    va_end(ap);
}
