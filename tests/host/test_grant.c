/* SPDX-License-Identifier: MIT */
/*
 * Grant tables against a model: random maps, unmaps, copies and changes of entries by
 * three domains give the status and the entry flags that the model says. Then every
 * domain dies, and frames, references and handles are as before.
 */
#include "hv_host.h"
#include "test.h"
#include <hv/console.h>
#include <hv/grant.h>
#include <hv/heap.h>
#include <hv/hypercall.h>
#include <hv/page_type.h>
#include <hv/parts.h>
#include <hv/sched.h>
#include <hv/smp.h>
#include <hv/softirq.h>

#define FRAMES 8192u
#define FIRST  64u
#define DOMS   3u
#define NO_DOM 9u
#define PAGES  4u   /* that a domain grants */
#define REFS   600u /* in the second shared frame, too */
#define SLOTS  400u /* page-table entries of a domain */
#define IN_USE (GTF_reading | GTF_writing)

static struct domain dom[DOMS];
static struct vcpu vcpu[DOMS];
static struct page_info *page[DOMS][PAGES];
static uint64_t free_before;
static unsigned long unmapped = ~0ul; /* guest address that faults */
static unsigned long restart_args[6];
static unsigned int restarts;

/* --- the rest of the hypervisor --- */
struct domain *domain0 = &dom[0];

struct domain *domain_get_by_id(domid_t id)
{
    if (id >= DOMS)
        return NULL;
    domain_get(&dom[id]);
    return &dom[id];
}

int domain_lookup(domid_t id, bool remote, struct domain **out)
{
    struct domain *d = domain_get_by_id(id == DOMID_SELF ? current->domain->id : id);

    if (!d)
        return -ESRCH;
    if (remote && d != current->domain && !current->domain->is_privileged) {
        domain_put(d);
        return -EPERM;
    }
    *out = d;
    return 0;
}

void domain_put(struct domain *d)
{
    assert_true(d->references > 0);
    d->references--;
}

struct domain *domain_get_next(domid_t from)
{
    return domain_get_by_id(from);
}

void debug_key_register(char key, const char *help, void (*fn)(char key))
{
    (void)key, (void)help, (void)fn;
}

void tlb_flush_va_local(unsigned long va)
{
    assert_true(va > 0);
}

int guest_read_any(void *dst, unsigned long src, size_t size)
{
    if (unmapped - src < size)
        return -EFAULT;
    memcpy(dst, (const void *)src, size);
    return 0;
}

int guest_write_any(unsigned long dst, const void *src, size_t size)
{
    if (unmapped - dst < size)
        return -EFAULT;
    memcpy((void *)dst, src, size);
    return 0;
}

long hypercall_restart(unsigned int nr, unsigned int nargs, const unsigned long *args)
{
    memcpy(restart_args, args, nargs * sizeof(*args));
    restarts++;
    return nr;
}

/* Of the page-type machine: frames are writable, but for those that are marked. */
static struct page_info *table;

bool page_get_writable(struct page_info *pg, domid_t owner)
{
    if (pg == table || !page_get(pg, owner))
        return false;
    pg->type++;
    return true;
}

void page_put_writable(struct page_info *pg)
{
    pg->type--;
    page_put(pg);
}

/* Page tables: an entry per slot and domain, with references like the real ones. */
static uint64_t slot[DOMS][SLOTS];

static void slot_clear(unsigned int d, unsigned int i)
{
    struct page_info *pg = mfn_to_page(pte_mfn(slot[d][i]));

    if (slot[d][i] & PTE_RW)
        page_put_writable(pg);
    else if (slot[d][i])
        page_put(pg);
    slot[d][i] = 0;
}

int pv_grant_map(struct domain *d, uint64_t addr, uint32_t flags, mfn_t frame)
{
    struct page_info *pg = mfn_to_page(frame);
    domid_t owner = page_owner_id(pg);
    unsigned int i = (unsigned int)(addr >> PAGE_SHIFT);
    bool readonly = flags & GNTMAP_readonly;

    if (i >= SLOTS || !(readonly ? page_get(pg, owner) : page_get_writable(pg, owner)))
        return -EINVAL;
    slot_clear(d->id, i);
    slot[d->id][i] = mfn_x(frame) << PAGE_SHIFT | PTE_P | (readonly ? 0 : PTE_RW);
    return 0;
}

int pv_grant_unmap(struct domain *d, uint64_t addr, uint32_t flags, mfn_t frame,
                   uint64_t new_addr)
{
    unsigned int i = (unsigned int)(addr >> PAGE_SHIFT);

    (void)flags, (void)new_addr;
    if (i >= SLOTS || !slot[d->id][i] || !mfn_eq(pte_mfn(slot[d->id][i]), frame))
        return -EINVAL;
    slot_clear(d->id, i);
    return 0;
}

/* --- the model --- */
struct model_mapping {
    unsigned int slot, granter, ref, handle;
    bool readonly;
};
static struct model_entry {
    unsigned int user, page, readers, writers, type;
    bool readonly;
} entry[DOMS][REFS];
static struct model_mapping map[DOMS][SLOTS];
static unsigned int nr_maps[DOMS];

static struct grant_entry_v1 *shared(unsigned int d, unsigned int ref)
{
    mfn_t mfn;

    assert_int_equal(grant_table_frame(&dom[d], ref / 512, &mfn), 0);
    return (struct grant_entry_v1 *)mfn_to_virt(mfn) + ref % 512;
}

static unsigned int below(unsigned int n)
{
    return (unsigned int)(host_random() % n);
}

static void check_entry(unsigned int d, unsigned int ref)
{
    const struct model_entry *e = &entry[d][ref];
    unsigned int flags =
        (e->readers || e->writers ? GTF_reading : 0) | (e->writers ? GTF_writing : 0);

    assert_int_equal(shared(d, ref)->flags & IN_USE, flags);
}

/* The granter's own act: only an entry that is not in use. */
static void do_grant(unsigned int d)
{
    unsigned int ref = below(REFS);
    struct model_entry *e = &entry[d][ref];
    struct grant_entry_v1 *s = shared(d, ref);

    if (e->readers || e->writers)
        return;
    *e = (struct model_entry){ .user = below(DOMS),
                               .page = below(PAGES),
                               .type = below(8) ? GTF_permit_access : below(4),
                               .readonly = below(3) == 0 };
    s->flags = (uint16_t)(e->type | (e->readonly ? GTF_readonly : 0));
    s->domid = (domid_t)e->user;
    s->frame = (uint32_t)mfn_x(page_to_mfn(page[d][e->page]));
}

static int model_pin(unsigned int granter, unsigned int ref, unsigned int user,
                     bool readonly)
{
    const struct model_entry *e;

    if (ref >= 1024)
        return GNTST_bad_gntref;
    if (ref >= REFS)
        return GNTST_general_error;
    e = &entry[granter][ref];
    if (e->type != GTF_permit_access || e->user != user || (e->readonly && !readonly))
        return GNTST_general_error;
    return GNTST_okay;
}

static int really_map(struct gnttab_map_grant_ref *op)
{
    XEN_GUEST_HANDLE(gnttab_map_grant_ref_t) ops = { op };

    assert_int_equal(grant_op_map_grant_ref(ops, 1), 0);
    return op->status;
}

static void do_map(unsigned int d)
{
    unsigned int granter = below(30) ? below(DOMS) : NO_DOM;
    unsigned int ref = below(40) ? below(REFS) : below(1100), n = nr_maps[d];
    bool readonly = below(2);
    struct gnttab_map_grant_ref op = {
        .host_addr = (uint64_t)n << PAGE_SHIFT,
        .ref = ref,
        .dom = (domid_t)granter,
        .flags = GNTMAP_host_map | (readonly ? GNTMAP_readonly : 0),
    };
    int expected =
        granter == NO_DOM ? GNTST_bad_domain : model_pin(granter, ref, d, readonly);

    if (n == SLOTS)
        return;
    if (expected == GNTST_okay && below(20) == 0) {
        op.host_addr = (uint64_t)SLOTS << PAGE_SHIFT; /* no such page table */
        expected = GNTST_general_error;
    }
    assert_int_equal(really_map(&op), expected);
    if (expected == GNTST_okay) {
        assert_int_equal(op.dev_bus_addr >> PAGE_SHIFT,
                         mfn_x(page_to_mfn(page[granter][entry[granter][ref].page])));
        map[d][nr_maps[d]++] =
            (struct model_mapping){ n, granter, ref, op.handle, readonly };
        if (readonly)
            entry[granter][ref].readers++;
        else
            entry[granter][ref].writers++;
    }
    if (granter < DOMS && ref < REFS)
        check_entry(granter, ref);
}

static int really_unmap(uint64_t addr, unsigned int handle)
{
    struct gnttab_unmap_grant_ref op = { .host_addr = addr, .handle = handle };
    XEN_GUEST_HANDLE(gnttab_unmap_grant_ref_t) ops = { &op };

    assert_int_equal(grant_op_unmap_grant_ref(ops, 1), 0);
    return op.status;
}

/* The last mapping: so the next one's slot is free. */
static void do_unmap(unsigned int d)
{
    struct model_mapping m;

    if (!nr_maps[d])
        return;
    m = map[d][nr_maps[d] - 1];
    if (below(10) == 0) {
        assert_int_equal(really_unmap((uint64_t)SLOTS << PAGE_SHIFT, m.handle),
                         GNTST_general_error);
        assert_int_equal(really_unmap(0, 5000), GNTST_bad_handle);
        return;
    }
    assert_int_equal(really_unmap((uint64_t)m.slot << PAGE_SHIFT, m.handle), GNTST_okay);
    if (m.slot == 0)
        return; /* address 0 asks for nothing: it stays mapped */
    assert_int_equal(really_unmap((uint64_t)m.slot << PAGE_SHIFT, m.handle),
                     GNTST_bad_handle);
    if (m.readonly)
        entry[m.granter][m.ref].readers--;
    else
        entry[m.granter][m.ref].writers--;
    nr_maps[d]--;
    check_entry(m.granter, m.ref);
}

static void do_copy(unsigned int d)
{
    unsigned int from = below(DOMS), ref = below(REFS), len = below(PAGE_SIZE + 2);
    struct gnttab_copy op = {
        .source = { .u.ref = ref, .domid = (domid_t)from },
        .dest = { .u.gmfn = mfn_x(page_to_mfn(page[d][0])), .domid = DOMID_SELF },
        .len = (uint16_t)len,
        .flags = GNTCOPY_source_gref,
    };
    XEN_GUEST_HANDLE(gnttab_copy_t) ops = { &op };
    int expected = model_pin(from, ref, d, true);

    if (expected == GNTST_okay && len > PAGE_SIZE)
        expected = GNTST_bad_copy_arg;
    assert_int_equal(grant_op_copy(ops, 1), 0);
    assert_int_equal(op.status, expected);
    if (expected == GNTST_okay)
        assert_memory_equal(page_to_virt(page[d][0]),
                            page_to_virt(page[from][entry[from][ref].page]), len);
    check_entry(from, ref);
}

static void (*const operation[])(unsigned int d) = { do_grant, do_map,   do_map, do_map,
                                                     do_unmap, do_unmap, do_copy };

static void grow_tables(void)
{
    for (unsigned int d = 0; d < DOMS; d++)
        (void)shared(d, REFS - 1);
}

static void random_operations(void **state)
{
    unsigned int mapped = 0;

    (void)state;
    grow_tables();
    for (unsigned int i = 0; i < 200000; i++) {
        unsigned int d = below(DOMS);

        current = &vcpu[d];
        operation[below(ARRAY_SIZE(operation))](d);
        assert_int_equal(grant_maptrack_count(&dom[d]), nr_maps[d]);
        mapped += nr_maps[d] > 1;
    }
    assert_true(mapped > 50000); /* it was about something */
}

static void give(unsigned int d, unsigned int ref, unsigned int user, unsigned int flags,
                 mfn_t frame)
{
    *shared(d, ref) = (struct grant_entry_v1){ (uint16_t)(GTF_permit_access | flags),
                                               (domid_t)user, (uint32_t)mfn_x(frame) };
}

static int map_flags(unsigned int granter, unsigned int ref, uint32_t flags,
                     grant_handle_t *handle)
{
    struct gnttab_map_grant_ref op = {
        .host_addr = PAGE_SIZE, .flags = flags, .ref = ref, .dom = (domid_t)granter
    };
    int status = really_map(&op);

    *handle = op.handle;
    return status;
}

static void frames_must_be_the_granters(void **state)
{
    grant_handle_t h;

    (void)state;
    current = &vcpu[0];
    give(1, 8, 0, 0, page_to_mfn(page[2][0]));
    assert_int_equal(map_flags(1, 8, GNTMAP_host_map, &h), GNTST_bad_page);
    give(1, 9, 0, 0, _mfn(FRAMES + 5));
    assert_int_equal(map_flags(1, 9, GNTMAP_host_map, &h), GNTST_bad_page);
    table = page[1][0];
    give(1, 10, 0, 0, page_to_mfn(table));
    assert_int_equal(map_flags(1, 10, GNTMAP_host_map, &h), GNTST_general_error);
    assert_int_equal(map_flags(1, 10, GNTMAP_host_map | GNTMAP_readonly, &h), GNTST_okay);
    table = NULL;
    assert_int_equal(shared(1, 8)->flags & IN_USE, 0);
    assert_int_equal(shared(1, 10)->flags & IN_USE, GTF_reading);
    assert_int_equal(map_flags(1, 10, 0, &h), GNTST_bad_gntref);
}

static void device_and_host_mappings_end_by_themselves(void **state)
{
    struct gnttab_unmap_grant_ref op;
    XEN_GUEST_HANDLE(gnttab_unmap_grant_ref_t) ops = { &op };
    grant_handle_t h;
    uint64_t bus = mfn_x(page_to_mfn(page[1][1])) << PAGE_SHIFT;

    (void)state;
    current = &vcpu[0];
    give(1, 8, 0, 0, page_to_mfn(page[1][1]));
    assert_int_equal(map_flags(1, 8, GNTMAP_host_map | GNTMAP_device_map, &h),
                     GNTST_okay);
    op = (struct gnttab_unmap_grant_ref){ .dev_bus_addr = bus + 1, .handle = h };
    assert_int_equal(grant_op_unmap_grant_ref(ops, 1), 0);
    assert_int_equal(op.status, GNTST_general_error);
    op.dev_bus_addr = bus;
    assert_int_equal(grant_op_unmap_grant_ref(ops, 1), 0);
    assert_int_equal(op.status, GNTST_okay);
    assert_int_equal(shared(1, 8)->flags & IN_USE, IN_USE);
    assert_int_equal(really_unmap(PAGE_SIZE, h), GNTST_okay);
    assert_int_equal(shared(1, 8)->flags & IN_USE, 0);
    assert_int_equal(map_flags(1, 8, GNTMAP_device_map, &h),
                     GNTST_okay); /* the teardown's */
}

static void long_arrays_are_preempted(void **state)
{
    static struct gnttab_map_grant_ref op[40];
    XEN_GUEST_HANDLE(gnttab_map_grant_ref_t) ops = { op };
    XEN_GUEST_HANDLE(gnttab_map_grant_ref_t) bad = { NULL };

    (void)state;
    current = &vcpu[0];
    give(1, 8, 0, 0, page_to_mfn(page[1][1]));
    for (unsigned int i = 0; i < 40; i++)
        op[i] = (struct gnttab_map_grant_ref){
            .host_addr = (i + 1) * PAGE_SIZE, .ref = 8, .dom = 1, .flags = GNTMAP_host_map
        };
    softirq_pending = 1u << SOFTIRQ_SCHEDULE;
    restarts = 0;
    assert_int_equal(grant_op_map_grant_ref(ops, 40), __HYPERVISOR_grant_table_op);
    softirq_pending = 0;
    assert_int_equal(restarts, 1);
    assert_int_equal(restart_args[0], GNTTABOP_map_grant_ref);
    assert_ptr_equal((void *)restart_args[1], &op[1]);
    assert_int_equal(restart_args[2], 39);
    assert_int_equal(grant_maptrack_count(&dom[0]), 1);
    unmapped = (unsigned long)&op[3];
    assert_int_equal(grant_op_map_grant_ref(ops, 40), -EFAULT);
    unmapped = ~0ul;
    assert_int_equal(grant_maptrack_count(&dom[0]), 4);
    assert_int_equal(grant_op_map_grant_ref(bad, 0), 0);
}

static void limits(void **state)
{
    struct gnttab_setup_table op = { .dom = DOMID_SELF, .nr_frames = 5 };
    XEN_GUEST_HANDLE(gnttab_setup_table_t) ops = { &op };
    xen_pfn_t list[5];
    mfn_t mfn;
    grant_handle_t h;

    (void)state;
    current = &vcpu[2];
    op.frame_list.p = list;
    assert_int_equal(grant_op_setup_table(ops, 1), 0);
    assert_int_equal(op.status, GNTST_general_error);
    op.nr_frames = 4;
    assert_int_equal(grant_op_setup_table(ops, 1), 0);
    assert_int_equal(op.status, GNTST_okay);
    assert_int_equal(grant_table_frame(&dom[2], 3, &mfn), 0);
    assert_int_equal(list[3], mfn_x(mfn));
    assert_int_equal(grant_table_frame(&dom[2], 4, &mfn), -EINVAL);
    assert_int_equal(grant_op_setup_table(ops, 2), -EINVAL);
    give(1, 8, 2, GTF_readonly, page_to_mfn(page[1][1]));
    for (unsigned int i = 0; i < 2 * 128; i++)
        assert_int_equal(map_flags(1, 8, GNTMAP_device_map | GNTMAP_readonly, &h),
                         GNTST_okay);
    assert_int_equal(map_flags(1, 8, GNTMAP_device_map | GNTMAP_readonly, &h),
                     GNTST_no_space);
}

static void swap_needs_idle_entries(void **state)
{
    struct gnttab_swap_grant_ref op = { 8, 9, 0 };
    XEN_GUEST_HANDLE(gnttab_swap_grant_ref_t) ops = { &op };
    grant_handle_t h;

    (void)state;
    current = &vcpu[0];
    give(0, 8, 0, 0, page_to_mfn(page[0][1]));
    give(0, 9, 1, GTF_readonly, page_to_mfn(page[0][2]));
    assert_int_equal(grant_op_swap_grant_ref(ops, 1), 0);
    assert_int_equal(op.status, GNTST_okay);
    assert_int_equal(shared(0, 8)->domid, 1);
    assert_int_equal(shared(0, 9)->frame, mfn_x(page_to_mfn(page[0][1])));
    assert_int_equal(map_flags(0, 9, GNTMAP_host_map, &h), GNTST_okay);
    assert_int_equal(grant_op_swap_grant_ref(ops, 1), 0);
    assert_int_equal(op.status, GNTST_eagain);
    op.ref_b = 100000;
    assert_int_equal(grant_op_swap_grant_ref(ops, 1), 0);
    assert_int_equal(op.status, GNTST_bad_gntref);
}

static void a_dying_granter_grants_nothing_new(void **state)
{
    grant_handle_t h;

    (void)state;
    current = &vcpu[0];
    assert_int_equal(grant_seed(&dom[1], 8, 0, page_to_mfn(page[1][1]), false), 0);
    assert_int_equal(grant_seed(&dom[1], 512, 0, page_to_mfn(page[1][1]), false),
                     -EINVAL);
    assert_int_equal(map_flags(1, 8, GNTMAP_host_map, &h), GNTST_okay);
    dom[1].life = DOM_DYING;
    assert_int_equal(map_flags(1, 8, GNTMAP_host_map, &h), GNTST_general_error);
}

/* Nobody makes the hypervisor take memory for another's table by asking in vain. */
static void refusals_take_no_memory(void **state)
{
    grant_handle_t h;
    uint64_t before;

    (void)state;
    current = &vcpu[0];
    give(1, 8, 2, 0, page_to_mfn(page[1][1]));
    assert_int_equal(map_flags(1, 8, GNTMAP_host_map, &h), GNTST_general_error);
    before = heap_free_count();
    for (unsigned int ref = 0; ref < 512; ref += 8) {
        give(1, ref, ref % 16 ? 0 : 2, ref % 16 ? GTF_readonly : 0,
             page_to_mfn(page[1][1]));
        assert_int_equal(map_flags(1, ref, GNTMAP_host_map, &h), GNTST_general_error);
    }
    assert_int_equal(heap_free_count(), before);
    assert_int_equal(map_flags(1, 8, GNTMAP_host_map | GNTMAP_readonly, &h), GNTST_okay);
}

/* --- fixtures --- */
static int make_machine(void **state)
{
    (void)state;
    host_machine_init(FRAMES);
    ram_add_range(_mfn(FIRST), _mfn(FRAMES));
    heap_add_range(_mfn(FIRST), _mfn(FRAMES));
    page_reclaim_init();
    return 0;
}

static void make_domain(unsigned int d)
{
    const struct heap_constraint anywhere = { 0 };
    struct xen_domctl_createdomain cfg = { .max_grant_frames = 4,
                                           .max_maptrack_frames = 2 };
    int rc;

    if (d == 0)
        cfg.max_maptrack_frames = -1;
    dom[d] = (struct domain){ .id = (domid_t)d,
                              .life = DOM_ALIVE,
                              .references = 1,
                              .max_pages = 100,
                              .is_privileged = d == 0 };
    vcpu[d].domain = &dom[d];
    assert_int_equal(mem_domain_create(&dom[d], &cfg), 0);
    assert_int_equal(grant_domain_create(&dom[d], &cfg), 0);
    for (unsigned int i = 0; i < PAGES; i++) {
        page[d][i] = domain_alloc_pages(&dom[d], 0, &anywhere, &rc);
        assert_non_null(page[d][i]);
        memset(page_to_virt(page[d][i]), (int)(d * PAGES + i), PAGE_SIZE);
    }
}

static int make_domains(void **state)
{
    (void)state;
    memset(entry, 0, sizeof(entry));
    memset(slot, 0, sizeof(slot));
    memset(nr_maps, 0, sizeof(nr_maps));
    free_before = heap_free_count();
    for (unsigned int d = 0; d < DOMS; d++)
        make_domain(d);
    return 0;
}

static void kill_domain(unsigned int d)
{
    dom[d].life = DOM_DYING;
    for (unsigned int i = 0; i < SLOTS; i++)
        slot_clear(d, i);
    while (grant_domain_relinquish(&dom[d]) == -ERESTART)
        softirq_run();
    assert_int_equal(grant_maptrack_count(&dom[d]), 0);
    while (mem_domain_relinquish(&dom[d]) == -ERESTART)
        softirq_run();
    softirq_run();
}

static int check_all_is_back(void **state)
{
    (void)state;
    for (unsigned int d = 0; d < DOMS; d++)
        kill_domain(d);
    for (unsigned int d = 0; d < DOMS; d++) {
        assert_int_equal(grant_active_count(&dom[d]), 0);
        assert_int_equal(dom[d].tot_pages, 0);
        assert_int_equal(dom[d].references, 1);
        grant_domain_destroy(&dom[d]);
        mem_domain_destroy(&dom[d]);
    }
    /* Small objects keep a frame or two for the next time. */
    assert_in_range(heap_free_count(), free_before - 8, free_before);
    return 0;
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, make_domains, check_all_is_back)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(frames_must_be_the_granters),
        TEST(device_and_host_mappings_end_by_themselves),
        TEST(long_arrays_are_preempted),
        TEST(limits),
        TEST(swap_needs_idle_entries),
        TEST(a_dying_granter_grants_nothing_new),
        TEST(refusals_take_no_memory),
        TEST(random_operations),
    };

    return cmocka_run_group_tests(tests, make_machine, NULL);
}
