/* SPDX-License-Identifier: MIT */
/*
 * control/shutdown: what the toolstack asks for, and doing it.
 */
#include <mini-os/shutdown.h>

#include <stdlib.h>
#include <string.h>

#include <abi/sched.h>
#include <mini-os/boot.h>
#include <mini-os/console.h>
#include <mini-os/xenbus.h>

#include "internal.h"
#include "suspend.h"

#define NODE "control/shutdown"

static shutdown_handler_t *handler;

void shutdown_set_handler(shutdown_handler_t *fn)
{
    handler = fn;
}

static void end(unsigned int reason)
{
    if (!handler || handler(reason))
        exit_with_reason(reason);
}

static void obey(const char *what)
{
    if (!strcmp(what, "poweroff") || !strcmp(what, "halt"))
        end(SHUTDOWN_poweroff);
    else if (!strcmp(what, "reboot"))
        end(SHUTDOWN_reboot);
    else if (!strcmp(what, "suspend"))
        domain_suspend();
    else
        kprintf("mini-os: " NODE " asks for \"%s\", which is unknown\n", what);
}

/* An empty node is the acknowledgement. */
static void look(void)
{
    char *what;

    if (xenbus_read(0, NODE, &what, NULL))
        return;
    if (*what) {
        xenbus_write(0, NODE, "", 0);
        obey(what);
    }
    free(what);
}

static void watch_node(void *unused)
{
    static const char *const features[] = { "poweroff", "reboot", "suspend" };
    struct xenbus_watch watch;

    (void)unused;
    for (size_t i = 0; i < ARRAY_SIZE(features); i++) {
        char path[64];

        ksnprintf(path, sizeof(path), "control/feature-%s", features[i]);
        xenbus_write(0, path, "1", 1);
    }
    if (xenbus_watch(&watch, NODE))
        return;
    for (;;) {
        free(xenbus_watch_next(&watch, TIME_NEVER));
        look();
    }
}

void shutdown_watch_init(void)
{
    struct thread *thread;

    if (!xenbus_present())
        return;
    thread = thread_create("shutdown", watch_node, NULL);
    if (thread)
        thread_detach(thread);
}
