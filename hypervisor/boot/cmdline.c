/* SPDX-License-Identifier: MIT */
/*
 * The boot command line: words apart by blanks, each `name`, `no-name` or `name=value`,
 * matched against the options that other files declare. In names '-' and '_' are the
 * same. Words that match nothing, or whose value is wrong, are kept for the report.
 *
 * Compiles on the host; fuzzed by tests/fuzz/fuzz_cmdline.c.
 */
#include "internal.h"

#include <hv/lib.h>
#include <abi/errno.h>

#define MAX_REJECTED 16

struct rejected {
    const char *word;
    bool is_known; /* the name; its value is wrong */
};

static __initdata struct rejected rejected[MAX_REJECTED];
static __initdata unsigned int nr_rejected;

static __init void reject(const char *word, bool is_known)
{
    if (nr_rejected < MAX_REJECTED)
        rejected[nr_rejected] = (struct rejected){ word, is_known };
    nr_rejected++;
}

/* Is name, up to its end or '=', the option's? */
static __init bool name_matches(const char *name, const char *option)
{
    for (;; name++, option++) {
        char a = *name == '_' ? '-' : *name, b = *option == '_' ? '-' : *option;

        if (!b)
            return !a || a == '=';
        if (a != b)
            return false;
    }
}

static __init const struct boot_option *find_option(const char *name,
                                                    const struct boot_option *table,
                                                    size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (name_matches(name, table[i].name))
            return &table[i];
    return NULL;
}

static __init int parse_bool(const char *s, bool *out)
{
    static const char *const no[] = { "0", "no", "off", "false", "disable" };
    static const char *const yes[] = { "", "1", "yes", "on", "true", "enable" };

    for (size_t i = 0; i < ARRAY_SIZE(no); i++)
        if (!strcmp(s, no[i])) {
            *out = false;
            return 0;
        }
    for (size_t i = 0; i < ARRAY_SIZE(yes); i++)
        if (!strcmp(s, yes[i])) {
            *out = true;
            return 0;
        }
    return -EINVAL;
}

static __init int set_uint(unsigned int *var, const char *value)
{
    uint64_t v;
    int rc = parse_u64(value, 0, false, &v);

    if (!rc && v > UINT32_MAX)
        rc = -ERANGE;
    if (!rc)
        *var = (unsigned int)v;
    return rc;
}

static __init int set_string(const struct boot_option *o, const char *value)
{
    return strlcpy(o->var, value, o->size) < o->size ? 0 : -EINVAL;
}

static __init int set_bool(bool *var, const char *value, bool negated)
{
    bool v;

    if (negated && *value)
        return -EINVAL;
    if (parse_bool(value, &v))
        return -EINVAL;
    *var = v != negated;
    return 0;
}

/* negated: written as no-name; only a boolean or a custom option takes that. */
static __init int set_option(const struct boot_option *o, const char *value, bool negated)
{
    if (o->kind == OPT_BOOL)
        return set_bool(o->var, value, negated);
    if (o->kind == OPT_CUSTOM)
        return negated && *value ? -EINVAL : o->parse(negated ? "no" : value);
    if (negated)
        return -EINVAL;
    switch (o->kind) {
    case OPT_UINT:
        return set_uint(o->var, value);
    case OPT_SIZE:
        return parse_size(value, o->var);
    default:
        return set_string(o, value);
    }
}

static __init void parse_word(const char *word, const struct boot_option *table, size_t n)
{
    const struct boot_option *o = find_option(word, table, n);
    const char *value = strchr(word, '=');
    bool negated = false;

    if (!o && !strncmp(word, "no-", 3)) {
        o = find_option(word + 3, table, n);
        negated = true;
    }
    if (!o)
        reject(word, false);
    else if (set_option(o, value ? value + 1 : "", negated))
        reject(word, true);
}

__init unsigned int cmdline_parse_table(char *line, const struct boot_option *table,
                                        size_t n)
{
    char *p = line;

    nr_rejected = 0;
    for (;;) {
        char *word;

        while (*p == ' ' || *p == '\t')
            p++;
        if (!*p)
            return nr_rejected;
        word = p;
        while (*p && *p != ' ' && *p != '\t')
            p++;
        if (*p)
            *p++ = '\0';
        parse_word(word, table, n);
    }
}

__init void cmdline_report(void)
{
    for (unsigned int i = 0; i < min(nr_rejected, (unsigned int)MAX_REJECTED); i++)
        pr_warn("command line: %s \"%s\"\n",
                rejected[i].is_known ? "bad value in" : "unknown option",
                rejected[i].word);
    if (nr_rejected > MAX_REJECTED)
        pr_warn("command line: %u more not understood\n", nr_rejected - MAX_REJECTED);
}

#ifndef HV_HOST_BUILD
extern const struct boot_option __boot_options_start[], __boot_options_end[];

__init void cmdline_parse(char *line)
{
    (void)cmdline_parse_table(line, __boot_options_start,
                              (size_t)(__boot_options_end - __boot_options_start));
}
#endif
