/* SPDX-License-Identifier: MIT */
/*
 * Killing a domain, in restartable steps: stop its vCPUs for good, relinquish part by
 * part what it holds, report it. It exists on as long as somebody refers to it.
 */
#include "internal.h"

#include <hv/hooks.h>
#include <hv/hypercall.h>
#include <hv/lib.h>

/* The first time: no vCPU of it will ever run again. 0 or -ERESTART. */
static int begin_dying(struct domain *d)
{
    int rc;

    if (d->life == DOM_DYING)
        return 0;
    rc = domain_pause(d);
    if (rc)
        return rc;
    /* Who allocates for d looks at this under the page lock. */
    spin_lock(&d->lock);
    spin_lock(&d->page_lock);
    WRITE_ONCE(d->life, DOM_DYING);
    spin_unlock(&d->page_lock);
    spin_unlock(&d->lock);
    return 0;
}

static int kill_step(struct domain *d)
{
    int rc;

    if (d->life == DOM_DEAD)
        return 0;
    rc = begin_dying(d);
    if (!rc)
        rc = domain_relinquish_parts(d);
    if (rc)
        return rc;
    WRITE_ONCE(d->life, DOM_DEAD);
    evtchn_raise_global_virq(VIRQ_DOM_EXC);
    domain_put(d);
    return 0;
}

bool domain_hold_kill(struct domain *d)
{
    return !__atomic_exchange_n(&d->kill_busy, true, __ATOMIC_ACQUIRE);
}

void domain_release_kill(struct domain *d)
{
    __atomic_store_n(&d->kill_busy, false, __ATOMIC_RELEASE);
}

int domain_kill(struct domain *d)
{
    int rc;

    if (d == domain0 || d == current->domain)
        return -EINVAL;
    /* One at a time; another caller comes again until it is done. */
    if (!domain_hold_kill(d))
        return -ERESTART;
    rc = kill_step(d);
    domain_release_kill(d);
    return rc;
}
