/* SPDX-License-Identifier: MIT */
/* Doubly linked lists through a member of the listed structure; the head is a link too. */
#ifndef XENSTORE_LIST_H
#define XENSTORE_LIST_H

#include <stdbool.h>
#include <stddef.h>

struct xs_link {
    struct xs_link *next, *prev;
};

static inline void xs_link_init(struct xs_link *link)
{
    link->next = link->prev = link;
}

static inline bool xs_link_is_empty(const struct xs_link *head)
{
    return head->next == head;
}

/* Puts link at the end of head's list. */
static inline void xs_link_append(struct xs_link *head, struct xs_link *link)
{
    link->next = head;
    link->prev = head->prev;
    head->prev->next = link;
    head->prev = link;
}

/* Leaves link an empty list: removing it twice does no harm. */
static inline void xs_link_remove(struct xs_link *link)
{
    link->prev->next = link->next;
    link->next->prev = link->prev;
    xs_link_init(link);
}

#define xs_container(link, type, member) \
    ((type *)(void *)((char *)(link)-offsetof(type, member)))

/* pos: a struct xs_link *. The safe form allows for the removal of pos. */
#define xs_for_each_link(pos, head) \
    for (struct xs_link *pos = (head)->next; pos != (head); pos = pos->next)
#define xs_for_each_link_safe(pos, head)                                             \
    for (struct xs_link *pos = (head)->next, *pos##_next = pos->next; pos != (head); \
         pos = pos##_next, pos##_next = pos->next)

#endif
