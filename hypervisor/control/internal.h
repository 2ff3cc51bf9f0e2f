/* SPDX-License-Identifier: MIT */
/* What the files of the control interface share; its handlers are in hv/control.h. */
#ifndef CONTROL_INTERNAL_H
#define CONTROL_INTERNAL_H

#include <hv/control.h>
#include <hv/cpu_policy.h>
#include <hv/cpumask.h>
#include <hv/hypercall.h>

/* --- bitmap.c: bit sets of the caller, of any number of bits --- */
/* Bits beyond the caller's are clear; beyond nr_bits are not looked at. 0; -EFAULT. */
int must_check bitmap_read(const struct xenctl_bitmap *b, uint64_t *bits,
                           unsigned int nr_bits);
/* Whole bytes are written, those beyond nr_bits as zero. 0; -EFAULT. */
int must_check bitmap_write(const struct xenctl_bitmap *b, const uint64_t *bits,
                            unsigned int nr_bits);

/* --- info.c --- */
void domain_info_get(struct domain *d, struct xen_domctl_getdomaininfo *info);

/* --- featureset.c --- */
enum policy_kind {
    POLICY_RAW = XEN_SYSCTL_cpu_policy_raw,
    POLICY_HOST = XEN_SYSCTL_cpu_policy_host,
    POLICY_PV_MAX = XEN_SYSCTL_cpu_policy_pv_max,
    POLICY_PV_DEFAULT = XEN_SYSCTL_cpu_policy_pv_default,
};
/* One leaf of a policy; d: whose overrides count, or null. */
void policy_leaf(enum policy_kind kind, const struct domain *d, uint32_t leaf,
                 uint32_t sub, struct cpuid_regs *out);
/* The same of MSR 0x10a. */
uint64_t policy_arch_caps(enum policy_kind kind, const struct domain *d);
/* The feature words in the order of the public list. */
void featureset_get(enum policy_kind kind, uint32_t words[CPU_FEATURE_WORDS]);

/* --- policy.c --- */
#define POLICY_MAX_LEAVES 120
#define POLICY_MAX_MSRS   2
struct policy_room {
    XEN_GUEST_HANDLE(xen_cpuid_leaf_t) leaves;
    XEN_GUEST_HANDLE(xen_msr_entry_t) msrs;
    uint32_t *nr_leaves, *nr_msrs; /* in: room, out: number, or what it may be at most */
};
/* Copies a policy out. 0; -ENOBUFS no room; -EFAULT. */
int must_check policy_write(enum policy_kind kind, const struct domain *d,
                            const struct policy_room *room);

/* --- physdev_msi.c --- */
/*
 * Maps a message to a PIRQ of d. The PIRQ; -EPERM the caller is not privileged, or asks
 * for an interrupt by number; -ENODEV, -ENXIO no such function, or not what is wanted of
 * it; -EDOM, -EOPNOTSUPP the number of messages; -EINVAL; -EEXIST it, or the PIRQ, is in
 * use; -ENOSPC; -ENOMEM.
 */
int must_check physdev_map_message(struct domain *d, const physdev_map_pirq_t *arg);

/* --- pci.c --- */
/* Has domain 0 reported the function (bus << 8 | devfn)? */
bool pci_is_known(uint16_t segment, uint16_t function);

/* --- the vCPU that an operation names: 0; -EINVAL out of range;
 * -ESRCH not created --- */
int must_check control_vcpu(struct domain *d, unsigned int id, struct vcpu **out);

#endif
