/* SPDX-License-Identifier: MIT */
/* What the files of tracing share. */
#ifndef TRACE_INTERNAL_H
#define TRACE_INTERNAL_H

#include <hv/trace.h>

/* --- ring.c: one CPU's ring --- */
#define MIN_RECORD_BYTES 4u

struct trace_ring {
    struct t_buf **frames; /* shared with the consumer; null: nowhere to go */
    uint32_t size;         /* bytes for records */
    uint32_t prod;         /* as in the shared head, which the consumer might change */
    uint32_t lost;         /* records since the last that there was room for */
    uint64_t first_lost;   /* time of the first of them */
};

/* Sets *r up for n zeroed frames, without them yet. */
void trace_ring_init(struct trace_ring *r, uint32_t n);

enum ring_result { RING_OK, RING_LOST, RING_HALF_FULL };
/*
 * Appends a record. LOST: there was no room; HALF_FULL: it made the ring so. who: domain
 * id, vCPU << 16, for the report of lost ones.
 */
enum ring_result trace_ring_put(struct trace_ring *r, uint32_t event, uint64_t time,
                                uint32_t who, unsigned int n, const uint32_t *words);

/* --- put.c --- */
DECLARE_PER_CPU(struct trace_ring, trace_ring);

/* --- memory.c --- */
struct trace_memory {
    struct t_info *info;
    unsigned int info_order;
    struct t_buf **frames; /* nr_cpus times `each`, CPU by CPU */
    uint32_t each;
};

/* each: frames of a ring, at least 1. 0 or -ENOMEM. */
int must_check trace_memory_alloc(struct trace_memory *m, uint32_t each);
/* Frames that the consumer has mapped go when they are unmapped. */
void trace_memory_free(struct trace_memory *m);

/* Frames for all CPUs together. */
#define TRACE_MAX_FRAMES 8192u

/* --- load.c --- */
/* ABI_TRACE_* kinds that TRC_* events mean. */
uint32_t trace_kinds_of_events(uint32_t events);
/*
 * Kinds recorded of all domains, of none outside of these CPUs; is_on: of any at all. The
 * rings' frames, `each` of a CPU.
 */
struct trace_selection {
    bool is_on;
    uint32_t common;
    struct cpumask cpus;
    struct t_buf **frames;
    uint32_t each;
};
extern struct trace_selection trace_selection;
/* Every CPU takes note of a changed selection. */
void trace_reload(void);

#endif
