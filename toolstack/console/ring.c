/* SPDX-License-Identifier: MIT */
/*
 * The console ring that is shared with a guest. Each of the guest's indices is read
 * once; our own are kept apart from the ring and only written there. Indices run freely
 * and wrap at 2^32. More than a ring's size between two of them is the guest's doing:
 * what is pending is dropped then.
 */
#include "console.h"

#include <string.h>

#define OUT_SIZE sizeof(((struct xencons_interface *)0)->out)
#define IN_SIZE  sizeof(((struct xencons_interface *)0)->in)

static uint32_t read_index(const uint32_t *index)
{
    return __atomic_load_n(index, __ATOMIC_ACQUIRE);
}

static void write_index(uint32_t *index, uint32_t value)
{
    __atomic_store_n(index, value, __ATOMIC_RELEASE);
}

static uint32_t least(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

bool ring_take_output(struct console *console)
{
    struct xencons_interface *ring = console->ring;
    uint32_t end = read_index(&ring->out_prod), n = end - console->out_cons;

    if (!n)
        return false;
    if (n > OUT_SIZE)
        console->out_cons = end;
    while (console->out_cons != end) {
        uint32_t offset = console->out_cons % OUT_SIZE;
        uint32_t run = least(end - console->out_cons, (uint32_t)OUT_SIZE - offset);

        scrollback_add(&console->back, ring->out + offset, run);
        console->out_cons += run;
    }
    write_index(&ring->out_cons, end);
    return true;
}

size_t ring_input_room(struct console *console)
{
    uint32_t cons = read_index(&console->ring->in_cons);

    if (console->in_prod - cons > IN_SIZE)
        console->in_prod = cons;
    return IN_SIZE - (console->in_prod - cons);
}

size_t ring_put_input(struct console *console, const char *text, size_t n)
{
    struct xencons_interface *ring = console->ring;
    size_t room = ring_input_room(console), done = 0;

    n = n < room ? n : room;
    while (done < n) {
        uint32_t offset = console->in_prod % IN_SIZE;
        uint32_t run = least((uint32_t)(n - done), (uint32_t)IN_SIZE - offset);

        memcpy(ring->in + offset, text + done, run);
        console->in_prod += run;
        done += run;
    }
    write_index(&ring->in_prod, console->in_prod);
    return n;
}
