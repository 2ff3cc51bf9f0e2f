/* SPDX-License-Identifier: MIT */
/*
 * System time: ns = system_time + ((tsc - tsc_timestamp) << shift) * mul / 2^32.
 */
#include <mini-os/time.h>

#include <abi/hypercall_stubs.h>
#include <abi/sched.h>
#include <abi/vcpu.h>
#include <mini-os/boot.h>
#include <mini-os/smp.h>

#include "internal.h"

void time_info_read(const struct vcpu_time_info *shared, struct vcpu_time_info *copy)
{
    uint32_t version;

    do {
        version = READ_ONCE(shared->version);
        barrier();
        *copy = *shared;
        barrier();
    } while ((version & 1) || version != READ_ONCE(shared->version));
}

uint64_t time_info_to_ns(const struct vcpu_time_info *info, uint64_t tsc)
{
    uint64_t delta = tsc - info->tsc_timestamp;

    if (info->tsc_shift >= 0)
        delta <<= info->tsc_shift;
    else
        delta >>= -info->tsc_shift;
    return info->system_time +
           (uint64_t)(((unsigned __int128)delta * info->tsc_to_system_mul) >> 32);
}

uint64_t time_now(void)
{
    const struct vcpu_time_info *shared = &this_vcpu()->info->time;
    struct vcpu_time_info info;
    uint32_t version;
    uint64_t now;

    do {
        time_info_read(shared, &info);
        version = info.version;
        now = time_info_to_ns(&info, read_tsc());
    } while (version != READ_ONCE(shared->version));
    return now;
}

void time_wallclock(uint64_t *sec, uint32_t *nsec)
{
    uint32_t version;

    do {
        version = READ_ONCE(shared_info.wc_version);
        barrier();
        *sec = READ_ONCE(shared_info.wc_sec) | (uint64_t)READ_ONCE(shared_info.wc_sec_hi)
                                                   << 32;
        *nsec = READ_ONCE(shared_info.wc_nsec);
        barrier();
    } while ((version & 1) || version != READ_ONCE(shared_info.wc_version));
}

void timer_init(void)
{
    HYPERVISOR_vcpu_op(VCPUOP_stop_periodic_timer, this_vcpu()->id, NULL);
}

int timer_set(uint64_t deadline_ns)
{
    return HYPERVISOR_set_timer_op(deadline_ns);
}

void time_sleep(uint64_t ns)
{
    struct sched_poll op = { .timeout = time_now() + ns };

    HYPERVISOR_sched_op(SCHEDOP_poll, &op);
}

void time_delay(uint64_t ns)
{
    uint64_t end = time_now() + ns;

    while (time_now() < end)
        cpu_relax();
}
