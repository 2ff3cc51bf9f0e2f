/* SPDX-License-Identifier: MIT */
/*
 * Page tables as objects: single tables, address spaces, windows of the kernel's space.
 */
#include <mini-os/mm.h>

#include <abi/errno.h>
#include <abi/xen.h>
#include <mini-os/lock.h>
#include <mini-os/panic.h>

#include "internal.h"

#define HYPERVISOR_SLOT_FIRST 256
#define HYPERVISOR_SLOT_LAST  271

/* Guards the creation of tables in all spaces, and window_next. Before the memory lock.
 */
static struct spinlock tables_lock = SPINLOCK_INIT;
static unsigned long window_next = WINDOW_START;

pte_t *table_alloc(void)
{
    pte_t *table = alloc_page();
    int rc;

    if (!table)
        return NULL;
    rc = page_make_ro(table);
    BUG_ON(rc);
    return table;
}

int table_free(pte_t *table)
{
    int rc = page_make_rw(table);

    if (!rc)
        free_page(table);
    return rc;
}

int table_pin(const pte_t *table, unsigned int level)
{
    return mmuext_one(MMUEXT_PIN_L1_TABLE + level - 1, virt_to_mfn(table), 0);
}

int table_unpin(const pte_t *table)
{
    return mmuext_one(MMUEXT_UNPIN_TABLE, virt_to_mfn(table), 0);
}

int space_create(struct address_space *space)
{
    int rc;

    space->root = table_alloc();
    if (!space->root)
        return -XEN_ENOMEM;
    rc = table_pin(space->root, 4);
    if (rc)
        table_free(space->root);
    return rc;
}

static bool is_hypervisor_slot(unsigned int level, unsigned int index)
{
    return level == 4 && index >= HYPERVISOR_SLOT_FIRST && index <= HYPERVISOR_SLOT_LAST;
}

static pte_t *table_of(pte_t pte)
{
    return pfn_to_virt(mfn_to_pfn(pte_mfn(pte)));
}

/* The table is in no use by the hypervisor any more. */
static void free_tables(pte_t *table, unsigned int level)
{
    int rc;

    for (unsigned int i = 0; i < PTES_PER_TABLE && level > 1; i++)
        if (!is_hypervisor_slot(level, i) && (table[i] & PTE_P))
            free_tables(table_of(table[i]), level - 1);
    rc = table_free(table);
    BUG_ON(rc);
}

void space_destroy(struct address_space *space)
{
    int rc = table_unpin(space->root);

    BUG_ON(rc);
    free_tables(space->root, 4);
    space->root = NULL;
}

/* The table below *slot of the given level; made if there is none. */
static int descend(pte_t *slot, pte_t **below)
{
    int rc;

    if (*slot & PTE_PSE)
        return -XEN_EINVAL;
    if (*slot & PTE_P) {
        *below = table_of(*slot);
        return 0;
    }
    *below = table_alloc();
    if (!*below)
        return -XEN_ENOMEM;
    rc = mmu_update_one(virt_to_maddr(slot), pte_make(virt_to_mfn(*below), PTE_TABLE));
    if (rc)
        table_free(*below);
    return rc;
}

static int map_locked(struct address_space *space, unsigned long va, pte_t pte)
{
    pte_t *table = space->root, *slot;
    bool flush;
    int rc;

    for (unsigned int level = 4; level > 1; level--) {
        if (is_hypervisor_slot(level, pte_index(va, level)))
            return -XEN_EINVAL;
        rc = descend(&table[pte_index(va, level)], &table);
        if (rc)
            return rc;
    }
    slot = &table[pte_index(va, 1)];
    flush = *slot & PTE_P;
    rc = mmu_update_one(virt_to_maddr(slot), pte);
    if (!rc && flush)
        rc = mmuext_one(MMUEXT_INVLPG_ALL, va, 0);
    return rc;
}

int space_map(struct address_space *space, unsigned long va, pte_t pte)
{
    bool events = spin_lock_events(&tables_lock);
    int rc = map_locked(space, va, pte);

    spin_unlock_events(&tables_lock, events);
    return rc;
}

int map_mfn(const volatile void *va, unsigned long mfn, pte_t flags)
{
    return space_map(&kernel_space, (unsigned long)va, pte_make(mfn, flags));
}

int unmap(const volatile void *va)
{
    return pte_set(va, 0, PTE_BY_VA);
}

void *window_reserve(unsigned int count)
{
    bool events = spin_lock_events(&tables_lock);
    unsigned long start = window_next;
    bool fits = count <= (WINDOW_END - start) / PAGE_SIZE;
    int rc = 0;

    for (unsigned int i = 0; fits && !rc && i < count; i++)
        rc = map_locked(&kernel_space, start + (unsigned long)i * PAGE_SIZE, 0);
    if (fits && !rc)
        window_next = start + (unsigned long)count * PAGE_SIZE;
    spin_unlock_events(&tables_lock, events);
    return fits && !rc ? (void *)start : NULL;
}
