/* SPDX-License-Identifier: MIT */
/*
 * Behaviour: a vCPU starts only with a context that the processor can be given.
 * Provocation: VCPUOP_initialise with each address not canonical, with tables that are
 * none, user mode without page tables, too many descriptors; then with selectors, flags and debug registers that are all wrong,
 * and VCPUOP_up.
 * Expected: -EINVAL, and the vCPU can still be initialised; what is not refused is made
 * harmless, and the vCPU runs in ring 3, or the machine goes on without it.
 */
/* qemu: -smp 2 */
/* dom0: max_vcpus=4 */
#include <test.h>

#include <abi/vcpu.h>
#include <mini-os/mm.h>
#include <mini-os/smp.h>
#include <mini-os/time.h>
#include <mini-os/traps.h>

COVERS(vcpu_op, VCPUOP_initialise, VCPUOP_up);

#define BORDER     0x800000000000ul
#define HYPERVISOR 0xffff830000001000ul

static struct vcpu_guest_context *context;
static volatile unsigned int started;
static volatile uint16_t started_cs;

static void run(void *arg)
{
    uint16_t cs;

    (void)arg;
    asm volatile("mov %%cs, %0" : "=r"(cs));
    started_cs = cs;
    started = 1;
}

static struct vcpu_guest_context *fresh(unsigned int id)
{
    vcpu_context_init(id, context);
    return context;
}

static void expect(const char *what, unsigned int id, long expected)
{
    if (!check_eq(HYPERVISOR_vcpu_op(VCPUOP_initialise, id, context), expected))
        note("%s", what);
}

#define REFUSE(id, change)                        \
    do {                                          \
        struct vcpu_guest_context *c = fresh(id); \
                                                  \
        change;                                   \
        expect(#change, id, -EINVAL);             \
    } while (0)

static void check_addresses(unsigned int id)
{
    REFUSE(id, c->user_regs.rip = BORDER);
    REFUSE(id, c->user_regs.rsp = BORDER);
    REFUSE(id, c->kernel_sp = BORDER);
    REFUSE(id, c->fs_base = BORDER);
    REFUSE(id, c->gs_base_kernel = BORDER);
    REFUSE(id, c->gs_base_user = BORDER);
    REFUSE(id, c->event_callback_eip = BORDER);
    REFUSE(id, c->failsafe_callback_eip = BORDER);
    REFUSE(id, c->syscall_callback_eip = BORDER);
    REFUSE(id, c->trap_ctxt[14].address = BORDER);
    REFUSE(id, c->ldt_base = BORDER);
    REFUSE(id, c->ldt_base = HYPERVISOR);
}

static void check_tables(unsigned int id)
{
    unsigned long plain = virt_to_mfn(context);

    REFUSE(id, c->ctrlreg[3] = xen_pfn_to_cr3(plain));
    REFUSE(id, c->ctrlreg[3] = 0);
    REFUSE(id, c->ctrlreg[3] = ~0ul);
    REFUSE(id, c->ctrlreg[1] = xen_pfn_to_cr3(plain));
    REFUSE(id, c->ctrlreg[1] = ~0ul);
    REFUSE(id, c->gdt_ents = 14 * 512 + 1);
    REFUSE(id, c->gdt_ents = 1; c->gdt_frames[0] = plain);
    REFUSE(id, c->gdt_ents = 1; c->gdt_frames[0] = ~0ul);
    REFUSE(id, c->ldt_ents = 8193);
}

/* User mode with a root that is "not 0", but names no frame. */
static void check_user_mode(unsigned int id)
{
    REFUSE(id, c->flags = 0; c->ctrlreg[1] = 0);
    REFUSE(id, c->flags = 0; c->ctrlreg[1] = 1);
    REFUSE(id, c->flags = 0; c->ctrlreg[1] = 0xfff);
}

static void make_wild(struct vcpu_guest_context *c)
{
    c->user_regs.rflags = ~0x100ul; /* all but single step */
    c->user_regs.cs = FLAT_KERNEL_CS & ~3;
    c->user_regs.ss = FLAT_KERNEL_SS & ~3;
    c->user_regs.entry_vector = ~0u;
    c->user_regs.error_code = ~0u;
    c->user_regs.saved_upcall_mask = 0xff;
    c->kernel_ss = 0xe010;
    c->ctrlreg[0] = ~0ul;
    c->ctrlreg[4] = ~0ul;
    for (unsigned int i = 0; i < 8; i++)
        c->debugreg[i] = HYPERVISOR;
    c->debugreg[7] = ~0ul;
    c->vm_assist = ~0ul;
    c->flags |= ~0xfful;
}

/* Ring 0, all flags, all bits of the control registers: it runs in ring 3 all the same. */
static void check_wild(unsigned int id)
{
    struct vcpu_guest_context *c;

    require(!vcpu_prepare(id, run, NULL));
    c = fresh(id);
    make_wild(c);
    expect("ring 0 and every flag", id, 0);
    vcpu_area(id)->info->evtchn_upcall_mask = 1;
    check_eq(HYPERVISOR_vcpu_op(VCPUOP_up, id, NULL), 0);
    for (unsigned int i = 0; i < 1000 && !started; i++)
        time_sleep(NSEC_PER_MSEC);
    check_eq(started, 1);
    check_eq(started_cs, FLAT_KERNEL_CS);
    check_eq(HYPERVISOR_vcpu_op(VCPUOP_initialise, id, c), -EEXIST);
}

void test_main(void)
{
    context = alloc_pages(1);
    require(context && vcpu_count() >= 3);
    require(!vcpu_prepare(1, run, NULL) && !vcpu_prepare(2, run, NULL));
    check_addresses(1);
    check_tables(1);
    check_user_mode(1);
    check_eq(HYPERVISOR_vcpu_op(VCPUOP_up, 1, NULL), -EINVAL);
    check_wild(2);
    fresh(1);
    expect("a good context after all", 1, 0);
    started = 0;
    check_eq(HYPERVISOR_vcpu_op(VCPUOP_up, 1, NULL), 0);
    for (unsigned int i = 0; i < 1000 && !started; i++)
        time_sleep(NSEC_PER_MSEC);
    check_eq(started, 1);
}
