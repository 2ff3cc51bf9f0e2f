/* SPDX-License-Identifier: MIT */
/*
 * The guest's GDT and LDT. Their frames have the type PT_DESC, so the guest cannot write
 * them; descriptors change only through update_descriptor, which checks each one. While
 * a vCPU runs, its GDT frames stand in its CPU's descriptor window; LDT pages are put
 * there as the processor first touches them.
 *
 * LDT window pages: v->pv.ldt_frames[i] is valid when bit i of ldt_mapped is set and
 * then holds a reference and a PT_DESC type reference. Changed only by the vCPU itself
 * (fault, set_ldt) or when it cannot run.
 */
#include "internal.h"
#include <hv/desc.h>

#define DESC_PER_PAGE   512u
#define LDT_MAX_ENTRIES 8192u

static void put_desc_frames(const mfn_t *frames, unsigned int n)
{
    while (n--)
        page_put_and_type(mfn_to_page(frames[n]), false);
}

/* References and checks n frames as descriptor pages. 0; -EINVAL with nothing taken. */
static int get_desc_frames(struct vcpu *v, const uint64_t *frames, unsigned int n,
                           mfn_t *out)
{
    for (unsigned int i = 0; i < n; i++) {
        if (frames[i] >= max_page || page_get_and_type(mfn_to_page(_mfn(frames[i])),
                                                       v->domain->id, PT_DESC, false)) {
            put_desc_frames(out, i);
            return -EINVAL;
        }
        out[i] = _mfn(frames[i]);
    }
    return 0;
}

void pv_drop_gdt(struct vcpu *v)
{
    put_desc_frames(v->pv.gdt_frames, DIV_ROUND_UP(v->pv.gdt_entries, DESC_PER_PAGE));
    v->pv.gdt_entries = 0;
}

int pv_set_gdt(struct vcpu *v, const uint64_t *frames, unsigned int entries)
{
    mfn_t fresh[FIRST_RESERVED_GDT_PAGE];
    unsigned int n = DIV_ROUND_UP(entries, DESC_PER_PAGE);
    int rc;

    if (entries > FIRST_RESERVED_GDT_ENTRY)
        return -EINVAL;
    rc = get_desc_frames(v, frames, n, fresh);
    if (rc)
        return rc;
    pv_drop_gdt(v);
    memcpy(v->pv.gdt_frames, fresh, n * sizeof(fresh[0]));
    v->pv.gdt_entries = entries;
    return 0;
}

/* Window entries take effect when the TLB forgets the old ones. */
static void reload_windows(struct vcpu *v)
{
    unsigned long flags = irq_save();

    desc_window_set_gdt(v->pv.gdt_frames, DIV_ROUND_UP(v->pv.gdt_entries, DESC_PER_PAGE));
    write_cr3(v->root_cr3);
    irq_restore(flags);
}

/* hypercall 2: frames of `entries` descriptors. 0; -EINVAL; -EFAULT. */
long hc_set_gdt(XEN_GUEST_HANDLE(xen_ulong_t) frame_list, unsigned int entries)
{
    struct vcpu *v = current;
    uint64_t frames[FIRST_RESERVED_GDT_PAGE];
    int rc;

    if (entries > FIRST_RESERVED_GDT_ENTRY)
        return -EINVAL;
    if (copy_from_guest(frames, frame_list, DIV_ROUND_UP(entries, DESC_PER_PAGE)))
        return -EFAULT;
    rc = pv_set_gdt(v, frames, entries);
    if (!rc)
        reload_windows(v);
    return rc;
}

/* --- LDT --- */

void pv_show_ldt(struct vcpu *v)
{
    for (uint32_t left = v->pv.ldt_mapped; left; left &= left - 1) {
        unsigned int i = (unsigned int)__builtin_ctz(left);

        desc_window_set_ldt(i, v->pv.ldt_frames[i]);
    }
}

void pv_drop_ldt_mappings(struct vcpu *v)
{
    uint32_t mapped = v->pv.ldt_mapped;

    v->pv.ldt_mapped = 0;
    for (; mapped; mapped &= mapped - 1)
        page_put_and_type(mfn_to_page(v->pv.ldt_frames[__builtin_ctz(mapped)]), false);
}

int pv_set_ldt(struct vcpu *v, unsigned long base, unsigned int entries)
{
    unsigned long flags;

    if (entries > LDT_MAX_ENTRIES || (base & ~PAGE_MASK) ||
        (entries && !guest_range_ok(base, 8)))
        return -EINVAL;
    if (entries && !v->pv.ldt_frames) {
        v->pv.ldt_frames =
            hv_zalloc_array(LDT_MAX_ENTRIES / DESC_PER_PAGE, sizeof(mfn_t));
        if (!v->pv.ldt_frames)
            return -ENOMEM;
    }
    if (v == current) {
        flags = irq_save();
        desc_window_clear_ldt();
        write_cr3(v->root_cr3);
        irq_restore(flags);
    }
    pv_drop_ldt_mappings(v);
    v->pv.ldt_base = base;
    v->pv.ldt_entries = entries;
    if (v == current)
        desc_load_ldt(entries);
    return 0;
}

/* Puts page i of current's LDT into the window. False: the guest does not map it, or
 * the frame cannot be a descriptor page. */
static bool map_ldt_page(struct vcpu *v, unsigned int i)
{
    uint64_t pte;
    mfn_t mfn;
    unsigned long flags;

    if (!pv_kernel_pte(v, v->pv.ldt_base + i * PAGE_SIZE, &pte) || !(pte & PTE_P))
        return false;
    mfn = pte_mfn(pte);
    if (mfn_x(mfn) >= max_page ||
        page_get_and_type(mfn_to_page(mfn), v->domain->id, PT_DESC, false))
        return false;
    flags = irq_save();
    v->pv.ldt_frames[i] = mfn;
    v->pv.ldt_mapped |= 1u << i;
    desc_window_set_ldt(i, mfn);
    irq_restore(flags);
    return true;
}

bool pv_fault_in_desc_window(unsigned long va, struct cpu_user_regs *regs)
{
    struct vcpu *v = current;
    unsigned long offset = va - DESC_WINDOW(smp_cpu_id()) - DESC_WINDOW_LDT;
    unsigned int i = (unsigned int)(offset >> PAGE_SHIFT);

    (void)regs;
    if (vcpu_is_idle(v) || offset >= v->pv.ldt_entries * 8ul ||
        (v->pv.ldt_mapped >> i & 1))
        return false;
    return map_ldt_page(v, i);
}

/* --- update_descriptor --- */

/*
 * hypercall 10: one descriptor at machine address maddr, in a descriptor page or in
 * ordinary memory of the caller. 0; -EINVAL: the address, the frame or the descriptor.
 */
long hc_update_descriptor(uint64_t maddr, uint64_t desc)
{
    struct vcpu *v = current;
    mfn_t mfn = maddr_to_mfn(_maddr(maddr));
    struct page_info *pg;
    int rc = -EINVAL;
    enum page_type type;

    if ((maddr & 7) || mfn_x(mfn) >= max_page || !page_desc_check(&desc))
        return -EINVAL;
    pg = mfn_to_page(mfn);
    if (!page_get(pg, v->domain->id))
        return -EINVAL;
    /* Holding the type it has now keeps it from becoming anything else meanwhile. */
    type = pgt_type(READ_ONCE(pg->type)) == PT_DESC ? PT_DESC : PT_WRITABLE;
    if (!page_get_type(pg, type, false)) {
        uint64_t *entry = (uint64_t *)page_to_virt(pg) + (maddr & ~PAGE_MASK) / 8;

        WRITE_ONCE(*entry, desc);
        page_put_type(pg, false);
        rc = 0;
    }
    page_put(pg);
    return rc;
}
