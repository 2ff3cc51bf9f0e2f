/* SPDX-License-Identifier: MIT */
/*
 * ioctl() exists for the size of the terminal. Nobody tells what it is: it is 24 lines of
 * 80 columns until the program sets something else.
 */
#ifndef _SYS_IOCTL_H
#define _SYS_IOCTL_H

#define TIOCGWINSZ 1 /* struct winsize * */
#define TIOCSWINSZ 2 /* const struct winsize * */

struct winsize {
    unsigned short ws_row, ws_col, ws_xpixel, ws_ypixel;
};

/* Fails with ENOTTY, EINVAL for another request, or EBADF. */
int ioctl(int fd, unsigned long request, ...);

#endif
