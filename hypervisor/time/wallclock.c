/* SPDX-License-Identifier: MIT */
/*
 * The wall clock: the date and time at which system time was 0. It comes from the
 * battery-backed clock and is set by domain 0; every domain's copy follows.
 */
#include <hv/domain.h>
#include <hv/hooks.h>
#include <hv/spinlock.h>
#include <hv/timer.h>

static struct spinlock wallclock_lock = SPINLOCK_INIT(CLOCK);
static int64_t start; /* ns since 1970 at system time 0 */

void wallclock_get(uint64_t *sec, uint32_t *nsec)
{
    unsigned long flags = spin_lock_irqsave(&wallclock_lock);
    int64_t at = start;

    spin_unlock_irqrestore(&wallclock_lock, flags);
    *sec = (uint64_t)(at / NS_PER_SEC);
    *nsec = (uint32_t)(at % NS_PER_SEC);
}

/* A time before 1970, or after 2262, is not representable: the ends are. */
static void set_start(uint64_t sec, uint32_t nsec, ns_t system_time)
{
    uint64_t most = INT64_MAX / (uint64_t)NS_PER_SEC - 1;
    int64_t at = (int64_t)(sec < most ? sec : most) * NS_PER_SEC + nsec;
    unsigned long flags = spin_lock_irqsave(&wallclock_lock);

    start = system_time < at ? at - system_time : 0;
    spin_unlock_irqrestore(&wallclock_lock, flags);
}

void wallclock_set(uint64_t sec, uint32_t nsec, ns_t system_time)
{
    struct domain *d;

    set_start(sec, nsec, system_time);
    for (d = domain_get_next(0); d;) {
        domid_t next = (domid_t)(d->id + 1);

        pv_update_wallclock(d);
        domain_put(d);
        d = domain_get_next(next);
    }
}

__init void wallclock_init(void)
{
    uint64_t sec = rtc_read();

    set_start(sec, 0, time_now());
}
