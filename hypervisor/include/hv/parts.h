/* SPDX-License-Identifier: MIT */
/* Prototypes of what each part of a domain provides; contracts in hv/parts.def. */
#ifndef HV_PARTS_H
#define HV_PARTS_H

#include <hv/domain.h>

#define PART(name)                                                                  \
    int must_check name##_domain_create(struct domain *d,                           \
                                        const struct xen_domctl_createdomain *cfg); \
    int must_check name##_domain_relinquish(struct domain *d);                      \
    void name##_domain_destroy(struct domain *d);                                   \
    int must_check name##_vcpu_create(struct vcpu *v);                              \
    void name##_vcpu_destroy(struct vcpu *v);
#include <hv/parts.def>
#undef PART

#endif
