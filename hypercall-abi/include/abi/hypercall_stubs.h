/* SPDX-License-Identifier: MIT */
/*
 * The guest side of every row of hypercalls.def: HYPERVISOR_<name>(...), with plain
 * pointers where the row has handles. The guest provides `hypercall_page`, a page that
 * the hypervisor fills in (XEN_ELFNOTE_HYPERCALL_PAGE): 32 bytes of code per number.
 *
 * Each returns what the hypervisor answers: >= 0, or a negative errno (abi/errno.h). All
 * argument registers, RCX and R11 may change. The stubs push a return address, so code
 * that uses them is compiled with -mno-red-zone. iret is not a call and has no stub: a
 * guest jumps to its slot of the page with the frame on the stack.
 */
#ifndef ABI_HYPERCALL_STUBS_H
#define ABI_HYPERCALL_STUBS_H

#include <abi/domctl.h>
#include <abi/event_channel.h>
#include <abi/physdev.h>
#include <abi/platform.h>
#include <abi/sysctl.h>
#include <abi/xen.h>

#ifdef __cplusplus
extern "C"
#else
extern
#endif
    char hypercall_page[4096];

/* Bytes from the start of the page to the code of hypercall nr. */
#define ABI_HYPERCALL_SLOT(nr) ((nr)*32)

/* rdi, rsi, rdx, r10 are in-out variables of the expanding function. */
#define ABI_HYPERCALL_ASM(nr, ...)                        \
    __asm__ volatile("call hypercall_page + %c[slot]"     \
                     : "=a"(ret), __VA_ARGS__             \
                     : [slot] "i"(ABI_HYPERCALL_SLOT(nr)) \
                     : "rcx", "r11", "memory")

#define ABI_CALL_1(nr, a)                   \
    unsigned long rdi = (unsigned long)(a); \
    ABI_HYPERCALL_ASM(nr, "+D"(rdi))
#define ABI_CALL_2(nr, a, b)                \
    unsigned long rdi = (unsigned long)(a); \
    unsigned long rsi = (unsigned long)(b); \
    ABI_HYPERCALL_ASM(nr, "+D"(rdi), "+S"(rsi))
#define ABI_CALL_3(nr, a, b, c)             \
    unsigned long rdi = (unsigned long)(a); \
    unsigned long rsi = (unsigned long)(b); \
    unsigned long rdx = (unsigned long)(c); \
    ABI_HYPERCALL_ASM(nr, "+D"(rdi), "+S"(rsi), "+d"(rdx))
#define ABI_CALL_4(nr, a, b, c, d)                                  \
    unsigned long rdi = (unsigned long)(a);                         \
    unsigned long rsi = (unsigned long)(b);                         \
    unsigned long rdx = (unsigned long)(c);                         \
    register unsigned long r10 __asm__("r10") = (unsigned long)(d); \
    ABI_HYPERCALL_ASM(nr, "+D"(rdi), "+S"(rsi), "+d"(rdx), "+r"(r10))

#define ABI_STUB(nargs, ...) ABI_CALL_##nargs(__VA_ARGS__)
#define ABI_UNPACK(...)      __VA_ARGS__

#define ABI_STUB_DEFINE(nr, name, nargs, params, args) \
    static inline long HYPERVISOR_##name params        \
    {                                                  \
        long ret;                                      \
        ABI_STUB(nargs, nr, ABI_UNPACK args);          \
        return ret;                                    \
    }

/* By number of arguments; the only call with none is iret. */
#define ABI_STUB_0(nr, name, params, args)
#define ABI_STUB_1(nr, name, params, args) ABI_STUB_DEFINE(nr, name, 1, params, args)
#define ABI_STUB_2(nr, name, params, args) ABI_STUB_DEFINE(nr, name, 2, params, args)
#define ABI_STUB_3(nr, name, params, args) ABI_STUB_DEFINE(nr, name, 3, params, args)
#define ABI_STUB_4(nr, name, params, args) ABI_STUB_DEFINE(nr, name, 4, params, args)

#define ABI_POINTER(T) __typeof__(((XEN_GUEST_HANDLE(T) *)0)->p)
#define HYPERCALL(nr, name, nargs, params, args, restart) \
    ABI_STUB_##nargs(nr, name, params, args)
#include <abi/hypercalls.def>

/* A call by number with as many as six arguments: for tests, and what has no row. */
static inline long abi_hypercall(unsigned int nr, unsigned long a1, unsigned long a2,
                                 unsigned long a3, unsigned long a4, unsigned long a5,
                                 unsigned long a6)
{
    register unsigned long r10 __asm__("r10") = a4;
    register unsigned long r8 __asm__("r8") = a5;
    register unsigned long r9 __asm__("r9") = a6;
    unsigned long slot = (unsigned long)hypercall_page + ABI_HYPERCALL_SLOT(nr);
    long ret;

    __asm__ volatile("call *%[slot]"
                     : "=a"(ret), "+D"(a1), "+S"(a2), "+d"(a3), "+r"(r10), "+r"(r8),
                       "+r"(r9)
                     : [slot] "0"(slot)
                     : "rcx", "r11", "memory");
    return ret;
}

#undef ABI_STUB
#undef ABI_STUB_DEFINE
#undef ABI_STUB_0
#undef ABI_STUB_1
#undef ABI_STUB_2
#undef ABI_STUB_3
#undef ABI_STUB_4
#undef ABI_CALL_1
#undef ABI_CALL_2
#undef ABI_CALL_3
#undef ABI_CALL_4
#undef ABI_HYPERCALL_ASM
#undef ABI_UNPACK

#endif /* ABI_HYPERCALL_STUBS_H */
