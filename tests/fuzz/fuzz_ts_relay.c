/* SPDX-License-Identifier: MIT */
/*
 * The relay between hostile ends: clients come, go, send anything and read when they
 * like, and so does the machine. What is passed on must be whole, right frames.
 */
#include "../../toolstack/remote/internal.h"

#include <assert.h>
#include <string.h>
#include <ts/relay.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define CLIENTS 4

struct input {
    const uint8_t *at, *end;
};

static struct ts_relay *relay;
static struct ts_relay_client *clients[CLIENTS];
static struct frame_reader readers[CLIENTS], machine_reader;
static uint64_t now;

static uint8_t take(struct input *in)
{
    return in->at < in->end ? *in->at++ : 0;
}

/* Between zeros nothing but right frames. */
static void check_frames(struct frame_reader *reader, const uint8_t *bytes, size_t n)
{
    struct frame frame;
    bool is_complete;

    for (size_t i = 0; i < n;) {
        size_t pending = reader->n;
        size_t used = frame_reader_take(reader, bytes + i, n - i, &frame, &is_complete);

        assert(is_complete || bytes[i + used - 1] || (!pending && used == 1));
        i += used;
    }
}

static void feed(unsigned int who, const uint8_t *bytes, size_t n)
{
    if (who == CLIENTS)
        ts_relay_from_machine(relay, bytes, n);
    else if (clients[who] && ts_relay_has_room(clients[who]))
        ts_relay_from_client(clients[who], bytes, n);
}

static void step_frame(struct input *in, unsigned int who)
{
    uint8_t payload[256] = { 0 }, out[FRAME_ENCODED];
    struct frame frame = { .version = take(in), .payload = payload };

    frame.type = take(in) % 8;
    frame.session = take(in);
    frame.n = take(in);
    payload[0] = take(in);
    feed(who, out, frame_encode(&frame, out));
}

static void step_raw(struct input *in, unsigned int who)
{
    size_t n = take(in);

    if (n > (size_t)(in->end - in->at))
        n = (size_t)(in->end - in->at);
    if (n)
        feed(who, in->at, n);
    in->at += n;
}

static void step_read(struct input *in, unsigned int who)
{
    size_t most = 1 + 8u * take(in), n;
    const uint8_t *bytes;

    if (who == CLIENTS) {
        n = ts_relay_for_machine(relay, &bytes);
        n = n < most ? n : most;
        check_frames(&machine_reader, bytes, n);
        ts_relay_machine_took(relay, n);
    } else if (clients[who]) {
        n = ts_relay_for_client(clients[who], &bytes);
        n = n < most ? n : most;
        check_frames(&readers[who], bytes, n);
        ts_relay_client_took(clients[who], n);
    }
}

static void step_door(unsigned int who)
{
    if (who == CLIENTS) {
        ts_relay_machine_again(relay);
        machine_reader.n = 0;
    } else if (clients[who]) {
        ts_relay_leave(clients[who], now);
        clients[who] = NULL;
    } else {
        clients[who] = ts_relay_join(relay);
        memset(&readers[who], 0, sizeof(readers[who]));
    }
}

static void step(struct input *in)
{
    unsigned int what = take(in), who = what / 8 % (CLIENTS + 1);

    switch (what % 8) {
    case 0:
        step_door(who);
        break;
    case 1:
        step_raw(in, who);
        break;
    case 2:
    case 3:
        step_read(in, who);
        break;
    case 4:
        now += take(in) * 64u;
        assert(ts_relay_run(relay, now) > now);
        break;
    default:
        step_frame(in, who);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input in = { data, data + size };

    now = 0;
    memset(clients, 0, sizeof(clients));
    memset(&machine_reader, 0, sizeof(machine_reader));
    relay = ts_relay_create();
    assert(relay);
    while (in.at < in.end)
        step(&in);
    ts_relay_destroy(relay);
    return 0;
}
