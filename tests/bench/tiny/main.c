/* SPDX-License-Identifier: MIT */
/*
 * The smallest guest: says on its console when its first instruction ran, then sleeps for
 * good. It has no traps, no events and no memory but what it was built with.
 *
 * Output: "BENCH first <time-stamp counter>".
 */
#include <abi/hypercall_stubs.h>
#include <abi/io/console.h>
#include <abi/sched.h>
#include <mini-os/layout.h>

/* The machine-to-physical table, where every PV64 guest has it. */
static const unsigned long *const machine_to_physical =
    (const unsigned long *)0xffff800000000000;

void tiny_main(const struct start_info *info, uint64_t first);

static void put(struct xencons_interface *console, char c)
{
    console->out[MASK_XENCONS_IDX(console->out_prod, console->out)] = c;
    console->out_prod++;
}

static void put_text(struct xencons_interface *console, const char *text)
{
    while (*text)
        put(console, *text++);
}

static void put_number(struct xencons_interface *console, uint64_t value)
{
    char digits[21], *first = digits + sizeof(digits) - 1;

    for (*first = '\0'; value || !*first; value /= 10)
        *--first = (char)('0' + value % 10);
    put_text(console, first);
}

void tiny_main(const struct start_info *info, uint64_t first)
{
    unsigned long frame = machine_to_physical[info->console.domU.mfn];
    struct evtchn_send send = { .port = info->console.domU.evtchn };
    struct sched_poll never = { .nr_ports = 0 };

    put_text((void *)(LINEAR_START + frame * PAGE_SIZE), "BENCH first ");
    put_number((void *)(LINEAR_START + frame * PAGE_SIZE), first);
    put_text((void *)(LINEAR_START + frame * PAGE_SIZE), "\r\n");
    HYPERVISOR_event_channel_op(EVTCHNOP_send, &send);
    for (;;)
        HYPERVISOR_sched_op(SCHEDOP_poll, &never);
}
