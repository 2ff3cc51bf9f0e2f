/* SPDX-License-Identifier: MIT */
/*
 * The hypercall page: 32 bytes per hypercall number. rcx and r11 survive a call, which
 * the SYSCALL instruction alone would not give: the stubs keep them on the stack.
 */
#include "internal.h"
#include <abi/xen.h>

/* push %rcx; push %r11; mov $nr, %eax; syscall; pop %r11; pop %rcx; ret */
static const uint8_t stub[] = { 0x51, 0x41, 0x53, 0xb8, 0,    0,    0,
                                0,    0x0f, 0x05, 0x41, 0x5b, 0x59, 0xc3 };
#define STUB_NR_OFFSET 4

/* Does not return: push %rcx; push %r11; push %rax; mov $23, %eax; syscall */
static const uint8_t iret_stub[] = { 0x51, 0x41, 0x53, 0x50, 0xb8, __HYPERVISOR_iret,
                                     0,    0,    0,    0x0f, 0x05 };

void pv_fill_hypercall_page(void *page)
{
    uint8_t *p = page;

    memset(p, 0xcc, PAGE_SIZE);
    for (unsigned int nr = 0; nr < PAGE_SIZE / 32; nr++, p += 32) {
        if (nr == __HYPERVISOR_iret) {
            memcpy(p, iret_stub, sizeof(iret_stub));
            continue;
        }
        memcpy(p, stub, sizeof(stub));
        p[STUB_NR_OFFSET] = (uint8_t)nr;
    }
}
