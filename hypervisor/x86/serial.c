/* SPDX-License-Identifier: MIT */
/*
 * The 16550 behind com1=. At first output is polled. Later it goes through a queue: who
 * writes sends what the line takes at once, in its own time, and the transmitter's
 * interrupt the rest, at the line's speed. (By interrupts alone a line without a speed,
 * such as an emulated one, keeps their CPU busy for as long as anybody writes.) A writer
 * that finds the queue full sends its oldest byte itself, so that nothing is lost and a
 * byte costs at most its time on the line. A line that does not take a byte within
 * SPIN_LIMIT polls is dead: its output is dropped. All under the console's lock, the
 * interrupt included.
 */
#include "console.h"
#include <hv/cpu.h>
#include <hv/irq.h>
#include <hv/lib.h>

/* Registers, from the port on. */
enum { DATA, IER, FCR, LCR, MCR, LSR };
#define DIVISOR_LOW  DATA
#define DIVISOR_HIGH IER
#define IER_RECEIVE  0x01
#define IER_TRANSMIT 0x02
#define FCR_ENABLE   0x87 /* FIFOs on and cleared, receive interrupt at 8 bytes */
#define LCR_DIVISOR  0x80
#define MCR_ON       0x0b /* DTR, RTS, OUT2: the interrupt line */
#define LSR_RECEIVED 0x01
#define LSR_EMPTY    0x20

#define FIFO_SIZE  16
#define QUEUE_SIZE 16384
#define SPIN_LIMIT 1000000u
/* Bytes taken in one interrupt: a line that never runs dry is not there. */
#define RECEIVE_LIMIT 256

static char queue[QUEUE_SIZE];
static unsigned int head, tail; /* counts of bytes in and out */
static bool by_interrupt;
static bool dead;
static unsigned int fifo_room;
static uint8_t ier;

static void reg_write(unsigned int reg, uint8_t v)
{
    outb((uint16_t)(serial_config.port + reg), v);
}

static uint8_t reg_read(unsigned int reg)
{
    return inb((uint16_t)(serial_config.port + reg));
}

static void set_ier(uint8_t v)
{
    if (ier != v)
        reg_write(IER, v);
    ier = v;
}

void serial_init(void)
{
    uint32_t divisor = serial_config.clock_hz / 16 / serial_config.baud;

    divisor = min(max(divisor, 1u), 0xffffu);
    reg_write(IER, 0);
    reg_write(LCR, serial_config.line_control | LCR_DIVISOR);
    reg_write(DIVISOR_LOW, (uint8_t)divisor);
    reg_write(DIVISOR_HIGH, (uint8_t)(divisor >> 8));
    reg_write(LCR, serial_config.line_control);
    reg_write(FCR, FCR_ENABLE);
    reg_write(MCR, MCR_ON);
    /* An absent device reads as ones. */
    dead = reg_read(LSR) == 0xff;
}

/* Room in the transmitter: its FIFO is filled when it has run empty. */
static bool can_send(void)
{
    if (!fifo_room && (reg_read(LSR) & LSR_EMPTY))
        fifo_room = FIFO_SIZE;
    return fifo_room != 0;
}

static void send_polled(char c)
{
    unsigned int spins = 0;

    while (!can_send()) {
        if (++spins == SPIN_LIMIT) {
            dead = true;
            return;
        }
        cpu_relax();
    }
    fifo_room--;
    reg_write(DATA, (uint8_t)c);
}

static void send_oldest(void)
{
    send_polled(queue[tail++ % QUEUE_SIZE]);
}

void serial_put(char c)
{
    if (dead)
        return;
    if (!by_interrupt) {
        send_polled(c);
        return;
    }
    if (head - tail == QUEUE_SIZE)
        send_oldest();
    queue[head++ % QUEUE_SIZE] = c;
}

void serial_push(void)
{
    while (head != tail && can_send())
        send_oldest();
    if (by_interrupt)
        set_ier(head == tail ? IER_RECEIVE : IER_RECEIVE | IER_TRANSMIT);
}

void serial_drain(void)
{
    while (head != tail && !dead)
        send_oldest();
    tail = head;
}

void serial_force_polled(void)
{
    by_interrupt = false;
    serial_drain();
}

static void receive_all(void)
{
    for (unsigned int n = 0; n < RECEIVE_LIMIT && (reg_read(LSR) & LSR_RECEIVED); n++)
        console_receive((char)reg_read(DATA));
}

static void serial_interrupt(void *arg)
{
    unsigned long flags;

    (void)arg;
    receive_all();
    flags = console_lock();
    serial_push();
    console_unlock(flags);
}

void serial_init_irq(void)
{
    unsigned long flags;

    if (dead || !serial_config.irq)
        return;
    if (irq_request(irq_isa_to_gsi(serial_config.irq), serial_interrupt, NULL)) {
        pr_warn("serial line: no interrupt %u; output is polled, no input\n",
                serial_config.irq);
        return;
    }
    flags = console_lock();
    by_interrupt = true;
    set_ier(IER_RECEIVE);
    console_unlock(flags);
}
