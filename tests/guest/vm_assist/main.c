/* SPDX-License-Identifier: MIT */
/*
 * Behaviour: vm_assist switches each known assistance on and off.
 * Provocation: every type of the table, twice on and twice off; types without a row;
 * unknown commands.
 * Expected: 0; -EINVAL for a type, -ENOSYS for a command.
 */
#include <test.h>

COVERS(vm_assist, VMASST_CMD_enable, VMASST_CMD_disable, VMASST_TYPE_4gb_segments,
       VMASST_TYPE_4gb_segments_notify, VMASST_TYPE_writable_pagetables,
       VMASST_TYPE_pae_extended_cr3, VMASST_TYPE_architectural_iopl,
       VMASST_TYPE_runstate_update_flag, VMASST_TYPE_m2p_strict);

static void check_type(unsigned int type)
{
    for (int i = 0; i < 2; i++)
        check_eq(HYPERVISOR_vm_assist(VMASST_CMD_enable, type), 0);
    for (int i = 0; i < 2; i++)
        check_eq(HYPERVISOR_vm_assist(VMASST_CMD_disable, type), 0);
}

void test_main(void)
{
    static const unsigned int unknown[] = { 6, 31, 33, 63, 64, 1U << 31, ~0U };

#define VM_ASSIST(type, name, suffix) check_type(type);
#include <abi/ops/vm_assist.def>
    for (unsigned int i = 0; i < sizeof(unknown) / sizeof(unknown[0]); i++) {
        check_eq(HYPERVISOR_vm_assist(VMASST_CMD_enable, unknown[i]), -EINVAL);
        check_eq(HYPERVISOR_vm_assist(VMASST_CMD_disable, unknown[i]), -EINVAL);
    }
    check_eq(HYPERVISOR_vm_assist(2, VMASST_TYPE_writable_pagetables), -ENOSYS);
    check_eq(HYPERVISOR_vm_assist(~0U, VMASST_TYPE_writable_pagetables), -ENOSYS);
}
