/* SPDX-License-Identifier: MIT */
/*
 * Behaviour: the page-table hypercalls say why they refuse.
 * Provocation: lists that cannot be read, domains that do not exist or are not to be
 * meddled with, both as owner of the frames and of the tables; flush masks that cannot be
 * read; entries with bits that a guest may not set; operations on other domains' frames
 * that are for one's own only; counters that cannot be written.
 * Expected: -EFAULT, -ESRCH, -EPERM, -EBUSY, -EINVAL, -ENOSYS accordingly; only what comes
 * before the refusal has been done.
 */
#include <test.h>

#include <mini-os/mm.h>

COVERS(mmu_update, update_va_mapping, update_va_mapping_otherdomain, mmuext_op,
       MMU_NORMAL_PT_UPDATE, MMU_MACHPHYS_UPDATE, MMU_PT_UPDATE_NO_TRANSLATE);

#define UNMAPPED  0x10UL
#define NOBODY    77
#define VGA_FRAME 0xb8UL
#define PTE_PAT   PTE_PSE

static volatile uint64_t *window;
static uint64_t *page;
static unsigned long mfn;
static uint64_t vcpu_mask = 1;

static long map(pte_t pte, unsigned long flags)
{
    return HYPERVISOR_update_va_mapping((unsigned long)window, pte, flags);
}

static long map_of(pte_t pte, domid_t domid)
{
    return HYPERVISOR_update_va_mapping_otherdomain((unsigned long)window, pte,
                                                    UVMF_INVLPG, domid);
}

static void check_flush_masks(void)
{
    unsigned long good = (unsigned long)&vcpu_mask;

    check_eq(map(pte_make(mfn, PTE_RW), good | UVMF_INVLPG), 0);
    check_eq(map(0, good | UVMF_TLB_FLUSH), 0);
    check_eq(map(pte_make(mfn, PTE_RW), UNMAPPED | UVMF_INVLPG), -EFAULT);
    check_eq(pte_mfn(pte_of(window)), mfn);
    check_eq(map(0, UNMAPPED | UVMF_TLB_FLUSH), -EFAULT);
    check_eq(pte_of(window), 0);
    check_eq(map(0, UVMF_LOCAL | 3), 0);
}

static void check_owners(void)
{
    check_eq(map_of(pte_make(mfn, PTE_RW), DOMID_SELF), 0);
    check_eq(map_of(0, DOMID_SELF), 0);
    check_eq(map_of(pte_make(mfn, PTE_RW), 0), -ESRCH);
    check_eq(map_of(pte_make(mfn, PTE_RW), NOBODY), -ESRCH);
    check_eq(map_of(pte_make(mfn, PTE_RW), DOMID_INVALID), -ESRCH);
    check_eq(map_of(pte_make(mfn, PTE_RW), DOMID_IO), -EBUSY);
    check_eq(map_of(pte_make(VGA_FRAME, PTE_RW), DOMID_IO), 0);
    check_eq(map_of(0, DOMID_IO), 0);
    check_eq(map(pte_make(VGA_FRAME, PTE_RW), UVMF_INVLPG), 0);
    check_eq(map(0, UVMF_INVLPG), 0);
    check_eq(map_of(pte_make(mfn, PTE_RO), DOMID_XEN), -EBUSY);
    check_eq(pte_of(window), 0);
}

static void check_bits(void)
{
    check_eq(map(pte_make(mfn, PTE_RW | 1ULL << 51), UVMF_NONE), -EPERM);
    check_eq(map(pte_make(mfn, PTE_RW) | 7ULL << 52, UVMF_NONE), 0);
    check_eq(map(pte_make(mfn, PTE_RW | PTE_PAT), UVMF_NONE), 0);
    check_eq(map(pte_make(mfn, PTE_RW | PTE_G), UVMF_NONE), 0);
    check_eq(map(0xfffffffffffffffeULL, UVMF_NONE), 0);
    check_eq(map(0, UVMF_INVLPG), 0);
    check_eq(mmu_update_one(pte_maddr(window, 2) + 8, pte_make(mfn, PTE_TABLE | PTE_PSE)),
             -EINVAL);
    check_eq(mmu_update_one(virt_to_maddr(&kernel_space.root[5]),
                            pte_make(mfn, PTE_TABLE | PTE_PSE)),
             -EINVAL);
}

static long update_for(unsigned int foreigndom)
{
    struct mmu_update update = { .ptr = pte_maddr(window, 1) };

    return HYPERVISOR_mmu_update(&update, 1, NULL, foreigndom);
}

static void check_update_domains(void)
{
    check_eq(update_for(DOMID_SELF), 0);
    check_eq(update_for(0), -ESRCH);
    check_eq(update_for(NOBODY), -ESRCH);
    check_eq(update_for(DOMID_IO), 0);
    check_eq(update_for(DOMID_XEN), 0);
    check_eq(update_for(DOMID_INVALID), -ESRCH);
    check_eq(update_for(DOMID_SELF | (NOBODY + 1) << 16), -ESRCH);
    check_eq(update_for(DOMID_SELF | 1 << 16), 0);
}

static void check_update_list(void)
{
    struct mmu_update updates[2] = {
        { .ptr = pte_maddr(window, 1) },
        { .ptr = pte_maddr(window, 1) | 4 },
    };
    unsigned int done = 99;

    check_eq(HYPERVISOR_mmu_update(updates, 1, (void *)UNMAPPED, DOMID_SELF), 0);
    check_eq(HYPERVISOR_mmu_update(updates, 2, &done, DOMID_SELF), -ENOSYS);
    check_eq(done, 1);
    check_eq(HYPERVISOR_mmu_update((void *)UNMAPPED, 0, &done, DOMID_SELF), 0);
    check_eq(HYPERVISOR_mmu_update((void *)HYPERVISOR_VIRT_START, 1, &done, DOMID_SELF),
             -EFAULT);
    check_eq(done, 0);
}

static long ext_for(unsigned int cmd, unsigned long arg, unsigned int foreigndom)
{
    struct mmuext_op op = { .cmd = cmd, .arg1.mfn = arg };

    return HYPERVISOR_mmuext_op(&op, 1, NULL, foreigndom);
}

static void check_ext_domains(void)
{
    static const unsigned int own_only[] = {
        MMUEXT_NEW_BASEPTR,   MMUEXT_NEW_USER_BASEPTR,   MMUEXT_TLB_FLUSH_LOCAL,
        MMUEXT_INVLPG_LOCAL,  MMUEXT_TLB_FLUSH_MULTI,    MMUEXT_INVLPG_MULTI,
        MMUEXT_TLB_FLUSH_ALL, MMUEXT_INVLPG_ALL,         MMUEXT_FLUSH_CACHE,
        MMUEXT_SET_LDT,       MMUEXT_FLUSH_CACHE_GLOBAL,
    };

    for (unsigned int i = 0; i < ARRAY_SIZE(own_only); i++)
        if (!check_eq(ext_for(own_only[i], 0, DOMID_IO), -EPERM))
            note("command %u", own_only[i]);
    check_eq(ext_for(MMUEXT_PIN_L1_TABLE, mfn, DOMID_IO), -EINVAL);
    check_eq(ext_for(MMUEXT_UNPIN_TABLE, mfn, DOMID_IO), -EINVAL);
    check_eq(ext_for(MMUEXT_CLEAR_PAGE, mfn, DOMID_IO), -EINVAL);
    check_eq(ext_for(MMUEXT_COPY_PAGE, mfn, DOMID_IO), -EINVAL);
    check_eq(ext_for(MMUEXT_TLB_FLUSH_LOCAL, 0, NOBODY), -ESRCH);
    check_eq(ext_for(MMUEXT_TLB_FLUSH_LOCAL, 0, 0), -ESRCH);
}

static void check_m2p(void)
{
    struct mmu_update update = { .ptr = mfn << PAGE_SHIFT | MMU_MACHPHYS_UPDATE,
                                 .val = mfn_to_pfn(mfn) };

    check_eq(HYPERVISOR_mmu_update(&update, 1, NULL, DOMID_SELF), 0);
    check_eq(HYPERVISOR_mmu_update(&update, 1, NULL, DOMID_IO), -EINVAL);
    update.ptr = pte_maddr(window, 1) | MMU_PT_UPDATE_NO_TRANSLATE;
    update.val = 0;
    check_eq(HYPERVISOR_mmu_update(&update, 1, NULL, DOMID_SELF), 0);
}

void test_main(void)
{
    window = window_reserve(1);
    page = alloc_page();
    require(window && page);
    mfn = virt_to_mfn(page);
    check_flush_masks();
    check_owners();
    check_bits();
    check_update_domains();
    check_update_list();
    check_ext_domains();
    check_m2p();
    free_page(page);
}
