/* SPDX-License-Identifier: MIT */
/*
 * Grants of frames that are not the guest's, grants of its page tables, and every operation
 * with any references, handles and frames.
 */
#include <linux/kernel.h>
#include <linux/string.h>

#include <xen/interface/grant_table.h>
#include <xen/page.h>

#include "hostile.h"

#define FRAMES_MAX 64
#define OPERATIONS 14
#define FIRST_FREE 64 /* references below are the kernel's */

static xen_pfn_t grant_frame[FRAMES_MAX];
static unsigned int grant_frames;

void find_grant_frames(void)
{
    struct gnttab_query_size size = { .dom = DOMID_SELF };
    struct gnttab_setup_table setup = { .dom = DOMID_SELF };

    if (hypercall(__HYPERVISOR_grant_table_op, GNTTABOP_query_size, (u64)&size, 1, 0, 0))
        return;
    setup.nr_frames = min_t(unsigned int, size.max_nr_frames, FRAMES_MAX);
    set_xen_guest_handle(setup.frame_list, grant_frame);
    if (!hypercall(__HYPERVISOR_grant_table_op, GNTTABOP_setup_table, (u64)&setup, 1, 0,
                   0) &&
        setup.status == GNTST_okay)
        grant_frames = setup.nr_frames;
}

bool is_grant_frame(u64 mfn)
{
    for (unsigned int i = 0; i < grant_frames; i++)
        if (grant_frame[i] == mfn)
            return true;
    return false;
}

/* Writes grants into the table, through the window. */
static void spoil_table(struct attacker *self)
{
    struct grant_entry_v1 *entry = (void *)self->window;
    unsigned int frame = grant_frames ? below(self, grant_frames) : 0;

    if (!grant_frames || hypercall(__HYPERVISOR_update_va_mapping, self->window,
                                   grant_frame[frame] << PAGE_SHIFT | 0x8000000000000063,
                                   UVMF_INVLPG | UVMF_ALL, 0, 0))
        return;
    for (unsigned int i = frame ? 0 : FIRST_FREE; i < 512; i++) {
        WRITE_ONCE(entry[i].frame,
                   once_in(self, 2) ? any_frame(self) : frame_of(self->table));
        WRITE_ONCE(entry[i].domid, once_in(self, 2) ? below(self, 8) : DOMID_SELF);
        WRITE_ONCE(entry[i].flags, once_in(self, 2) ? GTF_permit_access : (u16)any(self));
    }
}

static void copy(struct attacker *self)
{
    u64 other = any_frame(self);
    struct gnttab_copy op = {
        .source = { .u.gmfn = other,
                    .domid = below(self, 8),
                    .offset = below(self, 4096) },
        .dest = { .u.gmfn = frame_of(self->scratch), .domid = DOMID_SELF },
        .len = 1 + below(self, 4096),
    };

    if (once_in(self, 2))
        swap(op.source, op.dest);
    if (is_own(other))
        return;
    if (!hypercall(__HYPERVISOR_grant_table_op, GNTTABOP_copy, (u64)&op, 1, 0, 0) &&
        op.status == GNTST_okay)
        breach(other, "copied by grant");
}

static void map(struct attacker *self)
{
    struct gnttab_map_grant_ref op = {
        .host_addr = once_in(self, 2) ? self->window : wild(self),
        .flags = once_in(self, 2) ? GNTMAP_host_map : below(self, 64),
        .ref = once_in(self, 2) ? FIRST_FREE + below(self, 4096) : below(self, 16),
        .dom = once_in(self, 4) ? DOMID_SELF : below(self, 8),
    };
    struct gnttab_unmap_grant_ref unmap = { .host_addr = op.host_addr };

    hypercall(__HYPERVISOR_grant_table_op, GNTTABOP_map_grant_ref, (u64)&op, 1, 0, 0);
    unmap.handle =
        op.status == GNTST_okay && !once_in(self, 8) ? op.handle : below(self, 1000);
    if (once_in(self, 8))
        unmap.host_addr = wild(self);
    hypercall(__HYPERVISOR_grant_table_op, GNTTABOP_unmap_grant_ref, (u64)&unmap, 1, 0,
              0);
}

static void operation(struct attacker *self)
{
    u64 *argument = (u64 *)self->scratch;

    for (unsigned int i = 0; i < 64; i++)
        argument[i] = once_in(self, 2) ? below(self, 8) : wild(self);
    hypercall(__HYPERVISOR_grant_table_op, below(self, OPERATIONS), (u64)argument,
              once_in(self, 100) ? (u32)any(self) : below(self, 4), 0, 0);
}

static void grants_round(struct attacker *self)
{
    static void (*const way[])(struct attacker *) = { copy, map, operation };

    if (once_in(self, 200))
        spoil_table(self);
    way[below(self, ARRAY_SIZE(way))](self);
}

const struct attack attack_grants = { "grants", grants_round };
