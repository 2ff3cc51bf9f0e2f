/* SPDX-License-Identifier: MIT */
/*
 * Behaviour: a grant is mapped, copied from, unmapped and taken back by all vCPUs at the
 * same time, and the frames, uses and handles that it stands for are always right.
 * Provocation: four vCPUs map the same grants of their own domain, unmap each other's
 * handles, some of which are none, some twice, and those of entries that they have
 * overwritten before; one changes the granted entries meanwhile.
 * Expected: only statuses that the operations define; in the end nothing is in use and
 * the frames are ordinary memory.
 */
/* qemu: -smp 4 */
/* dom0: max_vcpus=4 */
/* timeout: 60 */
/* xen: hangs Xen 4.17 was observed to stop answering within some hundred steps */
#include <test.h>
#include <random.h>

#include <mini-os/grants.h>
#include <mini-os/mm.h>
#include <mini-os/smp.h>

COVERS(grant_table_op, GNTTABOP_map_grant_ref, GNTTABOP_unmap_grant_ref, GNTTABOP_copy);

#define VCPUS   4
#define GRANTS  4
#define STEPS   1500
#define HANDLES 4096

static char *page[GRANTS], *window[VCPUS];
static grant_ref_t ref[GRANTS];
static volatile grant_handle_t handle[VCPUS];
static volatile uint64_t address[HANDLES]; /* where a handle was mapped last */

static void allow(int status)
{
    check(status <= 0 && status >= GNTST_eagain, "a status of grants");
}

static void map(struct random *r, unsigned int id)
{
    struct gnttab_map_grant_ref op = {
        .host_addr = (uint64_t)window[id],
        .flags = GNTMAP_host_map | (random_below(r, 2) ? GNTMAP_readonly : 0) |
                 (random_below(r, 8) ? 0 : GNTMAP_device_map),
        .ref = ref[random_below(r, GRANTS)],
        .dom = DOMID_SELF,
    };

    check_eq(HYPERVISOR_grant_table_op(GNTTABOP_map_grant_ref, &op, 1), 0);
    allow(op.status);
    if (op.status == GNTST_okay) {
        handle[id] = op.handle;
        require(op.handle < HANDLES);
        address[op.handle] = op.host_addr;
    }
}

static int unmap_handle(grant_handle_t h, uint64_t where, uint64_t device)
{
    struct gnttab_unmap_grant_ref op = { .host_addr = where,
                                         .dev_bus_addr = device,
                                         .handle = h };

    check_eq(HYPERVISOR_grant_table_op(GNTTABOP_unmap_grant_ref, &op, 1), 0);
    return op.status;
}

/* Anyone's handle, or one that nobody has. */
static void unmap_any(struct random *r)
{
    grant_handle_t h = random_below(r, 4) ? handle[random_below(r, VCPUS)]
                                          : (grant_handle_t)random_next(r);

    allow(unmap_handle(h, h < HANDLES ? address[h] : 0, 0));
}

static void copy(struct random *r)
{
    struct gnttab_copy op = {
        .source = { .u.ref = ref[random_below(r, GRANTS)], .domid = DOMID_SELF },
        .dest = { .u.ref = ref[random_below(r, GRANTS)], .domid = DOMID_SELF },
        .len = 64,
        .flags = GNTCOPY_source_gref | GNTCOPY_dest_gref,
    };

    check_eq(HYPERVISOR_grant_table_op(GNTTABOP_copy, &op, 1), 0);
    allow(op.status);
}

/* The granter takes an entry back, or gives it, without regard to who uses it. */
static void change_entry(struct random *r)
{
    unsigned int i = random_below(r, GRANTS);
    grant_entry_v1_t *entry = &grants_table()[ref[i]];

    switch (random_below(r, 4)) {
    case 0:
        WRITE_ONCE(entry->flags, 0);
        break;
    case 1:
        WRITE_ONCE(entry->frame, (uint32_t)random_next(r));
        break;
    default:
        WRITE_ONCE(entry->frame, (uint32_t)virt_to_mfn(page[i]));
        WRITE_ONCE(entry->domid, 0);
        WRITE_ONCE(entry->flags, GTF_permit_access);
        break;
    }
}

static void step(struct random *r, unsigned int id)
{
    switch (random_below(r, 8)) {
    case 0:
        copy(r);
        break;
    case 1:
        if (id == 0)
            change_entry(r);
        break;
    case 2:
        HYPERVISOR_update_va_mapping((unsigned long)window[id], 0, UVMF_INVLPG);
        break;
    case 3:
    case 4:
        unmap_any(r);
        break;
    default:
        map(r, id);
        break;
    }
}

static void race(void *arg)
{
    struct random r = { 53 + this_vcpu()->id };

    (void)arg;
    for (unsigned int i = 0; i < STEPS; i++)
        step(&r, this_vcpu()->id);
}

/*
 * A handle whose entry was overwritten cannot be unmapped by its address any more: the
 * address is given another mapping of the same frame first, each grant in turn.
 */
static void end_handle(grant_handle_t h)
{
    for (unsigned int i = 0; i < 2 * GRANTS; i++) {
        unsigned long mfn = virt_to_mfn(page[i / 2]);
        pte_t pte = pte_make(mfn, i & 1 ? PTE_RO : PTE_RW);

        if (unmap_handle(h, 0, (uint64_t)mfn << PAGE_SHIFT) == GNTST_bad_handle)
            return;
        if (address[h] && HYPERVISOR_update_va_mapping(address[h], pte, UVMF_INVLPG) == 0)
            unmap_handle(h, address[h], 0);
    }
}

static void check_end(void)
{
    for (unsigned int i = 0; i < GRANTS; i++) {
        check_eq(grants_table()[ref[i]].flags & (GTF_reading | GTF_writing), 0);
        grants_table()[ref[i]] = (grant_entry_v1_t){ 0 };
        check_eq(page_make_ro(page[i]), 0);
        check_eq(table_pin((pte_t *)page[i], 1), 0);
        check_eq(table_unpin((pte_t *)page[i]), 0);
        check_eq(page_make_rw(page[i]), 0);
    }
}

void test_main(void)
{
    require(vcpu_count() >= VCPUS && !grants_init(1));
    for (unsigned int i = 0; i < VCPUS; i++)
        require(window[i] = window_reserve(1));
    for (unsigned int i = 0; i < GRANTS; i++) {
        page[i] = alloc_page();
        require(page[i]);
        ref[i] = grant_access(0, virt_to_mfn(page[i]), 0);
    }
    for (unsigned int id = 1; id < VCPUS; id++)
        require(!vcpu_start(id, race, NULL));
    race(NULL);
    for (unsigned int id = 1; id < VCPUS; id++)
        vcpu_join(id);
    for (grant_handle_t h = 0; h < HANDLES; h++)
        end_handle(h);
    for (unsigned int i = 0; i < VCPUS; i++)
        check_eq(HYPERVISOR_update_va_mapping((unsigned long)window[i], 0, UVMF_INVLPG),
                 0);
    check_end();
}
