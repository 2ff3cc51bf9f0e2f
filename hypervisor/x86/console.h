/* SPDX-License-Identifier: MIT */
/*
 * Between the files of the console:
 *   console.c        the lock, line discipline, guests' output
 *   log.c            messages and their levels
 *   console_ring.c   the newest output, for readers
 *   debug_keys.c     the table of keys
 *   console_input.c  received bytes: input switch, debug keys, domain 0's queue
 *   serial.c         the 16550; serial_option.c its com1=
 */
#ifndef X86_CONSOLE_H
#define X86_CONSOLE_H

#include <hv/compiler.h>
#include <hv/types.h>

/* --- console.c --- */
/* Whole lines of the hypervisor, each with the prefix; a missing last newline is added.
 */
void console_put_message(const char *s, size_t n);
/* Serialises output; returns the interrupt state for the unlock. */
unsigned long console_lock(void);
void console_unlock(unsigned long flags);

/* --- console_ring.c --- */
/* A ring over `size` bytes (a power of 2); positions count all bytes ever written. */
struct console_ring {
    char *buf;
    uint32_t size, read, write; /* read: the oldest byte kept */
};
void ring_put(struct console_ring *r, char c);
/* As console_ring_read(). */
size_t ring_read(struct console_ring *r, char *buf, size_t n, uint32_t *index, bool clear,
                 bool incremental);
/* Moves the contents, as many as fit, to a larger buffer. */
void ring_grow(struct console_ring *r, char *buf, uint32_t size);

/* --- console_input.c --- */
/* A received byte. Interrupts off; on to SOFTIRQ_CONSOLE. */
void console_receive(char c);
void console_input_init(void);

/* --- debug_keys.c --- */
/* Registers the keys of this layer. */
void debug_keys_init(void);

/* --- serial.c --- */
struct serial_config {
    bool enabled;
    uint32_t baud, clock_hz;
    uint8_t line_control; /* data bits, stop bits, parity as in the LCR */
    uint16_t port;
    unsigned int irq;
};
extern struct serial_config serial_config;
/* Sets the line up, polled. */
void serial_init(void);
/* From now on output is queued and sent by interrupt, and input is received. */
void serial_init_irq(void);
/* Queues a byte (polled: sends it); waits for room at most as long as the line needs to
 * send one. serial_push() is due afterwards. */
void serial_put(char c);
/* Sends what the line takes at once; the transmitter's interrupt sends what is left. */
void serial_push(void);
/* Back to polled output, for a panic. */
void serial_force_polled(void);
/* Sends what is queued, polled. */
void serial_drain(void);

#endif
