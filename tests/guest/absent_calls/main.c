/* SPDX-License-Identifier: MIT */
/*
 * Behaviour: a hypercall that is left out answers as a number that was never given out.
 * Provocation: every row of the table that is marked absent, with arguments of 0 and with
 * arguments that would be bad handles.
 * Expected: -ENOSYS, so that guests fall back.
 */
/* xen: differs xenoprof, hvm, kexec, xenpmu, dm, hypfs and mca calls are left out */
#include <test.h>

#include <mini-os/hypercall.h>

COVERS(xsm_op, xenoprof_op, hvm_op, kexec_op, tmem_op, argo_op, xenpmu_op, dm_op,
       hypfs_op, mca, arch_1, arch_2, arch_3, arch_4, arch_5, arch_6, arch_7);

#define BAD 0x10UL

static void check_absent(unsigned long number, const char *name)
{
    if (!check_eq(hypercall_raw(number, 0, 0, 0, 0, 0), -ENOSYS) ||
        !check_eq(hypercall_raw(number, ~0U, BAD, BAD, BAD, BAD), -ENOSYS))
        note("%s", name);
}

void test_main(void)
{
#define HYPERCALL_ABSENT(nr, name) check_absent(nr, #name);
#include <abi/hypercalls.def>
}
