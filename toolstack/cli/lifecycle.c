/* SPDX-License-Identifier: MIT */
/* Verbs that do one thing to one domain, and those that tell its name and number. */
#include "internal.h"

/* fn on the domain that the first operand names. */
static enum ts_exit on_domain(struct call *call,
                              int (*fn)(struct ts_manager *manager, domid_t id,
                                        struct ts_err *err))
{
    const struct ts_domain *domain = call_domain(call, 0);
    domid_t id;
    int rc;

    if (!domain)
        return TS_EXIT_NO_DOMAIN;
    id = domain->id;
    rc = fn(call->cli->env.manager, id, &call->err);
    if (!rc)
        domain_result(call, id);
    return exit_of(rc);
}

enum ts_exit destroy_run(struct call *call)
{
    return on_domain(call, ts_domain_destroy);
}
