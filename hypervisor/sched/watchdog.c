/* SPDX-License-Identifier: MIT */
/* SCHEDOP_watchdog: timers that shut a domain down unless it keeps putting them off. */
#include "internal.h"

#include <hv/heap.h>
#include <hv/lib.h>
#include <hv/softirq.h>
#include <abi/errno.h>
#include <abi/sched.h>

#define NR_WATCHDOGS 2u

struct domain_watchdogs {
    uint32_t in_use; /* bit per timer; under the domain's lock */
    struct timer timer[NR_WATCHDOGS];
};

static void watchdog_fired(void *arg)
{
    struct domain *d = arg;

    if (READ_ONCE(d->is_shutting_down) || READ_ONCE(d->life) >= DOM_DYING)
        return;
    guest_printf(LOG_WARNING, "domain %u: its watchdog timer has expired\n", d->id);
    domain_shutdown(d, SHUTDOWN_watchdog);
}

static struct domain_watchdogs *watchdogs_create(struct domain *d)
{
    struct domain_watchdogs *w = hv_new(struct domain_watchdogs);

    for (unsigned int i = 0; w && i < NR_WATCHDOGS; i++)
        timer_init(&w->timer[i], watchdog_fired, d, smp_cpu_id());
    return w;
}

static void watchdog_arm(struct timer *t, uint32_t seconds)
{
    timer_set(t, time_now() + seconds * NS_PER_SEC);
}

/* Lock held. The id, or a negative errno. */
static int watchdog_new(struct domain *d, uint32_t seconds)
{
    struct domain_watchdogs *w = d->watchdogs;

    if (!w)
        w = d->watchdogs = watchdogs_create(d);
    if (!w)
        return -ENOMEM;
    for (unsigned int i = 0; i < NR_WATCHDOGS; i++) {
        if (w->in_use & (1u << i))
            continue;
        w->in_use |= 1u << i;
        watchdog_arm(&w->timer[i], seconds);
        return (int)i + 1;
    }
    return -ENOSPC;
}

/* Lock held. 0 or -EINVAL. */
static int watchdog_change(struct domain_watchdogs *w, uint32_t index, uint32_t seconds)
{
    if (!w || index >= NR_WATCHDOGS || !(w->in_use & (1u << index)))
        return -EINVAL;
    if (seconds) {
        watchdog_arm(&w->timer[index], seconds);
    } else {
        timer_stop(&w->timer[index]);
        w->in_use &= ~(1u << index);
    }
    return 0;
}

int domain_watchdog(struct domain *d, uint32_t id, uint32_t timeout)
{
    int rc;

    if (id > NR_WATCHDOGS)
        return -EINVAL;
    spin_lock(&d->lock);
    rc = id ? watchdog_change(d->watchdogs, id - 1, timeout) : watchdog_new(d, timeout);
    spin_unlock(&d->lock);
    return rc;
}

void watchdogs_kill(struct domain *d)
{
    for (unsigned int i = 0; d->watchdogs && i < NR_WATCHDOGS; i++)
        timer_kill(&d->watchdogs->timer[i]);
}
