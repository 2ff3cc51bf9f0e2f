/* SPDX-License-Identifier: MIT */
/*
 * The rings that domain 0 reads: the console's with garbage and wrong indices, xenstore's
 * with those and with requests of any kind.
 */
#include <linux/kernel.h>
#include <linux/string.h>

#include <xen/interface/event_channel.h>
#include <xen/interface/io/console.h>
#include <xen/interface/io/xs_wire.h>
#include <xen/page.h>
#include <xen/xenbus.h>

#include <asm/xen/hypervisor.h>

#include "hostile.h"

#define TYPES 30 /* of requests: one or two more than there are */

static void notify(evtchn_port_t port)
{
    struct evtchn_send send = { .port = port };

    hypercall(__HYPERVISOR_event_channel_op, EVTCHNOP_send, (u64)&send, 0, 0, 0);
}

static void console_round(struct attacker *self)
{
    struct xencons_interface *ring = mfn_to_virt(xen_start_info->console.domU.mfn);

    for (unsigned int i = 0; i < 64; i++)
        ring->out[below(self, sizeof(ring->out))] = (char)any(self);
    if (once_in(self, 4)) {
        WRITE_ONCE(ring->out_prod, (u32)wild(self));
        WRITE_ONCE(ring->in_cons, (u32)wild(self));
    } else {
        WRITE_ONCE(ring->out_prod, ring->out_cons + below(self, 2 * sizeof(ring->out)));
    }
    if (once_in(self, 4)) {
        WRITE_ONCE(ring->out_cons, (u32)wild(self));
        WRITE_ONCE(ring->in_prod, (u32)wild(self));
    }
    notify(xen_start_info->console.domU.evtchn);
}

const struct attack attack_console = { "console", console_round };

static void put(struct xenstore_domain_interface *ring, u32 *at, const void *data,
                size_t size)
{
    for (const char *byte = data; size; size--)
        ring->req[MASK_XENSTORE_IDX((*at)++)] = *byte++;
}

static void request(struct attacker *self, struct xenstore_domain_interface *ring)
{
    static const char *const path[] = {
        "/",
        "/local/domain/0",
        "/local/domain/0/name",
        "@releaseDomain",
        "name",
        "control",
        "/local/domain/2/control/shutdown",
        "/tool",
        "a/b/c/d/e/f/g/h",
        "..",
        "//",
        "",
    };
    const char *name = path[below(self, ARRAY_SIZE(path))];
    u32 at = READ_ONCE(ring->req_prod);
    struct xsd_sockmsg head = {
        .type = once_in(self, 16) ? (u32)any(self) : below(self, TYPES),
        .req_id = (u32)any(self),
        .tx_id = once_in(self, 4) ? below(self, 20) : 0,
        .len = strlen(name) + 1 + 16,
    };

    if (once_in(self, 8))
        head.len = once_in(self, 2) ? (u32)wild(self) : below(self, 5000);
    put(ring, &at, &head, sizeof(head));
    put(ring, &at, name, strlen(name) + 1);
    memset(self->scratch, once_in(self, 2) ? 'a' : 0, 16);
    put(ring, &at, self->scratch, 16);
    wmb();
    WRITE_ONCE(ring->req_prod, at);
    /* Answers are taken without being read. */
    WRITE_ONCE(ring->rsp_cons, READ_ONCE(ring->rsp_prod));
}

static void xenstore_round(struct attacker *self)
{
    struct xenstore_domain_interface *ring = xen_store_interface;

    if (once_in(self, 200)) {
        WRITE_ONCE(ring->req_prod, (u32)wild(self));
        WRITE_ONCE(ring->rsp_cons, (u32)wild(self));
    }
    if (once_in(self, 200)) {
        WRITE_ONCE(ring->req_cons, (u32)wild(self));
        WRITE_ONCE(ring->rsp_prod, (u32)wild(self));
    }
    if (once_in(self, 50)) {
        WRITE_ONCE(ring->connection, (u32)any(self));
        WRITE_ONCE(ring->server_features, (u32)any(self));
    }
    request(self, ring);
    notify(xen_start_info->store_evtchn);
}

const struct attack attack_xenstore = { "xenstore", xenstore_round };
