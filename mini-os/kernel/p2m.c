/* SPDX-License-Identifier: MIT */
/*
 * Where a tool that saves or dumps this domain finds its list of frames: a tree of frames
 * with frame numbers, three levels with the list itself, in the shared page.
 */
#include <mini-os/boot.h>
#include <mini-os/mm.h>

#include "internal.h"

#define PER_PAGE (PAGE_SIZE / sizeof(xen_pfn_t))

static xen_pfn_t *top, *middle;

static unsigned long pages_for(unsigned long entries)
{
    return (entries + PER_PAGE - 1) / PER_PAGE;
}

/* Its address in the linear map, where every frame's number is known. */
static unsigned long mfn_of_entry(const xen_pfn_t *list, unsigned long entry)
{
    return virt_to_mfn(list + entry);
}

static unsigned int order_for(unsigned long pages)
{
    unsigned int order = 0;

    while (1UL << order < pages)
        order++;
    return order;
}

static bool make_pages(unsigned long nr_lists)
{
    if (!top)
        top = alloc_page();
    if (!middle)
        middle = alloc_pages(order_for(pages_for(nr_lists)));
    return top && middle;
}

void p2m_publish(void)
{
    const xen_pfn_t *list = (const xen_pfn_t *)boot_info->mfn_list;
    unsigned long nr_lists = pages_for(boot_info->nr_pages);

    if (!make_pages(nr_lists))
        return;
    for (unsigned long i = 0; i < nr_lists; i++)
        middle[i] = mfn_of_entry(list, i * PER_PAGE);
    for (unsigned long i = 0; i < pages_for(nr_lists); i++)
        top[i] = mfn_of_entry(middle, i * PER_PAGE);
    shared_info.arch.max_pfn = boot_info->nr_pages;
    shared_info.arch.pfn_to_mfn_frame_list_list = virt_to_mfn(top);
}
