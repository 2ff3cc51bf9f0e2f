/* SPDX-License-Identifier: MIT */
/*
 * The second serial line as a channel: a 16550A at COM2, 115200 baud, 8N1, by interrupts
 * both ways. What is received while the program does not read is kept in a ring; when
 * that is full, reception pauses and RTS goes, for those at the other end who look at it.
 *
 * The interrupt is edge-triggered: the handler goes on until the UART has no more to say.
 */
#include "channel.h"

#include <stdlib.h>

#include <mini-os/console.h>
#include <mini-os/events.h>
#include <mini-os/layout.h>

#include "io.h"
#include "line.h"

#define PORT 0x2f8
#define IRQ  3

/* Registers, as offsets; what they are when read, when written, and with LCR_DIVISOR. */
#define UART_DATA    0
#define UART_IER     1
#define UART_IIR     2
#define UART_FCR     2
#define UART_LCR     3
#define UART_MCR     4
#define UART_LSR     5
#define UART_MSR     6
#define UART_SCRATCH 7

#define IER_RECEIVED 0x01
#define IER_ROOM     0x02

#define IIR_NONE     0x01
#define IIR_CAUSE    0x0e
#define IIR_ROOM     0x02
#define IIR_RECEIVED 0x04 /* the FIFO has reached its trigger level */
#define IIR_TIMEOUT  0x0c /* it has not, and no more comes */
#define IIR_FIFO     0xc0

#define FCR_ENABLE     0x07 /* and clear both FIFOs */
#define FCR_TRIGGER_14 0xc0
#define LCR_8N1        0x03
#define LCR_DIVISOR    0x80
#define MCR_DTR_OUT2   0x09 /* OUT2 lets interrupts through */
#define MCR_RTS        0x02
#define LSR_RECEIVED   0x01
#define DIVISOR        1 /* 115200 baud */

#define TRIGGER 14
#define FIFO    16
#define RING    8192 /* bytes each way; a power of 2 */

/* Bytes between two free-running counts. */
struct ring {
    char *bytes;
    unsigned int in, out;
};

struct uart {
    struct channel channel;
    struct line line;
    struct ring received, to_send;
    uint8_t interrupts;  /* IER */
    bool waits_for_room; /* a write has taken less than it was offered */
};

static uint8_t get(unsigned int reg)
{
    return port_read8((uint16_t)(PORT + reg));
}

static void set(unsigned int reg, uint8_t value)
{
    port_write8((uint16_t)(PORT + reg), value);
}

/* --- rings --- */

static unsigned int filled(const struct ring *ring)
{
    return ring->in - ring->out;
}

/* The longest piece from a count to the end of the ring, at most n. */
static unsigned int piece(unsigned int count, size_t n)
{
    unsigned int left = RING - count % RING;

    return n < left ? (unsigned int)n : left;
}

static size_t put(struct ring *ring, const char *bytes, size_t n)
{
    size_t room = RING - filled(ring), done, part;

    n = n < room ? n : room;
    for (done = 0; done < n; done += part) {
        part = piece(ring->in, n - done);
        __builtin_memcpy(ring->bytes + ring->in % RING, bytes + done, part);
        ring->in += (unsigned int)part;
    }
    return n;
}

static size_t take(struct ring *ring, char *bytes, size_t n)
{
    size_t there = filled(ring), done, part;

    n = n < there ? n : there;
    for (done = 0; done < n; done += part) {
        part = piece(ring->out, n - done);
        __builtin_memcpy(bytes + done, ring->bytes + ring->out % RING, part);
        ring->out += (unsigned int)part;
    }
    return n;
}

/* --- the line --- */

static void enable(struct uart *u, uint8_t interrupts)
{
    if (u->interrupts == interrupts)
        return;
    u->interrupts = interrupts;
    set(UART_IER, interrupts);
}

/* n bytes that the FIFO is known to have, and the ring has room for. */
static void receive(struct uart *u, unsigned int n)
{
    struct ring *ring = &u->received;

    while (n) {
        unsigned int part = piece(ring->in, n);

        port_read_bytes(PORT + UART_DATA, ring->bytes + ring->in % RING, part);
        ring->in += part;
        n -= part;
    }
}

/* The FIFO has `at_least` bytes, and maybe more. */
static void on_received(struct uart *u, unsigned int at_least)
{
    if (RING - filled(&u->received) >= FIFO) {
        receive(u, at_least);
        return;
    }
    enable(u, u->interrupts & ~IER_RECEIVED);
    set(UART_MCR, MCR_DTR_OUT2);
}

static void on_timeout(struct uart *u)
{
    while (get(UART_LSR) & LSR_RECEIVED && u->interrupts & IER_RECEIVED)
        on_received(u, 1);
}

/* The transmitter's FIFO is empty. */
static void on_room(struct uart *u)
{
    struct ring *ring = &u->to_send;
    unsigned int n = filled(ring);

    if (!n) {
        enable(u, u->interrupts & ~IER_ROOM);
        return;
    }
    n = piece(ring->out, n < FIFO ? n : FIFO);
    port_write_bytes(PORT + UART_DATA, ring->bytes + ring->out % RING, n);
    ring->out += n;
}

static void serve(struct uart *u, unsigned int cause)
{
    switch (cause) {
    case IIR_RECEIVED:
        on_received(u, TRIGGER);
        break;
    case IIR_TIMEOUT:
        on_timeout(u);
        break;
    case IIR_ROOM:
        on_room(u);
        break;
    default:
        get(UART_LSR);
        get(UART_MSR);
        break;
    }
}

static void on_interrupt(void *data)
{
    struct uart *u = data;
    unsigned int before = u->received.in;
    bool room;
    uint8_t id;

    while (!((id = get(UART_IIR)) & IIR_NONE))
        serve(u, id & IIR_CAUSE);
    room = u->waits_for_room && filled(&u->to_send) <= RING / 2;
    if (room)
        u->waits_for_room = false;
    if ((room || u->received.in != before) && u->channel.handler)
        u->channel.handler(u->channel.data);
}

/* --- the channel's functions --- */

static bool is_connected(const struct channel *channel)
{
    (void)channel;
    return true;
}

static size_t write_bytes(struct channel *channel, const void *bytes, size_t n)
{
    struct uart *u = (struct uart *)channel;
    size_t done = put(&u->to_send, bytes, n);

    u->waits_for_room = done < n;
    if (filled(&u->to_send))
        enable(u, u->interrupts | IER_ROOM);
    return done;
}

static size_t read_bytes(struct channel *channel, void *bytes, size_t n)
{
    struct uart *u = (struct uart *)channel;
    size_t done = take(&u->received, bytes, n);

    if (!(u->interrupts & IER_RECEIVED) && filled(&u->received) <= RING / 2) {
        set(UART_MCR, MCR_DTR_OUT2 | MCR_RTS);
        enable(u, u->interrupts | IER_RECEIVED);
    }
    return done;
}

/* --- opening and closing --- */

/* Ports of nobody, or of the hypervisor, read as ones. */
static bool is_there(void)
{
    set(UART_SCRATCH, 0x5a);
    if (get(UART_SCRATCH) != 0x5a)
        return false;
    set(UART_SCRATCH, 0xa5);
    if (get(UART_SCRATCH) != 0xa5)
        return false;
    set(UART_FCR, FCR_ENABLE | FCR_TRIGGER_14);
    return (get(UART_IIR) & IIR_FIFO) == IIR_FIFO;
}

static void set_up(void)
{
    set(UART_IER, 0);
    set(UART_LCR, LCR_DIVISOR);
    set(UART_DATA, DIVISOR & 0xff);
    set(UART_IER, DIVISOR >> 8);
    set(UART_LCR, LCR_8N1);
    set(UART_MCR, MCR_DTR_OUT2 | MCR_RTS);
}

static void dispose(struct uart *u)
{
    line_close(&u->line);
    free(u->received.bytes);
    free(u->to_send.bytes);
    free(u);
}

static void close_uart(struct channel *channel)
{
    set(UART_IER, 0);
    set(UART_MCR, 0);
    dispose((struct uart *)channel);
}

static const struct channel_ops ops = {
    .close = close_uart,
    .is_connected = is_connected,
    .write = write_bytes,
    .read = read_bytes,
};

static bool open_line(struct uart *u)
{
    bool events = events_save_disable();
    bool opened;

    set_up();
    opened = !line_open(&u->line, IRQ, on_interrupt, u);
    if (opened)
        enable(u, IER_RECEIVED);
    events_restore(events);
    return opened;
}

struct channel *uart_open(channel_handler_t *handler, void *data)
{
    struct uart *u = is_there() ? calloc(1, sizeof(*u)) : NULL;

    if (!u)
        return NULL;
    u->channel = (struct channel){ &ops, handler, data, "" };
    ksnprintf(u->channel.description, sizeof(u->channel.description),
              "serial line at 0x%x, line %u", PORT, IRQ);
    u->received.bytes = malloc(RING);
    u->to_send.bytes = malloc(RING);
    if (u->received.bytes && u->to_send.bytes && open_line(u))
        return &u->channel;
    dispose(u);
    return NULL;
}
