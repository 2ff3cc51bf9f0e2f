/* SPDX-License-Identifier: MIT */
/* What the fuzzed code needs of the hypervisor's library, on the host. */
#include <hv/lib.h>

#include <stdlib.h>

/* Formatted, so that its arguments are looked at; not printed. */
void log_printf(enum log_level level, const char *fmt, ...)
{
    char line[256];
    va_list ap;

    (void)level;
    va_start(ap, fmt);
    vsnprintf(line, sizeof(line), fmt, ap);
    va_end(ap);
}

void panic(const char *fmt, ...)
{
    (void)fmt;
    abort();
}

size_t strlcpy(char *dst, const char *src, size_t size)
{
    size_t n = strlen(src);

    if (size) {
        size_t copied = n < size ? n : size - 1;

        memcpy(dst, src, copied);
        dst[copied] = '\0';
    }
    return n;
}
