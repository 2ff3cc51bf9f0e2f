/* SPDX-License-Identifier: MIT */
/*
 * Pausing: counts in the domain and in each vCPU; one that is not zero keeps the vCPUs
 * from running. The controller's pauses are counted apart too, so that it cannot undo
 * those of others.
 */
#include "internal.h"

#include <hv/sched.h>
#include <abi/errno.h>
#include <hv/hypercall.h>

#define CONTROLLER_PAUSE_MAX 255

void vcpu_pause_nosync(struct vcpu *v)
{
    __atomic_fetch_add(&v->pause_count, 1, __ATOMIC_SEQ_CST);
    vcpu_sleep_nosync(v);
}

int vcpu_pause(struct vcpu *v)
{
    int rc;

    __atomic_fetch_add(&v->pause_count, 1, __ATOMIC_SEQ_CST);
    rc = vcpu_sleep_sync(v);
    if (rc)
        vcpu_unpause(v);
    return rc;
}

void vcpu_unpause(struct vcpu *v)
{
    if (!__atomic_sub_fetch(&v->pause_count, 1, __ATOMIC_SEQ_CST))
        vcpu_wake(v);
}

void domain_pause_nosync(struct domain *d)
{
    struct vcpu *v;

    __atomic_fetch_add(&d->pause_count, 1, __ATOMIC_SEQ_CST);
    for_each_vcpu (d, v)
        vcpu_sleep_nosync(v);
}

int domain_pause(struct domain *d)
{
    struct vcpu *v;

    /* All are told before the first is waited for. */
    domain_pause_nosync(d);
    for_each_vcpu (d, v) {
        int rc = vcpu_sleep_sync(v);

        if (rc) {
            domain_unpause(d);
            return rc;
        }
    }
    return 0;
}

void domain_unpause(struct domain *d)
{
    struct vcpu *v;

    if (__atomic_sub_fetch(&d->pause_count, 1, __ATOMIC_SEQ_CST))
        return;
    for_each_vcpu (d, v)
        vcpu_wake(v);
}

/* Changes the controller's count by one up or down within its bounds. */
static bool controller_count(struct domain *d, bool up)
{
    bool ok;

    spin_lock(&d->lock);
    ok = up ? d->controller_pause_count < CONTROLLER_PAUSE_MAX
            : d->controller_pause_count > 0;
    if (ok)
        d->controller_pause_count += up ? 1 : -1;
    if (ok && !up && d->life == DOM_BUILDING)
        d->life = DOM_ALIVE;
    spin_unlock(&d->lock);
    return ok;
}

int domain_pause_by_controller(struct domain *d)
{
    int rc;

    if (!controller_count(d, true))
        return -EOVERFLOW;
    rc = domain_pause(d);
    if (rc)
        controller_count(d, false);
    return rc;
}

int domain_unpause_by_controller(struct domain *d)
{
    if (!controller_count(d, false))
        return -EINVAL;
    domain_unpause(d);
    return 0;
}
