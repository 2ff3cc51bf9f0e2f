/* SPDX-License-Identifier: MIT */
/*
 * Behaviour: nothing that could change what a processor takes for a page table or a
 * descriptor can be had by a guest: tables of each level, descriptor pages, the shared
 * page as a table, the hypervisor's tables, the machine-to-physical table, interrupt
 * controllers.
 * Provocation: writable mappings of such frames by every call that makes one, and by
 * being in a table that is pinned; as roots; as target of the hypervisor's own writing.
 * Expected: the errno of each; the frame is as it was.
 */
#include <test.h>

#include <abi/grant_table.h>
#include <abi/memory.h>
#include <abi/vcpu.h>
#include <abi/version.h>
#include <mini-os/mm.h>
#include <mini-os/smp.h>
#include <mini-os/traps.h>

COVERS(mmu_update, update_va_mapping, update_va_mapping_otherdomain, mmuext_op,
       MMUEXT_CLEAR_PAGE, MMUEXT_COPY_PAGE, MMUEXT_PIN_L1_TABLE, MMUEXT_PIN_L4_TABLE,
       MMUEXT_NEW_BASEPTR, MMUEXT_NEW_USER_BASEPTR, update_descriptor, set_gdt,
       GNTTABOP_copy, VCPUOP_register_vcpu_info, XENMEM_machphys_mfn_list);

#define LOCAL_APIC 0xfee00ul
#define IO_APIC    0xfec00ul

static volatile char *window;
static char *plain; /* an ordinary page */

static void expect(const char *what, long rc, long expected)
{
    if (!check_eq(rc, expected))
        note("%s", what);
}

static int map_otherdomain(unsigned long mfn, domid_t domid, pte_t flags)
{
    int rc = HYPERVISOR_update_va_mapping_otherdomain(
        (unsigned long)window, pte_make(mfn, flags), UVMF_INVLPG, domid);

    HYPERVISOR_update_va_mapping((unsigned long)window, 0, UVMF_INVLPG);
    return rc;
}

/* A table that names mfn, before it is one. */
static int pin_naming(unsigned long mfn, pte_t flags)
{
    pte_t *table = table_alloc();
    int rc;

    require(table);
    require(!mmu_update_one(virt_to_maddr(table + 511), pte_make(mfn, flags)));
    rc = table_pin(table, 1);
    if (!rc)
        check_eq(table_unpin(table), 0);
    check_eq(mmu_update_one(virt_to_maddr(table + 511), 0), 0);
    check_eq(table_free(table), 0);
    return rc;
}

static void check_mappings(const char *what, unsigned long mfn)
{
    expect(what, pte_set(window, pte_make(mfn, PTE_RW), PTE_BY_VA), -EBUSY);
    expect(what, pte_set(window, pte_make(mfn, PTE_RW), PTE_BY_MMU_UPDATE), -EBUSY);
    expect(what, pte_set(window, pte_make(mfn, PTE_RW), PTE_BY_WRITE), -EFAULT);
    expect(what, pin_naming(mfn, PTE_RW), -EBUSY);
    check_eq(pte_of(window), 0);
}

static int copy_to(unsigned long mfn)
{
    struct gnttab_copy op = {
        .source = { .u.gmfn = virt_to_mfn(plain), .domid = DOMID_SELF },
        .dest = { .u.gmfn = mfn, .domid = DOMID_SELF },
        .len = 8,
    };

    check_eq(HYPERVISOR_grant_table_op(GNTTABOP_copy, &op, 1), 0);
    return op.status;
}

static void check_writers(const char *what, unsigned long mfn)
{
    struct vcpu_register_vcpu_info info = { .mfn = mfn };

    expect(what, mmuext_one(MMUEXT_CLEAR_PAGE, mfn, 0), -EINVAL);
    expect(what, mmuext_one(MMUEXT_COPY_PAGE, mfn, virt_to_mfn(plain)), -EINVAL);
    expect(what, HYPERVISOR_vcpu_op(VCPUOP_register_vcpu_info, 0, &info), -EINVAL);
    check(copy_to(mfn) < 0, what);
}

static void check_table(const char *what, const pte_t *table)
{
    unsigned long mfn = virt_to_mfn(table);
    pte_t first = table[0];

    check_mappings(what, mfn);
    check_writers(what, mfn);
    expect(what, HYPERVISOR_update_descriptor(virt_to_maddr(table), 0), -EINVAL);
    expect(what, HYPERVISOR_xen_version(XENVER_extraversion, (void *)table), -EFAULT);
    check_eq(table[0], first);
}

static void check_tables(void)
{
    for (unsigned int level = 1; level <= 4; level++) {
        const pte_t *slot = pte_slot((unsigned long)window, level);

        require(slot);
        check_table("table in use", (pte_t *)((unsigned long)slot & ~0xffful));
    }
    for (unsigned int level = 1; level <= 4; level++) {
        pte_t *table = table_alloc();

        require(table && !table_pin(table, level));
        check_table("pinned table", table);
        check_eq(table_unpin(table), 0);
        check_eq(table_free(table), 0);
    }
}

/* The run-state area may be anywhere: what cannot be written is not. */
static void check_area(void)
{
    struct vcpu_register_runstate_memory_area area = { .addr.p = 0 };
    pte_t first = kernel_space.root[0];

    area.addr.p = (uint64_t)kernel_space.root;
    check_eq(HYPERVISOR_vcpu_op(VCPUOP_register_runstate_memory_area, 0, &area), 0);
    HYPERVISOR_sched_op(0, NULL);
    check_eq(kernel_space.root[0], first);
    area.addr.p = 0;
    check_eq(HYPERVISOR_vcpu_op(VCPUOP_register_runstate_memory_area, 0, &area), 0);
}

static void check_descriptors(void)
{
    char *page = (char *)table_alloc();
    unsigned long mfn;

    require(page);
    mfn = virt_to_mfn(page);
    check_eq(HYPERVISOR_set_gdt(&mfn, 512), 0);
    check_mappings("descriptor page", mfn);
    check_writers("descriptor page", mfn);
    check_eq(table_pin((pte_t *)page, 1), -EINVAL);
    check_eq(HYPERVISOR_set_gdt(&mfn, 0), 0);
    check_eq(table_free((pte_t *)page), 0);
}

static void check_roots(const char *what, unsigned long mfn)
{
    expect(what, mmuext_one(MMUEXT_NEW_BASEPTR, mfn, 0), -EINVAL);
    expect(what, mmuext_one(MMUEXT_NEW_USER_BASEPTR, mfn, 0), -EINVAL);
}

static void check_all_roots(void)
{
    check_roots("a writable page", virt_to_mfn(plain));
    check_roots("the shared page", pte_mfn(pte_of(&shared_info)));
    check_roots("nothing", ~0ul >> 12);
    for (unsigned int level = 1; level <= 3; level++) {
        const pte_t *slot = pte_slot((unsigned long)window, level);

        check_roots("a lower table",
                    virt_to_mfn((void *)((unsigned long)slot & ~0xffful)));
    }
    for (unsigned int level = 1; level <= 4; level++)
        expect("a writable page",
               mmuext_one(MMUEXT_PIN_L1_TABLE + level - 1, virt_to_mfn(plain), 0),
               -EINVAL);
    check_eq(mmuext_one(MMUEXT_PIN_L1_TABLE, pte_mfn(pte_of(&shared_info)), 0), -EINVAL);
}

static unsigned long m2p_mfn(void)
{
    unsigned long mfn = 0;
    struct xen_machphys_mfn_list list = { .max_extents = 1 };

    set_xen_guest_handle(list.extent_start, &mfn);
    require(!HYPERVISOR_memory_op(XENMEM_machphys_mfn_list, &list));
    return mfn;
}

static void check_m2p(void)
{
    struct trap_result fault;
    unsigned long mfn = m2p_mfn();

    check_eq(map_otherdomain(mfn, DOMID_XEN, PTE_RO), 0);
    check_eq(map_otherdomain(mfn, DOMID_XEN, PTE_RW), -EBUSY);
    check_eq(map_otherdomain(mfn, DOMID_IO, PTE_RW), -EBUSY);
    check(probe_write((void *)machine_to_phys_mapping, 0, &fault),
          "the M2P is read-only");
    check(probe_write((void *)0xffff830000000000, 0, &fault), "the direct map");
    check(probe_write((void *)0xffff82d080200000, 0, &fault), "the hypervisor's image");
}

/* Refused, or made read-only. */
static void check_device(const char *what, unsigned long mfn)
{
    int rc = HYPERVISOR_update_va_mapping_otherdomain(
        (unsigned long)window, pte_make(mfn, PTE_RW), UVMF_INVLPG, DOMID_IO);

    check(rc < 0 || !(pte_of(window) & PTE_W), what);
    check_eq(pte_set(window, 0, PTE_BY_VA), 0);
}

static void check_devices(void)
{
    check_device("the local APIC", LOCAL_APIC);
    check_device("the I/O APIC", IO_APIC);
    check(pte_set(window, pte_make(LOCAL_APIC, PTE_RW), PTE_BY_VA) < 0, "the local APIC");
}

void test_main(void)
{
    window = window_reserve(1);
    plain = alloc_page();
    require(window && plain);
    check_tables();
    check_area();
    check_descriptors();
    check_all_roots();
    check_m2p();
    check_devices();
}
