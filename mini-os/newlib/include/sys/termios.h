/* SPDX-License-Identifier: MIT */
/*
 * Terminal modes of /dev/console; what is not listed here is not supported.
 */
#ifndef _SYS_TERMIOS_H
#define _SYS_TERMIOS_H

#include <sys/types.h>

typedef unsigned int tcflag_t;
typedef unsigned char cc_t;
typedef unsigned int speed_t;

#define NCCS 8

struct termios {
    tcflag_t c_iflag, c_oflag, c_cflag, c_lflag;
    cc_t c_cc[NCCS];
};

/* c_cc without ICANON: with VMIN 0, read() returns 0 when VTIME tenths of a second have
 * passed without a byte; else it waits for one byte at least. */
#define VMIN  0
#define VTIME 1

/* c_iflag; only ICRNL has an effect */
#define BRKINT 0x01
#define ICRNL  0x02
#define INPCK  0x04
#define ISTRIP 0x08
#define IXON   0x10

/* c_oflag */
#define OPOST 0x01

/* c_cflag; none has an effect */
#define CREAD 0x01
#define CS8   0x02

/* c_lflag; ICANON and ECHO have an effect */
#define ICANON 0x01
#define ECHO   0x02
#define ECHOE  0x04
#define ECHOK  0x08
#define IEXTEN 0x10
#define ISIG   0x20

/* tcsetattr(): all the same */
#define TCSANOW   0
#define TCSADRAIN 1
#define TCSAFLUSH 2

int tcgetattr(int fd, struct termios *modes);
int tcsetattr(int fd, int when, const struct termios *modes);

#endif
