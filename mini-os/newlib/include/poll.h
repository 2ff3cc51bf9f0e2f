/* SPDX-License-Identifier: MIT */
/*
 * poll(): waiting for whichever of several descriptors is ready first.
 */
#ifndef _POLL_H
#define _POLL_H

#define POLLIN   0x01
#define POLLOUT  0x04
#define POLLERR  0x08 /* never set */
#define POLLHUP  0x10 /* never set */
#define POLLNVAL 0x20

typedef unsigned int nfds_t;

struct pollfd {
    int fd; /* negative: to be ignored */
    short events, revents;
};

/* timeout in ms; negative waits for ever. Returns how many have revents, 0 at the timeout. */
int poll(struct pollfd *fds, nfds_t count, int timeout);

#endif
