/* SPDX-License-Identifier: MIT */
/* Building a domain: its memory, what is in it, and the state its first vCPU has. */
#include "builder.h"
#include "image.h"

#include <stdlib.h>
#include <string.h>

#include <abi/grant_table.h>

#define RFLAGS_IF      0x200
#define MAX_MEMORY_KIB (1ull << 40)

/* --- checks --- */

static int check_request(struct builder *b)
{
    const struct ts_build_request *r = b->request;
    const struct layout *at = &b->at;
    uint64_t p2m_end = b->kernel->init_p2m + (at->p2m_pages << TS_PAGE_SHIFT);

    if (r->cmdline && strlen(r->cmdline) >= MAX_GUEST_CMDLINE)
        return ts_fail(b->err, -XEN_EINVAL, "its command line is longer than %u bytes",
                       MAX_GUEST_CMDLINE - 1);
    if (at->total > b->nr_pages)
        return ts_fail(
            b->err, -XEN_E2BIG,
            "%llu KiB of memory are too little for its kernel%s: it needs %llu",
            (unsigned long long)r->memory_kib, r->ramdisk_size ? " and ramdisk" : "",
            (unsigned long long)ts_build_least_kib(b->kernel, r->ramdisk_size));
    if (!image_range_is_guests(b->kernel->virt_base, builder_va(b, at->end)) ||
        (at->p2m_tables && (!image_range_is_guests(b->kernel->init_p2m, p2m_end) ||
                            (b->kernel->init_p2m < builder_va(b, at->end) &&
                             p2m_end > b->kernel->virt_base))))
        return ts_fail(b->err, -XEN_E2BIG,
                       "what its kernel wants mapped does not fit its address space");
    return 0;
}

/* --- contents --- */

static int load_image(struct builder *b)
{
    const struct ts_kernel *k = b->kernel;
    int rc = 0;

    for (unsigned int i = 0; !rc && i < k->nr_segments; i++) {
        const struct ts_segment *s = &k->segment[i];

        rc = memory_write(b, 0, s->vaddr - k->virt_base, k->data + s->offset, s->filesz);
    }
    if (!rc && b->request->ramdisk_size)
        rc = memory_write(b, b->at.ramdisk, 0, b->request->ramdisk,
                          b->request->ramdisk_size);
    return rc;
}

static int write_p2m(struct builder *b)
{
    const uint64_t per_page = TS_PAGE_SIZE / sizeof(uint64_t);
    uint64_t pfn = 0, run = 0, mfn = 0;

    for (uint64_t page = 0; page < b->at.p2m_pages; page++) {
        uint64_t end = (page + 1) * per_page;
        void *address;
        int rc = memory_view(b, b->at.p2m + page, 1, &address);

        if (rc)
            return rc;
        for (uint64_t *slot = address; pfn < end && pfn < b->nr_pages; pfn++, run--) {
            if (!run)
                run = memory_run(b, pfn, &mfn);
            *slot++ = mfn++;
        }
    }
    return 0;
}

static void fill_start_info(const struct builder *b, const struct ts_domain_info *info,
                            struct start_info *si)
{
    const struct ts_build_request *r = b->request;
    const struct layout *at = &b->at;

    strcpy(si->magic, "xen-3.0-x86_64");
    si->nr_pages = b->nr_pages;
    si->shared_info = info->shared_info_mfn << TS_PAGE_SHIFT;
    si->store_mfn = memory_mfn(b, at->store);
    si->store_evtchn = r->store_port;
    si->console.domU.mfn = memory_mfn(b, at->console);
    si->console.domU.evtchn = r->console_port;
    si->pt_base = builder_va(b, at->tables);
    si->nr_pt_frames = at->nr_tables;
    si->mfn_list = at->p2m_tables ? b->kernel->init_p2m : builder_va(b, at->p2m);
    if (at->p2m_tables) {
        si->first_p2m_pfn = at->p2m;
        si->nr_p2m_frames = at->p2m_pages + at->p2m_tables;
    }
    if (r->ramdisk_size) {
        bool by_pfn = b->kernel->mod_start_pfn;

        si->mod_start = by_pfn ? at->ramdisk : builder_va(b, at->ramdisk);
        si->mod_len = r->ramdisk_size;
        si->flags |= by_pfn ? SIF_MOD_START_PFN : 0;
    }
    if (r->cmdline)
        strcpy((char *)si->cmd_line, r->cmdline);
}

static int write_start_info(struct builder *b, const struct ts_domain_info *info)
{
    void *page;
    int rc = memory_view(b, b->at.start_info, 1, &page);

    if (!rc)
        fill_start_info(b, info, page);
    return rc;
}

/* No event is delivered before the guest says that it is ready for events. */
static int write_shared_info(struct builder *b, const struct ts_domain_info *info)
{
    xen_pfn_t mfn = info->shared_info_mfn;
    struct shared_info *shared;
    void *page;
    int rc = b->hv->ops->frames_map(b->hv, b->request->id, &mfn, 1, &page);

    if (rc)
        return ts_fail(b->err, rc, "its shared page cannot be mapped: %s",
                       ts_err_text(rc));
    shared = page;
    for (unsigned int i = 0; i < b->request->max_vcpus && i < XEN_LEGACY_MAX_VCPUS; i++)
        shared->vcpu_info[i].evtchn_upcall_mask = 1;
    b->hv->ops->frames_unmap(b->hv, page, 1);
    return 0;
}

static int write_contents(struct builder *b)
{
    struct ts_domain_info info;
    int rc = b->hv->ops->domain_info(b->hv, b->request->id, &info);

    if (rc)
        return ts_fail(b->err, rc, "the hypervisor does not know it: %s",
                       ts_err_text(rc));
    b->view_end = b->at.store;
    rc = load_image(b);
    if (!rc)
        rc = write_p2m(b);
    if (!rc)
        rc = write_start_info(b, &info);
    memory_close_view(b);
    if (!rc)
        rc = write_shared_info(b, &info);
    return rc ? rc : tables_write(b);
}

/* --- what the hypervisor does --- */

static int fill_hypercall_page(struct builder *b)
{
    uint64_t va = b->kernel->hypercall_page;
    int rc;

    if (va == TS_ADDR_UNSET)
        return 0;
    rc = b->hv->ops->hypercall_page(b->hv, b->request->id,
                                    memory_mfn(b, builder_pfn(b, va)));
    return rc ? ts_fail(b->err, rc, "its hypercall page cannot be made: %s",
                        ts_err_text(rc))
              : 0;
}

static int seed_grants(struct builder *b)
{
    const struct ts_grant_seed seeds[] = {
        { GNTTAB_RESERVED_CONSOLE, b->request->console_domid,
          memory_mfn(b, b->at.console) },
        { GNTTAB_RESERVED_XENSTORE, b->request->store_domid, memory_mfn(b, b->at.store) },
    };
    int rc = b->hv->ops->grant_seed(b->hv, b->request->id, seeds, 2);

    return rc ? ts_fail(b->err, rc, "its grant table cannot be set up: %s",
                        ts_err_text(rc))
              : 0;
}

/* The context is too large for a small stack. Returns NULL when out of memory. */
static struct vcpu_guest_context *first_context(const struct builder *b, uint64_t root)
{
    struct vcpu_guest_context *c = calloc(1, sizeof(*c));

    if (!c)
        return NULL;
    c->flags = VGCF_in_kernel | VGCF_online;
    c->user_regs.rip = b->kernel->entry;
    c->user_regs.rsp = builder_va(b, b->at.stack + 1);
    c->user_regs.rsi = builder_va(b, b->at.start_info);
    c->user_regs.rflags = RFLAGS_IF;
    c->user_regs.cs = FLAT_KERNEL_CS;
    c->user_regs.ss = FLAT_KERNEL_SS;
    c->kernel_ss = FLAT_KERNEL_SS;
    c->kernel_sp = c->user_regs.rsp;
    c->ctrlreg[3] = xen_pfn_to_cr3(root);
    return c;
}

static int start_vcpu(struct builder *b)
{
    uint64_t root = memory_mfn(b, b->at.tables);
    struct vcpu_guest_context *context;
    int rc = b->hv->ops->table_pin(b->hv, b->request->id, root, 4);

    if (rc)
        return ts_fail(b->err, rc, "its page tables are refused: %s", ts_err_text(rc));
    context = first_context(b, root);
    if (!context)
        return ts_fail(b->err, -XEN_ENOMEM, "out of memory for its first vCPU");
    rc = b->hv->ops->vcpu_set_context(b->hv, b->request->id, 0, context);
    free(context);
    return rc ? ts_fail(b->err, rc, "its first vCPU cannot be set up: %s",
                        ts_err_text(rc))
              : 0;
}

/* In an order in which nothing has to be undone: the domain goes when this fails. */
static int build(struct builder *b)
{
    int rc = check_request(b);

    if (!rc)
        rc = memory_alloc(b);
    if (!rc)
        rc = write_contents(b);
    if (!rc)
        rc = fill_hypercall_page(b);
    if (!rc)
        rc = seed_grants(b);
    return rc ? rc : start_vcpu(b);
}

int ts_build_domain(struct ts_hv *hv, const struct ts_build_request *request,
                    struct ts_build_result *result, struct ts_err *err)
{
    struct builder b = {
        .hv = hv,
        .request = request,
        .kernel = request->kernel,
        .err = err,
        .nr_pages = request->memory_kib / (TS_PAGE_SIZE / 1024),
    };
    int rc;

    if (request->memory_kib > MAX_MEMORY_KIB)
        return ts_fail(err, -XEN_E2BIG,
                       "%llu KiB of memory are more than a domain can have",
                       (unsigned long long)request->memory_kib);
    layout_plan(b.kernel, request->ramdisk_size, b.nr_pages, &b.at);
    rc = build(&b);
    if (!rc)
        *result = (struct ts_build_result){
            .console_mfn = memory_mfn(&b, b.at.console),
            .store_mfn = memory_mfn(&b, b.at.store),
            .entry = b.kernel->entry,
            .initial_bytes = b.at.end << TS_PAGE_SHIFT,
        };
    memory_close_view(&b);
    memory_forget(&b);
    return rc;
}
