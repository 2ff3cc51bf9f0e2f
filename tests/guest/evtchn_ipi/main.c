/* SPDX-License-Identifier: MIT */
/*
 * Behaviour: an IPI port delivers to the vCPU it was bound to, whoever sends.
 * Provocation: IPIs to oneself with delivery on and off; IPIs from vCPU 0 to vCPU 1 and
 * back.
 * Expected: one call of the handler for each send that finds the port clear, on the bound
 * vCPU; sends while delivery is off are merged into one.
 */
/* qemu: -smp 2 */
#include <test.h>

#include <mini-os/events.h>
#include <mini-os/smp.h>
#include <mini-os/time.h>

COVERS(event_channel_op, EVTCHNOP_bind_ipi, EVTCHNOP_send, EVTCHNOP_status,
       EVTCHNOP_close);

#define ROUNDS   100
#define PATIENCE (20 * NSEC_PER_SEC)

static volatile unsigned int received[2];
static volatile unsigned int on_wrong_vcpu;
static volatile bool stop;

static void count(evtchn_port_t port, void *data)
{
    unsigned long vcpu = (unsigned long)data;

    (void)port;
    on_wrong_vcpu += this_vcpu()->id != vcpu;
    received[vcpu]++;
}

static void check_self(int port)
{
    struct evtchn_status status = { .dom = DOMID_SELF, .port = port };

    check_eq(HYPERVISOR_event_channel_op(EVTCHNOP_status, &status), 0);
    check_eq(status.status, EVTCHNSTAT_ipi);
    check_eq(status.vcpu, 0);

    check_eq(event_send(port), 0);
    check_eq(received[0], 1);
    events_disable();
    check_eq(event_send(port), 0);
    check_eq(event_send(port), 0);
    check_eq(received[0], 1);
    check(event_is_pending(port), "pending while delivery is off");
    check(this_vcpu()->info->evtchn_upcall_pending, "upcall pending");
    events_enable();
    check_eq(received[0], 2);
    check(!event_is_pending(port), "clear after delivery");
}

/* Sends back to vCPU 0 whatever comes. */
static void answer(void *arg)
{
    int to_zero = *(int *)arg;
    unsigned int answered = 0;

    events_enable();
    while (!stop) {
        if (answered == received[1]) {
            cpu_relax();
            continue;
        }
        answered++;
        event_send(to_zero);
    }
}

static bool wait_for(volatile unsigned int *value, unsigned int expected)
{
    uint64_t end = time_now() + PATIENCE;

    while (*value != expected && time_now() < end)
        cpu_relax();
    return *value == expected;
}

static void check_other(int to_zero)
{
    int to_one = event_bind_ipi(1, count, (void *)1UL);

    require(to_one > 0);
    require(vcpu_start(1, answer, &to_zero) == 0);
    received[0] = 0;
    for (unsigned int i = 1; i <= ROUNDS; i++) {
        check_eq(event_send(to_one), 0);
        if (!check(wait_for(&received[0], i), "answer from vCPU 1"))
            break;
    }
    stop = true;
    vcpu_join(1);
    check_eq(received[1], ROUNDS);
    check_eq(event_close(to_one), 0);
}

void test_main(void)
{
    int to_zero = event_bind_ipi(0, count, (void *)0UL);

    require(to_zero > 0);
    events_enable();
    check_self(to_zero);
    check_other(to_zero);
    check_eq(on_wrong_vcpu, 0);
    check_eq(event_close(to_zero), 0);
}
