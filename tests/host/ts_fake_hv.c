/* SPDX-License-Identifier: MIT */
/* The model hypervisor: frames in a memory file, so that they can be mapped again. */
#define _GNU_SOURCE
#include "ts_fake.h"
#include "test.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include <abi/sched.h>

#define MAX_DOMAINS 1200
#define MAX_PORTS   64
#define DOM0_PORTS  4096
#define MAX_MAPS    8192
#define MAX_VCPUS   8

struct port {
    enum { FREE, UNBOUND, BOUND } state;
    domid_t remote;
    evtchn_port_t remote_port;
    unsigned int events;
};

struct domain {
    bool exists, shutdown;
    unsigned int reason, pauses, nr_vcpus, max_vcpus, nmis;
    uint64_t nr_pages, max_pages, shared_info, root, hypercall_page;
    struct ts_grant_seed grant[8];
    struct ts_cpu_set affinity[MAX_VCPUS], soft[MAX_VCPUS];
    struct ts_sched_params sched;
    uint8_t uuid[TS_UUID_BYTES];
    struct vcpu_guest_context *context;
    struct port port[MAX_PORTS];
};

struct frame {
    domid_t owner;
    unsigned int maps;
    uint64_t pfn;
};

static struct {
    struct ts_hv hv;
    unsigned int nr_frames, largest_order, nr_maps;
    int file;
    uint8_t *memory;
    struct frame *frame;
    struct domain *domain;
    struct port *dom0_port;
    struct {
        uint8_t *address;
        unsigned int n;
        xen_pfn_t *mfn;
    } map[MAX_MAPS];
    uint64_t time;
    domid_t next_id;
    unsigned long calls, fail_at, fail_alloc_at;
    bool has_failed;
} fake = { .file = -1 };

/* --- failures --- */

void fake_fail_at(unsigned long n)
{
    fake.fail_at = n;
    fake.has_failed = false;
}

void fake_fail_alloc_at(unsigned long n)
{
    fake.fail_alloc_at = n;
    fake.has_failed = false;
}

bool fake_has_failed(void)
{
    return fake.has_failed;
}

unsigned long fake_nr_calls(void)
{
    return fake.calls;
}

static bool counts_down(unsigned long *n)
{
    if (!*n || --*n)
        return false;
    fake.has_failed = true;
    return true;
}

/* For the other models, too. */
bool fake_fails(void);
bool fake_fails(void)
{
    fake.calls++;
    return counts_down(&fake.fail_at);
}

void *fake_malloc(size_t n);
void *fake_calloc(size_t n, size_t size);
void *fake_realloc(void *old, size_t n);

void *fake_malloc(size_t n)
{
    return counts_down(&fake.fail_alloc_at) ? NULL : malloc(n);
}

void *fake_calloc(size_t n, size_t size)
{
    return counts_down(&fake.fail_alloc_at) ? NULL : calloc(n, size);
}

void *fake_realloc(void *old, size_t n)
{
    return counts_down(&fake.fail_alloc_at) ? NULL : realloc(old, n);
}

/* --- frames --- */

static struct domain *find(domid_t id)
{
    return id < MAX_DOMAINS && fake.domain[id].exists ? &fake.domain[id] : NULL;
}

void *fake_frame(uint64_t mfn)
{
    assert_true(mfn < fake.nr_frames);
    return fake.memory + mfn * TS_PAGE_SIZE;
}

domid_t fake_frame_owner(uint64_t mfn)
{
    return mfn < fake.nr_frames ? fake.frame[mfn].owner : DOMID_INVALID;
}

uint64_t fake_m2p(uint64_t mfn)
{
    return fake.frame[mfn].pfn;
}

void fake_largest_order(unsigned int order)
{
    fake.largest_order = order;
}

/* The first frame of a free, aligned run; 0 for none (frame 0 is never given). */
static uint64_t alloc_run(domid_t owner, uint64_t pfn, unsigned int order)
{
    uint64_t n = 1ull << order;

    if (order > fake.largest_order)
        return 0;
    for (uint64_t mfn = n; mfn + n <= fake.nr_frames; mfn += n) {
        uint64_t i = 0;

        while (i < n && fake.frame[mfn + i].owner == DOMID_INVALID &&
               !fake.frame[mfn + i].maps)
            i++;
        if (i < n)
            continue;
        for (i = 0; i < n; i++)
            fake.frame[mfn + i] = (struct frame){ owner, 0, pfn + i };
        memset(fake_frame(mfn), 0, n * TS_PAGE_SIZE);
        return mfn;
    }
    return 0;
}

unsigned int fake_free_frames(void)
{
    unsigned int n = 0;

    for (unsigned int i = 1; i < fake.nr_frames; i++)
        n += fake.frame[i].owner == DOMID_INVALID && !fake.frame[i].maps;
    return n;
}

static void free_frames(domid_t id)
{
    for (unsigned int i = 0; i < fake.nr_frames; i++)
        if (fake.frame[i].owner == id)
            fake.frame[i].owner = DOMID_INVALID;
}

/* --- domains --- */

static void run_anywhere(struct domain *d)
{
    memset(d->affinity, 0xff, sizeof(d->affinity));
    memset(d->soft, 0xff, sizeof(d->soft));
    d->sched.weight = 256;
}

static int domain_create(struct ts_hv *hv, const struct ts_domain_params *params,
                         domid_t *id)
{
    domid_t next = fake.next_id;

    (void)hv;
    assert_true(params->max_vcpus <= MAX_VCPUS);
    if (fake_fails())
        return -XEN_ENOMEM;
    while (fake.domain[next].exists)
        next = next + 1 < MAX_DOMAINS ? next + 1 : 1;
    fake.domain[next] =
        (struct domain){ .exists = true, .pauses = 1, .max_vcpus = params->max_vcpus };
    run_anywhere(&fake.domain[next]);
    memcpy(fake.domain[next].uuid, params->uuid, TS_UUID_BYTES);
    fake.domain[next].shared_info = alloc_run(next, 0, 0);
    if (!fake.domain[next].shared_info) {
        fake.domain[next].exists = false;
        return -XEN_ENOMEM;
    }
    fake.next_id = next + 1 < MAX_DOMAINS ? next + 1 : 1;
    *id = next;
    return 0;
}

static void close_peer(const struct port *p)
{
    if (p->state == BOUND)
        fake.dom0_port[p->remote_port].state = UNBOUND;
}

static int domain_destroy(struct ts_hv *hv, domid_t id)
{
    struct domain *d = find(id);

    (void)hv;
    if (!d)
        return -XEN_ESRCH;
    if (fake_fails())
        return -XEN_EBUSY;
    for (unsigned int i = 0; i < MAX_PORTS; i++)
        close_peer(&d->port[i]);
    free(d->context);
    free_frames(id);
    memset(d, 0, sizeof(*d));
    return 0;
}

static int domain_pause(struct ts_hv *hv, domid_t id)
{
    (void)hv;
    if (fake_fails())
        return -XEN_EOVERFLOW;
    if (!find(id))
        return -XEN_ESRCH;
    find(id)->pauses++;
    return 0;
}

static int domain_unpause(struct ts_hv *hv, domid_t id)
{
    (void)hv;
    if (fake_fails())
        return -XEN_EINVAL;
    if (!find(id))
        return -XEN_ESRCH;
    assert_true(find(id)->pauses > 0);
    find(id)->pauses--;
    return 0;
}

static int domain_crash(struct ts_hv *hv, domid_t id)
{
    (void)hv;
    if (fake_fails())
        return -XEN_EPERM;
    if (!find(id))
        return -XEN_ESRCH;
    fake_domain_ends(id, SHUTDOWN_crash);
    return 0;
}

static int domain_nmi(struct ts_hv *hv, domid_t id, unsigned int vcpu)
{
    (void)hv;
    if (fake_fails())
        return -XEN_EPERM;
    if (vcpu >= find(id)->max_vcpus)
        return -XEN_ESRCH;
    find(id)->nmis |= 1u << vcpu;
    return 0;
}

unsigned int fake_nmis(domid_t id)
{
    return find(id)->nmis;
}

static int domain_set_uuid(struct ts_hv *hv, domid_t id, const uint8_t *uuid)
{
    (void)hv;
    if (fake_fails())
        return -XEN_EPERM;
    memcpy(find(id)->uuid, uuid, TS_UUID_BYTES);
    return 0;
}

static int domain_set_max_mem(struct ts_hv *hv, domid_t id, uint64_t kib)
{
    (void)hv;
    if (fake_fails())
        return -XEN_EINVAL;
    find(id)->max_pages = kib / 4;
    return 0;
}

static int domain_set_max_vcpus(struct ts_hv *hv, domid_t id, unsigned int n)
{
    (void)hv;
    if (fake_fails())
        return -XEN_ENOMEM;
    assert_int_equal(n, find(id)->max_vcpus);
    find(id)->nr_vcpus = n;
    return 0;
}

static void fill_info(domid_t id, struct ts_domain_info *info)
{
    const struct domain *d = &fake.domain[id];

    *info = (struct ts_domain_info){
        .id = id,
        .state = (d->shutdown ? TS_SHUTDOWN : TS_RUNNING) | (d->pauses ? TS_PAUSED : 0),
        .shutdown_reason = d->reason,
        .nr_pages = d->nr_pages,
        .max_pages = d->max_pages,
        .shared_info_mfn = d->shared_info,
        .nr_vcpus = 1,
        .max_vcpu_id = d->max_vcpus - 1,
    };
    memcpy(info->uuid, d->uuid, TS_UUID_BYTES);
}

static int domain_info(struct ts_hv *hv, domid_t id, struct ts_domain_info *info)
{
    (void)hv;
    if (fake_fails())
        return -XEN_EPERM;
    if (!find(id))
        return -XEN_ESRCH;
    fill_info(id, info);
    return 0;
}

static int domain_list(struct ts_hv *hv, domid_t first, struct ts_domain_info *info,
                       unsigned int max)
{
    unsigned int n = 0;

    (void)hv;
    if (fake_fails())
        return -XEN_EPERM;
    for (domid_t id = first; id < MAX_DOMAINS && n < max; id++)
        if (fake.domain[id].exists)
            fill_info(id, &info[n++]);
    return (int)n;
}

void fake_domain_ends(domid_t id, unsigned int reason)
{
    find(id)->shutdown = true;
    find(id)->reason = reason;
}

bool fake_is_running(domid_t id)
{
    const struct domain *d = find(id);

    return d && !d->pauses && !d->shutdown && d->context && d->root;
}

unsigned int fake_pause_count(domid_t id)
{
    return find(id)->pauses;
}

unsigned int fake_nr_domains(void)
{
    unsigned int n = 0;

    for (unsigned int i = 1; i < MAX_DOMAINS; i++)
        n += fake.domain[i].exists;
    return n;
}

/* --- vCPUs --- */

static int vcpu_info(struct ts_hv *hv, domid_t id, unsigned int vcpu,
                     struct ts_vcpu_info *info)
{
    (void)hv;
    if (!find(id) || vcpu >= find(id)->max_vcpus)
        return -XEN_ESRCH;
    *info = (struct ts_vcpu_info){ .online = vcpu < find(id)->nr_vcpus, .cpu = vcpu % 2 };
    return 0;
}

static int vcpu_set_context(struct ts_hv *hv, domid_t id, unsigned int vcpu,
                            const struct vcpu_guest_context *context)
{
    struct domain *d = find(id);

    (void)hv;
    if (fake_fails())
        return -XEN_EINVAL;
    assert_int_equal(vcpu, 0);
    assert_int_equal(xen_cr3_to_pfn(context->ctrlreg[3]), d->root);
    d->context = malloc(sizeof(*context));
    *d->context = *context;
    return 0;
}

static int vcpu_get_context(struct ts_hv *hv, domid_t id, unsigned int vcpu,
                            struct vcpu_guest_context *context)
{
    (void)hv;
    (void)vcpu;
    *context = *find(id)->context;
    return 0;
}

static int vcpu_set_affinity(struct ts_hv *hv, domid_t id, unsigned int vcpu,
                             const struct ts_cpu_set *hard, const struct ts_cpu_set *soft)
{
    (void)hv;
    if (fake_fails())
        return -XEN_EINVAL;
    if (!find(id) || vcpu >= find(id)->max_vcpus)
        return -XEN_ESRCH;
    if (hard)
        find(id)->affinity[vcpu] = *hard;
    if (soft)
        find(id)->soft[vcpu] = *soft;
    return 0;
}

static int vcpu_get_affinity(struct ts_hv *hv, domid_t id, unsigned int vcpu,
                             struct ts_cpu_set *hard, struct ts_cpu_set *soft)
{
    (void)hv;
    *hard = find(id)->affinity[vcpu];
    *soft = find(id)->soft[vcpu];
    return 0;
}

static int sched_get(struct ts_hv *hv, domid_t id, struct ts_sched_params *params)
{
    (void)hv;
    *params = find(id)->sched;
    return 0;
}

static int sched_set(struct ts_hv *hv, domid_t id, const struct ts_sched_params *params)
{
    (void)hv;
    if (fake_fails())
        return -XEN_EINVAL;
    find(id)->sched = *params;
    return 0;
}

const struct vcpu_guest_context *fake_context(domid_t id)
{
    return find(id)->context;
}

uint64_t fake_max_pages(domid_t id)
{
    return find(id)->max_pages;
}

const struct ts_cpu_set *fake_affinity(domid_t id, unsigned int vcpu)
{
    return &find(id)->affinity[vcpu];
}

/* --- memory --- */

static int memory_populate(struct ts_hv *hv, domid_t id, xen_pfn_t *frames,
                           unsigned int n, unsigned int order)
{
    struct domain *d = find(id);

    (void)hv;
    if (fake_fails())
        return -XEN_EPERM;
    for (unsigned int i = 0; i < n; i++) {
        uint64_t mfn;

        if (d->nr_pages + (1ull << order) > d->max_pages)
            return (int)i;
        mfn = alloc_run(id, frames[i], order);
        if (!mfn)
            return (int)i;
        frames[i] = mfn;
        d->nr_pages += 1ull << order;
    }
    return (int)n;
}

static void map_one(uint8_t *at, uint64_t mfn, int access)
{
    void *p = mmap(at, TS_PAGE_SIZE, access, MAP_SHARED | MAP_FIXED, fake.file,
                   (off_t)(mfn * TS_PAGE_SIZE));

    assert_ptr_equal(p, at);
    fake.frame[mfn].maps++;
}

static int map_frames(domid_t id, const xen_pfn_t *mfns, unsigned int n, int access,
                      void **address)
{
    unsigned int slot = 0;
    uint8_t *at;

    if (fake_fails())
        return -XEN_ENOMEM;
    for (unsigned int i = 0; i < n; i++)
        if (fake_frame_owner(mfns[i]) != id)
            return -XEN_EINVAL;
    at = mmap(NULL, (size_t)n * TS_PAGE_SIZE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
              0);
    assert_ptr_not_equal(at, MAP_FAILED);
    for (unsigned int i = 0; i < n; i++)
        map_one(at + (size_t)i * TS_PAGE_SIZE, mfns[i], access);
    while (fake.map[slot].address)
        assert_true(++slot < MAX_MAPS);
    fake.map[slot].address = at;
    fake.map[slot].n = n;
    fake.map[slot].mfn = malloc(n * sizeof(*mfns));
    memcpy(fake.map[slot].mfn, mfns, n * sizeof(*mfns));
    fake.nr_maps++;
    *address = at;
    return 0;
}

static int frames_map(struct ts_hv *hv, domid_t id, const xen_pfn_t *mfns, unsigned int n,
                      void **address)
{
    (void)hv;
    for (unsigned int i = 0; i < n && find(id)->root; i++)
        assert_int_not_equal(mfns[i], find(id)->root); /* a table is not writable */
    return map_frames(id, mfns, n, PROT_READ | PROT_WRITE, address);
}

static int frames_map_read(struct ts_hv *hv, domid_t id, const xen_pfn_t *mfns,
                           unsigned int n, const void **address)
{
    void *at;
    int rc = map_frames(id, mfns, n, PROT_READ, &at);

    (void)hv;
    if (!rc)
        *address = at;
    return rc;
}

static void frames_unmap(struct ts_hv *hv, const void *address, unsigned int n)
{
    unsigned int slot = 0;

    (void)hv;
    while (slot < MAX_MAPS && fake.map[slot].address != address)
        slot++;
    assert_true(slot < MAX_MAPS);
    assert_int_equal(n, fake.map[slot].n);
    for (unsigned int i = 0; i < n; i++)
        fake.frame[fake.map[slot].mfn[i]].maps--;
    free(fake.map[slot].mfn);
    munmap((void *)address, (size_t)n * TS_PAGE_SIZE);
    fake.map[slot].address = NULL;
    fake.nr_maps--;
}

void fake_publish_list(domid_t id)
{
    struct shared_info *shared = fake_frame(find(id)->shared_info);
    xen_pfn_t level[3] = { 0 }, *leaf;
    uint64_t n = 0;

    for (uint64_t mfn = fake.nr_frames - 1; mfn; mfn--)
        if (fake.frame[mfn].owner == id && mfn != find(id)->shared_info) {
            n = fake.frame[mfn].pfn + 1 > n ? fake.frame[mfn].pfn + 1 : n;
            for (unsigned int i = 0; i < 3; i++)
                if (!level[i]) {
                    level[i] = mfn;
                    break;
                }
        }
    assert_true(level[2] && n <= 512);
    leaf = memset(fake_frame(level[2]), 0xff, TS_PAGE_SIZE);
    for (uint64_t mfn = 1; mfn < fake.nr_frames; mfn++)
        if (fake.frame[mfn].owner == id && mfn != find(id)->shared_info)
            leaf[fake.frame[mfn].pfn] = mfn;
    *(xen_pfn_t *)memset(fake_frame(level[1]), 0, TS_PAGE_SIZE) = level[2];
    *(xen_pfn_t *)memset(fake_frame(level[0]), 0, TS_PAGE_SIZE) = level[1];
    shared->arch.max_pfn = n;
    shared->arch.pfn_to_mfn_frame_list_list = level[0];
}

static int m2p_set(struct ts_hv *hv, domid_t id, uint64_t mfn, uint64_t pfn,
                   unsigned int n)
{
    (void)hv;
    for (unsigned int i = 0; i < n; i++) {
        if (fake_frame_owner(mfn + i) != id)
            return -XEN_EINVAL;
        fake.frame[mfn + i].pfn = pfn + i;
    }
    return 0;
}

static int table_pin(struct ts_hv *hv, domid_t id, uint64_t mfn, unsigned int level)
{
    (void)hv;
    if (fake_fails())
        return -XEN_EINVAL;
    assert_int_equal(level, 4);
    assert_int_equal(fake.frame[mfn].maps, 0);
    assert_int_equal(fake_frame_owner(mfn), id);
    find(id)->root = mfn;
    return 0;
}

static int hypercall_page(struct ts_hv *hv, domid_t id, uint64_t mfn)
{
    (void)hv;
    if (fake_fails())
        return -XEN_EINVAL;
    assert_int_equal(fake_frame_owner(mfn), id);
    find(id)->hypercall_page = mfn;
    return 0;
}

static int grant_seed(struct ts_hv *hv, domid_t id, const struct ts_grant_seed *seeds,
                      unsigned int n)
{
    (void)hv;
    if (fake_fails())
        return -XEN_ENOMEM;
    for (unsigned int i = 0; i < n; i++)
        find(id)->grant[seeds[i].ref] = seeds[i];
    return 0;
}

uint64_t fake_root(domid_t id)
{
    return find(id)->root;
}

uint64_t fake_hypercall_page(domid_t id)
{
    return find(id)->hypercall_page;
}

uint64_t fake_grant(domid_t id, unsigned int ref, domid_t peer)
{
    const struct ts_grant_seed *g = &find(id)->grant[ref];

    return g->peer == peer ? g->frame_mfn : 0;
}

unsigned int fake_nr_maps(void)
{
    return fake.nr_maps;
}

/* --- event channels: domain 0 is the caller --- */

static int free_port(const struct port *ports, unsigned int n)
{
    for (unsigned int i = 1; i < n; i++)
        if (ports[i].state == FREE)
            return (int)i;
    return -XEN_ENOSPC;
}

static int evtchn_alloc_unbound(struct ts_hv *hv, domid_t id, domid_t remote,
                                evtchn_port_t *port)
{
    int i = free_port(find(id)->port, MAX_PORTS);

    (void)hv;
    if (fake_fails())
        return -XEN_ENOSPC;
    assert_int_equal(remote, 0);
    find(id)->port[i] = (struct port){ UNBOUND, remote, 0, 0 };
    *port = (evtchn_port_t)i;
    return 0;
}

static int evtchn_bind(struct ts_hv *hv, domid_t remote, evtchn_port_t remote_port,
                       evtchn_port_t *local)
{
    struct domain *d = find(remote);
    int i = free_port(fake.dom0_port, DOM0_PORTS);

    (void)hv;
    if (fake_fails())
        return -XEN_ENOSPC;
    if (!d || remote_port >= MAX_PORTS || d->port[remote_port].state != UNBOUND)
        return -XEN_EINVAL;
    assert_true(i > 0);
    fake.dom0_port[i] = (struct port){ BOUND, remote, remote_port, 0 };
    d->port[remote_port].state = BOUND;
    d->port[remote_port].remote_port = (evtchn_port_t)i;
    *local = (evtchn_port_t)i;
    return 0;
}

static int evtchn_send(struct ts_hv *hv, evtchn_port_t local)
{
    const struct port *p = &fake.dom0_port[local];

    (void)hv;
    assert_int_not_equal(p->state, FREE);
    if (p->state == BOUND)
        find(p->remote)->port[p->remote_port].events++;
    return 0;
}

static int evtchn_unmask(struct ts_hv *hv, evtchn_port_t local)
{
    (void)hv;
    (void)local;
    return 0;
}

static int evtchn_close(struct ts_hv *hv, evtchn_port_t local)
{
    struct port *p = &fake.dom0_port[local];

    (void)hv;
    assert_int_not_equal(p->state, FREE);
    if (p->state == BOUND)
        find(p->remote)->port[p->remote_port].state = UNBOUND;
    p->state = FREE;
    return 0;
}

unsigned int fake_events(domid_t id, evtchn_port_t port)
{
    return find(id)->port[port].events;
}

evtchn_port_t fake_peer(domid_t id, evtchn_port_t port)
{
    const struct port *p = &find(id)->port[port];

    return p->state == BOUND ? p->remote_port : 0;
}

/* --- the machine --- */

static int machine_info(struct ts_hv *hv, struct ts_machine_info *info)
{
    (void)hv;
    *info = (struct ts_machine_info){
        .nr_cpus = 2,
        .nr_nodes = 1,
        .threads_per_core = 1,
        .cores_per_socket = 2,
        .cpu_khz = 1000000,
        .max_cpu_id = 1,
        .total_pages = fake.nr_frames,
        .free_pages = fake_free_frames(),
        .scheduler = 6,
    };
    return 0;
}

static int version_info(struct ts_hv *hv, struct ts_version_info *info)
{
    (void)hv;
    *info = (struct ts_version_info){
        .major = 4,
        .minor = 17,
        .extra = "-pavise",
        .capabilities = "xen-3.0-x86_64 ",
        .page_size = TS_PAGE_SIZE,
        .virt_start = 0xffff800000000000,
    };
    return 0;
}

static int cpu_idle_times(struct ts_hv *hv, uint64_t *ns, unsigned int max)
{
    (void)hv;
    for (unsigned int i = 0; i < 2 && i < max; i++)
        ns[i] = fake.time / 2;
    return max < 2 ? (int)max : 2;
}

static int console_read(struct ts_hv *hv, uint32_t *index, char *text, unsigned int size,
                        bool clear)
{
    static const char log[] = "(pavise) a line\n";
    unsigned int n =
        *index < sizeof(log) - 1 ? (unsigned int)sizeof(log) - 1 - *index : 0;

    (void)hv;
    (void)clear;
    n = n < size ? n : size;
    memcpy(text, log + *index, n);
    *index += n;
    return (int)n;
}

static int debug_keys(struct ts_hv *hv, const char *keys, unsigned int n)
{
    (void)hv;
    (void)keys;
    return n > 64 ? -XEN_E2BIG : 0;
}

static uint64_t system_time(struct ts_hv *hv)
{
    (void)hv;
    return fake.time;
}

void fake_set_time(uint64_t ns)
{
    fake.time = ns;
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
    .domain_list = domain_list,
    .vcpu_info = vcpu_info,
    .vcpu_set_context = vcpu_set_context,
    .vcpu_get_context = vcpu_get_context,
    .vcpu_set_affinity = vcpu_set_affinity,
    .vcpu_get_affinity = vcpu_get_affinity,
    .sched_get = sched_get,
    .sched_set = sched_set,
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
    .machine_info = machine_info,
    .version_info = version_info,
    .cpu_idle_times = cpu_idle_times,
    .console_read = console_read,
    .debug_keys = debug_keys,
    .system_time = system_time,
};

struct ts_hv *fake_hv_start(unsigned int frames)
{
    fake_hv_stop();
    fake.hv.ops = &ops;
    fake.nr_frames = frames;
    fake.largest_order = 9;
    fake.time = 1000000000;
    fake.next_id = 1;
    fake.file = memfd_create("frames", 0);
    assert_int_equal(ftruncate(fake.file, (off_t)frames * TS_PAGE_SIZE), 0);
    fake.memory = mmap(NULL, (size_t)frames * TS_PAGE_SIZE, PROT_READ | PROT_WRITE,
                       MAP_SHARED, fake.file, 0);
    assert_ptr_not_equal(fake.memory, MAP_FAILED);
    fake.frame = calloc(frames, sizeof(*fake.frame));
    fake.domain = calloc(MAX_DOMAINS, sizeof(*fake.domain));
    fake.dom0_port = calloc(DOM0_PORTS, sizeof(*fake.dom0_port));
    for (unsigned int i = 0; i < frames; i++)
        fake.frame[i].owner = DOMID_INVALID;
    fake.domain[0] = (struct domain){ .exists = true, .max_vcpus = 1, .nr_vcpus = 1 };
    run_anywhere(&fake.domain[0]);
    return &fake.hv;
}

struct ts_hv *fake_hv(void)
{
    return &fake.hv;
}

void fake_hv_check_empty(void)
{
    assert_int_equal(fake_nr_domains(), 0);
    assert_int_equal(fake.nr_maps, 0);
    assert_int_equal(fake_free_frames(), fake.nr_frames - 1);
    for (unsigned int i = 0; i < DOM0_PORTS; i++)
        assert_int_equal(fake.dom0_port[i].state, FREE);
}

void fake_hv_stop(void)
{
    if (fake.file < 0)
        return;
    for (unsigned int i = 0; i < MAX_DOMAINS; i++)
        free(fake.domain[i].context);
    munmap(fake.memory, (size_t)fake.nr_frames * TS_PAGE_SIZE);
    close(fake.file);
    free(fake.frame);
    free(fake.domain);
    free(fake.dom0_port);
    memset(&fake, 0, sizeof(fake));
    fake.file = -1;
}
