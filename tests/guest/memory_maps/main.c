/* SPDX-License-Identifier: MIT */
/*
 * Behaviour: memory maps, claims, resources, and what memory_op does not offer.
 * Provocation: maps with too little room and too many entries, read back; claims that are
 * too large or repeated; resources of nobody; every operation that is left out.
 * Expected: the errno of each.
 */
#include <test.h>

#include <abi/memory.h>
#include <mini-os/mm.h>

COVERS(XENMEM_memory_map, XENMEM_machine_memory_map, XENMEM_set_memory_map,
       XENMEM_claim_pages, XENMEM_acquire_resource, XENMEM_reserved_device_memory_map,
       XENMEM_add_to_physmap, XENMEM_remove_from_physmap, XENMEM_set_pod_target,
       XENMEM_get_pod_target, XENMEM_paging_op, XENMEM_access_op, XENMEM_sharing_op,
       XENMEM_add_to_physmap_batch, XENMEM_machphys_compat_mfn_list,
       XENMEM_get_vnumainfo);

#define BAD_POINTER (1ul << 47)
#define START(n)    ((unsigned long)(n) << 6)

static struct abi_e820_entry entries[1025];

static long memory_op(unsigned long cmd, void *arg)
{
    return HYPERVISOR_memory_op(cmd, arg);
}

static long read_map(unsigned long cmd, void *buffer, unsigned int room, unsigned int *n)
{
    struct xen_memory_map map = { .nr_entries = room };
    long rc;

    map.buffer.p = buffer;
    rc = memory_op(cmd, &map);
    *n = map.nr_entries;
    return rc;
}

static long set_map(domid_t domid, void *buffer, unsigned int n)
{
    struct xen_foreign_memory_map map = { .domid = domid, .map = { .nr_entries = n } };

    map.map.buffer.p = buffer;
    return memory_op(XENMEM_set_memory_map, &map);
}

static void check_machine_map(void)
{
    unsigned int n, have, ram = 0;

    check_eq(read_map(XENMEM_machine_memory_map, NULL, 0, &have), 0);
    check_eq(read_map(XENMEM_machine_memory_map, entries, 128, &n), 0);
    check_eq(n, have);
    for (unsigned int i = 0; i < n; i++)
        ram += entries[i].type == ABI_E820_RAM;
    check(ram > 0, "some RAM");
    check_eq(read_map(XENMEM_machine_memory_map, entries, have, &n), -EINVAL);
    check_eq(read_map(XENMEM_machine_memory_map, entries, have + 1, &n), 0);
    check_eq(read_map(XENMEM_machine_memory_map, (void *)BAD_POINTER, 128, &n), -EFAULT);
    check_eq(read_map(XENMEM_machine_memory_map | START(1), entries, 128, &n), -ENOSYS);
}

static void check_own_map(void)
{
    unsigned int n;

    check_eq(read_map(XENMEM_memory_map, entries, 128, &n), -ENOSYS);
    entries[0] = (struct abi_e820_entry){ 0x1000, 0x2000, ABI_E820_RAM };
    entries[1] = (struct abi_e820_entry){ 0x8000, 0x1000, ABI_E820_NVS };
    check_eq(set_map(DOMID_SELF, entries, 1025), -EINVAL);
    check_eq(set_map(77, entries, 1025), -EINVAL);
    check_eq(set_map(77, entries, 2), -ESRCH);
    check_eq(set_map(DOMID_SELF, (void *)BAD_POINTER, 2), -EFAULT);
    check_eq(set_map(DOMID_SELF, entries, 1024), 0);
    check_eq(set_map(DOMID_SELF, entries, 2), 0);
    memset(entries, 0, sizeof(entries));
    check_eq(read_map(XENMEM_memory_map, entries, 128, &n), 0);
    check_eq(n, 2);
    check_eq(entries[1].addr, 0x8000);
    check_eq(entries[1].type, ABI_E820_NVS);
    check_eq(read_map(XENMEM_memory_map, entries, 1, &n), 0);
    check_eq(n, 1);
    check_eq(read_map(XENMEM_memory_map, (void *)BAD_POINTER, 1, &n), -EFAULT);
    check_eq(read_map(XENMEM_memory_map, NULL, 0, &n), 0);
    check_eq(set_map(DOMID_SELF, entries, 0), 0);
    check_eq(read_map(XENMEM_memory_map, entries, 128, &n), -ENOSYS);
}

static long claim(domid_t domid, unsigned long pages, unsigned int order,
                  unsigned int flags)
{
    struct xen_memory_reservation r = {
        .nr_extents = pages, .extent_order = order, .mem_flags = flags, .domid = domid
    };

    return memory_op(XENMEM_claim_pages, &r);
}

static void check_claims(void)
{
    struct xen_memory_domain self = { DOMID_SELF };
    long pages = memory_op(XENMEM_current_reservation, &self);

    check_eq(claim(0, 0, 0, 0), 0);
    check_eq(claim(0, 1, 0, 0), -EINVAL);
    check_eq(claim(0, pages, 0, 0), -EINVAL);
    check_eq(claim(0, 1ul << 40, 0, 0), -EINVAL);
    check_eq(claim(77, 0, 0, 0), -EINVAL);
    check_eq(claim(DOMID_SELF, 0, 0, 0), -EINVAL);
    check_eq(claim(0, 0, 1, 0), -EINVAL);
    check_eq(claim(0, 0, 0, 1), -EINVAL);
    check_eq(memory_op(XENMEM_claim_pages, (void *)BAD_POINTER), -EFAULT);
}

static long acquire(domid_t domid, unsigned int frames, unsigned int pad)
{
    struct xen_mem_acquire_resource a = { .domid = domid,
                                          .type = XENMEM_resource_grant_table,
                                          .nr_frames = frames,
                                          .pad = pad };

    return memory_op(XENMEM_acquire_resource, &a);
}

static void check_resources(void)
{
    struct xen_reserved_device_memory_map rdm = { .flags = XENMEM_RDM_ALL };

    check_eq(acquire(DOMID_SELF, 0, 0), -ESRCH);
    check_eq(acquire(0, 0, 0), -EPERM);
    check_eq(acquire(77, 0, 0), -ESRCH);
    check_eq(acquire(77, 1, 0), -ESRCH);
    check_eq(acquire(77, 0, 1), -EINVAL);
    check_eq(memory_op(XENMEM_acquire_resource, (void *)BAD_POINTER), -EFAULT);
    check_eq(memory_op(XENMEM_reserved_device_memory_map, &rdm), 0);
    check_eq(rdm.nr_entries, 0);
}

static void check_absent(void)
{
    static unsigned char zero[256];
    struct xen_vnuma_topology_info vnuma = { .domid = DOMID_SELF };

    check_eq(memory_op(XENMEM_add_to_physmap, zero), -EACCES);
    check_eq(memory_op(XENMEM_add_to_physmap_batch, zero), -EACCES);
    check_eq(memory_op(XENMEM_remove_from_physmap, zero), -EACCES);
    check_eq(memory_op(XENMEM_set_pod_target, zero), -EINVAL);
    check_eq(memory_op(XENMEM_get_pod_target, zero), -EINVAL);
    check_eq(memory_op(XENMEM_paging_op, zero), -ENOSYS);
    check_eq(memory_op(XENMEM_access_op, zero), -EPERM);
    check_eq(memory_op(XENMEM_sharing_op, zero), -ENOSYS);
    check_eq(memory_op(XENMEM_machphys_compat_mfn_list, zero), -EOPNOTSUPP);
    check_eq(memory_op(XENMEM_get_vnumainfo, &vnuma), -EOPNOTSUPP);
    check_eq(memory_op(8, zero), -ENOSYS);
    check_eq(memory_op(29, zero), -ENOSYS);
    check_eq(memory_op(63, zero), -ENOSYS);
}

void test_main(void)
{
    check_machine_map();
    check_own_map();
    check_claims();
    check_resources();
    check_absent();
}
