/* SPDX-License-Identifier: MIT */
/*
 * A line of text into words, as a shell splits it.
 */
#ifndef MINI_OS_WORDS_H
#define MINI_OS_WORDS_H

/*
 * Splits line in place: '...' as it is, "..." with \" and \\, a backslash before any
 * character outside of quotes; a quote that is not closed ends with the line. At most max
 * words. Returns how many there are.
 */
unsigned int split_words(char *line, char **words, unsigned int max);

#endif
