/* SPDX-License-Identifier: MIT */
/* Debug key 'e': every open port of every domain. */
#include "internal.h"
#include <hv/console.h>

static void dump_port(struct domain *d, unsigned int port, const struct port *p)
{
    static const char *const name[] = {
        [PORT_FREE] = "free", [PORT_UNBOUND] = "unbound", [PORT_INTERDOMAIN] = "domain",
        [PORT_PIRQ] = "pirq", [PORT_VIRQ] = "virq",       [PORT_IPI] = "ipi",
    };
    char to[24] = "";

    if (p->state == PORT_UNBOUND)
        snprintf(to, sizeof(to), " for d%u", p->unbound_for);
    else if (p->state == PORT_INTERDOMAIN)
        snprintf(to, sizeof(to), " d%u:%u", p->peer->id, p->index);
    else if (p->state != PORT_IPI)
        snprintf(to, sizeof(to), " %u", p->index);
    pr_info("  %4u %c%c v%u %s%s\n", port,
            bit_test(d->shared_info->evtchn_pending, port) ? 'P' : '-',
            bit_test(d->shared_info->evtchn_mask, port) ? 'M' : '-', p->vcpu,
            name[p->state], to);
}

void evtchn_dump(struct domain *d)
{
    struct evtchn_table *t = d->evtchn;

    pr_info("d%u: %u of %u ports open (pending, masked, vCPU, bound to)\n", d->id,
            t->open_ports, d->max_evtchn_port);
    for (unsigned int port = 1; port < t->nr_ports; port++) {
        evtchn_lock(d);
        if (port_is_open(port_at(t, port)))
            dump_port(d, port, port_at(t, port));
        evtchn_unlock(d);
    }
}

static void dump_all(char key)
{
    struct domain *d;

    (void)key;
    for (domid_t id = 0; (d = domain_get_next(id)) != NULL; id = d->id + 1) {
        evtchn_dump(d);
        domain_put(d);
    }
}

void evtchn_init(void)
{
    debug_key_register('e', "dump event channels", dump_all);
}
