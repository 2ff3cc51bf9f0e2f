/* SPDX-License-Identifier: MIT */
/* memory_op: memory maps, the machine's and the one that a domain is told is its own. */
#include "memory_op.h"
#include <hv/boot.h>
#include <hv/spinlock.h>

/* Entries that a domain's map may have. */
#define MAX_ENTRIES 1024

static unsigned long entry_addr(const xen_memory_map_t *map, unsigned int i)
{
    return (unsigned long)map->buffer.p + i * sizeof(struct abi_e820_entry);
}

long memory_op_machine_memory_map(xen_memory_map_t *arg)
{
    unsigned int n = boot_info.nr_mem;

    if (!guest_handle_is_null(arg->buffer) && arg->nr_entries <= n)
        return -EINVAL;
    arg->nr_entries = n;
    for (unsigned int i = 0; i < n && !guest_handle_is_null(arg->buffer); i++) {
        const struct mem_range *r = &boot_info.mem[i];
        struct abi_e820_entry e = { .addr = r->start, .size = r->size, .type = r->kind };

        if (guest_write(entry_addr(arg, i), &e, sizeof(e)))
            return -EFAULT;
    }
    return 0;
}

/* Copies up to *n entries of d's map, *n becoming the number. False: d has none. */
static bool copy_map(struct domain *d, struct abi_e820_entry *to, unsigned int *n)
{
    bool has_one;

    spin_lock(&d->page_lock);
    has_one = d->nr_memory_map != 0;
    *n = min(*n, d->nr_memory_map);
    for (unsigned int i = 0; i < *n; i++)
        to[i] = d->memory_map[i];
    spin_unlock(&d->page_lock);
    return has_one;
}

/* The map is copied first: guest memory is not touched with a lock held. */
long memory_op_memory_map(xen_memory_map_t *arg)
{
    unsigned int n = min(arg->nr_entries, READ_ONCE(current->domain->nr_memory_map));
    struct abi_e820_entry *map = hv_zalloc_array(n, sizeof(*map));
    long rc = 0;

    if (!map)
        return -ENOMEM;
    if (!copy_map(current->domain, map, &n))
        rc = -ENOSYS;
    else if (guest_write(entry_addr(arg, 0), map, n * sizeof(*map)))
        rc = -EFAULT;
    else
        arg->nr_entries = n;
    hv_free(map);
    return rc;
}

/* No device needs memory of its own mapped one to one: there is no IOMMU. */
long memory_op_reserved_device_memory_map(xen_reserved_device_memory_map_t *arg)
{
    if (arg->flags & ~XENMEM_RDM_ALL)
        return -EINVAL;
    arg->nr_entries = 0;
    return 0;
}

/* Makes map (n entries, owned by d from now on) d's. */
static void replace_map(struct domain *d, struct abi_e820_entry *map, unsigned int n)
{
    struct abi_e820_entry *old;

    spin_lock(&d->page_lock);
    old = d->memory_map;
    d->memory_map = map;
    d->nr_memory_map = n;
    spin_unlock(&d->page_lock);
    hv_free(old);
}

static long read_map(struct domain *d, const xen_memory_map_t *from)
{
    struct abi_e820_entry *map = hv_zalloc_array(from->nr_entries, sizeof(*map));

    if (!map)
        return -ENOMEM;
    if (guest_read(map, entry_addr(from, 0), from->nr_entries * sizeof(*map))) {
        hv_free(map);
        return -EFAULT;
    }
    replace_map(d, map, from->nr_entries);
    return 0;
}

long memory_op_set_memory_map(xen_foreign_memory_map_t *arg)
{
    struct domain *d;
    long rc;

    if (arg->map.nr_entries > MAX_ENTRIES)
        return -EINVAL;
    rc = domain_lookup(arg->domid, true, &d);
    if (rc)
        return rc;
    rc = read_map(d, &arg->map);
    domain_put(d);
    return rc;
}
