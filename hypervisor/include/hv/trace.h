/* SPDX-License-Identifier: MIT */
/*
 * Tracing: records of what a domain's vCPUs ask of the hypervisor, in one ring per CPU
 * that the control domain maps (abi/trace.h).
 *
 * Nothing on the ordinary ways asks whether tracing is on. Where it is, for the vCPU that
 * is running, the CPU has other entry points (entry_set_traced()) and two pointers lead
 * elsewhere (event_delivery, vcpu_switch); what these lead to records and then does what
 * would have been done. They are exchanged when a vCPU comes to run (trace_load()), and,
 * when the selection changes, by a call of all CPUs.
 *
 * A CPU's ring is written by that CPU alone, with interrupts off, and read by a consumer
 * whose index is not to be trusted. What does not fit is counted and reported.
 */
#ifndef HV_TRACE_H
#define HV_TRACE_H

#include <hv/cpumask.h>
#include <hv/percpu.h>
#include <hv/types.h>
#include <abi/trace.h>

struct domain;
struct vcpu;

/* ABI_TRACE_* kinds that are recorded for the vCPU that this CPU runs. */
DECLARE_PER_CPU(uint32_t, trace_kinds);

static inline bool trace_wants(uint32_t kind)
{
    return this_cpu(trace_kinds) & kind;
}

/*
 * Appends a record of n words (at most TRACE_EXTRA_MAX) with the time, or counts it as
 * lost. Any context but NMI.
 */
void trace_put(uint32_t event, unsigned int n, const uint32_t *words);

/* The low and high word of a 64-bit number, as list elements. */
#define TRACE_WORDS64(x) (uint32_t)(x), (uint32_t)((uint64_t)(x) >> 32)
/* trace_put() of the words given. */
#define trace_record(event, ...)                                                   \
    do {                                                                           \
        const uint32_t words_[] = { __VA_ARGS__ };                                 \
        _Static_assert(sizeof(words_) / 4 <= TRACE_EXTRA_MAX, "room in a record"); \
        trace_put((event), sizeof(words_) / 4, words_);                            \
    } while (0)

/*
 * The CPU's entry points and kinds become those for v, which it runs or is about to.
 * Interrupts off.
 */
void trace_load(const struct vcpu *v);

/* Start-up: VIRQ_TBUF. */
void trace_init(void);

/* --- set-up: XEN_SYSCTL_tbuf_op. Interrupts on, no lock held --- */

struct trace_info {
    mfn_t info_mfn;      /* of struct t_info; 0: no buffers */
    uint32_t info_bytes; /* its frames' size */
    uint32_t events;     /* the events recorded of every domain, TRC_* */
};
void trace_get_info(struct trace_info *info);
/* Frames of each buffer; more than there may be are cut down to that. 0; -EINVAL 0, or
 * another size than the buffers have; -EBUSY they have that size; -ENOMEM. */
int must_check trace_set_size(uint32_t frames);
void trace_set_cpus(const struct cpumask *cpus);
/* Of every domain. */
void trace_set_events(uint32_t events);
/* ABI_TRACE_* kinds of d, beside that. 0; -EINVAL an unknown kind. */
int must_check trace_select(struct domain *d, uint32_t kinds);
/* 0; -EINVAL no buffers. */
int must_check trace_enable(void);
void trace_disable(void);
/* Gives the buffers back. 0; -EBUSY tracing is enabled. */
int must_check trace_release(void);

#endif
