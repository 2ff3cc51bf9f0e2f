/* SPDX-License-Identifier: MIT */
/*
 * Watching what a domain asks of the hypervisor: the rings of trace records that the
 * hypervisor fills, read by one program at a time, and records made into lines of text.
 * <abi/trace.h> explains the records and kinds.
 */
#ifndef TS_TRACE_H
#define TS_TRACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <abi/trace.h>
#include <ts/err.h>
#include <ts/hv.h>

/* --- reader.c: the rings --- */

struct ts_trace_record {
    uint64_t time; /* time-stamp counter; 0: the record has none */
    unsigned int cpu;
    uint32_t event; /* TRC_*, ABI_TRC_* */
    unsigned int n; /* words */
    uint32_t words[TRACE_EXTRA_MAX];
};

struct ts_trace;

/*
 * Has the hypervisor make rings of so many frames for each CPU, maps them, and switches
 * tracing on, of no domain yet. -XEN_EBUSY: there are rings already, somebody is tracing;
 * -XEN_ENOMEM; what else the hypervisor says.
 */
int ts_trace_start(struct ts_hv *hv, unsigned int frames, struct ts_trace **trace,
                   struct ts_err *err);
/* From now on these ABI_TRACE_* kinds are recorded of the domain; 0: none. */
int ts_trace_select(struct ts_trace *trace, domid_t id, uint32_t kinds,
                    struct ts_err *err);
/*
 * The earliest record that there is; false: none. Records of one CPU are in order; those
 * of different CPUs are as far as both are there.
 */
bool ts_trace_next(struct ts_trace *trace, struct ts_trace_record *record);
unsigned int ts_trace_cpus(const struct ts_trace *trace);
/* Switches tracing off, of every domain that was selected, and gives the rings back. NULL
 * is allowed. */
void ts_trace_stop(struct ts_trace *trace);

/* --- decode.c: lines --- */

struct ts_trace_line {
    uint64_t time; /* time-stamp counter */
    unsigned int cpu;
    bool has_owner; /* it is known whose it is: */
    domid_t domain;
    unsigned int vcpu;
    const char
        *kind; /* "call", "fault", "emulation", "event", "syscall", "switch", "lost" */
    const char *text; /* without a newline */
};

struct ts_trace_decoder;

/*
 * For records of CPUs below nr_cpus. Each line goes to line(to, ...) at once; its texts
 * live until that returns. kinds: of which lines are wanted. NULL: out of memory.
 */
struct ts_trace_decoder *ts_trace_decoder_create(
    unsigned int nr_cpus, uint32_t kinds,
    void (*line)(void *to, const struct ts_trace_line *line), void *to);
/* A hypercall is a line once its result has come. */
void ts_trace_decode(struct ts_trace_decoder *decoder,
                     const struct ts_trace_record *record);
/* The calls that have no result yet become lines. */
void ts_trace_decode_rest(struct ts_trace_decoder *decoder);
void ts_trace_decoder_destroy(struct ts_trace_decoder *decoder);

/* The kinds that the words of a list such as "calls,faults" mean, 0: there is no such
 * word. "all" are all but "iret". */
uint32_t ts_trace_kinds(const char *list);
/* The words that there are, one after the other; NULL after the last. */
const char *ts_trace_kind_name(unsigned int i);

#endif
