/* SPDX-License-Identifier: MIT */
/*
 * Behaviour: the flushing commands of mmuext_op make changed page-table entries visible,
 * on this vCPU, on chosen ones or on all.
 * Provocation: an entry is exchanged by mmu_update, which need not flush, and then
 * flushed by each command; masks of vCPUs that are all, none, or cannot be read; cache
 * flushes; commands that are left out or were never given out.
 * Expected: the new frame is seen; -EINVAL for a mask that cannot be read, -EOPNOTSUPP
 * for superpage marks, -ENOSYS for unknown commands; *done counts what took effect.
 */
/* qemu: -smp 2 */
/* dom0: max_vcpus=2 */
#include <test.h>

#include <mini-os/mm.h>

COVERS(mmuext_op, MMUEXT_TLB_FLUSH_LOCAL, MMUEXT_INVLPG_LOCAL, MMUEXT_TLB_FLUSH_MULTI,
       MMUEXT_INVLPG_MULTI, MMUEXT_TLB_FLUSH_ALL, MMUEXT_INVLPG_ALL, MMUEXT_FLUSH_CACHE,
       MMUEXT_FLUSH_CACHE_GLOBAL, MMUEXT_MARK_SUPER, MMUEXT_UNMARK_SUPER);

#define UNMAPPED    0x10UL
#define NEVER_GIVEN 99

static uint64_t *page[2];
static volatile uint64_t *window;
static uint64_t vcpu_mask;

static long flush(unsigned int cmd, unsigned long va, unsigned long mask)
{
    struct mmuext_op op = { .cmd = cmd, .arg1.linear_addr = va };

    op.arg2.vcpumask.p = (void *)mask;
    return HYPERVISOR_mmuext_op(&op, 1, NULL, DOMID_SELF);
}

/* Exchanges the frame behind the window until that, too, is seen through the command. */
static void check_flush(unsigned int cmd, unsigned long mask, const char *what)
{
    for (unsigned int i = 0; i < 4; i++) {
        uint64_t *next = page[i & 1];

        check_eq(
            mmu_update_one(pte_maddr(window, 1), pte_make(virt_to_mfn(next), PTE_RW)), 0);
        check_eq(flush(cmd, (unsigned long)window, mask), 0);
        if (!check_eq(*window, *next))
            note("%s", what);
    }
}

static void check_flushes(void)
{
    unsigned long mask = (unsigned long)&vcpu_mask;

    vcpu_mask = 3;
    check_flush(MMUEXT_TLB_FLUSH_LOCAL, 0, "TLB_FLUSH_LOCAL");
    check_flush(MMUEXT_INVLPG_LOCAL, 0, "INVLPG_LOCAL");
    check_flush(MMUEXT_TLB_FLUSH_MULTI, mask, "TLB_FLUSH_MULTI");
    check_flush(MMUEXT_INVLPG_MULTI, mask, "INVLPG_MULTI");
    check_flush(MMUEXT_TLB_FLUSH_ALL, 0, "TLB_FLUSH_ALL");
    check_flush(MMUEXT_INVLPG_ALL, 0, "INVLPG_ALL");
}

static void check_masks(void)
{
    unsigned long mask = (unsigned long)&vcpu_mask;

    vcpu_mask = 0;
    check_eq(flush(MMUEXT_TLB_FLUSH_MULTI, 0, mask), 0);
    check_eq(flush(MMUEXT_INVLPG_MULTI, (unsigned long)window, mask), 0);
    vcpu_mask = ~0UL;
    check_eq(flush(MMUEXT_TLB_FLUSH_MULTI, 0, mask), 0);
    check_eq(flush(MMUEXT_TLB_FLUSH_MULTI, 0, UNMAPPED), -EINVAL);
    check_eq(flush(MMUEXT_INVLPG_MULTI, (unsigned long)window, UNMAPPED), -EINVAL);
    check_eq(flush(MMUEXT_INVLPG_LOCAL, 0x800000000000, 0), 0);
    check_eq(flush(MMUEXT_INVLPG_ALL, HYPERVISOR_VIRT_START, 0), 0);
}

static void check_others(void)
{
    check_eq(flush(MMUEXT_FLUSH_CACHE, 0, 0), 0);
    check_eq(flush(MMUEXT_FLUSH_CACHE_GLOBAL, 0, 0), 0);
    check_eq(flush(MMUEXT_MARK_SUPER, virt_to_mfn(page[0]), 0), -EOPNOTSUPP);
    check_eq(flush(MMUEXT_UNMARK_SUPER, virt_to_mfn(page[0]), 0), -EOPNOTSUPP);
    check_eq(flush(14, 0, 0), -ENOSYS);
    check_eq(flush(NEVER_GIVEN, 0, 0), -ENOSYS);
}

static void check_counting(void)
{
    struct mmuext_op ops[3] = {
        { .cmd = MMUEXT_TLB_FLUSH_LOCAL },
        { .cmd = MMUEXT_TLB_FLUSH_ALL },
        { .cmd = NEVER_GIVEN },
    };
    unsigned int done = 77;

    check_eq(HYPERVISOR_mmuext_op(ops, 2, &done, DOMID_SELF), 0);
    check_eq(done, 2);
    check_eq(HYPERVISOR_mmuext_op(ops, 3, &done, DOMID_SELF), -ENOSYS);
    check_eq(done, 2);
    check_eq(HYPERVISOR_mmuext_op(ops, 0, &done, DOMID_SELF), 0);
    check_eq(done, 0);
    check_eq(HYPERVISOR_mmuext_op((void *)UNMAPPED, 1, &done, DOMID_SELF), -EFAULT);
    check_eq(done, 0);
    check_eq(HYPERVISOR_mmuext_op(ops, 1, NULL, 1234), -ESRCH);
}

void test_main(void)
{
    window = window_reserve(1);
    page[0] = alloc_page();
    page[1] = alloc_page();
    require(window && page[0] && page[1]);
    *page[0] = 100;
    *page[1] = 101;
    check_flushes();
    check_masks();
    check_others();
    check_counting();
    check_eq(unmap(window), 0);
    free_page(page[0]);
    free_page(page[1]);
}
