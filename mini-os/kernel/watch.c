/* SPDX-License-Identifier: MIT */
/*
 * Watches: each has a token of its own, by which its events are sorted.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <mini-os/console.h>
#include <mini-os/events.h>

#include "xenbus.h"

struct xenbus_event {
    struct xenbus_event *next;
    char *path; /* to be freed */
};

static struct xenbus_watch *watches;
static unsigned long last_token;

static struct xenbus_watch **link_of(const char *token)
{
    struct xenbus_watch **link = &watches;

    while (*link && strcmp((*link)->token, token))
        link = &(*link)->next;
    return link;
}

static int tell_store(uint32_t type, const struct xenbus_watch *watch)
{
    const struct xenbus_part parts[] = {
        { watch->path, strlen(watch->path) + 1 },
        { watch->token, strlen(watch->token) + 1 },
    };
    struct xenbus_answer answer;
    int rc = xenbus_call(type, 0, parts, 2, &answer);

    if (!rc)
        free(answer.payload);
    return rc;
}

static void forget(struct xenbus_watch *watch)
{
    *link_of(watch->token) = watch->next;
    while (watch->first) {
        struct xenbus_event *event = watch->first;

        watch->first = event->next;
        free(event->path);
        free(event);
    }
}

int xenbus_watch(struct xenbus_watch *watch, const char *path)
{
    int rc;

    memset(watch, 0, sizeof(*watch));
    watch->path = path;
    ksnprintf(watch->token, sizeof(watch->token), "%lu", ++last_token);
    watch->next = watches;
    watches = watch;
    rc = tell_store(XS_WATCH, watch);
    if (rc)
        forget(watch);
    return rc;
}

int xenbus_unwatch(struct xenbus_watch *watch)
{
    int rc = tell_store(XS_UNWATCH, watch);

    forget(watch);
    return rc;
}

/* Watches may come and go while the store is told of one. */
static struct xenbus_watch *next_to_renew(void)
{
    struct xenbus_watch *watch = watches;

    while (watch && !watch->to_be_renewed)
        watch = watch->next;
    return watch;
}

void xenbus_renew_watches(void)
{
    struct xenbus_watch *watch;

    for (watch = watches; watch; watch = watch->next)
        watch->to_be_renewed = true;
    while ((watch = next_to_renew())) {
        watch->to_be_renewed = false;
        tell_store(XS_WATCH, watch);
    }
}

void xenbus_deliver_event(char *payload, size_t len)
{
    size_t path_len = strlen(payload);
    const char *token = path_len < len ? payload + path_len + 1 : "";
    struct xenbus_watch *watch = *link_of(token);
    struct xenbus_event *event = watch ? malloc(sizeof(*event)) : NULL;

    if (!event) {
        free(payload);
        return;
    }
    *event = (struct xenbus_event){ .path = payload };
    if (watch->first)
        watch->last->next = event;
    else
        watch->first = event;
    watch->last = event;
    semaphore_post(&watch->events);
}

char *xenbus_watch_next(struct xenbus_watch *watch, uint64_t deadline)
{
    struct xenbus_event *event;
    char *path;

    if (semaphore_wait(&watch->events, deadline))
        return NULL;
    event = watch->first;
    watch->first = event->next;
    path = event->path;
    free(event);
    return path;
}
