/* SPDX-License-Identifier: MIT */
/* The transport of direct hypercalls: the machine and the hypervisor itself. */
#include "direct.h"

#include <stdlib.h>
#include <string.h>

#include <abi/errno.h>
#include <abi/version.h>

#define LIST_CHUNK 32
#define MAX_CPUS   256

int direct_sysctl(struct ts_hv *hv, struct xen_sysctl *op, unsigned int cmd)
{
    op->cmd = cmd;
    op->interface_version = XEN_SYSCTL_INTERFACE_VERSION;
    return (int)direct_calls(hv)->sysctl(op);
}

/* Domains [first, ...) into info, at most n <= LIST_CHUNK; how many. */
static int list_chunk(struct ts_hv *hv, domid_t first, struct ts_domain_info *info,
                      unsigned int n)
{
    struct xen_domctl_getdomaininfo chunk[LIST_CHUNK];
    struct xen_sysctl op = {
        .u.getdomaininfolist = {
            .first_domain = first,
            .max_domains = n,
            .buffer.p = chunk,
        },
    };
    int rc = direct_sysctl(hv, &op, XEN_SYSCTL_getdomaininfolist);

    if (rc)
        return rc;
    for (unsigned int i = 0; i < op.u.getdomaininfolist.num_domains; i++)
        direct_domain_info(&chunk[i], &info[i]);
    return (int)op.u.getdomaininfolist.num_domains;
}

int direct_domain_list(struct ts_hv *hv, domid_t first, struct ts_domain_info *info,
                       unsigned int max)
{
    unsigned int done = 0;

    while (done < max) {
        unsigned int n = max - done < LIST_CHUNK ? max - done : LIST_CHUNK;
        int got = list_chunk(hv, first, info + done, n);

        if (got < 0)
            return got;
        if (!got)
            break;
        done += (unsigned int)got;
        first = info[done - 1].id + 1;
    }
    return (int)done;
}

int direct_machine_info(struct ts_hv *hv, struct ts_machine_info *info)
{
    struct xen_sysctl op = { 0 };
    int rc = direct_sysctl(hv, &op, XEN_SYSCTL_physinfo);
    const struct xen_sysctl_physinfo *from = &op.u.physinfo;

    if (rc)
        return rc;
    *info = (struct ts_machine_info){
        .nr_cpus = from->nr_cpus,
        .nr_nodes = from->nr_nodes,
        .threads_per_core = from->threads_per_core,
        .cores_per_socket = from->cores_per_socket,
        .cpu_khz = from->cpu_khz,
        .max_cpu_id = from->max_cpu_id,
        .total_pages = from->total_pages,
        .free_pages = from->free_pages,
        .scrub_pages = from->scrub_pages,
        .outstanding_pages = from->outstanding_pages,
    };
    memcpy(info->hw_caps, from->hw_cap, sizeof(info->hw_caps));
    rc = direct_sysctl(hv, &op, XEN_SYSCTL_sched_id);
    if (!rc)
        info->scheduler = op.u.sched_id.sched_id;
    return rc;
}

int direct_host_policy(struct ts_hv *hv, struct ts_cpu_policy *policy)
{
    struct xen_sysctl op = {
        .u.cpu_policy = {
            .index = XEN_SYSCTL_cpu_policy_host,
            .nr_leaves = TS_CPU_LEAVES,
            .nr_msrs = TS_CPU_MSRS,
            .leaves.p = policy->leaf,
            .msrs.p = policy->msr,
        },
    };
    int rc = direct_sysctl(hv, &op, XEN_SYSCTL_get_cpu_policy);

    if (!rc) {
        policy->nr_leaves = op.u.cpu_policy.nr_leaves;
        policy->nr_msrs = op.u.cpu_policy.nr_msrs;
    }
    return rc;
}

/* A text answer of xen_version, cut to fit; empty when it is refused. */
static void version_text(struct ts_hv *hv, int cmd, char *to, size_t size)
{
    char text[sizeof(xen_capabilities_info_t)] = "";
    size_t n;

    to[0] = '\0';
    if (direct_calls(hv)->xen_version(cmd, text) < 0)
        return;
    n = strnlen(text, size - 1);
    memcpy(to, text, n);
    to[n] = '\0';
}

static void copy_text(char *to, size_t size, const char *from, size_t from_size)
{
    size_t n = strnlen(from, from_size < size ? from_size : size - 1);

    memcpy(to, from, n);
    to[n] = '\0';
}

static void compile_info(struct ts_hv *hv, struct ts_version_info *info)
{
    struct xen_compile_info c = { .compiler = "" };

    if (direct_calls(hv)->xen_version(XENVER_compile_info, &c) < 0)
        return;
    copy_text(info->compiler, sizeof(info->compiler), c.compiler, sizeof(c.compiler) - 1);
    copy_text(info->compiled_by, sizeof(info->compiled_by), c.compile_by,
              sizeof(c.compile_by));
    copy_text(info->compile_domain, sizeof(info->compile_domain), c.compile_domain,
              sizeof(c.compile_domain));
    copy_text(info->compile_date, sizeof(info->compile_date), c.compile_date,
              sizeof(c.compile_date));
}

int direct_version_info(struct ts_hv *hv, struct ts_version_info *info)
{
    const struct ts_hypercalls *calls = direct_calls(hv);
    struct xen_platform_parameters platform = { 0 };
    long version = calls->xen_version(XENVER_version, NULL);

    if (version < 0)
        return (int)version;
    memset(info, 0, sizeof(*info));
    info->major = (unsigned int)version >> 16;
    info->minor = (unsigned int)version & 0xffff;
    version_text(hv, XENVER_extraversion, info->extra, sizeof(info->extra));
    version_text(hv, XENVER_capabilities, info->capabilities, sizeof(info->capabilities));
    version_text(hv, XENVER_changeset, info->changeset, sizeof(info->changeset));
    version_text(hv, XENVER_commandline, info->command_line, sizeof(info->command_line));
    compile_info(hv, info);
    if (calls->xen_version(XENVER_platform_parameters, &platform) >= 0)
        info->virt_start = platform.virt_start;
    version = calls->xen_version(XENVER_pagesize, NULL);
    info->page_size = version > 0 ? (unsigned int)version : TS_PAGE_SIZE;
    return 0;
}

int direct_cpu_idle_times(struct ts_hv *hv, uint64_t *ns, unsigned int max)
{
    struct xen_sysctl_cpuinfo idle[MAX_CPUS];
    struct xen_sysctl op = {
        .u.getcpuinfo = { .max_cpus = max < MAX_CPUS ? max : MAX_CPUS, .info.p = idle },
    };
    int rc = direct_sysctl(hv, &op, XEN_SYSCTL_getcpuinfo);

    if (rc)
        return rc;
    for (unsigned int i = 0; i < op.u.getcpuinfo.nr_cpus; i++)
        ns[i] = idle[i].idletime;
    return (int)op.u.getcpuinfo.nr_cpus;
}

int direct_console_read(struct ts_hv *hv, uint32_t *index, char *text, unsigned int size,
                        bool clear)
{
    struct xen_sysctl op = {
        .u.readconsole = {
            .clear = clear,
            .incremental = *index != 0,
            .index = *index,
            .buffer.p = text,
            .count = size,
        },
    };
    int rc = direct_sysctl(hv, &op, XEN_SYSCTL_readconsole);

    if (rc)
        return rc;
    *index = op.u.readconsole.index;
    return (int)op.u.readconsole.count;
}

int direct_debug_keys(struct ts_hv *hv, const char *keys, unsigned int n)
{
    struct xen_sysctl op = { .u.debug_keys = { .keys.p = keys, .nr_keys = n } };

    return direct_sysctl(hv, &op, XEN_SYSCTL_debug_keys);
}

uint64_t direct_system_time(struct ts_hv *hv)
{
    return direct_calls(hv)->system_time();
}

int direct_trace_op(struct ts_hv *hv, struct ts_trace_op *trace)
{
    struct xen_sysctl op = {
        .u.tbuf_op = { .cmd = trace->cmd, .evt_mask = trace->events, .size = trace->size }
    };
    int rc = direct_sysctl(hv, &op, XEN_SYSCTL_tbuf_op);

    trace->events = op.u.tbuf_op.evt_mask;
    trace->size = op.u.tbuf_op.size;
    trace->mfn = op.u.tbuf_op.buffer_mfn;
    return rc;
}
