/* SPDX-License-Identifier: MIT */
/*
 * Behaviour: a vCPU's vcpu_info can be moved, once, into memory of the guest's.
 * Provocation: offsets past the end of the frame and unaligned, frames that do not exist
 * or are page tables, a vCPU that does not exist; then a good one, twice; an NMI and
 * down for the vCPU that is not up.
 * Expected: -ENXIO for offsets, -EINVAL for frames, -ENOENT; the new place has the old
 * one's contents with everything pending; -EINVAL the second time.
 */
/* qemu: -smp 2 */
#include <test.h>

#include <abi/vcpu.h>
#include <mini-os/boot.h>
#include <mini-os/mm.h>

COVERS(vcpu_op, VCPUOP_register_vcpu_info, VCPUOP_send_nmi, VCPUOP_down);

#define OFFSET 64

static int set_place(unsigned int vcpu, uint64_t mfn, uint32_t offset)
{
    struct vcpu_register_vcpu_info op = { .mfn = mfn, .offset = offset };

    return HYPERVISOR_vcpu_op(VCPUOP_register_vcpu_info, vcpu, &op);
}

static void check_errors(uint64_t mfn)
{
    check_eq(set_place(1, mfn, PAGE_SIZE - 1), -ENXIO);
    check_eq(set_place(1, mfn, PAGE_SIZE - sizeof(struct vcpu_info) + 1), -ENXIO);
    check_eq(set_place(1, mfn, ~0U), -ENXIO);
    check_eq(set_place(1, mfn, 4), -ENXIO);
    check_eq(set_place(1, ~0UL, 0), -EINVAL);
    check_eq(set_place(1, 1UL << 40, 0), -EINVAL);
    check_eq(set_place(99, mfn, OFFSET), -ENOENT);
    check_eq(HYPERVISOR_vcpu_op(VCPUOP_register_vcpu_info, 1, (void *)0x10), -EFAULT);
}

static void check_moved(struct vcpu_info *info, uint64_t mfn)
{
    check_eq(set_place(1, mfn, OFFSET), 0);
    check_eq(info->evtchn_upcall_pending, 1);
    check_eq(info->evtchn_pending_sel, ~0UL);
    check(info->time.tsc_timestamp != 0, "it has the time");
    check_eq(set_place(1, mfn, 2 * OFFSET), -EINVAL);
}

void test_main(void)
{
    char *page = alloc_pages(1);
    uint64_t mfn = virt_to_mfn(page);

    check_errors(mfn);
    check_moved((struct vcpu_info *)(page + OFFSET), mfn);
    check_eq(HYPERVISOR_vcpu_op(VCPUOP_send_nmi, 1, NULL), 0);
    check_eq(HYPERVISOR_vcpu_op(VCPUOP_send_nmi, 99, NULL), -ENOENT);
    check_eq(HYPERVISOR_vcpu_op(VCPUOP_send_nmi, 1, (void *)0x10), -EINVAL);
    check_eq(HYPERVISOR_vcpu_op(VCPUOP_down, 1, NULL), 0);
}
