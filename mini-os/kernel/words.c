/* SPDX-License-Identifier: MIT */
/*
 * A command line into words, with a shell's quotes: '...' as it is, "..." with \" and \\,
 * a backslash before any character outside of them.
 */
#include <mini-os/words.h>

#include <stdbool.h>
#include <stddef.h>

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* Takes one word from *from, writes it at *to with a zero, and advances both. */
static void take_word(const char **from, char **to)
{
    const char *in = *from;
    char *out = *to;
    char quote = '\0';

    for (; *in && (quote || !is_space(*in)); in++) {
        if (quote ? *in == quote : (*in == '\'' || *in == '"')) {
            quote = quote ? '\0' : *in;
            continue;
        }
        if (*in == '\\' && in[1] && quote != '\'' &&
            (!quote || in[1] == '"' || in[1] == '\\'))
            in++;
        *out++ = *in;
    }
    *from = *in ? in + 1 : in;
    *out++ = '\0';
    *to = out;
}

/* A word never becomes longer, so the text is rewritten in place. */
unsigned int split_words(char *line, char **words, unsigned int max)
{
    const char *from = line;
    char *to = line;
    unsigned int count = 0;

    for (;;) {
        while (is_space(*from))
            from++;
        if (!*from || count == max)
            return count;
        words[count++] = to;
        take_word(&from, &to);
    }
}
