/* SPDX-License-Identifier: MIT */
/*
 * The `state` node of each end of a split device.
 *
 * Specified by: xen/io/xenbus.h.
 */
#ifndef ABI_IO_XENBUS_H
#define ABI_IO_XENBUS_H

enum xenbus_state {
    XenbusStateUnknown = 0,
    XenbusStateInitialising = 1,
    XenbusStateInitWait = 2,    /* back end waits for the front end's details */
    XenbusStateInitialised = 3, /* details written, waits for the other end */
    XenbusStateConnected = 4,
    XenbusStateClosing = 5, /* an end wants to go, or the device was removed */
    XenbusStateClosed = 6,
    XenbusStateReconfiguring = 7,
    XenbusStateReconfigured = 8
};
typedef enum xenbus_state XenbusState;

#endif /* ABI_IO_XENBUS_H */
