/* SPDX-License-Identifier: MIT */
/*
 * The rings' frames, and the structure by which a consumer finds them. All belong to
 * DOMID_XEN, whose frames the control domain may map.
 */
#include "internal.h"
#include <hv/heap.h>
#include <hv/lib.h>
#include <hv/page.h>
#include <hv/page_type.h>
#include <abi/errno.h>

/* Bytes of t_info before the lists, which are of 32-bit words. */
static size_t list_start(void)
{
    return ROUND_UP(sizeof(struct t_info) + nr_cpus * sizeof(uint16_t), sizeof(uint32_t));
}

static unsigned int order_for(size_t bytes)
{
    unsigned int order = 0;

    while (PAGE_SIZE << order < bytes)
        order++;
    return order;
}

/* Frees what there is of it; not shared yet. */
static void free_unshared(struct trace_memory *m)
{
    for (uint32_t i = 0; m->frames && i < nr_cpus * m->each; i++)
        hv_free_page(m->frames[i]);
    hv_free(m->frames);
    hv_free_pages(m->info, m->info_order);
    *m = (struct trace_memory){ 0 };
}

static bool alloc_frames(struct trace_memory *m)
{
    m->frames = hv_zalloc_array(nr_cpus * m->each, sizeof(m->frames[0]));
    if (!m->frames)
        return false;
    for (uint32_t i = 0; i < nr_cpus * m->each; i++)
        if (!(m->frames[i] = hv_alloc_page()))
            return false;
    return true;
}

static void fill_info(const struct trace_memory *m)
{
    uint32_t *list = (uint32_t *)((char *)m->info + list_start());

    m->info->tbuf_size = (uint16_t)m->each;
    for (unsigned int cpu = 0; cpu < nr_cpus; cpu++)
        m->info->mfn_offset[cpu] =
            (uint16_t)(list_start() / sizeof(uint32_t) + cpu * m->each);
    for (uint32_t i = 0; i < nr_cpus * m->each; i++)
        list[i] = (uint32_t)mfn_x(virt_to_mfn(m->frames[i]));
}

int trace_memory_alloc(struct trace_memory *m, uint32_t each)
{
    size_t info_bytes = list_start() + nr_cpus * each * sizeof(uint32_t);

    *m = (struct trace_memory){ .each = each, .info_order = order_for(info_bytes) };
    m->info = hv_alloc_pages(m->info_order);
    if (!m->info || !alloc_frames(m)) {
        free_unshared(m);
        return -ENOMEM;
    }
    fill_info(m);
    for (uint32_t i = 0; i < nr_cpus * each; i++)
        page_share_as_xen(m->frames[i], false);
    for (unsigned int i = 0; i < 1u << m->info_order; i++)
        page_share_as_xen((char *)m->info + i * PAGE_SIZE, false);
    return 0;
}

void trace_memory_free(struct trace_memory *m)
{
    for (uint32_t i = 0; i < nr_cpus * m->each; i++)
        page_unshare(m->frames[i]);
    hv_free(m->frames);
    for (unsigned int i = 0; m->info && i < 1u << m->info_order; i++)
        page_unshare((char *)m->info + i * PAGE_SIZE);
    *m = (struct trace_memory){ 0 };
}
