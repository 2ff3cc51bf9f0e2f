/* SPDX-License-Identifier: MIT */
/* Verbs that do one thing to one domain, and those that tell its name and number. */
#include "internal.h"

#include <string.h>

/* fn on the domain that the first operand names. */
static enum ts_exit on_domain(struct call *call,
                              int (*fn)(struct ts_manager *manager, domid_t id,
                                        struct ts_err *err))
{
    const struct ts_domain *domain = call_domain(call, 0);
    domid_t id;

    if (!domain)
        return TS_EXIT_NO_DOMAIN;
    id = domain->id;
    return domain_done(call, id, fn(call->cli->env.manager, id, &call->err));
}

enum ts_exit destroy_run(struct call *call)
{
    return on_domain(call, ts_domain_destroy);
}

enum ts_exit pause_run(struct call *call)
{
    return on_domain(call, ts_domain_pause);
}

enum ts_exit unpause_run(struct call *call)
{
    return on_domain(call, ts_domain_unpause);
}

enum ts_exit rename_run(struct call *call)
{
    const struct ts_domain *domain = call_domain(call, 0);
    domid_t id;

    if (!domain)
        return TS_EXIT_NO_DOMAIN;
    id = domain->id;
    return domain_done(
        call, id,
        ts_domain_rename(call->cli->env.manager, id, call_word(call, 1), &call->err));
}

enum ts_exit domid_run(struct call *call)
{
    const struct ts_domain *domain = call_domain(call, 0);

    if (!domain)
        return TS_EXIT_NO_DOMAIN;
    if (call->format == FORMAT_TEXT)
        call_print(call, "%u\n", domain->id);
    domain_result(call, domain->id);
    return TS_EXIT_OK;
}

enum ts_exit domname_run(struct call *call)
{
    const struct ts_domain *domain;
    uint64_t id;

    if (!parse_number(call_word(call, 0), DOMID_FIRST_RESERVED - 1, &id))
        return call_fail(call, TS_EXIT_USAGE, "\"%s\" is not a domain's number",
                         call_word(call, 0));
    domain = call_domain(call, 0);
    if (!domain)
        return TS_EXIT_NO_DOMAIN;
    if (call->format == FORMAT_TEXT)
        call_print(call, "%s\n", domain->name);
    domain_result(call, domain->id);
    return TS_EXIT_OK;
}

/* --- memory --- */

/* A size as xl reads it: digits and b, k, m, g or t; KiB without a letter. */
static bool parse_kib(const char *text, uint64_t *kib)
{
    static const char units[] = "kmgt";
    size_t n = strlen(text);
    char unit = n ? (char)(text[n - 1] | 0x20) : '\0';
    const char *found = unit ? strchr(units, unit) : NULL;
    char digits[24];

    if (found || unit == 'b')
        n--;
    if (n >= sizeof(digits))
        return false;
    memcpy(digits, text, n);
    digits[n] = '\0';
    if (!parse_number(digits, 1ull << 30, kib))
        return false;
    *kib = unit == 'b' ? *kib >> 10 : *kib << (found ? 10 * (found - units) : 0);
    return true;
}

/* fn on the domain and size that are the operands. */
static enum ts_exit on_memory(struct call *call,
                              int (*fn)(struct ts_manager *manager, domid_t id,
                                        uint64_t kib, struct ts_err *err))
{
    const struct ts_domain *domain = call_domain(call, 0);
    uint64_t kib;
    domid_t id;

    if (!domain)
        return TS_EXIT_NO_DOMAIN;
    if (!parse_kib(call_word(call, 1), &kib))
        return call_fail(call, TS_EXIT_USAGE,
                         "\"%s\" is not a size: KiB, or a number with b, k, m, g or t",
                         call_word(call, 1));
    id = domain->id;
    return domain_done(call, id, fn(call->cli->env.manager, id, kib, &call->err));
}

enum ts_exit mem_max_run(struct call *call)
{
    return on_memory(call, ts_domain_set_max_mem);
}

enum ts_exit mem_set_run(struct call *call)
{
    return on_memory(call, ts_domain_set_target);
}

enum ts_exit sysrq_run(struct call *call)
{
    const struct ts_domain *domain = call_domain(call, 0);
    const char *letter = call_word(call, 1);
    domid_t id;

    if (!domain)
        return TS_EXIT_NO_DOMAIN;
    if (strlen(letter) != 1)
        return call_fail(call, TS_EXIT_USAGE, "\"%s\" is not one letter", letter);
    id = domain->id;
    return domain_done(call, id,
                       ts_domain_sysrq(call->cli->env.manager, id, *letter, &call->err));
}

enum ts_exit trigger_run(struct call *call)
{
    const struct ts_domain *domain = call_domain(call, 0);
    uint64_t vcpu = 0;
    domid_t id;

    if (!domain)
        return TS_EXIT_NO_DOMAIN;
    if (strcmp(call_word(call, 1), "nmi"))
        return call_fail(call, TS_EXIT_USAGE, "PV domains have no \"%s\", only nmi",
                         call_word(call, 1));
    if (call->words.nr_operands > 2 && !parse_number(call_word(call, 2), 8191, &vcpu))
        return call_fail(call, TS_EXIT_USAGE, "\"%s\" is not a vCPU", call_word(call, 2));
    id = domain->id;
    return domain_done(
        call, id,
        ts_domain_nmi(call->cli->env.manager, id, (unsigned int)vcpu, &call->err));
}

enum ts_exit console_run(struct call *call)
{
    const struct ts_domain *domain = call_domain(call, 0);
    const char *type = words_value(&call->words, 't');
    const char *number = words_value(&call->words, 'n');
    uint64_t n = 0;

    if (!domain)
        return TS_EXIT_NO_DOMAIN;
    if (type && strcmp(type, "pv"))
        return call_fail(call, TS_EXIT_USAGE,
                         "domains have no console of type \"%s\" here, only pv", type);
    if (number && (!parse_number(number, UINT32_MAX, &n) || n))
        return call_fail(call, TS_EXIT_USAGE, "domains have one console, number 0");
    return console_show(call, domain->id, false);
}
