/* SPDX-License-Identifier: MIT */
/*
 * What a test must leave as it found it: open ports are counted and compared; so are
 * granted entries that are still mapped. The hypervisor's free memory is noted where it
 * has changed, since it may keep some of what it allocates.
 */
#ifndef TEST_LEAK_H
#define TEST_LEAK_H

/* Before and after the test. The second one checks. */
void leak_begin(void);
void leak_end(void);

#endif
