/* SPDX-License-Identifier: MIT */
/*
 * Helpers of the C library glue.
 */
#ifndef MINI_OS_NEWLIB_INTERNAL_H
#define MINI_OS_NEWLIB_INTERNAL_H

#include <errno.h>

/* As POSIX wants it: a negative errno becomes -1 and errno; others pass. */
static inline long posix_result(long rc)
{
    if (rc >= 0)
        return rc;
    errno = -rc;
    return -1;
}

/*
 * From now on a C library lock that is held is passed by: exit() flushes the streams of a
 * thread that may be blocked for ever in reading one.
 */
void locks_stop_waiting(void);

#endif
