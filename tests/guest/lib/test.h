/* SPDX-License-Identifier: MIT */
/*
 * The framework of the guest tests.
 *
 * A test is a directory tests/guest/NAME with main.c (more .c and .S files if needed).
 * Its head comment states behaviour, provocation and expected result; it lists the rows
 * of the ABI tables that it exercises with COVERS() and defines test_main(). Lines of
 * their own in a comment of main.c set up its machine:
 *
 *   qemu: -smp 4 -m 256             QEMU arguments
 *   also: -smp 2                    a further run, with these instead of qemu's
 *   dom0: max_vcpus=4 mem=128M      hypervisor options, less their prefix dom0_
 *   hypervisor: pv-l1tf=no          other hypervisor options
 *   args: TEXT                      the guest's own command line
 *   timeout: SECONDS                instead of 30
 *   expect: crash "REGEXP"          the domain is to crash, with such a console line
 *   case: ARG crash "REGEXP"        a further run with that command line, likewise
 *   xen: differs REASON             explains another result on Xen than on Pavise
 *   xen: hangs REASON               explains that there is none on Xen in time
 *
 * Output ends with one line "Test result: SUCCESS|SKIP|ERROR|FAILURE". SUCCESS: every
 * check held. FAILURE: a check did not. ERROR: the test could not be set up. SKIP: it
 * does not apply here. No such line: the guest died. What a test opens it closes: ports
 * and mapped grants that are left when test_main() returns are failures (leak.h).
 */
#ifndef TEST_H
#define TEST_H

#include <abi/errno.h>
#include <abi/hypercall_stubs.h>
#include <abi/xen.h>
#include <mini-os/boot.h>
#include <mini-os/console.h>
#include <mini-os/string.h>

/* The plain names of errors: EINVAL, ... */
enum test_errno {
#define XEN_ERRNO(name, value) name = value,
#include <abi/errno.def>
};

/* Names rows of the .def tables; read by the coverage report only. */
#define COVERS(...) _Static_assert(1, #__VA_ARGS__)

/* The test. Returning means that all has been checked. */
void test_main(void);

/* Counts; prints what and where if cond is false, and goes on. Returns cond. */
#define check(cond, what) test_check(!!(cond), (what), __FILE__, __LINE__)

/* The same for two integers; prints both, in decimal and in hex, if they differ. */
#define check_eq(expr, expected) \
    test_check_eq((long)(expr), (long)(expected), #expr, #expected, __FILE__, __LINE__)

/* End the test at once. */
#define skip(...)  test_end("SKIP", __VA_ARGS__)
#define error(...) test_end("ERROR", __VA_ARGS__)
#define fail(...)  test_end("FAILURE", __VA_ARGS__)

/* Ends the test with ERROR unless a step that the test itself needs has worked. */
#define require(cond)                                              \
    do {                                                           \
        if (!(cond))                                               \
            error("%s:%d: needed: %s", __FILE__, __LINE__, #cond); \
    } while (0)

/* Prints an observed value, on a line that starts with "NOTE: ". */
void note(const char *fmt, ...) printf_like(1, 2);

/* Behind the macros. May be called on every vCPU. */
bool test_check(bool ok, const char *what, const char *file, int line);
bool test_check_eq(long value, long expected, const char *expr, const char *expected_expr,
                   const char *file, int line);
noreturn void test_end(const char *result, const char *fmt, ...) printf_like(2, 3);

#endif
