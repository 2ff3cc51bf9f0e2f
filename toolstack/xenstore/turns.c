/* SPDX-License-Identifier: MIT */
/*
 * Turns, fair by cost. Whatever is done in a turn is counted in units of work, and charged
 * to the connection: its next turn is due that much later in virtual time, which is the
 * work that a connection gets that always has something to do. Those in debt miss turns
 * while others wait; one that waits alone is served at once, whatever its debt, and time
 * goes on to it.
 *
 * The queue is a ring of lists, each for XS_TURN_QUANTUM units of virtual time, first come
 * first served within it. Looking for the next list that is not empty passes by no more of
 * them than somebody was charged for.
 *
 * Debt is at most XS_TURN_LISTS quanta, and becomes smaller whenever nobody waits. Who was
 * idle has saved up nothing. The privileged are never in debt.
 */
#include "server.h"

#define DEBT_LIMIT ((XS_TURN_LISTS - 1) * XS_TURN_QUANTUM)

static struct xs_link *list_at(struct xs_server *server, uint64_t time)
{
    return &server->turns[time / XS_TURN_QUANTUM % XS_TURN_LISTS];
}

void xs_turn_wait(struct xs_connection *connection)
{
    struct xs_server *server = connection->server;

    if (connection->is_closed || !xs_link_is_empty(&connection->in_turns))
        return;
    if (connection->due < server->now || connection->is_privileged)
        connection->due = server->now;
    xs_link_append(list_at(server, connection->due), &connection->in_turns);
    server->waiting++;
}

void xs_turn_leave(struct xs_connection *connection)
{
    if (xs_link_is_empty(&connection->in_turns))
        return;
    xs_link_remove(&connection->in_turns);
    connection->server->waiting--;
}

struct xs_connection *xs_turn_next(struct xs_server *server)
{
    struct xs_connection *connection;

    if (!server->waiting)
        return NULL;
    while (xs_link_is_empty(list_at(server, server->now)))
        server->now += XS_TURN_QUANTUM;
    connection =
        xs_container(list_at(server, server->now)->next, struct xs_connection, in_turns);
    xs_turn_leave(connection);
    return connection;
}

void xs_turn_charge(struct xs_connection *connection, uint32_t work)
{
    uint64_t limit = connection->server->now + DEBT_LIMIT;

    connection->due += work;
    if (connection->due > limit)
        connection->due = limit;
}

void xs_turn_idle(struct xs_server *server)
{
    server->now += XS_TURN_QUANTUM;
}
