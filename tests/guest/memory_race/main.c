/* SPDX-License-Identifier: MIT */
/*
 * Behaviour: references, types and ownership of frames hold whatever vCPUs do to the same
 * frames at the same time.
 * Provocation: four vCPUs give back, exchange, map, write, pin and unpin the same few
 * frames in random order.
 * Expected: no call says anything that it may not; when all mappings and pins are gone,
 * exactly the frames that the domain still owns are counted.
 */
/* qemu: -smp 4 */
/* dom0: max_vcpus=4 mem=128M */
/* timeout: 120 */
#include <test.h>

#include <abi/memory.h>
#include <mini-os/mm.h>
#include <mini-os/smp.h>
#include <mini-os/traps.h>

COVERS(XENMEM_decrease_reservation, XENMEM_exchange, XENMEM_populate_physmap,
       update_va_mapping, mmuext_op, MMUEXT_PIN_L1_TABLE, MMUEXT_PIN_L2_TABLE,
       MMUEXT_UNPIN_TABLE);

#define VCPUS  4
#define FRAMES 8
#define STEPS  2000

static volatile unsigned long frame[FRAMES];
static char *window[VCPUS];

/* Every frame that a vCPU was given. */
static unsigned long had[VCPUS][STEPS + FRAMES];
static unsigned int nr_had[VCPUS];

static unsigned int random_number(unsigned long *state, unsigned int below)
{
    *state = *state * 6364136223846793005ul + 1442695040888963407ul;
    return (*state >> 33) % below;
}

static long frames_now(void)
{
    struct xen_memory_domain d = { DOMID_SELF };

    return HYPERVISOR_memory_op(XENMEM_current_reservation, &d);
}

static long change(unsigned long cmd, unsigned long *number)
{
    struct xen_memory_reservation r = { .nr_extents = 1, .domid = DOMID_SELF };

    set_xen_guest_handle(r.extent_start, number);
    return HYPERVISOR_memory_op(cmd, &r);
}

static long exchange(unsigned long *number)
{
    unsigned long in = *number;
    struct xen_memory_exchange x = {
        .in = { .nr_extents = 1, .domid = DOMID_SELF },
        .out = { .nr_extents = 1, .domid = DOMID_SELF },
    };

    set_xen_guest_handle(x.in.extent_start, &in);
    set_xen_guest_handle(x.out.extent_start, number);
    return HYPERVISOR_memory_op(XENMEM_exchange, &x);
}

static void note_frame(unsigned int id, unsigned int which, unsigned long mfn)
{
    had[id][nr_had[id]++] = mfn;
    frame[which] = mfn;
}

static void get_frame(unsigned int id, unsigned int which)
{
    unsigned long number = 0;

    if (change(XENMEM_increase_reservation, &number) == 1)
        note_frame(id, which, number);
}

/* Writes nothing but zeros, so that a frame is good as a page table at any time. */
static void touch(char *va)
{
    struct trap_result fault;

    probe_write(va + 8, 0, &fault);
}

static void step(unsigned int id, unsigned long *random)
{
    char *va = window[id];
    unsigned int which = random_number(random, FRAMES);
    unsigned long mfn = frame[which], number = mfn;

    switch (random_number(random, 8)) {
    case 0:
        if (change(XENMEM_decrease_reservation, &number) == 1)
            check(change(XENMEM_decrease_reservation, &number) <= 1, "one extent");
        break;
    case 1:
        if (exchange(&number) == 0)
            note_frame(id, which, number);
        break;
    case 2:
        get_frame(id, which);
        break;
    case 3:
        mmuext_one(MMUEXT_PIN_L1_TABLE, mfn, 0);
        break;
    case 4:
        mmuext_one(MMUEXT_PIN_L2_TABLE, mfn, 0);
        break;
    case 5:
        mmuext_one(MMUEXT_UNPIN_TABLE, mfn, 0);
        break;
    default:
        if (!HYPERVISOR_update_va_mapping((unsigned long)va, pte_make(mfn, PTE_RW),
                                          UVMF_INVLPG))
            touch(va);
        break;
    }
    if (random_number(random, 4) == 0)
        HYPERVISOR_update_va_mapping((unsigned long)va, 0, UVMF_INVLPG);
}

static void race(void *arg)
{
    unsigned int id = this_vcpu()->id;
    unsigned long random = id + 1;

    (void)arg;
    for (unsigned int i = 0; i < STEPS; i++)
        step(id, &random);
    check_eq(HYPERVISOR_update_va_mapping((unsigned long)window[id], 0, UVMF_INVLPG), 0);
}

/* Whatever is still there of the frames that were had at any time goes. */
static void give_all_back(void)
{
    for (unsigned int id = 0; id < VCPUS; id++) {
        for (unsigned int i = 0; i < nr_had[id]; i++) {
            unsigned long number = had[id][i];

            mmuext_one(MMUEXT_UNPIN_TABLE, number, 0);
            change(XENMEM_decrease_reservation, &number);
        }
    }
}

void test_main(void)
{
    long before = frames_now();

    for (unsigned int i = 0; i < VCPUS; i++)
        require(window[i] = window_reserve(1));
    for (unsigned int i = 0; i < FRAMES; i++)
        get_frame(0, i);
    check_eq(frames_now(), before + FRAMES);
    for (unsigned int id = 1; id < VCPUS; id++)
        require(!vcpu_start(id, race, NULL));
    race(NULL);
    for (unsigned int id = 1; id < VCPUS; id++)
        vcpu_join(id);
    note("%u frames had by vCPU 0, %ld over at the end", nr_had[0],
         frames_now() - before);
    give_all_back();
    check_eq(frames_now(), before);
}
