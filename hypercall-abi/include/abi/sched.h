/* SPDX-License-Identifier: MIT */
/*
 * HYPERVISOR_sched_op(cmd, arg): giving up the processor, shutting down.
 *
 * Specified by: xen/sched.h.
 */
#ifndef ABI_SCHED_H
#define ABI_SCHED_H

#include <abi/event_channel.h>

#define SCHEDOP_yield           0
#define SCHEDOP_block           1 /* until an event; opens the upcall mask */
#define SCHEDOP_shutdown        2
#define SCHEDOP_poll            3
#define SCHEDOP_remote_shutdown 4
#define SCHEDOP_shutdown_code   5 /* says why, without shutting down yet */
#define SCHEDOP_watchdog        6
#define SCHEDOP_pin_override    7

/* sched_shutdown.reason */
#define SHUTDOWN_poweroff   0
#define SHUTDOWN_reboot     1
#define SHUTDOWN_suspend    2
#define SHUTDOWN_crash      3
#define SHUTDOWN_watchdog   4
#define SHUTDOWN_soft_reset 5
#define SHUTDOWN_MAX        5

#ifndef __ASSEMBLY__

/* SCHEDOP_shutdown, SCHEDOP_shutdown_code */
struct sched_shutdown {
    unsigned int reason; /* SHUTDOWN_* */
};
typedef struct sched_shutdown sched_shutdown_t;
DEFINE_XEN_GUEST_HANDLE(sched_shutdown_t);

/* SCHEDOP_poll: sleeps until one of the ports is pending, masked or not. */
struct sched_poll {
    XEN_GUEST_HANDLE(evtchn_port_t) ports;
    unsigned int nr_ports;
    uint64_t timeout; /* system time in ns; 0: none */
};
typedef struct sched_poll sched_poll_t;
DEFINE_XEN_GUEST_HANDLE(sched_poll_t);

/* SCHEDOP_remote_shutdown: control domain only. */
struct sched_remote_shutdown {
    domid_t domain_id;
    unsigned int reason; /* SHUTDOWN_* */
};
typedef struct sched_remote_shutdown sched_remote_shutdown_t;
DEFINE_XEN_GUEST_HANDLE(sched_remote_shutdown_t);

/* SCHEDOP_watchdog: id 0 arms a new one and returns its id; timeout 0 disarms. */
struct sched_watchdog {
    uint32_t id;
    uint32_t timeout; /* s */
};
typedef struct sched_watchdog sched_watchdog_t;
DEFINE_XEN_GUEST_HANDLE(sched_watchdog_t);

/* SCHEDOP_pin_override: the calling vCPU; hardware domain only. */
struct sched_pin_override {
    int32_t pcpu; /* negative: give the old affinity back */
};
typedef struct sched_pin_override sched_pin_override_t;
DEFINE_XEN_GUEST_HANDLE(sched_pin_override_t);

#endif /* !__ASSEMBLY__ */
#endif /* ABI_SCHED_H */
