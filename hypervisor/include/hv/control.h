/* SPDX-License-Identifier: MIT */
/*
 * The handlers of domctl, sysctl and platform_op, from the rows of their tables:
 *
 *   domctl_<suffix>(struct domain *d[, member *arg])
 *   sysctl_<suffix>(member *arg)        platform_<suffix>(member *arg)
 *
 * arg lies within the dispatcher's copy of the whole structure. d is referenced; it is
 * null for createdomain. domctl handlers run with the DOMCTL lock held, all but
 * destroydomain's. -ERESTART has the guest issue the call again, from its first state.
 */
#ifndef HV_CONTROL_H
#define HV_CONTROL_H

#include <hv/domain.h>
#include <abi/domctl.h>
#include <abi/platform.h>
#include <abi/sysctl.h>

#define CONTROL_MEMBER(op, member) __typeof__(((op *)0)->u.member)

#define DOMCTL_PARAMS_NONE(T)   struct domain *d
#define DOMCTL_PARAMS_IN(T)     struct domain *d, T *arg
#define DOMCTL_PARAMS_OUT(T)    struct domain *d, T *arg
#define DOMCTL_PARAMS_INOUT(T)  struct domain *d, T *arg
#define DOMCTL_PARAMS_REPORT(T) struct domain *d, T *arg
#define DOMCTL(cmd, name, suffix, member, dir, restart) \
    int domctl_##suffix(DOMCTL_PARAMS_##dir(CONTROL_MEMBER(struct xen_domctl, member)));
#include <abi/ops/domctl.def>

#define SYSCTL(cmd, name, suffix, member, dir, restart) \
    int sysctl_##suffix(CONTROL_MEMBER(struct xen_sysctl, member) * arg);
#include <abi/ops/sysctl.def>

#define PLATFORM(cmd, name, suffix, member, dir, restart) \
    int platform_##suffix(CONTROL_MEMBER(struct xen_platform_op, member) * arg);
#include <abi/ops/platform.def>

#endif
