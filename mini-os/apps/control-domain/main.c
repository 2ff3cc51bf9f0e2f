/* SPDX-License-Identifier: MIT */
/* The control domain's start. */
#include <stdio.h>

#include <mini-os/mm.h>

#include "control.h"
#include "images.h"
#include "terminal.h"

const unsigned int main_stack_order = 6; /* domains are built on it */

int main(void)
{
    images_init(mm_free_pages() / 4 * 3 * PAGE_SIZE);
    if (!terminal_init() || !service_start()) {
        fprintf(stderr, "The control domain cannot start.\n");
        return 1;
    }
    remote_start();
    control_say("Pavise's control domain; \"help\" lists what can be typed.");
    prompt_run();
    /* The machine ends when that is done. */
    for (;;)
        thread_sleep_until(TIME_NEVER);
}
