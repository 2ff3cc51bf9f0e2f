/* SPDX-License-Identifier: MIT */
/*
 * Building a domain. Its address space, in pages from LINEAR_START on, which are also
 * its own frame numbers: the image, then what the table below lists.
 */
#include "builder.h"

#include <abi/hypercall_stubs.h>
#include <abi/memory.h>
#include <abi/sysctl.h>
#include <mini-os/boot.h>
#include <mini-os/string.h>
#include <mini-os/time.h>

#include "test.h"

extern char image_start[], image_end[];

#define IMAGE_PAGES ((unsigned int)((image_end - image_start) / PAGE_SIZE))
#define STACK_PAGES 4

enum {
    ARGS_PAGE,    /* struct child_args */
    GRANTED_PAGE, /* for the guest to grant */
    STACK_PAGE,
    TABLE_PAGES = STACK_PAGE + STACK_PAGES, /* level 1, 2, 3, 4 */
    NR_OWN_PAGES = TABLE_PAGES + 4,
    /* no frames of its own memory behind these: */
    GRANT_TABLE = NR_OWN_PAGES,
    WINDOW,
    NR_ADDRESSES,
};

static unsigned int page_at(unsigned int which)
{
    return IMAGE_PAGES + which;
}

static void *address_of(unsigned int page)
{
    return (void *)(LINEAR_START + (unsigned long)page * PAGE_SIZE);
}

int domctl(struct xen_domctl *op, unsigned int cmd, domid_t id)
{
    op->cmd = cmd;
    op->interface_version = XEN_DOMCTL_INTERFACE_VERSION;
    op->domain = id;
    return (int)HYPERVISOR_domctl(op);
}

int domctl_simple(unsigned int cmd, domid_t id)
{
    struct xen_domctl op = { 0 };

    return domctl(&op, cmd, id);
}

uint64_t machine_free_pages(void)
{
    struct xen_sysctl op = { .cmd = XEN_SYSCTL_physinfo,
                             .interface_version = XEN_SYSCTL_INTERFACE_VERSION };

    return HYPERVISOR_sysctl(&op) ? 0 : op.u.physinfo.free_pages;
}

bool guest_info(domid_t id, struct xen_domctl_getdomaininfo *info)
{
    struct xen_domctl op = { 0 };
    int rc = domctl(&op, XEN_DOMCTL_getdomaininfo, id);

    *info = op.u.getdomaininfo;
    if (!rc && op.domain == id)
        return true;
    info->flags = 0;
    return false;
}

void guest_config(struct xen_domctl_createdomain *config)
{
    *config = (struct xen_domctl_createdomain){
        .max_vcpus = 1,
        .max_evtchn_port = 1023,
        .max_grant_frames = 2,
        .max_maptrack_frames = 2,
        .grant_opts = XEN_DOMCTL_GRANT_version(1),
    };
}

int guest_create(struct guest *g)
{
    struct xen_domctl op = { 0 };
    int rc;

    memset(g, 0, sizeof(*g));
    guest_config(&op.u.createdomain);
    rc = domctl(&op, XEN_DOMCTL_createdomain, 0);
    if (rc)
        return rc;
    g->id = op.domain;
    g->nr_pages = page_at(NR_OWN_PAGES);
    op.u.max_mem.max_memkb = g->nr_pages * (PAGE_SIZE / 1024);
    rc = domctl(&op, XEN_DOMCTL_max_mem, g->id);
    if (rc)
        return rc;
    op.u.max_vcpus.max = 1;
    return domctl(&op, XEN_DOMCTL_max_vcpus, g->id);
}

/* Maps a frame of the guest's at one of our windows. */
static int map_foreign(const struct guest *g, void *window, unsigned long mfn)
{
    return (int)HYPERVISOR_update_va_mapping_otherdomain(
        (unsigned long)window, pte_make(mfn, PTE_RW), UVMF_INVLPG | UVMF_ALL, g->id);
}

static void clear_window(void *window)
{
    HYPERVISOR_update_va_mapping((unsigned long)window, 0, UVMF_INVLPG | UVMF_ALL);
}

static int alloc_frames(struct guest *g)
{
    struct xen_memory_reservation want = { .nr_extents = g->nr_pages, .domid = g->id };
    long rc;

    for (unsigned int i = 0; i < g->nr_pages; i++)
        g->mfn[i] = i;
    want.extent_start.p = g->mfn;
    rc = HYPERVISOR_memory_op(XENMEM_populate_physmap, &want);
    return rc == (long)g->nr_pages ? 0 : rc < 0 ? (int)rc : -ENOMEM;
}

/* The machine-to-physical table tells the guest its own frame numbers. */
static int write_m2p(const struct guest *g)
{
    for (unsigned int i = 0; i < g->nr_pages; i++) {
        struct mmu_update update = { g->mfn[i] * PAGE_SIZE | MMU_MACHPHYS_UPDATE, i };
        int rc = (int)HYPERVISOR_mmu_update(&update, 1, NULL, g->id);

        if (rc)
            return rc;
    }
    return 0;
}

static int find_grant_frame(struct guest *g)
{
    xen_pfn_t frame;
    struct gnttab_setup_table setup = { .dom = g->id, .nr_frames = 1 };
    int rc;

    setup.frame_list.p = &frame;
    rc = (int)HYPERVISOR_grant_table_op(GNTTABOP_setup_table, &setup, 1);
    if (rc || setup.status)
        return rc ? rc : -EINVAL;
    g->grant_mfn = frame;
    return 0;
}

/* Addresses are reserved once and serve all guests, one after another. */
static void *own_window(unsigned int which)
{
    static void *window[4];

    if (!window[which])
        window[which] = window_reserve(1);
    require(window[which]);
    return window[which];
}

static int map_all(struct guest *g)
{
    struct xen_domctl_getdomaininfo info;
    int rc;

    if (!guest_info(g->id, &info))
        return -ESRCH;
    g->shared_info_mfn = info.shared_info_frame;
    g->shared = own_window(0);
    g->args = own_window(1);
    g->grants = own_window(2);
    rc = map_foreign(g, g->shared, g->shared_info_mfn);
    if (!rc)
        rc = map_foreign(g, g->args, g->mfn[page_at(ARGS_PAGE)]);
    if (!rc)
        rc = map_foreign(g, g->grants, g->grant_mfn);
    return rc;
}

int guest_populate(struct guest *g)
{
    int rc = alloc_frames(g);

    if (!rc)
        rc = write_m2p(g);
    if (!rc)
        rc = find_grant_frame(g);
    if (!rc)
        rc = map_all(g);
    if (!rc)
        g->root_mfn = g->mfn[page_at(TABLE_PAGES) + 3];
    return rc;
}

/* Which frame the guest is to see at a page of its address space, and how. */
static pte_t entry_of(const struct guest *g, unsigned int page)
{
    if (address_of(page) == &shared_info)
        return pte_make(g->shared_info_mfn, PTE_RW);
    if (page == page_at(GRANT_TABLE))
        return pte_make(g->grant_mfn, PTE_RW);
    if (page >= g->nr_pages)
        return 0;
    return pte_make(g->mfn[page],
                    page >= page_at(TABLE_PAGES) ? PTE_RO : PTE_RX | PTE_W | PTE_D);
}

static void fill_table(const struct guest *g, unsigned int level, pte_t *table)
{
    memset(table, 0, PAGE_SIZE);
    if (level == 1)
        for (unsigned int page = 0; page < page_at(NR_ADDRESSES); page++)
            table[page] = entry_of(g, page);
    else
        table[pte_index(LINEAR_START, level)] =
            pte_make(g->mfn[page_at(TABLE_PAGES) + level - 2], PTE_TABLE);
}

static void fill_page(const struct guest *g, unsigned int page, void *to)
{
    bool is_image = page < IMAGE_PAGES && (pte_of(address_of(page)) & PTE_P);

    if (is_image) /* all but guard pages */
        memcpy(to, address_of(page), PAGE_SIZE);
    else if (page >= page_at(TABLE_PAGES))
        fill_table(g, page - page_at(TABLE_PAGES) + 1, to);
    else
        memset(to, 0, PAGE_SIZE);
}

static void write_args(struct guest *g)
{
    *g->args = (struct child_args){
        .id = g->id,
        .grants = address_of(page_at(GRANT_TABLE)),
        .page = address_of(page_at(GRANTED_PAGE)),
        .page_mfn = g->mfn[page_at(GRANTED_PAGE)],
        .window = address_of(page_at(WINDOW)),
    };
}

static unsigned int hypercall_page_number(void)
{
    return (unsigned int)(((unsigned long)hypercall_page - LINEAR_START) / PAGE_SIZE);
}

int guest_load(struct guest *g)
{
    struct xen_domctl op = { 0 };
    void *window = own_window(3);

    for (unsigned int page = 0; page < g->nr_pages; page++) {
        int rc = map_foreign(g, window, g->mfn[page]);

        if (rc)
            return rc;
        fill_page(g, page, window);
        clear_window(window);
    }
    write_args(g);
    g->shared->vcpu_info[0].evtchn_upcall_mask = 1;
    op.u.hypercall_init.gmfn = g->mfn[hypercall_page_number()];
    return domctl(&op, XEN_DOMCTL_hypercall_init, g->id);
}

int guest_pin(struct guest *g)
{
    struct mmuext_op pin = { .cmd = MMUEXT_PIN_L4_TABLE, .arg1.mfn = g->root_mfn };

    return (int)HYPERVISOR_mmuext_op(&pin, 1, NULL, g->id);
}

int guest_set_context(struct guest *g, child_main_t *entry)
{
    static struct vcpu_guest_context ctx;
    struct xen_domctl op = { 0 };
    unsigned long stack = (unsigned long)address_of(page_at(STACK_PAGE + STACK_PAGES));

    memset(&ctx, 0, sizeof(ctx));
    ctx.flags = VGCF_in_kernel | VGCF_online;
    ctx.user_regs.rip = (unsigned long)entry;
    ctx.user_regs.rsp = stack - 24; /* as after a call */
    ctx.user_regs.rdi = (unsigned long)address_of(page_at(ARGS_PAGE));
    ctx.user_regs.rflags = 0x200;
    ctx.user_regs.cs = FLAT_KERNEL_CS;
    ctx.user_regs.ss = FLAT_KERNEL_SS;
    ctx.kernel_ss = FLAT_KERNEL_SS;
    ctx.kernel_sp = stack;
    ctx.ctrlreg[3] = xen_pfn_to_cr3(g->root_mfn);
    op.u.vcpucontext.ctxt.p = &ctx;
    return domctl(&op, XEN_DOMCTL_setvcpucontext, g->id);
}

int guest_unpause(const struct guest *g)
{
    return domctl_simple(XEN_DOMCTL_unpausedomain, g->id);
}

int guest_build(struct guest *g, child_main_t *entry)
{
    int rc = guest_create(g);

    if (!rc)
        rc = guest_populate(g);
    if (!rc)
        rc = guest_load(g);
    if (!rc)
        rc = guest_pin(g);
    if (!rc)
        rc = guest_set_context(g, entry);
    return rc;
}

void guest_unmap(struct guest *g)
{
    if (g->args)
        clear_window(g->args);
    if (g->shared)
        clear_window(g->shared);
    if (g->grants)
        clear_window(g->grants);
    clear_window(own_window(3));
    g->args = NULL;
    g->shared = NULL;
    g->grants = NULL;
}

int guest_destroy(struct guest *g)
{
    struct xen_domctl_getdomaininfo info;
    int rc;

    guest_unmap(g);
    rc = domctl_simple(XEN_DOMCTL_destroydomain, g->id);
    if (rc)
        return rc;
    for (unsigned int i = 0; guest_info(g->id, &info) && i < 1000; i++)
        time_sleep(NSEC_PER_MSEC);
    return 0;
}
