/* SPDX-License-Identifier: MIT */
/* Which frames are RAM: the memory map's ranges, fixed after start-up. */
#include <hv/lib.h>
#include <hv/page.h>

#define MAX_RANGES 128

static struct ram_range {
    uint64_t first, end; /* frame numbers */
} range[MAX_RANGES] __ro_after_init;
static unsigned int nr_ranges __ro_after_init;

void ram_add_range(mfn_t first, mfn_t end)
{
    if (mfn_x(first) >= mfn_x(end))
        return;
    if (nr_ranges && range[nr_ranges - 1].end == mfn_x(first)) {
        range[nr_ranges - 1].end = mfn_x(end);
        return;
    }
    BUG_ON(nr_ranges == MAX_RANGES);
    BUG_ON(nr_ranges && range[nr_ranges - 1].end > mfn_x(first));
    range[nr_ranges++] = (struct ram_range){ mfn_x(first), mfn_x(end) };
}

bool mfn_is_ram(mfn_t mfn)
{
    unsigned int low = 0, high = nr_ranges;

    if (mfn_x(mfn) >= max_page)
        return false;
    while (low < high) {
        unsigned int mid = (low + high) / 2;

        if (mfn_x(mfn) < range[mid].first)
            high = mid;
        else if (mfn_x(mfn) >= range[mid].end)
            low = mid + 1;
        else
            return true;
    }
    return false;
}
