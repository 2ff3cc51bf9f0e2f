/* SPDX-License-Identifier: MIT */
/*
 * Interrupt lines. A level-triggered line stays masked from its event on until PHYSDEVOP_eoi;
 * if it is raised then still, or again, the event comes anew: nothing is lost.
 */
#include "line.h"

#include <abi/hypercall_stubs.h>
#include <abi/physdev.h>

static int map_pirq(unsigned int gsi)
{
    physdev_map_pirq_t map = {
        .domid = DOMID_SELF,
        .type = MAP_PIRQ_TYPE_GSI,
        .index = (int)gsi,
        .pirq = (int)gsi,
    };

    return (int)HYPERVISOR_physdev_op(PHYSDEVOP_map_pirq, &map);
}

static void unmap_pirq(unsigned int pirq)
{
    physdev_unmap_pirq_t unmap = { .domid = DOMID_SELF, .pirq = (int)pirq };

    HYPERVISOR_physdev_op(PHYSDEVOP_unmap_pirq, &unmap);
}

static void on_event(evtchn_port_t port, void *data)
{
    struct line *line = data;
    physdev_eoi_t eoi = { .irq = line->pirq };

    (void)port;
    line->handler(line->data);
    HYPERVISOR_physdev_op(PHYSDEVOP_eoi, &eoi);
}

int line_open(struct line *line, unsigned int gsi, line_handler_t *handler, void *data)
{
    int rc = map_pirq(gsi), port;

    if (rc)
        return rc;
    *line = (struct line){ .pirq = gsi, .handler = handler, .data = data };
    port = event_bind_pirq(gsi, on_event, line);
    if (port < 0) {
        unmap_pirq(gsi);
        return port;
    }
    line->port = (evtchn_port_t)port;
    return 0;
}

void line_close(struct line *line)
{
    if (!line->port)
        return;
    event_close(line->port);
    unmap_pirq(line->pirq);
    line->port = 0;
}
