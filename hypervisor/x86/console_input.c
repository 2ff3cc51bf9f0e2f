/* SPDX-License-Identifier: MIT */
/*
 * Input. The serial interrupt puts bytes into `received`; SOFTIRQ_CONSOLE hands them out:
 * three times Ctrl-a switches between domain 0, where input goes at first, and the debug
 * keys. Domain 0 is told by VIRQ_CONSOLE and reads its own queue. Bytes that find a queue
 * full are lost, as on any line without flow control.
 */
#include "console.h"
#include <hv/console.h>
#include <hv/hooks.h>
#include <hv/lib.h>
#include <hv/softirq.h>
#include <hv/spinlock.h>
#include <abi/xen.h>

#define SWITCH_CHAR  0x01 /* Ctrl-a */
#define SWITCH_COUNT 3
#define QUEUE_SIZE   1024

struct input_queue {
    char buf[QUEUE_SIZE];
    unsigned int head, tail; /* counts of bytes in and out */
};

static struct spinlock lock = SPINLOCK_INIT(CONSOLE);
static struct input_queue received, for_domain0; /* under lock */
static bool to_debug_keys;
static unsigned int switch_chars; /* Ctrl-a in a row */

static void queue_put(struct input_queue *q, char c)
{
    if (q->head - q->tail < QUEUE_SIZE)
        q->buf[q->head++ % QUEUE_SIZE] = c;
}

static bool queue_take(struct input_queue *q, char *c)
{
    if (q->head == q->tail)
        return false;
    *c = q->buf[q->tail++ % QUEUE_SIZE];
    return true;
}

static bool take_received(char *c)
{
    unsigned long flags = spin_lock_irqsave(&lock);
    bool any = queue_take(&received, c);

    spin_unlock_irqrestore(&lock, flags);
    return any;
}

void console_receive(char c)
{
    spin_lock(&lock);
    queue_put(&received, c);
    spin_unlock(&lock);
    softirq_raise(SOFTIRQ_CONSOLE);
}

static void switch_input(void)
{
    to_debug_keys = !to_debug_keys;
    switch_chars = 0;
    pr_err("input goes to %s (Ctrl-a three times switches)%s\n",
           to_debug_keys ? "the hypervisor" : "domain 0",
           to_debug_keys ? "; h lists the keys" : "");
}

static void give_to_domain0(char c)
{
    unsigned long flags = spin_lock_irqsave(&lock);

    queue_put(&for_domain0, c);
    spin_unlock_irqrestore(&lock, flags);
    evtchn_raise_global_virq(VIRQ_CONSOLE);
}

/* Ctrl-a are held back until it is clear that they do not switch. */
static void handle(char c)
{
    if (c == SWITCH_CHAR) {
        if (++switch_chars == SWITCH_COUNT)
            switch_input();
        return;
    }
    for (; switch_chars; switch_chars--)
        if (!to_debug_keys)
            give_to_domain0(SWITCH_CHAR);
    if (to_debug_keys)
        debug_key_handle(c);
    else
        give_to_domain0(c);
}

static void console_softirq(void)
{
    char c;

    while (take_received(&c))
        handle(c);
}

size_t console_read(char *buf, size_t n)
{
    unsigned long flags = spin_lock_irqsave(&lock);
    size_t count = 0;

    while (count < n && queue_take(&for_domain0, &buf[count]))
        count++;
    spin_unlock_irqrestore(&lock, flags);
    return count;
}

void console_input_init(void)
{
    softirq_register(SOFTIRQ_CONSOLE, console_softirq);
}
