/* SPDX-License-Identifier: MIT */
/*
 * Behaviour: a domain may be destroyed at any moment, also while another CPU of domain 0
 * is working on it.
 * Provocation: a second vCPU destroys the domain after some microseconds, more in each
 * cycle, while the first one pins and unpins its tables, maps its frames, sets its vCPU's
 * context, and asks about it.
 * Expected: each call works or is refused; the domain goes; all frames come back.
 *
 *   qemu: -smp 2
 *   timeout: 60
 *   xen: differs some 20 frames more are free at the end than at the start
 */
#include <builder.h>
#include <test.h>

#include <mini-os/smp.h>
#include <mini-os/time.h>

COVERS(domctl, XEN_DOMCTL_destroydomain, XEN_DOMCTL_setvcpucontext, MMUEXT_PIN_L4_TABLE,
       MMUEXT_UNPIN_TABLE, update_va_mapping_otherdomain);

#define CYCLES   60
#define STEP     (5 * NSEC_PER_USEC)
#define PATIENCE NSEC_PER_SEC
#define SETTLING (200 * NSEC_PER_MSEC)

static struct guest guest;
static volatile uint64_t destroy_at;
static volatile long destroyed; /* what destroydomain said, then 1 */
static volatile uint64_t *window;

static noreturn void child(struct child_args *args)
{
    for (;;)
        args->state++;
}

/* The second vCPU. */
static void destroyer(void *unused)
{
    long rc;

    (void)unused;
    while (time_now() < destroy_at)
        cpu_relax();
    rc = domctl_simple(XEN_DOMCTL_destroydomain, guest.id);
    destroyed = rc ? rc : 1;
}

static long unpin(void)
{
    struct mmuext_op op = { .cmd = MMUEXT_UNPIN_TABLE, .arg1.mfn = guest.root_mfn };

    return HYPERVISOR_mmuext_op(&op, 1, NULL, guest.id);
}

static long map_and_unmap(void)
{
    long rc = HYPERVISOR_update_va_mapping_otherdomain(
        (unsigned long)window, pte_make(guest.mfn[1], PTE_RW), UVMF_INVLPG, guest.id);

    if (!rc)
        *window = *window + 0;
    HYPERVISOR_update_va_mapping((unsigned long)window, 0, UVMF_INVLPG | UVMF_ALL);
    return rc;
}

static void check_refusal(long rc)
{
    check(rc == 0 || rc == -EINVAL || rc == -ESRCH || rc == -EBUSY || rc == -EOPNOTSUPP,
          "works, or is refused");
}

static void work(void)
{
    uint64_t deadline = time_now() + PATIENCE;

    while (!destroyed && time_now() < deadline) {
        check_refusal(guest_pin(&guest));
        check_refusal(guest_set_context(&guest, child));
        check_refusal(map_and_unmap());
        check_refusal(unpin());
        check_refusal(domctl_simple(XEN_DOMCTL_getdomaininfo, guest.id));
    }
    check_eq(destroyed, 1);
}

static void cycle(unsigned int nr)
{
    struct xen_domctl_getdomaininfo info;

    require(guest_create(&guest) == 0);
    require(guest_populate(&guest) == 0);
    require(guest_load(&guest) == 0);
    guest_unmap(&guest);
    destroyed = 0;
    destroy_at = time_now() + nr * STEP;
    require(vcpu_start(1, destroyer, NULL) == 0);
    work();
    vcpu_join(1);
    for (unsigned int i = 0; i < 1000 && guest_info(guest.id, &info); i++)
        time_sleep(NSEC_PER_MSEC);
    check(!guest_info(guest.id, &info), "it is gone");
}

void test_main(void)
{
    uint64_t free_pages;

    window = window_reserve(1);
    require(window);
    for (unsigned int i = 0; i < 2; i++)
        cycle(i);
    time_sleep(SETTLING);
    free_pages = machine_free_pages();
    for (unsigned int i = 0; i < CYCLES; i++)
        cycle(i);
    for (unsigned int i = 0; i < 100 && machine_free_pages() != free_pages; i++)
        time_sleep(NSEC_PER_MSEC);
    check_eq(machine_free_pages(), free_pages);
}
