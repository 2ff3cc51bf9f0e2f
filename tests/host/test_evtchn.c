/* SPDX-License-Identifier: MIT */
/*
 * Event channels against a model: two hundred thousand random operations of three domains
 * give the results, port states and bitmaps that the model says; then single behaviours.
 * Nothing may leak: domains' references, ports, memory.
 */
#include "hv_host.h"
#include "test.h"
#include <hv/console.h>
#include <hv/evtchn.h>
#include <hv/heap.h>
#include <hv/hypercall.h>
#include <hv/irq.h>
#include <hv/parts.h>
#include <hv/sched.h>
#include <hv/softirq.h>
#include <abi/errno.h>

#define FRAMES   2048u
#define DOMS     3u
#define VCPUS    4u
#define MAX_PORT 150u
#define PIRQS    8u
#define NO_DOM   9u

static struct domain dom[DOMS];
static struct vcpu vcpu[DOMS][VCPUS];
static struct vcpu *vcpu_list[DOMS][VCPUS];
static struct shared_info info[DOMS];
static uint64_t free_before;
static unsigned int kicks, unblocks;
static int pirq_result;
static struct domain *pirq_owner[PIRQS];

/* --- the rest of the hypervisor --- */
struct domain *domain0 = &dom[0];
unsigned int nr_irqs = PIRQS;

int domain_lookup(domid_t id, bool remote, struct domain **out)
{
    struct domain *d = id == DOMID_SELF ? current->domain : id < DOMS ? &dom[id] : NULL;

    if (!d)
        return -ESRCH;
    if (remote && d != current->domain && !current->domain->is_privileged)
        return -EPERM;
    domain_get(d);
    *out = d;
    return 0;
}

void domain_put(struct domain *d)
{
    assert_true(d->references > 1);
    d->references--;
}

struct domain *domain_get_next(domid_t from)
{
    if (from >= DOMS)
        return NULL;
    domain_get(&dom[from]);
    return &dom[from];
}

void vcpu_kick(struct vcpu *v)
{
    (void)v;
    kicks++;
}

void vcpu_unblock(struct vcpu *v)
{
    v->pause_flags &= ~(VPF_BLOCKED | VPF_POLLING);
    unblocks++;
}

bool pirq_is_permitted(const struct domain *d, unsigned int pirq)
{
    (void)pirq;
    return d->is_privileged;
}

int pirq_connect(struct domain *d, unsigned int pirq, bool share)
{
    (void)share;
    if (!pirq_result)
        pirq_owner[pirq] = d;
    return pirq_result;
}

void pirq_disconnect(struct domain *d, unsigned int pirq)
{
    assert_ptr_equal(pirq_owner[pirq], d);
    pirq_owner[pirq] = NULL;
}

void debug_key_register(char key, const char *help, void (*fn)(char key))
{
    (void)key, (void)help, (void)fn;
}

/* --- the model --- */
struct model_port {
    unsigned int state, vcpu, peer, peer_port, number;
    bool pending, masked;
};
static struct model {
    struct model_port port[5120]; /* more than there can be */
    unsigned int valid;
    unsigned int virq[VCPUS][NR_VIRQS], pirq[PIRQS];
    bool upcall[VCPUS];
    uint64_t sel[VCPUS];
} model[DOMS];

static bool model_is_global(unsigned int virq)
{
    return virq != VIRQ_TIMER && virq != VIRQ_DEBUG && virq != VIRQ_XENOPROF &&
           virq != VIRQ_XENPMU;
}

static int model_free_port(unsigned int d)
{
    for (unsigned int p = 1; p <= MAX_PORT; p++) {
        if (model[d].port[p].state != EVTCHNSTAT_closed)
            continue;
        while (p >= model[d].valid)
            model[d].valid += 64;
        return (int)p;
    }
    return -ENOSPC;
}

static int model_open(unsigned int d, unsigned int state, unsigned int v,
                      unsigned int number)
{
    int p = model_free_port(d);

    if (p > 0) {
        model[d].port[p].state = state;
        model[d].port[p].vcpu = v;
        model[d].port[p].number = number;
    }
    return p;
}

static void model_notify(unsigned int d, unsigned int p)
{
    struct model_port *port = &model[d].port[p];

    if (port->masked || (model[d].sel[port->vcpu] >> (p / 64) & 1))
        return;
    model[d].sel[port->vcpu] |= 1ull << (p / 64);
    model[d].upcall[port->vcpu] = true;
}

static void model_pend(unsigned int d, unsigned int p)
{
    if (model[d].port[p].pending)
        return;
    model[d].port[p].pending = true;
    model_notify(d, p);
}

static int model_close(unsigned int d, unsigned int p)
{
    struct model_port *port = &model[d].port[p];

    if (p >= model[d].valid || port->state == EVTCHNSTAT_closed)
        return -EINVAL;
    if (port->state == EVTCHNSTAT_interdomain) {
        struct model_port *other = &model[port->peer].port[port->peer_port];

        other->state = EVTCHNSTAT_unbound;
        other->peer = d;
        other->peer_port = 0;
    } else if (port->state == EVTCHNSTAT_virq) {
        model[d].virq[model_is_global(port->number) ? 0 : port->vcpu][port->number] = 0;
    } else if (port->state == EVTCHNSTAT_pirq) {
        model[d].pirq[port->number] = 0;
    }
    *port = (struct model_port){ .masked = port->masked };
    return 0;
}

static int model_send(unsigned int d, unsigned int p)
{
    struct model_port *port = &model[d].port[p];

    if (p >= model[d].valid)
        return -EINVAL;
    if (port->state == EVTCHNSTAT_ipi)
        model_pend(d, p);
    else if (port->state == EVTCHNSTAT_interdomain)
        model_pend(port->peer, port->peer_port);
    else if (port->state != EVTCHNSTAT_unbound)
        return -EINVAL;
    return 0;
}

/* --- random operations: each does it really, and in the model, and compares --- */
static unsigned int below(unsigned int n)
{
    return (unsigned int)(host_random() % n);
}

/* Mostly ports that may be open, some far off. */
static unsigned int any_port(void)
{
    return below(20) ? below(MAX_PORT + 4) : below(5000);
}

static void compare_port(int rc, int expected, const evtchn_port_t *port)
{
    assert_int_equal(rc, expected < 0 ? expected : 0);
    if (expected > 0)
        assert_int_equal(*port, expected);
}

static void do_alloc_unbound(unsigned int d)
{
    unsigned int target = below(DOMS), remote = below(DOMS + 1);
    struct evtchn_alloc_unbound op = { (domid_t)target, (domid_t)remote, 0 };
    int expected =
        target == d || d == 0 ? model_open(target, EVTCHNSTAT_unbound, 0, 0) : -EPERM;

    compare_port(evtchn_op_alloc_unbound(&op), expected, &op.port);
    if (expected > 0)
        model[target].port[expected].peer = remote;
}

static void do_bind_interdomain(unsigned int d)
{
    unsigned int r = below(DOMS), rp = any_port();
    struct evtchn_bind_interdomain op = { (domid_t)r, rp, 0 };
    int expected = model_free_port(d);

    if (expected > 0 &&
        (rp >= model[r].valid || model[r].port[rp].state != EVTCHNSTAT_unbound ||
         model[r].port[rp].peer != d))
        expected = -EINVAL;
    compare_port(evtchn_op_bind_interdomain(&op), expected, &op.local_port);
    if (expected < 0)
        return;
    model_open(d, EVTCHNSTAT_interdomain, 0, 0);
    model[d].port[expected].peer = r;
    model[d].port[expected].peer_port = rp;
    model[r].port[rp].state = EVTCHNSTAT_interdomain;
    model[r].port[rp].peer = d;
    model[r].port[rp].peer_port = (unsigned int)expected;
    model_pend(d, (unsigned int)expected);
}

static void do_bind_ipi(unsigned int d)
{
    struct evtchn_bind_ipi op = { .vcpu = below(VCPUS + 1) };
    int expected = op.vcpu < VCPUS ? model_open(d, EVTCHNSTAT_ipi, op.vcpu, 0) : -ENOENT;

    compare_port(evtchn_op_bind_ipi(&op), expected, &op.port);
}

static void do_bind_virq(unsigned int d)
{
    struct evtchn_bind_virq op = { below(NR_VIRQS + 1), below(2) ? 0 : below(VCPUS + 1),
                                   0 };
    int expected;

    if (op.virq >= NR_VIRQS || (model_is_global(op.virq) && op.vcpu))
        expected = -EINVAL;
    else if (op.vcpu >= VCPUS)
        expected = -ENOENT;
    else if (model[d].virq[op.vcpu][op.virq])
        expected = -EEXIST;
    else
        expected = model_open(d, EVTCHNSTAT_virq, op.vcpu, op.virq);
    compare_port(evtchn_op_bind_virq(&op), expected, &op.port);
    if (expected > 0)
        model[d].virq[op.vcpu][op.virq] = op.port;
}

static void do_bind_pirq(unsigned int d)
{
    struct evtchn_bind_pirq op = { below(PIRQS + 1), 0, 0 };
    int expected;

    pirq_result = below(3) ? 0 : -EBUSY;
    if (op.pirq >= PIRQS)
        expected = -EINVAL;
    else if (d != 0)
        expected = -EPERM;
    else if (model[d].pirq[op.pirq])
        expected = -EEXIST;
    else if ((expected = model_free_port(d)) > 0 && pirq_result)
        expected = pirq_result;
    compare_port(evtchn_op_bind_pirq(&op), expected, &op.port);
    if (expected <= 0)
        return;
    model_open(d, EVTCHNSTAT_pirq, 0, op.pirq);
    model[d].pirq[op.pirq] = op.port;
}

static void do_close(unsigned int d)
{
    struct evtchn_close op = { any_port() };

    assert_int_equal(evtchn_op_close(&op), model_close(d, op.port));
}

static void do_send(unsigned int d)
{
    struct evtchn_send op = { any_port() };

    assert_int_equal(evtchn_op_send(&op), model_send(d, op.port));
}

static void do_unmask(unsigned int d)
{
    struct evtchn_unmask op = { any_port() };
    int expected = op.port < model[d].valid ? 0 : -EINVAL;

    assert_int_equal(evtchn_op_unmask(&op), expected);
    if (expected || !model[d].port[op.port].masked)
        return;
    model[d].port[op.port].masked = false;
    if (model[d].port[op.port].pending)
        model_notify(d, op.port);
}

static void do_bind_vcpu(unsigned int d)
{
    struct evtchn_bind_vcpu op = { any_port(), below(VCPUS + 1) };
    struct model_port *port = &model[d].port[op.port];
    int expected = -EINVAL;

    if (op.vcpu >= VCPUS)
        expected = -ENOENT;
    else if (op.port < model[d].valid && port->state != EVTCHNSTAT_closed &&
             port->state != EVTCHNSTAT_ipi &&
             (port->state != EVTCHNSTAT_virq || model_is_global(port->number)))
        expected = 0;
    assert_int_equal(evtchn_op_bind_vcpu(&op), expected);
    if (!expected)
        port->vcpu = op.vcpu;
}

static void check_status(const struct evtchn_status *op, const struct model_port *port)
{
    assert_int_equal(op->status, port->state);
    assert_int_equal(op->vcpu, port->vcpu);
    if (port->state == EVTCHNSTAT_unbound) {
        assert_int_equal(op->u.unbound.dom, port->peer);
    } else if (port->state == EVTCHNSTAT_interdomain) {
        assert_int_equal(op->u.interdomain.dom, port->peer);
        assert_int_equal(op->u.interdomain.port, port->peer_port);
    } else if (port->state == EVTCHNSTAT_virq || port->state == EVTCHNSTAT_pirq) {
        assert_int_equal(op->u.virq, port->number);
    }
}

static void do_status(unsigned int d)
{
    struct evtchn_status op = { .dom = (domid_t)below(DOMS), .port = any_port() };
    int expected = op.dom != d && d != 0           ? -EPERM
                   : op.port < model[op.dom].valid ? 0
                                                   : -EINVAL;

    assert_int_equal(evtchn_op_status(&op), expected);
    if (!expected)
        check_status(&op, &model[op.dom].port[op.port]);
}

static void do_raise(unsigned int d)
{
    unsigned int virq = below(NR_VIRQS), v = model_is_global(virq) ? 0 : below(VCPUS);
    unsigned int pirq = below(PIRQS);

    if (model_is_global(virq) && d == 0)
        evtchn_raise_global_virq(virq);
    else
        evtchn_raise_vcpu_virq(&vcpu[d][v], virq);
    if (model[d].virq[v][virq])
        model_pend(d, model[d].virq[v][virq]);
    if (d == 0 && model[0].pirq[pirq]) {
        evtchn_raise_pirq(&dom[0], pirq);
        model_pend(0, model[0].pirq[pirq]);
    }
}

/* What a guest does by itself: masks, handles and forgets events. */
static void do_guest(unsigned int d)
{
    unsigned int v = below(VCPUS), p = below(MAX_PORT + 1);

    info[d].evtchn_mask[p / 64] |= 1ull << (p % 64);
    model[d].port[p].masked = true;
    p = below(MAX_PORT + 1);
    info[d].evtchn_pending[p / 64] &= ~(1ull << (p % 64));
    model[d].port[p].pending = false;
    vcpu[d][v].info->evtchn_upcall_pending = 0;
    vcpu[d][v].info->evtchn_pending_sel = 0;
    model[d].upcall[v] = false;
    model[d].sel[v] = 0;
}

static void do_reset(unsigned int d)
{
    struct evtchn_reset op = { DOMID_SELF };

    if (below(50))
        return;
    assert_int_equal(evtchn_op_reset(&op), 0);
    for (unsigned int p = 1; p < model[d].valid; p++)
        (void)model_close(d, p);
    assert_int_equal(evtchn_count(&dom[d]), 0);
}

static void (*const operation[])(unsigned int d) = {
    do_alloc_unbound,
    do_alloc_unbound,
    do_bind_interdomain,
    do_bind_interdomain,
    do_bind_interdomain,
    do_bind_interdomain,
    do_bind_ipi,
    do_bind_virq,
    do_bind_pirq,
    do_close,
    do_close,
    do_send,
    do_send,
    do_send,
    do_unmask,
    do_unmask,
    do_bind_vcpu,
    do_status,
    do_raise,
    do_guest,
    do_reset,
};

static void check_domain(unsigned int d)
{
    unsigned int open = 0;

    for (unsigned int p = 0; p <= MAX_PORT; p++) {
        const struct model_port *port = &model[d].port[p];

        open += port->state != EVTCHNSTAT_closed;
        assert_int_equal(info[d].evtchn_pending[p / 64] >> (p % 64) & 1, port->pending);
        assert_int_equal(info[d].evtchn_mask[p / 64] >> (p % 64) & 1, port->masked);
    }
    for (unsigned int v = 0; v < VCPUS; v++) {
        assert_int_equal(vcpu[d][v].info->evtchn_pending_sel, model[d].sel[v]);
        assert_int_equal(vcpu[d][v].info->evtchn_upcall_pending, model[d].upcall[v]);
    }
    assert_int_equal(evtchn_count(&dom[d]), open);
    assert_int_equal(dom[d].references, 2);
}

static void test_random_operations(void **state)
{
    (void)state;
    for (unsigned int i = 0; i < 200000; i++) {
        unsigned int d = below(DOMS);

        current = &vcpu[d][below(VCPUS)];
        operation[below(ARRAY_SIZE(operation))](d);
        check_domain(d);
        if (i % 64 == 0)
            for (unsigned int e = 0; e < DOMS; e++)
                check_domain(e);
    }
}

static unsigned int connect(unsigned int a, unsigned int b, unsigned int *b_port)
{
    struct evtchn_alloc_unbound alloc = { DOMID_SELF, (domid_t)a, 0 };
    struct evtchn_bind_interdomain bind = { .remote_dom = (domid_t)b };

    current = &vcpu[b][0];
    assert_int_equal(evtchn_op_alloc_unbound(&alloc), 0);
    current = &vcpu[a][0];
    bind.remote_port = *b_port = alloc.port;
    assert_int_equal(evtchn_op_bind_interdomain(&bind), 0);
    return bind.local_port;
}

static void test_unknown_domains(void **state)
{
    struct evtchn_alloc_unbound alloc = { NO_DOM, 0, 0 };
    struct evtchn_bind_interdomain bind = { .remote_dom = NO_DOM };
    struct evtchn_status status = { .dom = NO_DOM };
    struct evtchn_reset reset = { NO_DOM };

    (void)state;
    current = &vcpu[0][0];
    assert_int_equal(evtchn_op_alloc_unbound(&alloc), -ESRCH);
    assert_int_equal(evtchn_op_bind_interdomain(&bind), -ESRCH);
    assert_int_equal(evtchn_op_status(&status), -ESRCH);
    assert_int_equal(evtchn_op_reset(&reset), -ESRCH);
    reset.dom = 1;
    assert_int_equal(evtchn_op_reset(&reset), -EINVAL);
    dom[1].controller_pause_count = 1;
    assert_int_equal(evtchn_op_reset(&reset), 0);
}

static void test_teardown_leaves_peers_unbound(void **state)
{
    unsigned int mine[40], theirs[40], left = 1000;
    struct evtchn_status status = { .dom = DOMID_SELF };
    struct evtchn_bind_ipi late = { 0 };
    int rc;

    (void)state;
    for (unsigned int i = 0; i < 40; i++)
        mine[i] = connect(1, 2, &theirs[i]);
    dom[2].life = DOM_DYING;
    softirq_pending = 1u << SOFTIRQ_SCHEDULE;
    while ((rc = evtchn_domain_relinquish(&dom[2])) == -ERESTART) {
        assert_true(evtchn_count(&dom[2]) < left);
        left = evtchn_count(&dom[2]);
    }
    softirq_pending = 0;
    assert_int_equal(rc, 0);
    assert_int_equal(evtchn_count(&dom[2]), 0);
    for (unsigned int i = 0; i < 40; i++) {
        status.port = mine[i];
        assert_int_equal(evtchn_op_status(&status), 0);
        assert_int_equal(status.status, EVTCHNSTAT_unbound);
        assert_int_equal(status.u.unbound.dom, 2);
        assert_int_equal(evtchn_send(&dom[1], mine[i]), 0);
    }
    current = &vcpu[2][0];
    assert_int_equal(evtchn_op_bind_ipi(&late), -EINVAL);
}

static void test_pollers_wake(void **state)
{
    struct evtchn_bind_ipi ipi = { .vcpu = 1 };
    struct evtchn_send send;

    (void)state;
    current = &vcpu[0][0];
    assert_int_equal(evtchn_op_bind_ipi(&ipi), 0);
    send.port = ipi.port;
    info[0].evtchn_mask[0] = ~0ull;
    dom[0].polling = 2;
    vcpu[0][2].pause_flags = VPF_BLOCKED | VPF_POLLING;
    vcpu[0][2].poll_port = ipi.port + 1;
    vcpu[0][3].pause_flags = VPF_BLOCKED | VPF_POLLING;
    vcpu[0][3].poll_port = ipi.port;
    assert_int_equal(evtchn_port_is_pending(&dom[0], ipi.port), 0);
    assert_int_equal(evtchn_op_send(&send), 0);
    assert_int_equal(evtchn_port_is_pending(&dom[0], ipi.port), 1);
    assert_int_equal(evtchn_port_is_pending(&dom[0], 4000), -EINVAL);
    assert_int_equal(vcpu[0][3].pause_flags, 0);
    assert_int_equal(vcpu[0][2].pause_flags, VPF_BLOCKED | VPF_POLLING);
    assert_int_equal(unblocks, 1);
}

static void test_running_vcpu_is_not_kicked(void **state)
{
    struct evtchn_bind_ipi own = { .vcpu = 0 }, other = { .vcpu = 1 };

    (void)state;
    current = &vcpu[0][0];
    assert_int_equal(evtchn_op_bind_ipi(&own), 0);
    assert_int_equal(evtchn_op_bind_ipi(&other), 0);
    assert_int_equal(evtchn_send(&dom[0], own.port), 0);
    assert_int_equal(kicks, 0);
    assert_int_equal(evtchn_send(&dom[0], other.port), 0);
    assert_int_equal(kicks, 1);
    assert_int_equal(evtchn_send(&dom[0], other.port), 0);
    assert_int_equal(kicks, 1);
    /* It has set out to block: an interrupt that finds it current must wake it. */
    vcpu[0][0].info->evtchn_upcall_pending = 0;
    vcpu[0][0].info->evtchn_pending_sel = 0;
    info[0].evtchn_pending[0] = 0;
    vcpu[0][0].pause_flags = VPF_BLOCKED;
    assert_int_equal(evtchn_send(&dom[0], own.port), 0);
    assert_int_equal(kicks, 2);
}

static void test_events_before_the_first_vcpu(void **state)
{
    struct evtchn_alloc_unbound alloc = { 1, 0, 0 };
    struct evtchn_bind_interdomain bind = { .remote_dom = 1 };

    (void)state;
    vcpu_list[1][0] = NULL;
    current = &vcpu[0][0];
    assert_int_equal(evtchn_op_alloc_unbound(&alloc), 0);
    bind.remote_port = alloc.port;
    assert_int_equal(evtchn_op_bind_interdomain(&bind), 0);
    assert_int_equal(evtchn_send(&dom[0], bind.local_port), 0);
    assert_int_equal(info[1].evtchn_pending[0], 1ull << alloc.port);
    assert_int_equal(info[1].vcpu_info[0].evtchn_pending_sel, 1);
    assert_int_equal(info[1].vcpu_info[0].evtchn_upcall_pending, 1);
}

static void test_wanted_ports(void **state)
{
    (void)state;
    assert_int_equal(evtchn_alloc_unbound(&dom[1], 0, 130), 130);
    assert_int_equal(evtchn_alloc_unbound(&dom[1], 0, 130), -EBUSY);
    assert_int_equal(evtchn_alloc_unbound(&dom[1], 0, MAX_PORT + 1), -ENOSPC);
    assert_int_equal(evtchn_alloc_unbound(&dom[1], 0, 0), 1);
}

static void test_global_virq_handler(void **state)
{
    struct evtchn_bind_virq bind = { VIRQ_DOM_EXC, 0, 0 };

    (void)state;
    current = &vcpu[1][0];
    assert_int_equal(evtchn_op_bind_virq(&bind), 0);
    evtchn_raise_global_virq(VIRQ_DOM_EXC);
    assert_int_equal(info[1].evtchn_pending[0], 0);
    assert_int_equal(evtchn_set_global_virq_handler(&dom[1], VIRQ_TIMER), -EINVAL);
    assert_int_equal(evtchn_set_global_virq_handler(&dom[1], NR_VIRQS), -EINVAL);
    assert_int_equal(evtchn_set_global_virq_handler(&dom[1], VIRQ_DOM_EXC), 0);
    assert_int_equal(dom[1].references, 3);
    evtchn_raise_global_virq(VIRQ_DOM_EXC);
    assert_int_equal(info[1].evtchn_pending[0], 1ull << bind.port);
}

/* --- fixtures --- */
static int make_machine(void **state)
{
    (void)state;
    host_machine_init(FRAMES);
    heap_add_range(_mfn(64), _mfn(FRAMES));
    return 0;
}

static void make_domain(unsigned int d)
{
    struct xen_domctl_createdomain cfg = { .max_evtchn_port = MAX_PORT };

    dom[d] = (struct domain){ .id = (domid_t)d,
                              .life = DOM_ALIVE,
                              .is_privileged = d == 0,
                              .references = 2,
                              .max_vcpus = VCPUS,
                              .vcpu = vcpu_list[d],
                              .shared_info = &info[d] };
    assert_int_equal(evtchn_domain_create(&dom[d], &cfg), 0);
    model[d].valid = 64;
    for (unsigned int v = 0; v < VCPUS; v++) {
        vcpu[d][v].domain = &dom[d];
        vcpu[d][v].id = v;
        vcpu[d][v].info = &info[d].vcpu_info[v];
        vcpu_list[d][v] = &vcpu[d][v];
        assert_int_equal(evtchn_vcpu_create(&vcpu[d][v]), 0);
    }
}

static int make_domains(void **state)
{
    (void)state;
    memset(vcpu, 0, sizeof(vcpu));
    memset(info, 0, sizeof(info));
    memset(model, 0, sizeof(model));
    kicks = unblocks = 0;
    free_before = heap_free_count();
    for (unsigned int d = 0; d < DOMS; d++)
        make_domain(d);
    return 0;
}

static int check_all_is_back(void **state)
{
    (void)state;
    for (unsigned int d = 0; d < DOMS; d++) {
        assert_int_equal(evtchn_domain_relinquish(&dom[d]), 0);
        assert_int_equal(evtchn_count(&dom[d]), 0);
    }
    for (unsigned int d = 0; d < DOMS; d++) {
        assert_int_equal(dom[d].references, 2);
        evtchn_domain_destroy(&dom[d]);
    }
    for (unsigned int i = 0; i < PIRQS; i++)
        assert_null(pirq_owner[i]);
    assert_in_range(heap_free_count(), free_before - 8, free_before);
    return 0;
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, make_domains, check_all_is_back)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_unknown_domains),
        TEST(test_teardown_leaves_peers_unbound),
        TEST(test_pollers_wake),
        TEST(test_running_vcpu_is_not_kicked),
        TEST(test_events_before_the_first_vcpu),
        TEST(test_wanted_ports),
        TEST(test_global_virq_handler),
        TEST(test_random_operations),
    };

    return cmocka_run_group_tests(tests, make_machine, NULL);
}
