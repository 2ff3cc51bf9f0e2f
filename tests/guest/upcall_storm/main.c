/* SPDX-License-Identifier: MIT */
/*
 * Behaviour: a guest whose event handler leaves an event pending each time goes on all the
 * same with what was interrupted. Linux with preemptible RCU does so until the interrupted
 * task has been scheduled.
 * Provocation: an upcall handler that sets its vCPU's pending flag before its iret.
 * Expected: the loop that it interrupts makes progress.
 */
/* dom0: max_vcpus=1 */
/* xen: hangs what was interrupted does not execute an instruction any more */
#include <test.h>

#include <mini-os/events.h>
#include <mini-os/smp.h>
#include <mini-os/time.h>

COVERS(iret, set_callbacks);

#define ROUNDS   100
#define PATIENCE (5 * NSEC_PER_SEC)

extern const char storm_entry[], entry_event[], entry_failsafe[], entry_syscall[];

/* Of the assembly below. */
volatile unsigned long storm_upcalls;
volatile uint8_t *volatile storm_pending;
volatile unsigned long storm_goes_on;

asm(".pushsection .text\n"
    "storm_entry:\n" /* rcx, r11, rip, ... on the stack */
    "    incq storm_upcalls(%rip)\n"
    "    mov storm_pending(%rip), %rcx\n"
    "    mov storm_goes_on(%rip), %r11\n"
    "    movb %r11b, (%rcx)\n"
    "    pop %rcx\n"
    "    pop %r11\n"
    "    pushq $0\n" /* flags: return by IRET; the stub pushes the rest */
    "    jmp hypercall_page + 23 * 32\n"
    ".popsection\n");

static void set_event_callback(const char *entry)
{
    check_eq(HYPERVISOR_set_callbacks((unsigned long)entry, (unsigned long)entry_failsafe,
                                      (unsigned long)entry_syscall),
             0);
}

void test_main(void)
{
    uint64_t end = time_now() + PATIENCE;
    unsigned long before, rounds = 0;

    storm_pending = &this_vcpu()->info->evtchn_upcall_pending;
    storm_goes_on = 1;
    set_event_callback(storm_entry);
    *storm_pending = 1;
    events_enable();
    while (rounds < ROUNDS && time_now() < end) {
        before = storm_upcalls;
        while (storm_upcalls == before && time_now() < end)
            cpu_relax();
        rounds++;
    }
    storm_goes_on = 0;
    events_disable();
    set_event_callback(entry_event);
    check_eq(rounds, ROUNDS);
    check(storm_upcalls > ROUNDS, "upcalls have come");
}
