/* SPDX-License-Identifier: MIT */
/* Hypercalls as a transport: what direct.c (domains) and direct_machine.c share. */
#ifndef TS_HV_DIRECT_H
#define TS_HV_DIRECT_H

#include <ts/hv.h>

#include <abi/sysctl.h>

static inline const struct ts_hypercalls *direct_calls(struct ts_hv *hv)
{
    return ((struct ts_hv_direct *)hv)->calls;
}

/* Issues op as cmd. */
int direct_sysctl(struct ts_hv *hv, struct xen_sysctl *op, unsigned int cmd);

void direct_domain_info(const struct xen_domctl_getdomaininfo *from,
                        struct ts_domain_info *to);

/* The operations of ts_hv_ops that are about the machine. */
int direct_domain_list(struct ts_hv *hv, domid_t first, struct ts_domain_info *info,
                       unsigned int max);
int direct_machine_info(struct ts_hv *hv, struct ts_machine_info *info);
/* The machine's CPU policy. */
int direct_host_policy(struct ts_hv *hv, struct ts_cpu_policy *policy);
int direct_version_info(struct ts_hv *hv, struct ts_version_info *info);
int direct_cpu_idle_times(struct ts_hv *hv, uint64_t *ns, unsigned int max);
int direct_console_read(struct ts_hv *hv, uint32_t *index, char *text, unsigned int size,
                        bool clear);
int direct_debug_keys(struct ts_hv *hv, const char *keys, unsigned int n);
int direct_trace_op(struct ts_hv *hv, struct ts_trace_op *op);
uint64_t direct_system_time(struct ts_hv *hv);

#endif
