/* SPDX-License-Identifier: MIT */
/*
 * Behaviour: a vCPU whose event mask is opened by another as fast as the hypervisor closes
 * it does not keep its processor from anything else.
 * Provocation: vCPU 1 has a stack without end (one page, mapped over and over) and always
 * an event pending; vCPU 0 opens its mask without a pause. Each way out of the hypervisor
 * then delivers once more.
 * Expected: flushes of all processors, which vCPU 2 asks for, are answered in time.
 */
/* qemu: -smp 3 */
/* dom0: max_vcpus=3 mem=128M */
/* timeout: 60 */
#include <test.h>

#include <abi/vcpu.h>
#include <mini-os/mm.h>
#include <mini-os/smp.h>
#include <mini-os/time.h>

COVERS(mmuext_op, MMUEXT_TLB_FLUSH_ALL);

#define ENDLESS_TOP   0x500000000000ul
#define ENDLESS_SIZE  (64ul << 30)
#define RUN_TIME      (2 * NSEC_PER_SEC)
#define LONGEST_FLUSH (4 * NSEC_PER_SEC) /* the emulator's host may be busy */

volatile bool stop; /* read by the assembly below */
static volatile bool victim_ready;
static volatile uint64_t longest;
static volatile unsigned long flushes;

/* How many upcalls there were, and the lowest stack pointer that one has seen. */
volatile unsigned long upcalls, deepest = ENDLESS_TOP;

/* The upcall does nothing but start again at the top of the stack. */
asm(".pushsection .text\n"
    "endless_upcall:\n"
    "    incq upcalls(%rip)\n"
    "    cmp %rsp, deepest(%rip)\n"
    "    jbe 1f\n"
    "    mov %rsp, deepest(%rip)\n"
    "1:  movabs $0x500000000000, %rsp\n"
    "endless_loop:\n"
    "    mov $17, %eax\n" /* xen_version: out of the hypervisor as often as can be */
    "    xor %edi, %edi\n"
    "    syscall\n"
    "    cmpb $0, stop(%rip)\n"
    "    je endless_loop\n"
    "    mov $24, %eax\n" /* vcpu_op */
    "    mov $2, %edi\n"  /* VCPUOP_down */
    "    mov $1, %esi\n"
    "    xor %edx, %edx\n"
    "    syscall\n"
    "    jmp endless_loop\n"
    ".popsection\n");
extern char endless_upcall[];

/* One level 1 table full of one page, one level 2 table full of that, and so on. */
static void map_endless(void)
{
    pte_t *table[3], below = pte_make(virt_to_mfn(alloc_page()), PTE_RW);

    for (unsigned int level = 1; level <= 2; level++) {
        table[level] = table_alloc();
        require(table[level]);
        for (unsigned int i = 0; i < PTES_PER_TABLE; i++)
            require(!mmu_update_one(virt_to_maddr(table[level] + i), below));
        below = pte_make(virt_to_mfn(table[level]), PTE_TABLE);
        require(!table_pin(table[level], level));
    }
    require(!space_map(&kernel_space, ENDLESS_TOP - ENDLESS_SIZE - PAGE_SIZE, 0));
    for (unsigned long va = ENDLESS_TOP - ENDLESS_SIZE; va < ENDLESS_TOP;
         va += 1ul << 30) {
        const pte_t *slot;

        require(!space_map(&kernel_space, va, 0));
        slot = pte_slot(va, 3);
        require(slot && !mmu_update_one(virt_to_maddr(slot), below));
    }
}

static void be_victim(void *arg)
{
    (void)arg;
    require(!HYPERVISOR_set_callbacks((unsigned long)endless_upcall, 0, 0));
    this_vcpu()->info->evtchn_upcall_pending = 1;
    victim_ready = true;
    asm volatile("jmp endless_upcall");
}

static void ask_for_flushes(void *arg)
{
    (void)arg;
    while (!stop) {
        uint64_t before = time_now(), span;

        mmuext_one(MMUEXT_TLB_FLUSH_ALL, 0, 0);
        span = time_now() - before;
        longest = span > longest ? span : longest;
        flushes++;
    }
}

void test_main(void)
{
    volatile struct vcpu_info *info;
    uint64_t end;

    require(vcpu_count() >= 3);
    map_endless();
    require(!vcpu_start(1, be_victim, NULL));
    while (!victim_ready)
        cpu_relax();
    require(!vcpu_start(2, ask_for_flushes, NULL));
    info = vcpu_area(1)->info;
    for (end = time_now() + RUN_TIME; time_now() < end;)
        for (unsigned int i = 0; i < 1000; i++) {
            info->evtchn_upcall_pending = 1;
            info->evtchn_upcall_mask = 0;
        }
    info->evtchn_upcall_mask = 1;
    stop = true;
    vcpu_join(2);
    while (HYPERVISOR_vcpu_op(VCPUOP_is_up, 1, NULL) > 0)
        cpu_relax();
    note("%lu upcalls, %lu bytes of stack used; %lu flushes, the longest took %lu us",
         upcalls, ENDLESS_TOP - deepest, flushes, longest / NSEC_PER_USEC);
    check(flushes > 0, "flushes are answered");
    check(longest < LONGEST_FLUSH, "and in time");
}
