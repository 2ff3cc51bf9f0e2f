/* SPDX-License-Identifier: MIT */
/*
 * Vector numbers in trap frames; shared with assembly.
 */
#ifndef MINI_OS_TRAPNR_H
#define MINI_OS_TRAPNR_H

#define TRAP_DIVIDE_ERROR  0
#define TRAP_DEBUG         1
#define TRAP_NMI           2
#define TRAP_INT3          3
#define TRAP_OVERFLOW      4
#define TRAP_BOUNDS        5
#define TRAP_INVALID_OP    6
#define TRAP_NO_DEVICE     7
#define TRAP_DOUBLE_FAULT  8
#define TRAP_INVALID_TSS   10
#define TRAP_NO_SEGMENT    11
#define TRAP_STACK_ERROR   12
#define TRAP_GP_FAULT      13
#define TRAP_PAGE_FAULT    14
#define TRAP_COPROC_ERROR  16
#define TRAP_ALIGNMENT     17
#define TRAP_MACHINE_CHECK 18
#define TRAP_SIMD_ERROR    19

/* Callbacks, numbered after the 256 vectors of the trap table. */
#define TRAP_CALLBACK_EVENT    256
#define TRAP_CALLBACK_FAILSAFE 257
#define TRAP_CALLBACK_SYSCALL  258
#define TRAP_COUNT             259

#endif
