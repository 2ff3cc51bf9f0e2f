/* SPDX-License-Identifier: MIT */
/*
 * The hypervisor's console through HYPERVISOR_console_io.
 */
#include <mini-os/console.h>

#include <abi/hypercall_stubs.h>

#define LINE_MAX 512

void (*console_copy)(const char *text, size_t len);

void console_write(const char *text, size_t len)
{
    HYPERVISOR_console_io(CONSOLEIO_write, len, (char *)text);
}

int console_read(char *buf, size_t len)
{
    return HYPERVISOR_console_io(CONSOLEIO_read, len, buf);
}

int kvprintf(const char *fmt, va_list args)
{
    char line[LINE_MAX];
    int len = kvsnprintf(line, sizeof(line), fmt, args);

    if (len >= LINE_MAX)
        len = LINE_MAX - 1;
    console_write(line, len);
    if (console_copy)
        console_copy(line, len);
    return len;
}

int kprintf(const char *fmt, ...)
{
    va_list args;
    int len;

    va_start(args, fmt);
    len = kvprintf(fmt, args);
    va_end(args);
    return len;
}
