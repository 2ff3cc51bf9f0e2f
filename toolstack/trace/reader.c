/* SPDX-License-Identifier: MIT */
/* The rings of trace records: making, mapping and reading them. */
#include "internal.h"

#include <stdlib.h>
#include <string.h>

#include <abi/sysctl.h>

/* One CPU's. */
struct ring {
    struct t_buf *head; /* mapped: head and records */
    struct ts_trace_record next;
    bool has_next;
};

struct ts_trace {
    struct ts_hv *hv;
    unsigned int nr_cpus;
    unsigned int frames; /* of a ring */
    uint32_t bytes;      /* of records in one */
    bool has_rings;      /* the hypervisor has made them for us */
    struct ring *ring;
    domid_t *selected; /* domains that are traced, to be left as they were */
    unsigned int nr_selected;
};

static int trace_op(struct ts_trace *trace, uint32_t cmd, uint32_t events, uint32_t size)
{
    struct ts_trace_op op = { .cmd = cmd, .events = events, .size = size };

    return trace->hv->ops->trace_op(trace->hv, &op);
}

/* --- starting and stopping --- */

static int map_ring(struct ts_trace *trace, struct ring *ring, const uint32_t *list)
{
    xen_pfn_t *mfns = calloc(trace->frames, sizeof(*mfns));
    void *address;
    int rc;

    if (!mfns)
        return -XEN_ENOMEM;
    for (unsigned int i = 0; i < trace->frames; i++)
        mfns[i] = list[i];
    rc = trace->hv->ops->frames_map(trace->hv, DOMID_XEN, mfns, trace->frames, &address);
    if (!rc)
        ring->head = address;
    free(mfns);
    return rc;
}

static int map_rings(struct ts_trace *trace, const struct t_info *info)
{
    int rc = 0;

    trace->frames = info->tbuf_size;
    trace->bytes = (uint32_t)(trace->frames * TS_PAGE_SIZE - sizeof(struct t_buf));
    for (unsigned int i = 0; i < trace->nr_cpus && !rc; i++)
        rc = map_ring(trace, &trace->ring[i],
                      (const uint32_t *)info + info->mfn_offset[i]);
    return rc;
}

/* Finds the rings through the hypervisor's list of their frames. */
static int find_rings(struct ts_trace *trace)
{
    struct ts_trace_op op = { .cmd = XEN_SYSCTL_TBUFOP_get_info };
    const struct ts_hv_ops *ops = trace->hv->ops;
    unsigned int n;
    xen_pfn_t *mfns;
    void *info;
    int rc = ops->trace_op(trace->hv, &op);

    if (rc)
        return rc;
    n = op.size / TS_PAGE_SIZE;
    mfns = calloc(n, sizeof(*mfns));
    if (!mfns)
        return -XEN_ENOMEM;
    for (unsigned int i = 0; i < n; i++)
        mfns[i] = op.mfn + i;
    rc = ops->frames_map(trace->hv, DOMID_XEN, mfns, n, &info);
    if (!rc) {
        rc = map_rings(trace, info);
        ops->frames_unmap(trace->hv, info, n);
    }
    free(mfns);
    return rc;
}

static int make_rings(struct ts_trace *trace, unsigned int frames)
{
    int rc = trace_op(trace, XEN_SYSCTL_TBUFOP_set_size, 0, frames);

    if (rc == -XEN_EBUSY || rc == -XEN_EINVAL)
        return -XEN_EBUSY; /* rings of that size, or another */
    if (rc)
        return rc;
    trace->has_rings = true;
    rc = trace_op(trace, XEN_SYSCTL_TBUFOP_set_evt_mask, 0, 0);
    if (!rc)
        rc = find_rings(trace);
    return rc ? rc : trace_op(trace, XEN_SYSCTL_TBUFOP_enable, 0, 0);
}

static struct ts_trace *create(struct ts_hv *hv)
{
    struct ts_trace *trace = calloc(1, sizeof(*trace));
    struct ts_machine_info machine;

    if (!trace || hv->ops->machine_info(hv, &machine)) {
        free(trace);
        return NULL;
    }
    trace->hv = hv;
    trace->nr_cpus = machine.nr_cpus;
    trace->ring = calloc(machine.nr_cpus, sizeof(*trace->ring));
    if (!trace->ring) {
        free(trace);
        return NULL;
    }
    return trace;
}

int ts_trace_start(struct ts_hv *hv, unsigned int frames, struct ts_trace **out,
                   struct ts_err *err)
{
    struct ts_trace *trace;
    int rc;

    if (!hv->ops->trace_op)
        return ts_fail(err, -XEN_ENOSYS, "there is no tracing here");
    trace = create(hv);
    if (!trace)
        return ts_fail(err, -XEN_ENOMEM, "out of memory");
    rc = make_rings(trace, frames);
    if (rc) {
        ts_trace_stop(trace);
        if (rc == -XEN_EBUSY)
            return ts_fail(err, rc, "somebody else is tracing");
        return ts_fail(err, rc, "tracing cannot be switched on: %s", ts_err_text(rc));
    }
    *out = trace;
    return 0;
}

/* Has id undone at the end. */
static bool note_selected(struct ts_trace *trace, domid_t id)
{
    domid_t *more = realloc(trace->selected, (trace->nr_selected + 1) * sizeof(*more));

    if (!more)
        return false;
    trace->selected = more;
    more[trace->nr_selected++] = id;
    return true;
}

int ts_trace_select(struct ts_trace *trace, domid_t id, uint32_t kinds,
                    struct ts_err *err)
{
    int rc = -XEN_ENOMEM;

    if (note_selected(trace, id))
        rc = trace_op(trace, ABI_TBUFOP_SELECT, kinds, id);
    return rc ? ts_fail(err, rc, "domain %u cannot be traced: %s", id, ts_err_text(rc))
              : 0;
}

unsigned int ts_trace_cpus(const struct ts_trace *trace)
{
    return trace->nr_cpus;
}

void ts_trace_stop(struct ts_trace *trace)
{
    if (!trace)
        return;
    for (unsigned int i = 0; i < trace->nr_selected; i++)
        trace_op(trace, ABI_TBUFOP_SELECT, 0, trace->selected[i]);
    if (trace->has_rings)
        trace_op(trace, XEN_SYSCTL_TBUFOP_disable, 0, 0);
    for (unsigned int i = 0; i < trace->nr_cpus; i++)
        if (trace->ring[i].head)
            trace->hv->ops->frames_unmap(trace->hv, trace->ring[i].head, trace->frames);
    if (trace->has_rings)
        trace_op(trace, ABI_TBUFOP_RELEASE, 0, 0);
    free(trace->selected);
    free(trace->ring);
    free(trace);
}

/* --- reading --- */

static uint32_t word_at(const struct ts_trace *trace, const struct ring *ring,
                        uint32_t offset)
{
    const char *records = (const char *)(ring->head + 1);
    uint32_t word;

    memcpy(&word, records + offset % trace->bytes, sizeof(word));
    return word;
}

/* The record at offset cons, of which `there` bytes are complete. Its bytes; 0: it makes
 * no sense. */
static uint32_t read_record(const struct ts_trace *trace, const struct ring *ring,
                            uint32_t cons, uint32_t there, struct ts_trace_record *r)
{
    uint32_t head = word_at(trace, ring, cons), at = cons + 4;
    uint32_t size = 4 + 4 * (uint32_t)TRC_HD_EXTRA(head);

    if (TRC_HD_INCLUDES_CYCLE_COUNT(head))
        size += 8;
    if (size > there)
        return 0;
    *r = (struct ts_trace_record){ .event = TRC_HD_TO_EVENT(head),
                                   .n = TRC_HD_EXTRA(head),
                                   .cpu = (unsigned int)(ring - trace->ring) };
    if (TRC_HD_INCLUDES_CYCLE_COUNT(head)) {
        r->time = word_at(trace, ring, at) | (uint64_t)word_at(trace, ring, at + 4) << 32;
        at += 8;
    }
    for (unsigned int i = 0; i < r->n; i++)
        r->words[i] = word_at(trace, ring, at + 4 * i);
    return size;
}

/* Looks at the next record of a ring, leaving out those that only fill its end. */
static void fetch(const struct ts_trace *trace, struct ring *ring)
{
    while (!ring->has_next) {
        uint32_t prod = __atomic_load_n(&ring->head->prod, __ATOMIC_ACQUIRE);
        uint32_t cons = ring->head->cons, there, size;

        if (prod == cons || prod >= 2 * trace->bytes)
            return;
        there = (prod > cons ? prod : prod + 2 * trace->bytes) - cons;
        size = read_record(trace, ring, cons, there, &ring->next);
        if (!size) {
            ring->head->cons = prod;
            return;
        }
        ring->has_next = ring->next.event != TRC_TRACE_WRAP_BUFFER;
        __atomic_store_n(&ring->head->cons, (cons + size) % (2 * trace->bytes),
                         __ATOMIC_RELEASE);
    }
}

bool ts_trace_next(struct ts_trace *trace, struct ts_trace_record *record)
{
    struct ring *first = NULL;

    for (unsigned int i = 0; i < trace->nr_cpus; i++) {
        struct ring *ring = &trace->ring[i];

        fetch(trace, ring);
        if (ring->has_next && (!first || ring->next.time < first->next.time))
            first = ring;
    }
    if (!first)
        return false;
    *record = first->next;
    first->has_next = false;
    return true;
}
