/* SPDX-License-Identifier: MIT */
/*
 * The system console: a log ring that keeps the newest conring_size bytes, the serial
 * line, and the input switch (Ctrl-a three times) between domain 0 and the debug keys.
 */
#ifndef HV_CONSOLE_H
#define HV_CONSOLE_H

#include <hv/types.h>

struct cpu_user_regs;
struct domain;

/* Before memory management: polled output on the com1= line. */
void console_init_early(void);
/* Interrupt-driven input and output, after interrupts and the heap are up. */
void console_init_irq(void);

/* Raw bytes to the line and the ring (guests' CONSOLEIO_write); one call is not
 * interleaved. */
void console_write(const char *s, size_t n);
/* Input for domain 0 (CONSOLEIO_read): up to n bytes; the number copied. */
size_t console_read(char *buf, size_t n);
/*
 * Ring contents (sysctl readconsole): copies up to n bytes and returns how many. With
 * incremental they are those from *index on (or the oldest kept), else from the oldest;
 * *index becomes what follows them. clear: what was read is not kept for others.
 */
size_t console_ring_read(char *buf, size_t n, uint32_t *index, bool clear,
                         bool incremental);
/* In a panic: break the lock, force polled output. */
void console_force(void);
/* Waits until everything written has left the line. */
void console_flush(void);
/* Debug keys. fn runs with interrupts on, in SOFTIRQ_CONSOLE. */
void debug_key_register(char key, const char *help, void (*fn)(char key));
void debug_key_handle(char key);

#endif
