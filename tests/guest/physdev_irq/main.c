/* SPDX-License-Identifier: MIT */
/*
 * Behaviour: domain 0 sets up interrupt lines and has PIRQs of its own for them.
 * Provocation: lines that exist and do not; mapping twice, to other numbers, for other
 * domains; use before and after; IO-APIC registers; the frame of end-of-interrupt bits.
 * Expected: 0; -EINVAL, -EPERM, -EEXIST, -EBUSY, -ESRCH, -EFAULT, -ENOSYS as they apply.
 */
#include <builder.h>
#include <test.h>

#include <abi/event_channel.h>
#include <abi/physdev.h>
#include <mini-os/events.h>

COVERS(physdev_op, PHYSDEVOP_irq_status_query, PHYSDEVOP_apic_read, PHYSDEVOP_apic_write,
       PHYSDEVOP_alloc_irq_vector, PHYSDEVOP_eoi, PHYSDEVOP_map_pirq,
       PHYSDEVOP_unmap_pirq, PHYSDEVOP_pirq_eoi_gmfn_v1, PHYSDEVOP_pirq_eoi_gmfn_v2,
       PHYSDEVOP_setup_gsi, PHYSDEVOP_get_free_pirq, EVTCHNOP_bind_pirq);

#define LINE      10
#define OTHER     11
#define BOUND     9
#define NO_LINE   100
#define FAR       5000
#define IOAPIC    0xfec00000UL
#define NO_DOMAIN 77

static int map(domid_t domid, int type, int index, int pirq)
{
    physdev_map_pirq_t arg = {
        .domid = domid, .type = type, .index = index, .pirq = pirq
    };
    int rc = (int)HYPERVISOR_physdev_op(PHYSDEVOP_map_pirq, &arg);

    return rc ? rc : arg.pirq;
}

static int map_gsi(int gsi, int pirq)
{
    return map(DOMID_SELF, MAP_PIRQ_TYPE_GSI, gsi, pirq);
}

static int unmap_pirq(domid_t domid, int pirq)
{
    physdev_unmap_pirq_t arg = { .domid = domid, .pirq = pirq };

    return (int)HYPERVISOR_physdev_op(PHYSDEVOP_unmap_pirq, &arg);
}

static int eoi(unsigned int pirq)
{
    physdev_eoi_t arg = { .irq = pirq };

    return (int)HYPERVISOR_physdev_op(PHYSDEVOP_eoi, &arg);
}

static int setup(int gsi)
{
    physdev_setup_gsi_t arg = { .gsi = gsi, .triggering = 1, .polarity = 1 };

    return (int)HYPERVISOR_physdev_op(PHYSDEVOP_setup_gsi, &arg);
}

static int bind(unsigned int pirq)
{
    struct evtchn_bind_pirq arg = { .pirq = pirq };
    int rc = (int)HYPERVISOR_event_channel_op(EVTCHNOP_bind_pirq, &arg);

    return rc ? rc : (int)arg.port;
}

static void check_status(void)
{
    physdev_irq_status_query_t arg = { .irq = LINE };

    check_eq(HYPERVISOR_physdev_op(PHYSDEVOP_irq_status_query, &arg), 0);
    check_eq(arg.flags & XENIRQSTAT_needs_eoi, XENIRQSTAT_needs_eoi);
    arg.irq = FAR;
    check_eq(HYPERVISOR_physdev_op(PHYSDEVOP_irq_status_query, &arg), -EINVAL);
    check_eq(HYPERVISOR_physdev_op(PHYSDEVOP_irq_status_query, (void *)0x10), -EFAULT);
}

static void check_map(void)
{
    check_eq(map_gsi(LINE, LINE), LINE);
    check_eq(map_gsi(LINE, LINE), LINE);
    check_eq(map_gsi(LINE, -1), LINE);
    check_eq(map_gsi(LINE, 12), -EEXIST);
    check_eq(map_gsi(NO_LINE, NO_LINE), -EINVAL);
    check_eq(map_gsi(-1, LINE), -EINVAL);
    check_eq(map(DOMID_SELF, MAP_PIRQ_TYPE_UNKNOWN, LINE, LINE), -EINVAL);
    check_eq(map(NO_DOMAIN, MAP_PIRQ_TYPE_GSI, LINE, LINE), -ESRCH);
    check_eq(unmap_pirq(NO_DOMAIN, LINE), -ESRCH);
    check_eq(unmap_pirq(DOMID_SELF, -1), -EINVAL);
    check_eq(unmap_pirq(DOMID_SELF, FAR), -EINVAL);
    check_eq(unmap_pirq(DOMID_SELF, LINE), 0);
    check_eq(unmap_pirq(DOMID_SELF, LINE), -EINVAL);
}

static void check_bind(void)
{
    int port;

    check_eq(bind(BOUND), -EPERM); /* not mapped */
    check_eq(bind(FAR), -EINVAL);
    check_eq(eoi(BOUND), -EINVAL);
    check_eq(eoi(FAR), -EINVAL);
    require(map_gsi(BOUND, BOUND) == BOUND);
    port = bind(BOUND);
    check(port > 0, "a port");
    check_eq(bind(BOUND), -EEXIST);
    check_eq(eoi(BOUND), 0);
    check_eq(event_close((evtchn_port_t)port), 0);
    check_eq(eoi(BOUND), 0);
    check_eq(unmap_pirq(DOMID_SELF, BOUND), 0);
}

static void check_lines(void)
{
    physdev_irq_t vector = { .irq = LINE };
    physdev_get_free_pirq_t free_pirq = { .type = MAP_PIRQ_TYPE_GSI };

    check_eq(setup(OTHER), 0);
    check_eq(setup(NO_LINE), -EINVAL);
    check_eq(setup(-1), -EINVAL);
    check_eq(HYPERVISOR_physdev_op(PHYSDEVOP_alloc_irq_vector, &vector), 0);
    check_eq(vector.vector, LINE);
    check_eq(HYPERVISOR_physdev_op(PHYSDEVOP_get_free_pirq, &free_pirq), 0);
    check(free_pirq.pirq >= 16, "not a legacy line's");
}

static int apic(int cmd, unsigned long base, unsigned int reg, uint32_t *value)
{
    physdev_apic_t arg = { .apic_physbase = base, .reg = reg, .value = *value };
    int rc = (int)HYPERVISOR_physdev_op(cmd, &arg);

    *value = arg.value;
    return rc;
}

static void check_apic(void)
{
    uint32_t value = 0;

    check_eq(apic(PHYSDEVOP_apic_read, 0, 1, &value), -EINVAL);
    check_eq(apic(PHYSDEVOP_apic_read, IOAPIC, 1, &value), 0);
    check_eq(value, 0x170020); /* 24 lines */
    check_eq(apic(PHYSDEVOP_apic_read, IOAPIC, 0x10 + 2 * LINE, &value), 0);
    value = 0x10000;
    check_eq(apic(PHYSDEVOP_apic_write, IOAPIC, 0x10 + 2 * LINE, &value), 0);
    check_eq(apic(PHYSDEVOP_apic_write, IOAPIC, 1, &value), 0);
    check_eq(apic(PHYSDEVOP_apic_write, 0, 0x10 + 2 * LINE, &value), -EINVAL);
}

static void check_eoi_frame(void)
{
    static uint64_t frame[PAGE_SIZE / 8] __attribute__((aligned(PAGE_SIZE)));
    physdev_pirq_eoi_gmfn_t arg = { .gmfn = ~0UL >> 12 };

    check_eq(HYPERVISOR_physdev_op(PHYSDEVOP_pirq_eoi_gmfn_v2, &arg), -EINVAL);
    check_eq(HYPERVISOR_physdev_op(PHYSDEVOP_pirq_eoi_gmfn_v1, &arg), -EINVAL);
    arg.gmfn = virt_to_mfn(frame);
    check_eq(HYPERVISOR_physdev_op(PHYSDEVOP_pirq_eoi_gmfn_v2, &arg), 0);
    check_eq(HYPERVISOR_physdev_op(PHYSDEVOP_pirq_eoi_gmfn_v2, &arg), -EBUSY);
    check_eq(HYPERVISOR_physdev_op(PHYSDEVOP_pirq_eoi_gmfn_v1, &arg), -EBUSY);
    check_eq(frame[0], 0);
}

void test_main(void)
{
    check_eq(HYPERVISOR_physdev_op(99, NULL), -ENOSYS);
    check_eq(HYPERVISOR_physdev_op(0, NULL), -ENOSYS);
    check_status();
    check_map();
    check_bind();
    check_lines();
    check_apic();
    check_eoi_frame();
}
