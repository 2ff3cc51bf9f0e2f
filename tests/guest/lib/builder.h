/* SPDX-License-Identifier: MIT */
/*
 * Building a second domain from within domain 0, through domctl, memory_op and mappings
 * of its frames, as a toolstack does.
 *
 * The guest is a copy of the test's own image, at the same addresses, with a stack of its
 * own. It enters a function of the test on one vCPU with events masked and no traps set.
 * Shared data of its own: hypercalls, the shared_info page, its child_args and its grant
 * table are there; the library's allocator, vCPU areas and console are not for it.
 */
#ifndef TEST_BUILDER_H
#define TEST_BUILDER_H

#include <abi/domctl.h>
#include <abi/grant_table.h>
#include <mini-os/compiler.h>
#include <mini-os/mm.h>

#define GUEST_MAX_PAGES 512

/* A page of the guest's memory that the builder keeps mapped until guest_unmap(). */
struct child_args {
    domid_t id;               /* the guest's own */
    evtchn_port_t port;       /* its end of the channel to the builder */
    grant_ref_t from_builder; /* by which it may map a page of the builder's */
    grant_entry_v1_t *grants; /* its grant table */
    void *page;               /* a page to grant */
    unsigned long page_mfn;
    void *window;            /* an address whose page-table entry is empty */
    volatile uint64_t state; /* what the two tell each other */
    volatile int64_t result;
};

typedef void child_main_t(struct child_args *args);

struct guest {
    domid_t id;
    unsigned int nr_pages;
    unsigned long mfn[GUEST_MAX_PAGES]; /* by page of its address space */
    unsigned long root_mfn, grant_mfn, shared_info_mfn;
    struct child_args *args;  /* where the builder sees the page */
    grant_entry_v1_t *grants; /* and the guest's grant table */
    struct shared_info *shared;
};

/* A domctl for domain id; a negative errno. The command's member of op->u is filled in. */
int domctl(struct xen_domctl *op, unsigned int cmd, domid_t id);
/* One without arguments. */
int domctl_simple(unsigned int cmd, domid_t id);

/* The configuration that guest_create() uses. */
void guest_config(struct xen_domctl_createdomain *config);

/*
 * In this order; each returns 0 or the negative errno of the step that failed, and leaves
 * a domain that guest_destroy() gets rid of.
 */
int guest_create(struct guest *g);   /* domain, vCPU, memory limit */
int guest_populate(struct guest *g); /* frames, M2P, mappings */
int guest_load(struct guest *g);     /* contents, tables, hypercall page */
int guest_pin(struct guest *g);
int guest_set_context(struct guest *g, child_main_t *entry);
int guest_unpause(const struct guest *g);

/* All of them. */
int guest_build(struct guest *g, child_main_t *entry);

/* Gives up the builder's mappings. */
void guest_unmap(struct guest *g);
/* Unmaps and destroys; waits until the domain is gone. 0, or what destroydomain said. */
int guest_destroy(struct guest *g);

/* The state that getdomaininfo tells; flags 0 and false when there is no such domain. */
bool guest_info(domid_t id, struct xen_domctl_getdomaininfo *info);

/* Free frames of the machine, as physinfo counts them. */
uint64_t machine_free_pages(void);

#endif
