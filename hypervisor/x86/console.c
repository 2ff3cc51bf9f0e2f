/* SPDX-License-Identifier: MIT */
/*
 * Output: every byte goes to the ring and to the serial line. The hypervisor's messages
 * come in whole lines that begin with a prefix; what a guest writes is passed on as it
 * is, and a line that it left unfinished is ended before a message of ours.
 */
#include "console.h"
#include <hv/cmdline.h>
#include <hv/console.h>
#include <hv/heap.h>
#include <hv/lib.h>
#include <hv/spinlock.h>
#include <abi/errno.h>

#define PREFIX         "(pavise) "
#define EARLY_RING     16384
#define MAX_RING_ORDER 12

static struct spinlock lock = SPINLOCK_INIT(CONSOLE);
/* A panic: whoever holds the lock does not go on. */
static bool lock_broken;
static bool in_line;
static bool serial_ready;

static char early_ring[EARLY_RING];
static struct console_ring ring = { .buf = early_ring, .size = EARLY_RING };

static uint64_t conring_size = 64 * 1024;
BOOT_OPTION_SIZE("conring_size", conring_size);

/* console=: a list of com1 and none. */
static int parse_console(const char *value)
{
    if (strcmp(value, "none") == 0)
        serial_config.enabled = false;
    else if (strcmp(value, "com1") != 0)
        return -XEN_EINVAL;
    return 0;
}
BOOT_OPTION_CUSTOM("console", parse_console);

static bool sync_console;
BOOT_OPTION_BOOL("sync_console", sync_console);

unsigned long console_lock(void)
{
    if (unlikely(READ_ONCE(lock_broken)))
        return irq_save();
    return spin_lock_irqsave(&lock);
}

void console_unlock(unsigned long flags)
{
    if (likely(spin_is_locked(&lock)) && !READ_ONCE(lock_broken))
        spin_unlock(&lock);
    irq_restore(flags);
}

static void put(char c)
{
    ring_put(&ring, c);
    if (serial_ready) {
        if (c == '\n')
            serial_put('\r');
        serial_put(c);
    }
    in_line = c != '\n';
}

static void put_all(const char *s, size_t n)
{
    while (n--)
        put(*s++);
}

static void put_string(const char *s)
{
    put_all(s, strlen(s));
}

void console_put_message(const char *s, size_t n)
{
    if (in_line)
        put('\n');
    for (size_t i = 0; i < n; i++) {
        if (!in_line)
            put_string(PREFIX);
        put(s[i]);
    }
    if (in_line)
        put('\n');
    serial_push();
}

void console_write(const char *s, size_t n)
{
    unsigned long flags = console_lock();

    put_all(s, n);
    serial_push();
    console_unlock(flags);
}

size_t console_ring_read(char *buf, size_t n, uint32_t *index, bool clear,
                         bool incremental)
{
    unsigned long flags = console_lock();
    size_t count = ring_read(&ring, buf, n, index, clear, incremental);

    console_unlock(flags);
    return count;
}

/* What was printed before the line was set up is sent now. */
void console_init_early(void)
{
    if (!serial_config.enabled)
        return;
    serial_init();
    for (uint32_t i = ring.read; i != ring.write; i++) {
        char c = ring.buf[i & (ring.size - 1)];

        if (c == '\n')
            serial_put('\r');
        serial_put(c);
    }
    serial_ready = true;
}

static void grow_ring(void)
{
    unsigned int order = 0;
    unsigned long flags;
    char *buf;

    while (order < MAX_RING_ORDER && PAGE_SIZE << order < conring_size)
        order++;
    if (PAGE_SIZE << order <= EARLY_RING)
        return;
    buf = hv_alloc_pages(order);
    if (!buf) {
        pr_warn("no memory for conring_size=%llu\n", (unsigned long long)conring_size);
        return;
    }
    flags = console_lock();
    ring_grow(&ring, buf, (uint32_t)(PAGE_SIZE << order));
    console_unlock(flags);
}

void console_init_irq(void)
{
    grow_ring();
    console_input_init();
    debug_keys_init();
    if (serial_ready && !sync_console)
        serial_init_irq();
}

void console_force(void)
{
    WRITE_ONCE(lock_broken, true);
    serial_force_polled();
}

void console_flush(void)
{
    unsigned long flags = console_lock();

    if (serial_ready)
        serial_drain();
    console_unlock(flags);
}
