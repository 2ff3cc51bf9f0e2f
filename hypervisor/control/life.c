/* SPDX-License-Identifier: MIT */
/* domctl: pausing, resuming and destroying domains. */
#include "internal.h"
#include <hv/lib.h>

/* 0; -EINVAL the caller's own domain; -EOVERFLOW paused 255 times; -ERESTART. */
int domctl_pausedomain(struct domain *d)
{
    return d == current->domain ? -EINVAL : domain_pause_by_controller(d);
}

/* 0; -EINVAL: not paused by domctl. */
int domctl_unpausedomain(struct domain *d)
{
    return domain_unpause_by_controller(d);
}

/* 0; -EINVAL the caller's own domain, or domain 0; -ERESTART. Without the DOMCTL lock. */
int domctl_destroydomain(struct domain *d)
{
    return d == current->domain ? -EINVAL : domain_kill(d);
}

/* 0, also when it has not shut down; -EINVAL the caller's own domain. */
int domctl_resumedomain(struct domain *d)
{
    if (d == current->domain)
        return -EINVAL;
    domain_resume(d);
    return 0;
}

int domctl_setdomainhandle(struct domain *d, struct xen_domctl_setdomainhandle *arg)
{
    memcpy(d->handle, arg->handle, sizeof(d->handle));
    return 0;
}

/* 0; -EINVAL the caller's own domain; -ERESTART. */
int domctl_setdebugging(struct domain *d, struct xen_domctl_setdebugging *arg)
{
    int rc;

    if (d == current->domain)
        return -EINVAL;
    rc = domain_pause(d);
    if (rc)
        return rc;
    d->debugger_attached = arg->enable;
    domain_unpause(d);
    return 0;
}

/* A later suspend is told through this port of d's instead of by VIRQ_DOM_EXC. */
int domctl_subscribe(struct domain *d, struct xen_domctl_subscribe *arg)
{
    WRITE_ONCE(d->suspend_port, arg->port);
    return 0;
}
