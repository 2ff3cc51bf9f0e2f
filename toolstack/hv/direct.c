/* SPDX-License-Identifier: MIT */
/*
 * The transport of direct hypercalls: domains, their vCPUs, memory and event channels.
 * How a hypercall is issued and frames are mapped comes from the program
 * (struct ts_hypercalls).
 */
#include "direct.h"

#include <string.h>

#include <abi/domctl.h>
#include <abi/errno.h>
#include <abi/grant_table.h>
#include <abi/memory.h>
#include <abi/sched.h>

#define M2P_CHUNK 64

static int domctl(struct ts_hv *hv, struct xen_domctl *op, unsigned int cmd, domid_t id)
{
    op->cmd = cmd;
    op->interface_version = XEN_DOMCTL_INTERFACE_VERSION;
    op->domain = id;
    return (int)direct_calls(hv)->domctl(op);
}

static int domctl_simple(struct ts_hv *hv, unsigned int cmd, domid_t id)
{
    struct xen_domctl op = { 0 };

    return domctl(hv, &op, cmd, id);
}

/* --- domains --- */

static int domain_create(struct ts_hv *hv, const struct ts_domain_params *params,
                         domid_t *id)
{
    struct xen_domctl op = {
        .u.createdomain = {
            .max_vcpus = params->max_vcpus,
            .max_evtchn_port = params->max_event_port,
            .max_grant_frames = (int32_t)params->max_grant_frames,
            .max_maptrack_frames = (int32_t)params->max_maptrack_frames,
            .grant_opts = XEN_DOMCTL_GRANT_version(1),
        },
    };
    int rc;

    memcpy(op.u.createdomain.handle, params->uuid, TS_UUID_BYTES);
    rc = domctl(hv, &op, XEN_DOMCTL_createdomain, DOMID_INVALID);
    if (!rc)
        *id = op.domain;
    return rc;
}

static int domain_destroy(struct ts_hv *hv, domid_t id)
{
    return domctl_simple(hv, XEN_DOMCTL_destroydomain, id);
}

static int domain_pause(struct ts_hv *hv, domid_t id)
{
    return domctl_simple(hv, XEN_DOMCTL_pausedomain, id);
}

static int domain_unpause(struct ts_hv *hv, domid_t id)
{
    return domctl_simple(hv, XEN_DOMCTL_unpausedomain, id);
}

static int domain_crash(struct ts_hv *hv, domid_t id)
{
    struct sched_remote_shutdown shutdown = { .domain_id = id, .reason = SHUTDOWN_crash };

    return (int)direct_calls(hv)->sched_op(SCHEDOP_remote_shutdown, &shutdown);
}

static int domain_nmi(struct ts_hv *hv, domid_t id, unsigned int vcpu)
{
    struct xen_domctl op = {
        .u.sendtrigger = { .trigger = XEN_DOMCTL_SENDTRIGGER_NMI, .vcpu = vcpu },
    };

    return domctl(hv, &op, XEN_DOMCTL_sendtrigger, id);
}

static int domain_set_uuid(struct ts_hv *hv, domid_t id, const uint8_t *uuid)
{
    struct xen_domctl op = { 0 };

    memcpy(op.u.setdomainhandle.handle, uuid, TS_UUID_BYTES);
    return domctl(hv, &op, XEN_DOMCTL_setdomainhandle, id);
}

/* What the guest's memory may grow to is all RAM. */
static int set_memory_map(struct ts_hv *hv, domid_t id, uint64_t kib)
{
    struct abi_e820_entry ram = { .size = kib << 10, .type = ABI_E820_RAM };
    struct xen_foreign_memory_map map = { .domid = id, .map.nr_entries = 1 };

    map.map.buffer.p = &ram;
    return (int)direct_calls(hv)->memory_op(XENMEM_set_memory_map, &map);
}

static int domain_set_max_mem(struct ts_hv *hv, domid_t id, uint64_t kib)
{
    struct xen_domctl op = { .u.max_mem.max_memkb = kib };
    int rc = domctl(hv, &op, XEN_DOMCTL_max_mem, id);

    return rc ? rc : set_memory_map(hv, id, kib);
}

static int domain_set_max_vcpus(struct ts_hv *hv, domid_t id, unsigned int n)
{
    struct xen_domctl op = { .u.max_vcpus.max = n };

    return domctl(hv, &op, XEN_DOMCTL_max_vcpus, id);
}

/* One state out of the flags: what ends a domain goes before what it was doing. */
static unsigned int run_state(uint32_t flags)
{
    unsigned int state = flags & XEN_DOMINF_paused ? TS_PAUSED : 0;

    if (flags & XEN_DOMINF_dying)
        return TS_DYING;
    if (flags & XEN_DOMINF_shutdown)
        return state | TS_SHUTDOWN;
    if (flags & XEN_DOMINF_running)
        return state | TS_RUNNING;
    return flags & XEN_DOMINF_blocked ? state | TS_BLOCKED : state;
}

void direct_domain_info(const struct xen_domctl_getdomaininfo *from,
                        struct ts_domain_info *to)
{
    *to = (struct ts_domain_info){
        .id = from->domain,
        .state = run_state(from->flags),
        .shutdown_reason =
            from->flags >> XEN_DOMINF_shutdownshift & XEN_DOMINF_shutdownmask,
        .nr_pages = from->tot_pages,
        .max_pages = from->max_pages,
        .shared_info_mfn = from->shared_info_frame,
        .cpu_time_ns = from->cpu_time,
        .nr_vcpus = from->nr_online_vcpus,
        .max_vcpu_id = from->max_vcpu_id,
    };
    memcpy(to->uuid, from->handle, TS_UUID_BYTES);
}

static int domain_info(struct ts_hv *hv, domid_t id, struct ts_domain_info *info)
{
    struct xen_domctl op = { 0 };
    int rc = domctl(hv, &op, XEN_DOMCTL_getdomaininfo, id);

    if (rc)
        return rc;
    if (op.domain != id) /* the hypervisor tells the next one */
        return -XEN_ESRCH;
    direct_domain_info(&op.u.getdomaininfo, info);
    return 0;
}

/* --- vCPUs --- */

static int vcpu_info(struct ts_hv *hv, domid_t id, unsigned int vcpu,
                     struct ts_vcpu_info *info)
{
    struct xen_domctl op = { .u.getvcpuinfo.vcpu = vcpu };
    int rc = domctl(hv, &op, XEN_DOMCTL_getvcpuinfo, id);

    if (!rc)
        *info = (struct ts_vcpu_info){
            .online = op.u.getvcpuinfo.online,
            .blocked = op.u.getvcpuinfo.blocked,
            .running = op.u.getvcpuinfo.running,
            .cpu_time_ns = op.u.getvcpuinfo.cpu_time,
            .cpu = op.u.getvcpuinfo.cpu,
        };
    return rc;
}

static int vcpu_context(struct ts_hv *hv, domid_t id, unsigned int cmd, unsigned int vcpu,
                        struct vcpu_guest_context *context)
{
    struct xen_domctl op = { .u.vcpucontext = { .vcpu = vcpu, .ctxt.p = context } };

    return domctl(hv, &op, cmd, id);
}

static int vcpu_set_context(struct ts_hv *hv, domid_t id, unsigned int vcpu,
                            const struct vcpu_guest_context *context)
{
    /* Only read from: the handle's type cannot say so. */
    return vcpu_context(hv, id, XEN_DOMCTL_setvcpucontext, vcpu,
                        (struct vcpu_guest_context *)context);
}

static int vcpu_get_context(struct ts_hv *hv, domid_t id, unsigned int vcpu,
                            struct vcpu_guest_context *context)
{
    return vcpu_context(hv, id, XEN_DOMCTL_getvcpucontext, vcpu, context);
}

static struct xenctl_bitmap bitmap_of(struct ts_cpu_set *set)
{
    return (struct xenctl_bitmap){ .bitmap.p = set->bits, .nr_bits = TS_MAX_CPUS };
}

static int vcpu_set_affinity(struct ts_hv *hv, domid_t id, unsigned int vcpu,
                             const struct ts_cpu_set *hard, const struct ts_cpu_set *soft)
{
    struct ts_cpu_set hard_copy, soft_copy; /* the hypervisor writes what is in force */
    struct xen_domctl op = { .u.vcpuaffinity.vcpu = vcpu };

    if (hard) {
        hard_copy = *hard;
        op.u.vcpuaffinity.flags |= XEN_VCPUAFFINITY_HARD;
        op.u.vcpuaffinity.cpumap_hard = bitmap_of(&hard_copy);
    }
    if (soft) {
        soft_copy = *soft;
        op.u.vcpuaffinity.flags |= XEN_VCPUAFFINITY_SOFT;
        op.u.vcpuaffinity.cpumap_soft = bitmap_of(&soft_copy);
    }
    return domctl(hv, &op, XEN_DOMCTL_setvcpuaffinity, id);
}

static int vcpu_get_affinity(struct ts_hv *hv, domid_t id, unsigned int vcpu,
                             struct ts_cpu_set *hard, struct ts_cpu_set *soft)
{
    struct xen_domctl op = {
        .u.vcpuaffinity = {
            .vcpu = vcpu,
            .flags = XEN_VCPUAFFINITY_HARD | XEN_VCPUAFFINITY_SOFT,
            .cpumap_hard = bitmap_of(hard),
            .cpumap_soft = bitmap_of(soft),
        },
    };

    memset(hard, 0, sizeof(*hard));
    memset(soft, 0, sizeof(*soft));
    return domctl(hv, &op, XEN_DOMCTL_getvcpuaffinity, id);
}

/* The scheduler must be named in each request. */
static int scheduler_op(struct ts_hv *hv, domid_t id, struct xen_domctl *op,
                        unsigned int cmd)
{
    struct xen_sysctl which = { 0 };
    int rc = direct_sysctl(hv, &which, XEN_SYSCTL_sched_id);

    if (rc)
        return rc;
    op->u.scheduler_op.sched_id = which.u.sched_id.sched_id;
    op->u.scheduler_op.cmd = cmd;
    return domctl(hv, op, XEN_DOMCTL_scheduler_op, id);
}

static int sched_get(struct ts_hv *hv, domid_t id, struct ts_sched_params *params)
{
    struct xen_domctl op = { 0 };
    int rc = scheduler_op(hv, id, &op, XEN_DOMCTL_SCHEDOP_getinfo);

    if (!rc)
        *params = (struct ts_sched_params){ op.u.scheduler_op.u.credit2.weight,
                                            op.u.scheduler_op.u.credit2.cap };
    return rc;
}

static int sched_set(struct ts_hv *hv, domid_t id, const struct ts_sched_params *params)
{
    struct xen_domctl op = { 0 };

    if (params->weight > UINT16_MAX || params->cap > UINT16_MAX)
        return -XEN_EINVAL;
    op.u.scheduler_op.u.credit2.weight = (uint16_t)params->weight;
    op.u.scheduler_op.u.credit2.cap = (uint16_t)params->cap;
    return scheduler_op(hv, id, &op, XEN_DOMCTL_SCHEDOP_putinfo);
}

/* --- CPU policies --- */

static int cpu_policy_get(struct ts_hv *hv, domid_t id, struct ts_cpu_policy *policy)
{
    struct xen_domctl op = {
        .u.cpu_policy = {
            .nr_leaves = TS_CPU_LEAVES,
            .nr_msrs = TS_CPU_MSRS,
            .leaves.p = policy->leaf,
            .msrs.p = policy->msr,
        },
    };
    int rc;

    if (id == DOMID_INVALID)
        return direct_host_policy(hv, policy);
    rc = domctl(hv, &op, XEN_DOMCTL_get_cpu_policy, id);
    if (!rc) {
        policy->nr_leaves = op.u.cpu_policy.nr_leaves;
        policy->nr_msrs = op.u.cpu_policy.nr_msrs;
    }
    return rc;
}

static int cpu_policy_set(struct ts_hv *hv, domid_t id,
                          const struct ts_cpu_policy *policy)
{
    struct xen_domctl op = {
        .u.cpu_policy = {
            .nr_leaves = policy->nr_leaves,
            .nr_msrs = policy->nr_msrs,
            .leaves.p = (xen_cpuid_leaf_t *)policy->leaf,
            .msrs.p = (xen_msr_entry_t *)policy->msr,
        },
    };

    return domctl(hv, &op, XEN_DOMCTL_set_cpu_policy, id);
}

/* --- memory --- */

static int memory_populate(struct ts_hv *hv, domid_t id, xen_pfn_t *frames,
                           unsigned int n, unsigned int order)
{
    struct xen_memory_reservation want = {
        .extent_start.p = frames,
        .nr_extents = n,
        .extent_order = order,
        .domid = id,
    };

    return (int)direct_calls(hv)->memory_op(XENMEM_populate_physmap, &want);
}

static int frames_map(struct ts_hv *hv, domid_t id, const xen_pfn_t *mfns, unsigned int n,
                      void **address)
{
    return direct_calls(hv)->map(id, mfns, n, address);
}

static int frames_map_read(struct ts_hv *hv, domid_t id, const xen_pfn_t *mfns,
                           unsigned int n, const void **address)
{
    return direct_calls(hv)->map_read(id, mfns, n, address);
}

static void frames_unmap(struct ts_hv *hv, const void *address, unsigned int n)
{
    direct_calls(hv)->unmap(address, n);
}

static int m2p_set(struct ts_hv *hv, domid_t id, uint64_t mfn, uint64_t pfn,
                   unsigned int n)
{
    struct mmu_update updates[M2P_CHUNK];

    while (n) {
        unsigned int chunk = n < M2P_CHUNK ? n : M2P_CHUNK;
        long rc;

        for (unsigned int i = 0; i < chunk; i++)
            updates[i] =
                (struct mmu_update){ (mfn + i) << TS_PAGE_SHIFT | MMU_MACHPHYS_UPDATE,
                                     pfn + i };
        rc = direct_calls(hv)->mmu_update(updates, chunk, NULL, id);
        if (rc)
            return (int)rc;
        mfn += chunk;
        pfn += chunk;
        n -= chunk;
    }
    return 0;
}

static int table_pin(struct ts_hv *hv, domid_t id, uint64_t mfn, unsigned int level)
{
    static const unsigned int cmds[] = { MMUEXT_PIN_L1_TABLE, MMUEXT_PIN_L2_TABLE,
                                         MMUEXT_PIN_L3_TABLE, MMUEXT_PIN_L4_TABLE };
    struct mmuext_op op = { .cmd = cmds[level - 1], .arg1.mfn = mfn };

    return (int)direct_calls(hv)->mmuext_op(&op, 1, NULL, id);
}

static int hypercall_page(struct ts_hv *hv, domid_t id, uint64_t mfn)
{
    struct xen_domctl op = { .u.hypercall_init.gmfn = mfn };

    return domctl(hv, &op, XEN_DOMCTL_hypercall_init, id);
}

static int map_grant_frame(struct ts_hv *hv, domid_t id, struct grant_entry_v1 **table)
{
    struct gnttab_setup_table setup = { .dom = id, .nr_frames = 1 };
    xen_pfn_t frame;
    void *page;
    int rc;

    setup.frame_list.p = &frame;
    rc = (int)direct_calls(hv)->grant_table_op(GNTTABOP_setup_table, &setup, 1);
    if (rc || setup.status)
        return rc ? rc : -XEN_ENOMEM;
    rc = direct_calls(hv)->map(id, &frame, 1, &page);
    *table = page;
    return rc;
}

static int grant_seed(struct ts_hv *hv, domid_t id, const struct ts_grant_seed *seeds,
                      unsigned int n)
{
    struct grant_entry_v1 *table;
    int rc = map_grant_frame(hv, id, &table);

    if (rc)
        return rc;
    for (unsigned int i = 0; i < n; i++)
        table[seeds[i].ref] = (struct grant_entry_v1){
            .flags = GTF_permit_access,
            .domid = seeds[i].peer,
            .frame = (uint32_t)seeds[i].frame_mfn,
        };
    direct_calls(hv)->unmap(table, 1);
    return 0;
}

/* --- event channels --- */

static int evtchn_alloc_unbound(struct ts_hv *hv, domid_t id, domid_t remote,
                                evtchn_port_t *port)
{
    struct evtchn_alloc_unbound op = { .dom = id, .remote_dom = remote };
    int rc = (int)direct_calls(hv)->event_channel_op(EVTCHNOP_alloc_unbound, &op);

    if (!rc)
        *port = op.port;
    return rc;
}

static int evtchn_bind(struct ts_hv *hv, domid_t remote, evtchn_port_t remote_port,
                       evtchn_port_t *local)
{
    return direct_calls(hv)->event_bind(remote, remote_port, local);
}

static int evtchn_send(struct ts_hv *hv, evtchn_port_t local)
{
    struct evtchn_send op = { local };

    return (int)direct_calls(hv)->event_channel_op(EVTCHNOP_send, &op);
}

static int evtchn_unmask(struct ts_hv *hv, evtchn_port_t local)
{
    struct evtchn_unmask op = { local };

    return (int)direct_calls(hv)->event_channel_op(EVTCHNOP_unmask, &op);
}

static int evtchn_close(struct ts_hv *hv, evtchn_port_t local)
{
    return direct_calls(hv)->event_close(local);
}

static const struct ts_hv_ops ops = {
    .domain_create = domain_create,
    .domain_destroy = domain_destroy,
    .domain_pause = domain_pause,
    .domain_unpause = domain_unpause,
    .domain_crash = domain_crash,
    .domain_nmi = domain_nmi,
    .domain_set_uuid = domain_set_uuid,
    .domain_set_max_mem = domain_set_max_mem,
    .domain_set_max_vcpus = domain_set_max_vcpus,
    .domain_info = domain_info,
    .domain_list = direct_domain_list,
    .vcpu_info = vcpu_info,
    .vcpu_set_context = vcpu_set_context,
    .vcpu_get_context = vcpu_get_context,
    .vcpu_set_affinity = vcpu_set_affinity,
    .vcpu_get_affinity = vcpu_get_affinity,
    .sched_get = sched_get,
    .sched_set = sched_set,
    .cpu_policy_get = cpu_policy_get,
    .cpu_policy_set = cpu_policy_set,
    .memory_populate = memory_populate,
    .frames_map = frames_map,
    .frames_map_read = frames_map_read,
    .frames_unmap = frames_unmap,
    .m2p_set = m2p_set,
    .table_pin = table_pin,
    .hypercall_page = hypercall_page,
    .grant_seed = grant_seed,
    .evtchn_alloc_unbound = evtchn_alloc_unbound,
    .evtchn_bind = evtchn_bind,
    .evtchn_send = evtchn_send,
    .evtchn_unmask = evtchn_unmask,
    .evtchn_close = evtchn_close,
    .machine_info = direct_machine_info,
    .version_info = direct_version_info,
    .cpu_idle_times = direct_cpu_idle_times,
    .console_read = direct_console_read,
    .debug_keys = direct_debug_keys,
    .trace_op = direct_trace_op,
    .system_time = direct_system_time,
};

struct ts_hv *ts_hv_direct_init(struct ts_hv_direct *direct,
                                const struct ts_hypercalls *calls)
{
    direct->hv.ops = &ops;
    direct->calls = calls;
    return &direct->hv;
}
