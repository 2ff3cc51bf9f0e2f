/* SPDX-License-Identifier: MIT */
/*
 * The time records that guests read without a hypercall: vcpu_time_info in vcpu_info
 * and in a registered area, the run-state area, and the wall clock. A reader retries
 * while `version` is odd or has changed.
 */
#include "internal.h"
#include <hv/hooks.h>
#include <hv/sched.h>
#include <hv/timer.h>

static void fill_time(struct vcpu_time_info *t)
{
    const struct time_base *b = time_base();

    t->tsc_timestamp = b->tsc;
    t->system_time = (uint64_t)b->ns;
    t->tsc_to_system_mul = b->scale.mul_frac;
    t->tsc_shift = b->scale.shift;
    t->flags = host_cpu.tsc_invariant ? XEN_PVCLOCK_TSC_STABLE_BIT : 0;
}

/* Writes a record between an odd and an even version. */
static void publish_time(struct vcpu_time_info *t)
{
    uint32_t version = (t->version | 1) + (t->version & 1 ? 2 : 0);

    WRITE_ONCE(t->version, version);
    __atomic_thread_fence(__ATOMIC_RELEASE);
    fill_time(t);
    __atomic_thread_fence(__ATOMIC_RELEASE);
    WRITE_ONCE(t->version, version + 1);
}

/*
 * Registered areas lie at virtual addresses of the guest's kernel, so they are reached
 * only while v is current, and under its kernel's page tables: those of its user mode
 * need not map them.
 */
static void with_kernel_tables(struct vcpu *v, void (*fn)(struct vcpu *v))
{
    if (v->pv.kernel_mode) {
        fn(v);
        return;
    }
    write_cr3(v->pv.kernel_cr3);
    fn(v);
    write_cr3(v->root_cr3);
}

static void write_registered_time(struct vcpu *v)
{
    struct vcpu_time_info t = v->info->time;
    uint32_t odd = t.version | 1;

    if (guest_write(v->time_guest, &odd, sizeof(odd)))
        return;
    __atomic_thread_fence(__ATOMIC_RELEASE);
    if (guest_write(v->time_guest + sizeof(odd), (char *)&t + sizeof(odd),
                    sizeof(t) - sizeof(odd)))
        return;
    __atomic_thread_fence(__ATOMIC_RELEASE);
    if (guest_write(v->time_guest, &t.version, sizeof(t.version)))
        return;
}

/*
 * The record changes only when the CPU's base does or the vCPU moved to another CPU:
 * otherwise what is there is still right.
 */
void pv_update_vcpu_time(struct vcpu *v)
{
    struct vcpu_time_info *t = &v->info->time;

    if (likely(t->tsc_timestamp == time_base()->tsc && t->version))
        return;
    publish_time(t);
    if (v->time_guest && v == current)
        with_kernel_tables(v, write_registered_time);
}

void pv_force_vcpu_time(struct vcpu *v)
{
    publish_time(&v->info->time);
    if (v->time_guest && v == current)
        with_kernel_tables(v, write_registered_time);
}

static uint64_t runstate_entry_time_addr(const struct vcpu *v)
{
    return v->runstate_guest + offsetof(struct vcpu_runstate_info, state_entry_time);
}

/* With runstate_update_flag the guest sees by a bit that the record is being written. */
static void write_runstate(struct vcpu *v)
{
    bool flagged = v->domain->vm_assist & (1u << VMASST_TYPE_runstate_update_flag);
    struct vcpu_runstate_info info;
    struct runstate rs;
    uint64_t entry;

    vcpu_runstate_get(v, &rs);
    info.state = rs.state;
    info.state_entry_time = (uint64_t)rs.entered;
    memcpy(info.time, rs.time, sizeof(info.time));
    entry = info.state_entry_time;
    if (flagged) {
        info.state_entry_time |= XEN_RUNSTATE_UPDATE;
        if (guest_write(runstate_entry_time_addr(v), &info.state_entry_time,
                        sizeof(entry)))
            return;
        __atomic_thread_fence(__ATOMIC_RELEASE);
    }
    if (guest_write(v->runstate_guest, &info, sizeof(info)))
        return;
    if (flagged) {
        __atomic_thread_fence(__ATOMIC_RELEASE);
        if (guest_write(runstate_entry_time_addr(v), &entry, sizeof(entry)))
            return;
    }
}

void pv_update_runstate_area(struct vcpu *v)
{
    if (v->runstate_guest)
        with_kernel_tables(v, write_runstate);
}

void pv_update_wallclock(struct domain *d)
{
    struct shared_info *s = d->shared_info;
    uint64_t sec;
    uint32_t nsec, version;

    wallclock_get(&sec, &nsec);
    sec += (uint64_t)(int64_t)d->time_offset;
    version = (s->wc_version | 1) + (s->wc_version & 1 ? 2 : 0);
    WRITE_ONCE(s->wc_version, version);
    __atomic_thread_fence(__ATOMIC_RELEASE);
    s->wc_sec = (uint32_t)sec;
    s->wc_sec_hi = (uint32_t)(sec >> 32);
    s->wc_nsec = nsec;
    __atomic_thread_fence(__ATOMIC_RELEASE);
    WRITE_ONCE(s->wc_version, version + 1);
}
