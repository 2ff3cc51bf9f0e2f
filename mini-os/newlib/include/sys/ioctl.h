/* SPDX-License-Identifier: MIT */
/*
 * ioctl() exists for programs that ask for the size of a terminal, which is not known.
 */
#ifndef _SYS_IOCTL_H
#define _SYS_IOCTL_H

#define TIOCGWINSZ 1

struct winsize {
    unsigned short ws_row, ws_col, ws_xpixel, ws_ypixel;
};

/* Fails with ENOTTY, or EBADF. */
int ioctl(int fd, unsigned long request, ...);

#endif
