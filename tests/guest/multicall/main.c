/* SPDX-License-Identifier: MIT */
/*
 * Behaviour: a multicall executes its entries in order and stores each one's result.
 * Provocation: different hypercalls in one list, failing ones in between, an unknown
 * number, a nested multicall, an empty list, a list at a bad address.
 * Expected: every entry is executed whatever the others returned; -ENOSYS for the unknown
 * number; -EINVAL for the nested one; 0 for the empty list; -EFAULT for the bad address.
 */
#include <test.h>

#include <abi/sched.h>
#include <abi/version.h>
#include <mini-os/mm.h>

COVERS(multicall);

static multicall_entry_t entry(unsigned long op, unsigned long arg0, unsigned long arg1,
                               unsigned long arg2)
{
    return (multicall_entry_t){ .op = op, .args = { arg0, arg1, arg2 } };
}

static void check_mixed(void)
{
    multicall_entry_t list[] = {
        entry(__HYPERVISOR_xen_version, XENVER_pagesize, 0, 0),
        entry(__HYPERVISOR_xen_version, 99, 0, 0),
        entry(60, 0, 0, 0),
        entry(__HYPERVISOR_sched_op, SCHEDOP_yield, 0, 0),
        entry(__HYPERVISOR_xen_version, XENVER_version, 0, 0),
    };

    check_eq(HYPERVISOR_multicall(list, ARRAY_SIZE(list)), 0);
    check_eq(list[0].result, 4096);
    check_eq(list[1].result, -ENOSYS);
    check_eq(list[2].result, -ENOSYS);
    check_eq(list[3].result, 0);
    check_eq(list[4].result, 4 << 16 | 17);
    check_eq(list[1].args[0], 99);
}

/* Two updates of the same entry: the order shows in what is left. */
static void check_order(void)
{
    char *page = alloc_page();
    unsigned long va = (unsigned long)page;
    pte_t rw = pte_make(virt_to_mfn(page), PTE_RW);
    pte_t ro = pte_make(virt_to_mfn(page), PTE_RO);
    multicall_entry_t list[] = {
        entry(__HYPERVISOR_update_va_mapping, va, ro, UVMF_INVLPG),
        entry(__HYPERVISOR_update_va_mapping, va, rw, UVMF_INVLPG),
        entry(__HYPERVISOR_update_va_mapping, va, ro, UVMF_INVLPG),
    };

    check_eq(HYPERVISOR_multicall(list, ARRAY_SIZE(list)), 0);
    check(!(pte_of(page) & PTE_W), "the last entry was the last to be executed");
    check_eq(page_make_rw(page), 0);
    free_page(page);
}

static void check_nested(void)
{
    multicall_entry_t inner = entry(__HYPERVISOR_xen_version, XENVER_pagesize, 0, 0);
    multicall_entry_t outer[] = {
        entry(__HYPERVISOR_multicall, (unsigned long)&inner, 1, 0),
        entry(__HYPERVISOR_xen_version, XENVER_pagesize, 0, 0),
    };

    check_eq(HYPERVISOR_multicall(outer, ARRAY_SIZE(outer)), 0);
    check_eq(outer[0].result, -EINVAL);
    check_eq(outer[1].result, 4096);
}

void test_main(void)
{
    check_mixed();
    check_order();
    check_nested();
    check_eq(HYPERVISOR_multicall(NULL, 0), 0);
    check_eq(HYPERVISOR_multicall((void *)0x10, 1), -EFAULT);
}
