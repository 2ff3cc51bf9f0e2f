/* SPDX-License-Identifier: MIT */
/* Interrupts of devices, by line or by message (MSI-X), as event channels. In threads. */
#ifndef MINI_OS_DEVICES_LINE_H
#define MINI_OS_DEVICES_LINE_H

#include <mini-os/events.h>

/* Called as an event's handler. The line is open again, and a level-triggered one may
 * call anew, when it returns. */
typedef void line_handler_t(void *data);

struct line {
    unsigned int pirq;
    evtchn_port_t port; /* 0: closed */
    bool is_message;
    unsigned int address; /* message: of which PCI function */
    line_handler_t *handler;
    void *data;
};

/*
 * Opens line gsi for the one handler, which may be called before this returns. Returns 0
 * or the hypervisor's negative errno: -XEN_EINVAL there is no such line, -XEN_EPERM it is
 * the hypervisor's own, -XEN_EBUSY or -XEN_EEXIST it is in use.
 */
int line_open(struct line *line, unsigned int gsi, line_handler_t *handler, void *data);

/*
 * Opens entry 0 of the PCI function's MSI-X table likewise, and switches the function to
 * MSI-X, with the other entries masked. Also -XEN_ENODEV: it has no MSI-X.
 */
int line_open_message(struct line *line, unsigned int address, line_handler_t *handler,
                      void *data);

/* The handler is not called any more. Nothing happens to a closed one. */
void line_close(struct line *line);

#endif
