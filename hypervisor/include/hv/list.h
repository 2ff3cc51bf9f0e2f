/* SPDX-License-Identifier: MIT */
/* Intrusive doubly linked list with a head node. Callers provide the locking. */
#ifndef HV_LIST_H
#define HV_LIST_H

#include <hv/compiler.h>
#include <hv/types.h>

struct list {
    struct list *next, *prev;
};

#define LIST_INIT(name)  \
    {                    \
        &(name), &(name) \
    }

static inline void list_init(struct list *l)
{
    l->next = l->prev = l;
}

static inline bool list_is_empty(const struct list *l)
{
    return l->next == l;
}

/* Inserts node after pos (pos = the head: at the front). */
static inline void list_add(struct list *pos, struct list *node)
{
    node->next = pos->next;
    node->prev = pos;
    pos->next->prev = node;
    pos->next = node;
}

/* Inserts node before pos (pos = the head: at the end). */
static inline void list_add_tail(struct list *pos, struct list *node)
{
    list_add(pos->prev, node);
}

/* Unlinks node and leaves it an empty list, so that list_is_empty(node) tells. */
static inline void list_del(struct list *node)
{
    node->prev->next = node->next;
    node->next->prev = node->prev;
    list_init(node);
}

#define list_entry(node, type, member)       container_of(node, type, member)
#define list_first_entry(head, type, member) list_entry((head)->next, type, member)

#define list_for_each_entry(pos, head, member)                     \
    for (pos = list_entry((head)->next, __typeof__(*pos), member); \
         &pos->member != (head);                                   \
         pos = list_entry(pos->member.next, __typeof__(*pos), member))

#define list_for_each_entry_safe(pos, tmp, head, member)              \
    for (pos = list_entry((head)->next, __typeof__(*pos), member),    \
        tmp = list_entry(pos->member.next, __typeof__(*pos), member); \
         &pos->member != (head);                                      \
         pos = tmp, tmp = list_entry(tmp->member.next, __typeof__(*pos), member))

#endif
