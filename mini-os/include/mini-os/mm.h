/* SPDX-License-Identifier: MIT */
/*
 * Frames and page tables under direct paging.
 *
 * Owns the linear map (pages below boot_info->nr_pages, mapped as they are needed), the
 * window area and the page allocator. Page tables are always read-only in the linear
 * map; they are changed by hypercall. All functions may be called on every vCPU with
 * events in any state; the allocator and the window area take the memory lock.
 *
 * pfn: the domain's own number of a frame. mfn: the machine's.
 */
#ifndef MINI_OS_MM_H
#define MINI_OS_MM_H

#include <mini-os/compiler.h>
#include <mini-os/layout.h>

typedef uint64_t pte_t;

#define PTE_P    0x001ULL
#define PTE_W    0x002ULL
#define PTE_U    0x004ULL
#define PTE_PWT  0x008ULL
#define PTE_PCD  0x010ULL
#define PTE_A    0x020ULL
#define PTE_D    0x040ULL
#define PTE_PSE  0x080ULL
#define PTE_G    0x100ULL
#define PTE_NX   0x8000000000000000ULL
#define PTE_ADDR 0x000ffffffffff000ULL

/* Usual combinations; W and X never together. */
#define PTE_RW (PTE_P | PTE_W | PTE_U | PTE_A | PTE_D | PTE_NX)
#define PTE_RO (PTE_P | PTE_U | PTE_A | PTE_NX)
#define PTE_RX (PTE_P | PTE_U | PTE_A)
/* An entry of an upper level. */
#define PTE_TABLE (PTE_P | PTE_W | PTE_U | PTE_A)

#define PTES_PER_TABLE 512

static inline pte_t pte_make(unsigned long mfn, pte_t flags)
{
    return ((pte_t)mfn << PAGE_SHIFT) | flags;
}

static inline unsigned long pte_mfn(pte_t pte)
{
    return (pte & PTE_ADDR) >> PAGE_SHIFT;
}

/* Index of va's entry in its table of level 1 to 4. */
static inline unsigned int pte_index(unsigned long va, unsigned int level)
{
    return (va >> (PAGE_SHIFT + 9 * (level - 1))) & (PTES_PER_TABLE - 1);
}

/* Number of the domain's frames that the library manages. */
unsigned long mm_nr_pages(void);

/* pfn must be below boot_info->nr_pages. */
unsigned long pfn_to_mfn(unsigned long pfn);

/* Returns ~0UL when the frame is not this domain's. */
unsigned long mfn_to_pfn(unsigned long mfn);

/* The linear map's address of a frame, whether it is mapped there or not. */
static inline void *pfn_to_virt(unsigned long pfn)
{
    return (void *)(LINEAR_START + (pfn << PAGE_SHIFT));
}

/* For addresses in the linear map. */
static inline unsigned long virt_to_pfn(const volatile void *va)
{
    return ((unsigned long)va - LINEAR_START) >> PAGE_SHIFT;
}

/* For addresses in the linear map. */
unsigned long virt_to_mfn(const volatile void *va);
uint64_t virt_to_maddr(const volatile void *va);

/* A zeroed page in the linear map, readable and writable; NULL when there is none. */
void *alloc_page(void);

/* 2^order pages that follow each other in pfn and address, zeroed; NULL for none. */
void *alloc_pages(unsigned int order);

/* Pages must be mapped RW again and be in no other use. */
void free_page(void *page);
void free_pages(void *pages, unsigned int order);

/* Free pages in the allocator, including those that are not mapped yet. */
unsigned long mm_free_pages(void);

/*
 * The entry of a level for va in the kernel's current tables, as a pointer into the
 * read-only linear map; NULL when an upper level is not present, is a superpage, or
 * belongs to the hypervisor.
 */
const pte_t *pte_slot(unsigned long va, unsigned int level);

/* The level 1 entry for va; 0 when there is none. */
pte_t pte_of(const volatile void *va);

/* Machine address of an entry, as mmu_update wants it; 0 when there is none. */
uint64_t pte_maddr(const volatile void *va, unsigned int level);

enum pte_how {
    PTE_BY_VA,         /* update_va_mapping with INVLPG */
    PTE_BY_MMU_UPDATE, /* mmu_update, then INVLPG */
    PTE_BY_WRITE,      /* a store into the read-only table, which is emulated */
};

/*
 * Sets the level 1 entry for va, whose upper levels must exist. Returns 0 or the
 * hypercall's negative errno; for PTE_BY_WRITE -EFAULT when the store trapped.
 */
int pte_set(const volatile void *va, pte_t pte, enum pte_how how);

/* One mmu_update request, ptr with its MMU_* command. Returns 0 or a negative errno. */
int mmu_update_one(uint64_t ptr, uint64_t val);

/* One mmuext_op whose arguments are numbers. Returns 0 or a negative errno. */
int mmuext_one(unsigned int cmd, unsigned long arg1, unsigned long arg2);

/* Changes a linear-map page between read-only and writable. Negative errno if refused. */
int page_make_ro(void *page);
int page_make_rw(void *page);

/* Addresses for count pages whose level 1 entries exist and are empty; NULL for none.
 * Windows are never given back. */
void *window_reserve(unsigned int count);

/*
 * Maps the frame mfn of this domain at va with flags (PTE_*), making tables as needed.
 * Returns 0, -ENOMEM or the hypercall's negative errno.
 */
int map_mfn(const volatile void *va, unsigned long mfn, pte_t flags);

/* Empties the entry of va. Returns 0 or a negative errno. */
int unmap(const volatile void *va);

/* A zeroed page that is read-only in the linear map: fit for use as a page table. */
pte_t *table_alloc(void);

/* The page must not be in use as a table any more; -EINVAL when it is. */
int table_free(pte_t *table);

/* MMUEXT_PIN_Ln_TABLE and MMUEXT_UNPIN_TABLE. Return 0 or a negative errno. */
int table_pin(const pte_t *table, unsigned int level);
int table_unpin(const pte_t *table);

/* A set of tables with a pinned root. */
struct address_space {
    pte_t *root;
};

/* An empty one. Returns 0 or -ENOMEM. */
int space_create(struct address_space *space);

/* Unpins the root and frees all its tables; leaf frames stay. */
void space_destroy(struct address_space *space);

/* Sets the level 1 entry of va, making tables as needed. 0 or a negative errno. */
int space_map(struct address_space *space, unsigned long va, pte_t pte);

/* The address space in which the guest's kernel runs. */
extern struct address_space kernel_space;

#endif
