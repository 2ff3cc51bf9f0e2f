/* SPDX-License-Identifier: MIT */
/*
 * Behaviour: the initial domain writes to and reads from the hypervisor's console.
 * Provocation: writes of nothing, of a line, of several pages; a read when nothing was
 * typed; bad addresses, huge counts; an unknown command.
 * Expected: 0 for writes, 0 bytes read, -EFAULT, -E2BIG for a read of 2 GiB, -ENOSYS.
 */
#include <test.h>

COVERS(console_io, CONSOLEIO_write, CONSOLEIO_read);

static void check_long_write(void)
{
    static char text[10000];

    for (unsigned int i = 0; i < sizeof(text); i++)
        text[i] = i % 100 == 99 ? '\n' : 'a' + i % 26;
    check_eq(HYPERVISOR_console_io(CONSOLEIO_write, sizeof(text), text), 0);
}

void test_main(void)
{
    char line[] = "a line through console_io\n";
    char buf[16];

    check_eq(HYPERVISOR_console_io(CONSOLEIO_write, 0, line), 0);
    check_eq(HYPERVISOR_console_io(CONSOLEIO_write, strlen(line), line), 0);
    check_long_write();
    check_eq(HYPERVISOR_console_io(CONSOLEIO_write, 1, (char *)0x10), -EFAULT);
    check_eq(HYPERVISOR_console_io(CONSOLEIO_read, sizeof(buf), buf), 0);
    check_eq(HYPERVISOR_console_io(CONSOLEIO_read, sizeof(buf), (char *)0x10), 0);
    check_eq(HYPERVISOR_console_io(CONSOLEIO_write, 1U << 31, (char *)0x10), -EFAULT);
    check_eq(HYPERVISOR_console_io(CONSOLEIO_read, 1U << 31, (char *)0x10), -E2BIG);
    check_eq(HYPERVISOR_console_io(2, 1, line), -ENOSYS);
}
