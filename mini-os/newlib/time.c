/* SPDX-License-Identifier: MIT */
/*
 * Clocks and sleeping on the hypervisor's system time.
 */
#include <sys/time.h>
#include <sys/times.h>
#include <time.h>
#include <unistd.h>

#include <mini-os/thread.h>
#include <mini-os/time.h>

#include "internal.h"

#define NSEC_PER_TICK (NSEC_PER_SEC / CLOCKS_PER_SEC)

static struct timespec to_timespec(uint64_t ns)
{
    return (struct timespec){ .tv_sec = ns / NSEC_PER_SEC, .tv_nsec = ns % NSEC_PER_SEC };
}

/* Wall clock: what it was at system time 0, plus system time. */
static uint64_t realtime_ns(void)
{
    uint64_t sec;
    uint32_t nsec;

    time_wallclock(&sec, &nsec);
    return sec * NSEC_PER_SEC + nsec + time_now();
}

int clock_gettime(clockid_t clock, struct timespec *ts)
{
    if (clock == CLOCK_REALTIME)
        *ts = to_timespec(realtime_ns());
    else if (clock == CLOCK_MONOTONIC)
        *ts = to_timespec(time_now());
    else
        return posix_result(-EINVAL);
    return 0;
}

int clock_getres(clockid_t clock, struct timespec *resolution)
{
    if (clock != CLOCK_REALTIME && clock != CLOCK_MONOTONIC)
        return posix_result(-EINVAL);
    if (resolution)
        *resolution = to_timespec(1);
    return 0;
}

int clock_settime(clockid_t clock, const struct timespec *ts)
{
    (void)ts;
    return posix_result(clock == CLOCK_REALTIME ? -EPERM : -EINVAL);
}

int gettimeofday(struct timeval *restrict tv, void *restrict zone)
{
    uint64_t ns = realtime_ns();

    (void)zone;
    tv->tv_sec = ns / NSEC_PER_SEC;
    tv->tv_usec = ns % NSEC_PER_SEC / NSEC_PER_USEC;
    return 0;
}

/* All the domain's time is one program's. */
clock_t times(struct tms *buf)
{
    clock_t now = time_now() / NSEC_PER_TICK;

    if (buf)
        *buf = (struct tms){ .tms_utime = now };
    return now;
}

int nanosleep(const struct timespec *length, struct timespec *left)
{
    if (length->tv_sec < 0 || length->tv_nsec < 0 ||
        length->tv_nsec >= (long)NSEC_PER_SEC)
        return posix_result(-EINVAL);
    thread_sleep_until(time_now() + length->tv_sec * NSEC_PER_SEC + length->tv_nsec);
    if (left)
        *left = (struct timespec){ 0 };
    return 0;
}

int usleep(useconds_t length)
{
    thread_sleep_until(time_now() + length * NSEC_PER_USEC);
    return 0;
}

unsigned int sleep(unsigned int length)
{
    thread_sleep_until(time_now() + length * NSEC_PER_SEC);
    return 0;
}
