/* SPDX-License-Identifier: MIT */
/*
 * From the core library to main(): kernel services, then the main thread; the boot stack
 * is given back.
 */
#include <mini-os/boot.h>

#include <mini-os/panic.h>

#include "internal.h"

/* 2^n pages of stack for main(); a program may define its own. */
__attribute__((weak)) const unsigned int main_stack_order = 4;

void app_main(void)
{
    struct thread *thread;

    threads_init();
    timeout_init();
    console_init();
    files_init();
    p2m_publish();
    thread = thread_create_sized("main", program_main, NULL, main_stack_order);
    BUG_ON(!thread);
    thread_detach(thread);
    xenbus_init();
    shutdown_watch_init();
    thread_exit();
}
