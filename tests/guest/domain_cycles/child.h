/* SPDX-License-Identifier: MIT */
/* The domain that is killed: what it does meanwhile. */
#ifndef CHILD_H
#define CHILD_H

#include <builder.h>

#define CHILD_REF GNTTAB_NR_RESERVED_ENTRIES

enum deed {
    DEED_PIN,     /* pins and unpins a tree of tables, for ever */
    DEED_MAP,     /* maps and unmaps a page of domain 0's */
    DEED_GRANT,   /* grants a page to domain 0, and takes it back when it can */
    DEED_TIMER,   /* sets its timer to a moment that is over or near, and waits for it */
    DEED_EVENTS,  /* sends domain 0 events */
    DEED_SUICIDE, /* executes what it has no handler for */
    DEED_SHUTDOWN,
    NR_DEEDS,
};

/* Shared with domain 0, behind the child_args in their page. */
struct order {
    uint32_t deed;
    uint64_t root_mfn;       /* of the tree */
    volatile uint64_t began; /* how often it has begun */
};

static inline struct order *order_of(struct child_args *args)
{
    return (struct order *)(args + 1);
}

/* Where it starts. */
void child(struct child_args *args);

#endif
