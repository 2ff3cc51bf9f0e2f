/* SPDX-License-Identifier: MIT */
/* The I/O ports that a domain owns: a bit each, once it has been given any. */
#include "internal.h"

#define MAP_BYTES (65536 / 8)

bool pv_io_ports_allowed(const struct domain *d, unsigned int first, unsigned int n)
{
    return pv_io_port_allowed(d, first, n);
}

int pv_io_ports_set(struct domain *d, unsigned int first, unsigned int n, bool allow)
{
    uint64_t *map = d->pv->io_ports;

    if (!map) {
        if (!allow)
            return 0;
        map = hv_zalloc(MAP_BYTES);
        if (!map)
            return -ENOMEM;
    }
    for (unsigned int port = first; port < first + n; port++) {
        uint64_t bit = 1ull << port % 64;

        if (allow)
            __atomic_fetch_or(&map[port / 64], bit, __ATOMIC_RELAXED);
        else
            __atomic_fetch_and(&map[port / 64], ~bit, __ATOMIC_RELAXED);
    }
    __atomic_store_n(&d->pv->io_ports, map, __ATOMIC_RELEASE);
    return 0;
}
