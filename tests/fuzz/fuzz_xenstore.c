/* SPDX-License-Identifier: MIT */
/*
 * The xenstore daemon fed by three clients: domain 0, and guests 1 and 2 over rings. The
 * input is a list of commands: a byte says who sends, how (whole requests with a good
 * header, raw bytes, new index values, a reconnect) and whether the client reads; a byte
 * says how much. After each input all invariants hold and nothing is left allocated.
 */
#include <ts/xs_ring.h>
#include <ts/xs_local.h>
#include <ts/xs_server.h>

#include <abi/errno.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define CLIENTS 3u

struct input {
    const uint8_t *at, *end;
};

static struct xenstore_domain_interface page[CLIENTS];
static struct xs_ring ring[CLIENTS];
static struct xs_connection *connection[CLIENTS]; /* NULL: closed */
static size_t allocations;

static void *fuzz_allocate(size_t size)
{
    allocations++;
    return malloc(size);
}

static void fuzz_release(void *memory)
{
    allocations--;
    free(memory);
}

static void ignore(void *context)
{
    (void)context;
}

static void on_close(void *context)
{
    *(struct xs_connection **)context = NULL;
}

static int refuse(void *context, domid_t domid, uint64_t gfn, uint32_t port,
                  struct xs_transport *transport)
{
    (void)context, (void)domid, (void)gfn, (void)port, (void)transport;
    return -XEN_EINVAL;
}

static uint8_t next(struct input *input)
{
    return input->at < input->end ? *input->at++ : 0;
}

static void put(unsigned int who, const void *bytes, uint32_t length)
{
    for (uint32_t i = 0; i < length; i++)
        page[who].req[MASK_XENSTORE_IDX(page[who].req_prod++)] = ((const char *)bytes)[i];
}

/* A request with a header that is right, but for what the input says of it. */
static void put_request(unsigned int who, struct input *input)
{
    struct xsd_sockmsg header = { next(input) % 24, 1, next(input) % 4, next(input) };

    if (header.len > (size_t)(input->end - input->at))
        header.len = (uint32_t)(input->end - input->at);
    put(who, &header, sizeof(header));
    put(who, input->at, header.len);
    input->at += header.len;
}

static void put_raw(unsigned int who, struct input *input)
{
    uint32_t length = next(input);

    if (length > (size_t)(input->end - input->at))
        length = (uint32_t)(input->end - input->at);
    put(who, input->at, length);
    input->at += length;
}

static void command(struct xs_server *server, struct input *input)
{
    uint8_t what = next(input);
    unsigned int who = what % CLIENTS;

    switch (what / CLIENTS % 8) {
    case 0:
        put_raw(who, input);
        break;
    case 1:
        page[who].req_prod += next(input) * 8u;
        break;
    case 2:
        page[who].rsp_cons += next(input) * 8u;
        break;
    case 3:
        page[who].connection = XENSTORE_RECONNECT;
        break;
    default:
        put_request(who, input);
    }
    if (what & 0x80)
        page[who].rsp_cons = page[who].rsp_prod;
    if (connection[who])
        xs_connection_ready(connection[who]);
    while (xs_server_step(server))
        continue;
}

static void make_homes(struct xs_server *server)
{
    struct xs_local *root = xs_local_open(server, 0);
    struct xs_permission mine[] = { { 1, XS_ACCESS_NONE }, { 2, XS_ACCESS_READ } };

    xs_local_write(root, 0, "/local/domain/1/a", "x", 1);
    xs_local_set_permissions(root, 0, "/local/domain/1", mine, 2);
    xs_local_set_permissions(root, 0, "/local/domain/1/a", mine, 1);
    mine[0].domid = 2;
    xs_local_write(root, 0, "/local/domain/2/b", "x", 1);
    xs_local_set_permissions(root, 0, "/local/domain/2", mine, 1);
    xs_local_close(root);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct xs_config config = { .allocate = fuzz_allocate,
                                .release = fuzz_release,
                                .introduce = refuse,
                                .transaction_age = 16,
                                .quota = { .nodes = 20, .watches = 4, .events = 300 } };
    struct xs_server *server = xs_server_create(&config);
    struct input input = { data, data + size };

    memset(page, 0, sizeof(page));
    for (unsigned int i = 0; i < CLIENTS; i++) {
        struct xs_transport transport;

        xs_ring_init(&ring[i], &page[i], ignore, on_close, &connection[i]);
        transport = xs_ring_transport(&ring[i]);
        if (i < CLIENTS - 1)
            xs_server_introduce(server, (domid_t)(i + 1), &transport, &connection[i]);
        else
            xs_server_connect(server, 0, &transport, &connection[i]);
    }
    make_homes(server);
    while (input.at < input.end)
        command(server, &input);
    if (!xs_server_check(server))
        abort();
    xs_server_destroy(server);
    if (allocations)
        abort();
    return 0;
}
