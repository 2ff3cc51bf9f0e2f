/* SPDX-License-Identifier: MIT */
/*
 * Behaviour: no argument of a hypercall, however wrong, does more than fail the call.
 * Provocation: 40,000 calls with numbers, commands, pointers, lengths, frames, ports and
 * domains from a pool of wrong and half right values; all but those that end the machine.
 * Expected: each returns a result or an error number; the program and the machine go on.
 */
/* timeout: 120 */
#include <test.h>
#include <wild_calls.h>

#include <mini-os/mm.h>

#define CALLS 40000

void test_main(void)
{
    struct random r = { 2 };

    wild_init();
    for (unsigned int i = 0; i < CALLS; i++) {
        if (i % 4 == 0)
            wild_scribble(&r);
        wild_call(&r);
    }
    wild_finish();
    check(HYPERVISOR_xen_version(0, NULL) > 0, "calls still work");
}
