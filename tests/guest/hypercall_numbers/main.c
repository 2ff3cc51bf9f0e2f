/* SPDX-License-Identifier: MIT */
/*
 * Behaviour: RAX selects the hypercall; a number without one is refused, wherever it
 * comes from, and no register but RAX changes for the caller (RCX and R11 are SYSCALL's).
 * Provocation: numbers that have never been given out, those just behind the table, and
 * huge ones, by SYSCALL and through the hypercall page.
 * Expected: -ENOSYS each time; the same hypercall gives the same answer both ways.
 */
#include <test.h>

#include <abi/version.h>
#include <mini-os/hypercall.h>

COVERS(xen_version);

static void check_unknown(void)
{
    static const unsigned long numbers[] = {
        11,         43,         47,         56,          60,
        63,         64,         127,        128,         1000,
        0x7fffffff, 0x80000000, 0xffffffff, 0x100000000, 0x8000000000000000,
        ~0UL,
    };

    for (unsigned int i = 0; i < ARRAY_SIZE(numbers); i++)
        if (!check_eq(hypercall_raw(numbers[i], 0, 0, 0, 0, 0), -ENOSYS))
            note("number %#lx", numbers[i]);
}

/* Each register holds a value of its own and has it afterwards. */
static void check_registers(void)
{
    uint64_t rax = __HYPERVISOR_xen_version, rdi = XENVER_version, rsi = 0, rdx = 0xd;
    register uint64_t r8 asm("r8") = 0x8;
    register uint64_t r9 asm("r9") = 0x9;
    register uint64_t r10 asm("r10") = 0x10;
    register uint64_t r12 asm("r12") = 0x12;
    register uint64_t r13 asm("r13") = 0x13;
    register uint64_t r14 asm("r14") = 0x14;
    register uint64_t r15 asm("r15") = 0x15;

    asm volatile("syscall"
                 : "+a"(rax), "+D"(rdi), "+S"(rsi), "+d"(rdx), "+r"(r8), "+r"(r9),
                   "+r"(r10), "+r"(r12), "+r"(r13), "+r"(r14), "+r"(r15)
                 :
                 : "rcx", "r11", "memory");
    check(rdi == XENVER_version && rsi == 0 && rdx == 0xd, "argument registers");
    check(r8 == 8 && r9 == 9 && r10 == 0x10, "r8 to r10");
    check(r12 == 0x12 && r13 == 0x13 && r14 == 0x14 && r15 == 0x15, "r12 to r15");
    check_eq(rax, 4 << 16 | 17);
}

void test_main(void)
{
    check_unknown();
    check_registers();
    check_eq(hypercall_raw(__HYPERVISOR_xen_version, XENVER_pagesize, 0, 0, 0, 0),
             HYPERVISOR_xen_version(XENVER_pagesize, NULL));
}
