/* SPDX-License-Identifier: MIT */
/*
 * Behaviour: the register state of a vCPU of another domain is set and read back.
 * Provocation: contexts, extended contexts, XSAVE areas and MSRs of a built domain; before
 * there is one; on oneself; of a vCPU that is not there; bad pointers, sizes and values.
 * Expected: -EINVAL, -ESRCH, -ENODATA, -EFAULT as they apply; what was set is read back.
 */
#include <builder.h>
#include <test.h>

COVERS(domctl, XEN_DOMCTL_setvcpucontext, XEN_DOMCTL_getvcpucontext,
       XEN_DOMCTL_set_ext_vcpucontext, XEN_DOMCTL_get_ext_vcpucontext,
       XEN_DOMCTL_setvcpuextstate, XEN_DOMCTL_getvcpuextstate, XEN_DOMCTL_get_vcpu_msrs,
       XEN_DOMCTL_set_vcpu_msrs);

#define MSR_TSC_AUX   0xc0000103
#define NOT_CANONICAL (1UL << 60)
#define HEAD          16
#define XSAVE_LEAST   (512 + 64)

static struct guest guest;
static struct xen_domctl op;
static struct vcpu_guest_context ctx;
static uint64_t area[1024];

static noreturn void child(struct child_args *args)
{
    for (;;)
        args->state++;
}

static int context(unsigned int cmd, domid_t id, unsigned int vcpu, void *at)
{
    op.u.vcpucontext.vcpu = vcpu;
    op.u.vcpucontext.ctxt.p = at;
    return domctl(&op, cmd, id);
}

static void check_no_context(void)
{
    check_eq(context(XEN_DOMCTL_getvcpucontext, guest.id, 0, &ctx), -ENODATA);
    check_eq(context(XEN_DOMCTL_getvcpucontext, guest.id, 1, &ctx), -EINVAL);
    check_eq(context(XEN_DOMCTL_getvcpucontext, 0, 0, &ctx), -EINVAL);
    check_eq(context(XEN_DOMCTL_setvcpucontext, guest.id, 1, &ctx), -EINVAL);
    check_eq(context(XEN_DOMCTL_setvcpucontext, 0, 0, &ctx), -EINVAL);
    check_eq(context(XEN_DOMCTL_setvcpucontext, guest.id, 0, (void *)0x10), -EFAULT);
    check_eq(context(XEN_DOMCTL_setvcpucontext, guest.id, 0, &ctx),
             -EINVAL); /* no root */
    check_eq(context(XEN_DOMCTL_setvcpucontext, guest.id, 0, NULL), 0);
}

static void check_context(void)
{
    check_eq(guest_set_context(&guest, child), 0);
    check_eq(context(XEN_DOMCTL_getvcpucontext, guest.id, 0, (void *)0x10), -EFAULT);
    check_eq(context(XEN_DOMCTL_getvcpucontext, guest.id, 0, &ctx), 0);
    check_eq(ctx.user_regs.rip, (unsigned long)child);
    check_eq(ctx.ctrlreg[3], xen_pfn_to_cr3(guest.root_mfn));
    check_eq(ctx.flags & VGCF_in_kernel, VGCF_in_kernel);
    ctx.user_regs.rbx = 0x1234;
    check_eq(context(XEN_DOMCTL_setvcpucontext, guest.id, 0, &ctx), 0);
    ctx.user_regs.rbx = 0;
    check_eq(context(XEN_DOMCTL_getvcpucontext, guest.id, 0, &ctx), 0);
    check_eq(ctx.user_regs.rbx, 0x1234);
    ctx.event_callback_eip = NOT_CANONICAL;
    check_eq(context(XEN_DOMCTL_setvcpucontext, guest.id, 0, &ctx), -EINVAL);
}

static int ext(unsigned int cmd, unsigned int vcpu)
{
    op.u.ext_vcpucontext.vcpu = vcpu;
    return domctl(&op, cmd, guest.id);
}

static void check_ext(void)
{
    const unsigned int shortest = offsetof(struct xen_domctl_ext_vcpucontext, mcg_cap);
    struct xen_domctl_ext_vcpucontext *const e = &op.u.ext_vcpucontext;

    check_eq(ext(XEN_DOMCTL_get_ext_vcpucontext, 1), -ESRCH);
    check_eq(ext(XEN_DOMCTL_get_ext_vcpucontext, 0), 0);
    check_eq(e->size, sizeof(*e));
    check_eq(ext(XEN_DOMCTL_set_ext_vcpucontext, 0), 0);
    e->size = shortest;
    check_eq(ext(XEN_DOMCTL_set_ext_vcpucontext, 0), 0);
    e->size = 0;
    check_eq(ext(XEN_DOMCTL_set_ext_vcpucontext, 0), -EINVAL);
    e->size = sizeof(*e);
    check_eq(ext(XEN_DOMCTL_set_ext_vcpucontext, 1), -ESRCH);
    e->syscall32_callback_eip = NOT_CANONICAL;
    check_eq(ext(XEN_DOMCTL_set_ext_vcpucontext, 0), -EINVAL);
    e->syscall32_callback_eip = 0;
    e->mcg_cap = ~0UL;
    check_eq(ext(XEN_DOMCTL_set_ext_vcpucontext, 0), -EINVAL);
}

static int xstate(unsigned int cmd, domid_t id, unsigned int vcpu, uint64_t mask,
                  uint64_t size)
{
    op.u.vcpuextstate.vcpu = vcpu;
    op.u.vcpuextstate.xfeature_mask = mask;
    op.u.vcpuextstate.size = size;
    op.u.vcpuextstate.buffer.p = area;
    return domctl(&op, cmd, id);
}

static void check_xstate(void)
{
    uint64_t mask, size;

    op.u.vcpuextstate = (struct xen_domctl_vcpuextstate){ 0 };
    check_eq(domctl(&op, XEN_DOMCTL_getvcpuextstate, guest.id), 0);
    mask = op.u.vcpuextstate.xfeature_mask;
    size = op.u.vcpuextstate.size;
    check_eq(mask & 3, 3);
    check(size > HEAD + 512 && size <= sizeof(area), "size");
    check_eq(xstate(XEN_DOMCTL_getvcpuextstate, guest.id, 1, mask, size), -ESRCH);
    check_eq(xstate(XEN_DOMCTL_getvcpuextstate, 0, 0, mask, size), -EINVAL);
    check_eq(xstate(XEN_DOMCTL_getvcpuextstate, guest.id, 0, 1, size), -EINVAL);
    check_eq(xstate(XEN_DOMCTL_getvcpuextstate, guest.id, 0, mask, 1), -EINVAL);
    check_eq(xstate(XEN_DOMCTL_setvcpuextstate, guest.id, 1, mask, HEAD), -ESRCH);
    check_eq(xstate(XEN_DOMCTL_setvcpuextstate, 0, 0, mask, HEAD), -EINVAL);
    check_eq(xstate(XEN_DOMCTL_setvcpuextstate, guest.id, 0, mask, HEAD - 1), -EINVAL);
    check_eq(xstate(XEN_DOMCTL_setvcpuextstate, guest.id, 0, mask, sizeof(area)),
             -EINVAL);
    check_eq(xstate(XEN_DOMCTL_getvcpuextstate, guest.id, 0, mask, size), 0);
    area[0] = area[1] = 3; /* x87 and SSE in use */
    check_eq(xstate(XEN_DOMCTL_setvcpuextstate, guest.id, 0, mask, HEAD + XSAVE_LEAST),
             0);
    area[0] = area[1] = 0;
    check_eq(xstate(XEN_DOMCTL_setvcpuextstate, guest.id, 0, mask, HEAD), 0);
    area[0] = area[1] = 1;
    check_eq(xstate(XEN_DOMCTL_setvcpuextstate, guest.id, 0, mask, HEAD), -EINVAL);
    area[0] = area[1] = ~0UL;
    check_eq(xstate(XEN_DOMCTL_setvcpuextstate, guest.id, 0, mask, size), -EINVAL);
}

static int msrs(unsigned int cmd, domid_t id, unsigned int vcpu, void *list,
                unsigned int n)
{
    op.u.vcpu_msrs.vcpu = vcpu;
    op.u.vcpu_msrs.msr_count = n;
    op.u.vcpu_msrs.msrs.p = list;
    return domctl(&op, cmd, id);
}

static void check_msrs(void)
{
    xen_domctl_vcpu_msr_t msr[8] = { { .index = 0x123456 } };

    check_eq(msrs(XEN_DOMCTL_get_vcpu_msrs, guest.id, 0, NULL, 0), 0);
    check(op.u.vcpu_msrs.msr_count > 0, "room that may be needed");
    check_eq(msrs(XEN_DOMCTL_get_vcpu_msrs, guest.id, 0, msr, 8), 0);
    check_eq(op.u.vcpu_msrs.msr_count, 0);
    check_eq(msrs(XEN_DOMCTL_get_vcpu_msrs, guest.id, 1, msr, 8), -ESRCH);
    check_eq(msrs(XEN_DOMCTL_get_vcpu_msrs, 0, 0, msr, 8), -EINVAL);
    check_eq(msrs(XEN_DOMCTL_set_vcpu_msrs, guest.id, 0, NULL, 1), -EFAULT);
    check_eq(msrs(XEN_DOMCTL_set_vcpu_msrs, guest.id, 0, msr, 1), -EINVAL);
    check_eq(op.u.vcpu_msrs.msr_count, 0);
    msr[0] = (xen_domctl_vcpu_msr_t){ .index = MSR_TSC_AUX, .value = 1UL << 40 };
    check_eq(msrs(XEN_DOMCTL_set_vcpu_msrs, guest.id, 0, msr, 1), -EINVAL);
    msr[0] = (xen_domctl_vcpu_msr_t){ .index = MSR_TSC_AUX, .value = 5, .reserved = 1 };
    check_eq(msrs(XEN_DOMCTL_set_vcpu_msrs, guest.id, 0, msr, 1), -EINVAL);
    msr[0].reserved = 0;
    check_eq(msrs(XEN_DOMCTL_set_vcpu_msrs, guest.id, 0, msr, 1), 0);
    check_eq(op.u.vcpu_msrs.msr_count, 1);
    check_eq(msrs(XEN_DOMCTL_get_vcpu_msrs, guest.id, 0, msr, 0), -ENOBUFS);
    msr[0].value = 0;
    check_eq(msrs(XEN_DOMCTL_get_vcpu_msrs, guest.id, 0, msr, 8), 0);
    check_eq(op.u.vcpu_msrs.msr_count, 1);
    check_eq(msr[0].index, MSR_TSC_AUX);
    check_eq(msr[0].value, 5);
}

void test_main(void)
{
    require(guest_create(&guest) == 0);
    require(guest_populate(&guest) == 0);
    require(guest_load(&guest) == 0);
    require(guest_pin(&guest) == 0);
    check_no_context();
    check_context();
    check_ext();
    check_xstate();
    check_msrs();
    check_eq(guest_destroy(&guest), 0);
}
