/* SPDX-License-Identifier: MIT */
/*
 * The daemon's end of a guest's xenstore page. The page is the guest's to scribble on: the
 * daemon's own indices are kept here, the guest's are read once each time and checked, and
 * bytes are copied out before anybody looks at them.
 *
 * A guest that starts over in the same domain (kexec, a boot loader's kernel) sets
 * `connection` to XENSTORE_RECONNECT and signals; the daemon empties both rings, forgets
 * watches and transactions, and answers with XENSTORE_CONNECTED. A ring whose indices
 * are impossible stays out of use, with the reason in `error`, until the guest does so.
 */
#ifndef TS_XS_RING_H
#define TS_XS_RING_H

#include <abi/io/xs_wire.h>
#include <ts/xs_transport.h>

struct xs_ring {
    struct xenstore_domain_interface *page;
    uint32_t req_cons, rsp_prod; /* ours; the page has copies for the guest */
    void (*signal)(void *context);
    void (*close)(void *context); /* may be NULL */
    void *context;
};

/*
 * Takes up service of a page, going on at the indices that it has, and tells the guest
 * what this daemon can do. signal(context) must send on the guest's event channel;
 * close(context) is called when the daemon is done with the ring: unmap, free.
 */
void xs_ring_init(struct xs_ring *ring, struct xenstore_domain_interface *page,
                  void (*signal)(void *context), void (*close)(void *context),
                  void *context);

/* A transport over the ring, which must stay where it is until close(). */
struct xs_transport xs_ring_transport(struct xs_ring *ring);

#endif
