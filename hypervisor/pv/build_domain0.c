/* SPDX-License-Identifier: MIT */
/*
 * Domain 0 from the boot modules: module 0 is its kernel (an ELF file with Xen notes),
 * module 1, if there is one, its ramdisk. What cannot be booted ends the start-up with
 * one line that says why.
 */
#include "build_domain0.h"
#include <abi/domctl.h>
#include <abi/features.h>
#include <hv/boot.h>
#include <hv/cmdline.h>
#include <hv/heap.h>
#include <hv/sched.h>

#define MIB (1ull << 20)

/* Frames that domain 0 leaves to the hypervisor when dom0_mem is not given. */
#define RESERVE_FRAMES(total) ((16 * MIB >> PAGE_SHIFT) + (total) / 16)

static uint64_t dom0_mem __initdata, dom0_mem_min __initdata, dom0_mem_max __initdata;
static unsigned int dom0_max_vcpus __initdata;
BOOT_OPTION_UINT("dom0_max_vcpus", dom0_max_vcpus);

/* One item of dom0_mem: SIZE, min:SIZE or max:SIZE. */
static int __init parse_dom0_mem_item(const char *item)
{
    if (!strncmp(item, "min:", 4))
        return parse_size(item + 4, &dom0_mem_min);
    if (!strncmp(item, "max:", 4))
        return parse_size(item + 4, &dom0_mem_max);
    return parse_size(item, &dom0_mem);
}

/* dom0_mem=[SIZE][,min:SIZE][,max:SIZE]: given at start, at least, and limit for ever. */
static int __init parse_dom0_mem(const char *value)
{
    char item[32];

    for (;;) {
        const char *comma = strchr(value, ',');
        size_t n = comma ? (size_t)(comma - value) : strlen(value);
        int rc;

        if (n >= sizeof(item))
            return -EINVAL;
        memcpy(item, value, n);
        item[n] = '\0';
        rc = parse_dom0_mem_item(item);
        if (rc || !comma)
            return rc;
        value = comma + 1;
    }
}
BOOT_OPTION_CUSTOM("dom0_mem", parse_dom0_mem);

/*
 * Features that a PV domain 0 is offered. writable_page_tables is among them although
 * XENVER_get_features does not show it: Linux has always named it as required, and is
 * content with what PV guests have, stores into page tables being emulated.
 */
#define OFFERED                                                               \
    (1u << XENFEAT_writable_page_tables | 1u << XENFEAT_pae_pgdir_above_4gb | \
     1u << XENFEAT_mmu_pt_update_preserve_ad | 1u << XENFEAT_highmem_assist | \
     1u << XENFEAT_gnttab_map_avail_bits | 1u << XENFEAT_dom0 |               \
     1u << XENFEAT_memory_op_vnode_supported)

static uint64_t __init choose_pages(void)
{
    uint64_t free = heap_free_count();
    uint64_t most = free - min(free, RESERVE_FRAMES(heap_total_count()));
    uint64_t want = max(dom0_mem, dom0_mem_min);

    if (!want)
        want = most << PAGE_SHIFT;
    if (dom0_mem_max)
        want = min(want, dom0_mem_max);
    if (want >> PAGE_SHIFT > free)
        boot_fail("dom0_mem asks for %llu MiB, more than the %llu MiB that are free",
                  (unsigned long long)(want / MIB),
                  (unsigned long long)(free << PAGE_SHIFT) / MIB);
    return want >> PAGE_SHIFT;
}

/* Domain 0 may grow as far as there is memory, unless dom0_mem=max: says otherwise. */
static uint64_t __init choose_limit(void)
{
    return dom0_mem_max ? dom0_mem_max >> PAGE_SHIFT : UINT32_MAX;
}

static struct domain *__init create_domain(void)
{
    struct xen_domctl_createdomain cfg = {
        .flags = 0,
        .max_vcpus = dom0_max_vcpus ? dom0_max_vcpus : nr_cpus,
        .max_evtchn_port = 4095,
        .max_grant_frames = -1, /* what the boot options say */
        .max_maptrack_frames = -1,
    };
    struct domain *d;
    int rc;

    if (cfg.max_vcpus > DOMAIN_MAX_VCPUS)
        boot_fail(
            "dom0_max_vcpus asks for %u vCPUs, more than the %u that a domain can have",
            cfg.max_vcpus, DOMAIN_MAX_VCPUS);
    rc = domain_create(0, &cfg, true, &d);
    if (rc)
        boot_fail("domain 0 cannot be created (error %d)", rc);
    d->max_pages = choose_limit();
    for (unsigned int i = 0; i < cfg.max_vcpus; i++) {
        struct vcpu *v;

        rc = vcpu_create(d, i, &v);
        if (rc)
            boot_fail("vCPU %u of domain 0 cannot be created (error %d)", i, rc);
        v->info->evtchn_upcall_mask = 1;
    }
    return d;
}

static void __init load_image(struct builder *b)
{
    const struct elf_image *img = b->image;

    for (unsigned int i = 0; i < img->nr_segs; i++) {
        const struct elf_segment *s = &img->seg[i];
        uint64_t to = s->vaddr - img->virt_base;

        build_store(b, to, img->data + s->offset, s->filesz);
        build_store(b, to + s->filesz, NULL, s->memsz - s->filesz);
    }
    if (img->hypercall_page != ELF_ADDR_UNSET) {
        uint64_t pfn = (img->hypercall_page - img->virt_base) >> PAGE_SHIFT;

        pv_fill_hypercall_page(mfn_to_virt(build_mfn(b, pfn)));
    }
    build_store(b, b->at.ramdisk << PAGE_SHIFT, b->ramdisk, b->ramdisk_size);
}

static void __init write_p2m(struct builder *b)
{
    for (unsigned int i = 0; i < b->nr_extents; i++) {
        const struct build_extent *e = &b->extent[i];
        uint64_t at = (b->at.p2m << PAGE_SHIFT) + e->pfn * 8, done = 0;

        /* A page's worth at a time, straight into the domain's frames. */
        while (done < e->count) {
            uint64_t pfn = (at + done * 8) >> PAGE_SHIFT;
            uint64_t slot = ((at + done * 8) & ~PAGE_MASK) / 8;
            uint64_t *page = mfn_to_virt(build_mfn(b, pfn));

            while (slot < PAGE_SIZE / 8 && done < e->count)
                page[slot++] = e->mfn + done++;
        }
    }
}

static void __init write_start_info(struct builder *b, const char *cmdline)
{
    struct start_info *si = mfn_to_virt(build_mfn(b, b->at.start_info));
    struct build_layout *at = &b->at;

    memset(si, 0, PAGE_SIZE);
    strlcpy(si->magic, b->image->pae_mode ? "xen-3.0-x86_64p" : "xen-3.0-x86_64",
            sizeof(si->magic));
    si->nr_pages = b->nr_pages;
    si->shared_info = mfn_x(virt_to_mfn(b->d->shared_info)) << PAGE_SHIFT;
    si->flags = SIF_PRIVILEGED | SIF_INITDOMAIN;
    si->pt_base = build_va(b, at->tables);
    si->nr_pt_frames = at->nr_tables;
    si->mfn_list = at->p2m_apart ? b->image->init_p2m : build_va(b, at->p2m);
    if (at->p2m_apart) {
        si->first_p2m_pfn = at->p2m;
        si->nr_p2m_frames = at->p2m_pages + at->p2m_tables;
    }
    if (b->ramdisk_size) {
        si->mod_start = b->image->mod_start_pfn ? at->ramdisk : build_va(b, at->ramdisk);
        si->mod_len = b->ramdisk_size;
        if (b->image->mod_start_pfn)
            si->flags |= SIF_MOD_START_PFN;
    }
    strlcpy((char *)si->cmd_line, cmdline, sizeof(si->cmd_line));
}

/* Ports that stay the hypervisor's: interrupt controllers, timer, console. */
static void __init grant_io_ports(struct domain *d)
{
    static const struct {
        uint16_t first, last;
    } ours[] = { { 0x20, 0x21 }, { 0xa0, 0xa1 },   { 0x40, 0x43 },
                 { 0x61, 0x61 }, { 0x4d0, 0x4d1 }, { 0x3f8, 0x3ff } };
    uint64_t *map = hv_zalloc(65536 / 8);

    if (!map)
        boot_fail("out of memory for domain 0's I/O permissions");
    memset(map, 0xff, 65536 / 8);
    for (unsigned int i = 0; i < ARRAY_SIZE(ours); i++)
        for (unsigned int p = ours[i].first; p <= ours[i].last; p++)
            map[p / 64] &= ~(1ull << (p % 64));
    d->pv->io_ports = map;
}

static void __init start_vcpu0(struct builder *b, mfn_t root)
{
    static struct vcpu_guest_context ctx __initdata;
    struct vcpu *v = b->d->vcpu[0];
    int rc;

    do {
        rc = page_pin(b->d, root, PT_L4);
    } while (rc == -ERESTART);
    if (rc)
        panic("domain 0's first page tables are not valid (error %d)", rc);
    ctx.flags = VGCF_in_kernel | VGCF_online;
    ctx.user_regs.rip = b->image->entry;
    ctx.user_regs.rsp = build_va(b, b->at.stack + 1);
    ctx.user_regs.rsi = build_va(b, b->at.start_info);
    ctx.user_regs.rflags = X86_EFLAGS_IF;
    ctx.user_regs.cs = FLAT_KERNEL_CS;
    ctx.user_regs.ss = FLAT_KERNEL_SS;
    ctx.kernel_ss = FLAT_KERNEL_SS;
    ctx.kernel_sp = ctx.user_regs.rsp;
    ctx.ctrlreg[3] = xen_pfn_to_cr3(mfn_x(root));
    do {
        rc = pv_vcpu_set_context(v, &ctx);
    } while (rc == -ERESTART);
    if (rc)
        panic("domain 0's first context is not valid (error %d)", rc);
}

static void __init report(const struct builder *b)
{
    pr_info("domain 0: %s kernel, %llu MiB, %u vCPUs, entry %#llx, initial mapping "
            "%#llx-%#llx",
            b->image->guest_os[0] ? b->image->guest_os : "PV64",
            (unsigned long long)(b->nr_pages << PAGE_SHIFT) / MIB, b->d->max_vcpus,
            (unsigned long long)b->image->entry, (unsigned long long)build_va(b, 0),
            (unsigned long long)build_va(b, b->at.end));
}

static void __init plan_layout(struct builder *b)
{
    int rc = build_layout_plan(b);

    if (rc == -ERANGE)
        boot_fail(
            "domain 0's kernel and ramdisk do not fit into the addresses from %#llx on",
            (unsigned long long)b->image->virt_base);
    if (rc)
        boot_fail("too little memory for domain 0: its kernel and ramdisk need more than "
                  "%llu MiB (see dom0_mem)",
                  (unsigned long long)(b->nr_pages << PAGE_SHIFT) / MIB);
}

static const uint8_t *__init module_data(const struct boot_module *m)
{
    const uint8_t *page = mfn_to_virt(_mfn(m->start >> PAGE_SHIFT));

    return page + (m->start & ~PAGE_MASK);
}

void __init pv_build_domain0(const struct boot_info *bi)
{
    static struct elf_image image __initdata;
    struct builder b = { .image = &image };
    const struct boot_module *kernel = &bi->module[0];

    if (!bi->nr_modules)
        boot_fail("no kernel for domain 0: give one as the first module "
                  "(GRUB: module2 /path/kernel; QEMU: -initrd kernel)");
    if (elf_image_parse(module_data(kernel), kernel->size, OFFERED, &image))
        boot_fail("domain 0's kernel %s", image.error);
    if (bi->nr_modules > 1) {
        b.ramdisk = module_data(&bi->module[1]);
        b.ramdisk_size = bi->module[1].size;
    }
    b.nr_pages = choose_pages();
    plan_layout(&b);
    b.d = create_domain();
    if (build_alloc_memory(&b))
        boot_fail("out of memory for domain 0's %llu MiB",
                  (unsigned long long)(b.nr_pages << PAGE_SHIFT) / MIB);
    load_image(&b);
    write_p2m(&b);
    write_start_info(&b, kernel->cmdline);
    grant_io_ports(b.d);
    start_vcpu0(&b, build_page_tables(&b));
    report(&b);
    hv_free(b.extent);
    for (unsigned int i = 0; i < bi->nr_modules; i++)
        boot_module_release(i);
    domain0 = b.d;
    __atomic_and_fetch(&b.d->vcpu[0]->pause_flags, ~VPF_DOWN, __ATOMIC_RELAXED);
    BUG_ON(domain_unpause_by_controller(b.d));
}
