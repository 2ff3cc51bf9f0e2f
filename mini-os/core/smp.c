/* SPDX-License-Identifier: MIT */
/*
 * vCPU areas, stacks, and bringing vCPUs up.
 */
#include <mini-os/smp.h>

#include <abi/errno.h>
#include <abi/hypercall_stubs.h>
#include <abi/vcpu.h>
#include <mini-os/boot.h>
#include <mini-os/mm.h>
#include <mini-os/panic.h>
#include <mini-os/string.h>
#include <mini-os/time.h>
#include <mini-os/traps.h>

#include "internal.h"

#define STACK_ORDER   2
#define JOIN_INTERVAL (100 * NSEC_PER_USEC)

static struct vcpu_area boot_vcpu;
static struct vcpu_area *areas[VCPUS_MAX];
static unsigned int count;

static void bind_stack(void *stack, struct vcpu_area *area)
{
    stack_top((unsigned long)stack)->area = area;
}

#ifdef MINI_OS_KERNEL

static unsigned long gs_base(const struct vcpu_area *area)
{
    return (unsigned long)area;
}

#else

static unsigned long gs_base(const struct vcpu_area *area)
{
    (void)area;
    return 0;
}

#endif

/* vCPU 0 runs already, on its boot stack. */
void smp_init(void)
{
    boot_vcpu.self = &boot_vcpu;
    boot_vcpu.info = &shared_info.vcpu_info[0];
    boot_vcpu.stack = boot_stack;
    boot_vcpu.stack_size = STACK_SIZE;
    boot_vcpu.running = true;
    areas[0] = &boot_vcpu;
    bind_stack(boot_stack, &boot_vcpu);
    if (gs_base(&boot_vcpu))
        HYPERVISOR_set_segment_base(SEGBASE_GS_KERNEL, gs_base(&boot_vcpu));
}

unsigned int vcpu_count(void)
{
    while (!count || HYPERVISOR_vcpu_op(VCPUOP_is_up, count, NULL) >= 0)
        count++;
    return count;
}

struct vcpu_area *vcpu_area(unsigned int id)
{
    return id < VCPUS_MAX ? areas[id] : NULL;
}

void *stack_alloc(struct vcpu_area *area)
{
    char *stack = alloc_pages(STACK_ORDER);

    if (!stack)
        return NULL;
    BUG_ON((unsigned long)stack % STACK_SIZE);
    unmap(stack);
    bind_stack(stack, area);
    return stack;
}

/* Ids that the shared page has no vcpu_info for get a registered one. */
static int attach_info(struct vcpu_area *area)
{
    struct vcpu_register_vcpu_info reg;
    char *page;

    if (area->id < XEN_LEGACY_MAX_VCPUS) {
        area->info = &shared_info.vcpu_info[area->id];
        return 0;
    }
    page = alloc_page();
    if (!page)
        return -XEN_ENOMEM;
    area->info = (struct vcpu_info *)page;
    reg = (struct vcpu_register_vcpu_info){ .mfn = virt_to_mfn(page) };
    return HYPERVISOR_vcpu_op(VCPUOP_register_vcpu_info, area->id, &reg);
}

/* The area is small and lives as long as the domain: it takes a page of its own. */
static int area_create(unsigned int id)
{
    struct vcpu_area *area = alloc_page();
    int rc;

    if (!area)
        return -XEN_ENOMEM;
    area->self = area;
    area->id = id;
    area->stack_size = STACK_SIZE;
    area->stack = stack_alloc(area);
    if (!area->stack)
        return -XEN_ENOMEM;
    rc = attach_info(area);
    if (!rc)
        areas[id] = area;
    return rc;
}

int vcpu_prepare(unsigned int id, void (*entry)(void *arg), void *arg)
{
    int rc = 0;

    if (id >= VCPUS_MAX)
        return -XEN_ENOENT;
    if (!areas[id])
        rc = area_create(id);
    if (rc)
        return rc;
    if (areas[id]->running)
        return -XEN_EBUSY;
    areas[id]->entry = entry;
    areas[id]->arg = arg;
    return 0;
}

void vcpu_context_init(unsigned int id, struct vcpu_guest_context *ctxt)
{
    struct vcpu_area *area = areas[id];

    memset(ctxt, 0, sizeof(*ctxt));
    ctxt->flags =
        VGCF_IN_KERNEL | VGCF_failsafe_disables_events | VGCF_syscall_disables_events;
    ctxt->user_regs.rip = (uint64_t)vcpu_start_entry;
    ctxt->user_regs.cs = FLAT_KERNEL_CS;
    ctxt->user_regs.ss = FLAT_KERNEL_SS;
    ctxt->user_regs.rsp = (uint64_t)stack_top((unsigned long)area->stack);
    ctxt->user_regs.rdi = (uint64_t)area;
    memcpy(ctxt->trap_ctxt, traps_table(), sizeof(ctxt->trap_ctxt));
    ctxt->kernel_ss = FLAT_KERNEL_SS;
    ctxt->kernel_sp = ctxt->user_regs.rsp;
    ctxt->ctrlreg[0] = 0x80000033; /* PG, NE, ET, MP, PE */
    ctxt->ctrlreg[3] = xen_pfn_to_cr3(virt_to_mfn(kernel_space.root));
    ctxt->gs_base_kernel = gs_base(area);
    ctxt->event_callback_eip = (unsigned long)entry_event;
    ctxt->failsafe_callback_eip = (unsigned long)entry_failsafe;
    ctxt->syscall_callback_eip = (unsigned long)entry_syscall;
}

int vcpu_start(unsigned int id, void (*entry)(void *arg), void *arg)
{
    struct vcpu_guest_context *ctxt;
    int rc = vcpu_prepare(id, entry, arg);

    if (rc)
        return rc;
    ctxt = alloc_pages(1);
    if (!ctxt)
        return -XEN_ENOMEM;
    vcpu_context_init(id, ctxt);
    rc = HYPERVISOR_vcpu_op(VCPUOP_initialise, id, ctxt);
    free_pages(ctxt, 1);
    if (rc && rc != -XEN_EEXIST)
        return rc;
    areas[id]->info->evtchn_upcall_mask = 1;
    areas[id]->running = true;
    rc = HYPERVISOR_vcpu_op(VCPUOP_up, id, NULL);
    if (rc)
        areas[id]->running = false;
    return rc;
}

/*
 * VCPUOP_down keeps the registers: a vCPU brought up again continues behind the call,
 * hence the loop.
 */
void vcpu_main(struct vcpu_area *area)
{
    for (;;) {
        timer_init();
        area->entry(area->arg);
        area->info->evtchn_upcall_mask = 1;
        __atomic_store_n(&area->running, false, __ATOMIC_RELEASE);
        HYPERVISOR_vcpu_op(VCPUOP_down, area->id, NULL);
    }
}

void vcpu_join(unsigned int id)
{
    while (areas[id]->running || HYPERVISOR_vcpu_op(VCPUOP_is_up, id, NULL) > 0)
        time_sleep(JOIN_INTERVAL);
}
