/* SPDX-License-Identifier: MIT */
/* The server as a whole: its making and end, domains that come and go, turns. */
#include "server.h"

#include <stdlib.h>
#include <string.h>

#define TURNS_PER_STEP 16
#define WORK_PER_STEP  64u

static const char *const special_names[XS_SPECIAL_COUNT] = {
    [XS_SPECIAL_INTRODUCE] = "@introduceDomain",
    [XS_SPECIAL_RELEASE] = "@releaseDomain",
};

/* xorshift64*: the priorities of a treap need no better, only to be unknown to guests. */
uint32_t xs_random(struct xs_server *server)
{
    uint64_t x = server->random;

    x ^= x >> 12;
    x ^= x << 25;
    x ^= x >> 27;
    server->random = x;
    return (uint32_t)((x * 0x2545f4914f6cdd1dull) >> 32);
}

/* FNV-1a, which can be continued: the hash of a whole from the hash of its beginning. */
uint32_t xs_hash(uint32_t seed, const void *bytes, size_t length)
{
    const unsigned char *at = bytes;

    for (size_t i = 0; i < length; i++)
        seed = (seed ^ at[i]) * 0x01000193u;
    return seed;
}

void xs_log(struct xs_server *server, const char *text)
{
    if (server->config.log)
        server->config.log(server->config.context, text);
}

int xs_special_find(const struct xs_path *path)
{
    for (int i = 0; i < XS_SPECIAL_COUNT; i++)
        if (path->length == strlen(special_names[i]) &&
            !memcmp(path->text, special_names[i], path->length))
            return i;
    return -1;
}

void xs_special_fire(struct xs_server *server, enum xs_special special)
{
    struct xs_path path = { special_names[special],
                            (uint32_t)strlen(special_names[special]) };

    xs_watch_fire(server, &path, true, &server->special[special], 1);
}

/* --- making and end --- */
static void set_default(uint32_t *field, uint32_t value)
{
    if (!*field)
        *field = value;
}

static void configure(struct xs_config *config)
{
    struct xs_quota *quota = &config->quota;

    set_default(&quota->nodes, 1000);
    set_default(&quota->watches, 128);
    set_default(&quota->transactions, 10);
    set_default(&quota->transaction_nodes, 256);
    set_default(&quota->node_size, 2048);
    set_default(&quota->permissions, 5);
    set_default(&quota->requests, 20);
    set_default(&quota->memory, 1u << 20);
    set_default(&quota->events, 16u << 10);
    set_default(&config->transaction_age, 8192);
    if (!config->allocate) {
        config->allocate = malloc;
        config->release = free;
    }
}

static void init_buckets(struct xs_link *buckets, unsigned int count)
{
    for (unsigned int i = 0; i < count; i++)
        xs_link_init(&buckets[i]);
}

/* The root, and who may see domains come and go: nobody but domain 0. */
static int make_first(struct xs_server *server)
{
    static const struct xs_permission nobody = { 0, XS_ACCESS_NONE };
    struct xs_perms *perms;

    server->account0 = xs_account_get(server, 0);
    if (!server->account0 || xs_perms_make(server, &nobody, 1, &perms))
        return -XEN_ENOMEM;
    for (int i = 0; i < XS_SPECIAL_COUNT; i++)
        server->special[i] = xs_perms_get(perms);
    server->live.root = xs_node_new(server, "", 0, perms);
    xs_perms_put(server, perms);
    if (!server->live.root)
        return -XEN_ENOMEM;
    xs_charge(&server->live, server->account0, 1,
              (int64_t)xs_node_bytes(server->live.root));
    return 0;
}

struct xs_server *xs_server_create(const struct xs_config *config)
{
    struct xs_config settings = *config;
    struct xs_server *server;

    configure(&settings);
    server = settings.allocate(sizeof(*server));
    if (!server)
        return NULL;
    memset(server, 0, sizeof(*server));
    server->config = settings;
    server->random = settings.seed ? settings.seed : 1;
    server->live = (struct xs_view){ .server = server, .is_live = true };
    init_buckets(server->accounts, XS_ACCOUNT_BUCKETS);
    init_buckets(server->perms, XS_PERMS_BUCKETS);
    init_buckets(server->watches, XS_WATCH_BUCKETS);
    xs_link_init(&server->connections);
    init_buckets(server->turns, XS_TURN_LISTS);
    xs_link_init(&server->ages);
    if (make_first(server)) {
        xs_server_destroy(server);
        return NULL;
    }
    return server;
}

void xs_server_destroy(struct xs_server *server)
{
    xs_for_each_link_safe (link, &server->connections)
        xs_connection_free(xs_container(link, struct xs_connection, in_server));
    xs_node_put(server, server->live.root);
    for (int i = 0; i < XS_SPECIAL_COUNT; i++)
        xs_perms_put(server, server->special[i]);
    if (server->account0)
        xs_account_put(server, server->account0);
    server->config.release(server);
}

/* --- domains and other clients --- */
struct xs_connection *xs_server_find(struct xs_server *server, domid_t domid)
{
    struct xs_account *account = xs_account_find(server, domid);

    return account ? account->domain : NULL;
}

int xs_server_introduce(struct xs_server *server, domid_t domid,
                        const struct xs_transport *transport, struct xs_connection **out)
{
    struct xs_connection *connection = xs_server_find(server, domid);
    bool is_new = !connection;

    if (is_new) {
        connection = xs_connection_new(server, domid);
        if (!connection)
            return -XEN_ENOMEM;
        connection->is_domain = true;
        connection->account->domain = connection;
    } else {
        xs_connection_reset(connection);
        connection->is_shut_down = false;
    }
    xs_connection_set_transport(connection, transport);
    if (is_new)
        xs_special_fire(server, XS_SPECIAL_INTRODUCE);
    if (out)
        *out = connection;
    return 0;
}

/* Nobody has the rights of this domain any more through being its proxy. */
static void drop_targets(struct xs_server *server, const struct xs_account *account)
{
    if (!server->targets)
        return;
    xs_for_each_link (link, &server->connections) {
        struct xs_connection *connection =
            xs_container(link, struct xs_connection, in_server);

        if (connection->target == account)
            xs_connection_set_target(connection, NULL);
    }
}

int xs_server_release(struct xs_server *server, domid_t domid)
{
    struct xs_account *account = xs_account_find(server, domid);
    bool was_introduced;

    if (!domid)
        return -XEN_EINVAL;
    if (!account)
        return -XEN_ENOENT;
    was_introduced = account->domain;
    account->refs++;
    if (was_introduced) {
        xs_connection_free(account->domain);
        account->domain = NULL;
    }
    drop_targets(server, account);
    xs_account_forget(server, account);
    xs_account_put(server, account);
    if (was_introduced)
        xs_special_fire(server, XS_SPECIAL_RELEASE);
    return was_introduced ? 0 : -XEN_ENOENT;
}

int xs_server_shutdown(struct xs_server *server, domid_t domid)
{
    struct xs_connection *connection = xs_server_find(server, domid);

    if (!connection)
        return -XEN_ENOENT;
    if (!connection->is_shut_down) {
        connection->is_shut_down = true;
        xs_special_fire(server, XS_SPECIAL_RELEASE);
    }
    return 0;
}

int xs_server_connect(struct xs_server *server, domid_t domid,
                      const struct xs_transport *transport, struct xs_connection **out)
{
    struct xs_connection *connection = xs_connection_new(server, domid);

    if (!connection)
        return -XEN_ENOMEM;
    xs_connection_set_transport(connection, transport);
    if (out)
        *out = connection;
    return 0;
}

void xs_server_disconnect(struct xs_connection *connection)
{
    xs_connection_free(connection);
}

/* --- turns --- */
static void serve(struct xs_server *server, struct xs_connection *connection)
{
    bool more;

    server->work = 0;
    server->serving = connection;
    more = xs_connection_serve(connection);
    server->serving = NULL;
    xs_turn_charge(connection, server->work);
    if (connection->is_closed)
        xs_connection_free(connection);
    else if (more)
        xs_turn_wait(connection);
}

bool xs_server_step(struct xs_server *server)
{
    struct xs_connection *connection;
    uint32_t work = 0;

    for (int n = 0; n < TURNS_PER_STEP && work < WORK_PER_STEP; n++) {
        connection = xs_turn_next(server);
        if (!connection)
            break;
        serve(server, connection);
        work += server->work;
    }
    if (work && !server->waiting)
        xs_turn_idle(server);
    return server->waiting;
}

void xs_server_stats(const struct xs_server *server, struct xs_stats *stats)
{
    *stats = server->stats;
}
