/* SPDX-License-Identifier: MIT */
/* Reading the hypervisor's trace rings, as a consumer in domain 0 does. */
#ifndef TEST_TRACE_H
#define TEST_TRACE_H

#include <abi/sysctl.h>
#include <abi/trace.h>
#include <mini-os/compiler.h>

#define TRACE_MAX_RINGS  4
#define TRACE_MAX_FRAMES 8 /* of a ring */

/* The one argument of a tbuf_op, and its results. */
extern struct xen_sysctl trace_op;

/* A tbuf_op; 0 or a negative errno. */
int trace_tbuf(unsigned int cmd, unsigned int events, unsigned int size);
int trace_set_cpus(uint64_t cpus);

/* Maps the rings that there are. 0 or a negative errno. */
int trace_map(void);
/* Unmaps them. */
void trace_unmap(void);
/* The rings' shared heads, by CPU. */
extern volatile struct t_buf *trace_ring[TRACE_MAX_RINGS];
extern unsigned int trace_nr_rings;

/* Forgets everything that has been recorded. */
void trace_skip(void);

struct trace_record {
    unsigned int cpu;
    uint32_t event; /* without the flag and count bits */
    uint64_t time;  /* 0: the record has none */
    unsigned int n;
    uint32_t words[TRACE_EXTRA_MAX];
};

/* The next record of a ring; false: there is none. */
bool trace_next(unsigned int cpu, struct trace_record *r);
/* The next record of any ring with this event; the ones before it are skipped. */
bool trace_find(uint32_t event, struct trace_record *r);
/* Words i and i + 1 as a number. */
static inline uint64_t trace_word64(const struct trace_record *r, unsigned int i)
{
    return r->words[i] | (uint64_t)r->words[i + 1] << 32;
}

#endif
