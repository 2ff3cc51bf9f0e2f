/* SPDX-License-Identifier: MIT */
/* Both ways of writing changes of CPUID. */
#include "internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REGISTER_BITS 32

/* A part of a text. */
struct span {
    const char *text;
    size_t n;
};

/* The part of *text up to `end` or its last character; *text moves behind the end. */
static struct span take(const char **text, char end)
{
    const char *stop = strchr(*text, end);
    struct span part = { *text, stop ? (size_t)(stop - *text) : strlen(*text) };

    *text += part.n + (stop ? 1 : 0);
    return part;
}

static struct span take_spaces(struct span s)
{
    while (s.n && *s.text == ' ') {
        s.text++;
        s.n--;
    }
    while (s.n && s.text[s.n - 1] == ' ')
        s.n--;
    return s;
}

static bool is_text(struct span s, const char *text)
{
    return s.n == strlen(text) && !memcmp(s.text, text, s.n);
}

unsigned int ts_cpuid_room(const char *text)
{
    unsigned int n = 1;

    for (; *text; text++)
        n += *text == ',';
    return 2 * n; /* a family or model above 15 is in two places */
}

/* Puts a change at the end; what went before about the same bits is forgotten. */
static void add(struct ts_cpuid_change *change, unsigned int *n,
                const struct ts_cpuid_change *new)
{
    uint32_t mask = ~(new->ones | new->zeros | new->host | new->usual);

    for (unsigned int i = 0; i < *n; i++) {
        struct ts_cpuid_change *c = &change[i];

        if (c->leaf != new->leaf || c->sub != new->sub || c->reg != new->reg)
            continue;
        c->ones &= mask;
        c->zeros &= mask;
        c->host &= mask;
        c->usual &= mask;
    }
    change[(*n)++] = *new;
}

static bool set_bits(struct ts_cpuid_change *c, char value, uint32_t bits)
{
    switch (value) {
    case '1':
        c->ones |= bits;
        return true;
    case '0':
        c->zeros |= bits;
        return true;
    case 'x':
        c->usual |= bits;
        return true;
    case 'k':
    case 's':
        c->host |= bits;
        return true;
    default:
        return false;
    }
}

/* A whole number, decimal, octal or hexadecimal. */
static bool number(struct span s, uint32_t *value)
{
    char digits[16], *end;
    unsigned long long found;

    if (!s.n || s.n >= sizeof(digits) || *s.text < '0' || *s.text > '9')
        return false;
    memcpy(digits, s.text, s.n);
    digits[s.n] = '\0';
    found = strtoull(digits, &end, 0);
    *value = (uint32_t)found;
    return !*end && found <= UINT32_MAX;
}

static struct ts_cpuid_change change_at(uint32_t leaf, uint32_t sub, unsigned int reg,
                                        struct span name)
{
    struct ts_cpuid_change c = { .leaf = leaf, .sub = sub, .reg = reg };

    snprintf(c.name, sizeof(c.name), "%.*s", (int)name.n, name.text);
    return c;
}

/* --- names --- */

static void add_number(struct ts_cpuid_change *change, unsigned int *n,
                       struct ts_cpuid_change c, unsigned int bit, unsigned int width,
                       uint32_t value)
{
    uint32_t mask = (uint32_t)((1ull << width) - 1);

    c.ones = (value & mask) << bit;
    c.zeros = (~value & mask) << bit;
    add(change, n, &c);
}

/* The largest value of a number. Families and models have more bits elsewhere: a family
 * is the sum of two fields, a model 16 times the one plus the other. */
static uint32_t most(struct span name, const struct cpuid_field *f)
{
    if (is_text(name, "family"))
        return 0xf + 0xff;
    if (is_text(name, "model"))
        return 0xff;
    return (uint32_t)((1ull << f->width) - 1);
}

static int parse_number(struct span name, struct span value, const struct cpuid_field *f,
                        struct ts_cpuid_change *change, unsigned int *n,
                        struct ts_err *err)
{
    struct ts_cpuid_change c = change_at(f->leaf, f->sub, f->reg, name);
    uint32_t v;

    if (!number(value, &v) || v > most(name, f))
        return ts_fail(err, -XEN_EINVAL, "\"%s\" is a number up to %u, not \"%.*s\"",
                       c.name, most(name, f), (int)value.n, value.text);
    if (is_text(name, "family")) {
        add_number(change, n, c, 20, 8, v > 0xf ? v - 0xf : 0);
        v = v > 0xf ? 0xf : v;
    } else if (is_text(name, "model")) {
        add_number(change, n, c, 16, 4, v >> 4);
        v &= 0xf;
    }
    add_number(change, n, c, f->bit, f->width, v);
    return 0;
}

static int parse_setting(struct span item, struct ts_cpuid_change *change,
                         unsigned int *n, struct ts_err *err)
{
    const char *equals = memchr(item.text, '=', item.n);
    struct span name = take_spaces((struct span){
                    item.text, equals ? (size_t)(equals - item.text) : item.n }),
                value;
    struct cpuid_field field;
    struct ts_cpuid_change c;

    if (!equals)
        return ts_fail(err, -XEN_EINVAL, "\"%.*s\" is not of the form NAME=VALUE",
                       (int)item.n, item.text);
    value = take_spaces(
        (struct span){ equals + 1, item.n - (size_t)(equals + 1 - item.text) });
    if (!cpuid_name_find(name.text, name.n, &field))
        return ts_fail(err, -XEN_EINVAL, "there is no processor feature \"%.*s\"",
                       (int)name.n, name.text);
    if (field.is_number)
        return parse_number(name, value, &field, change, n, err);
    c = change_at(field.leaf, field.sub, field.reg, name);
    if (value.n != 1 || !set_bits(&c, *value.text, 1u << field.bit))
        return ts_fail(err, -XEN_EINVAL, "\"%s\" can be 0, 1, x, k or s, not \"%.*s\"",
                       c.name, (int)value.n, value.text);
    add(change, n, &c);
    return 0;
}

int ts_cpuid_parse(const char *text, struct ts_cpuid_change *change, unsigned int *n,
                   struct ts_err *err)
{
    int rc = 0;

    if (!is_text(take_spaces(take(&text, ',')), "host"))
        return ts_fail(err, -XEN_EINVAL,
                       "what is said of features starts with \"host,\"");
    while (!rc && *text)
        rc = parse_setting(take_spaces(take(&text, ',')), change, n, err);
    return rc;
}

/* --- bits --- */

static int parse_register(struct span item, struct ts_cpuid_change c,
                          struct ts_cpuid_change *change, unsigned int *n,
                          struct ts_err *err)
{
    static const char *const names[] = { "eax", "ebx", "ecx", "edx" };
    const char *bits = item.text + 4;
    char leaf[sizeof(c.name)];

    while (c.reg < 4 && (item.n < 4 || memcmp(item.text, names[c.reg], 3)))
        c.reg++;
    if (c.reg == 4 || item.text[3] != '=')
        return ts_fail(err, -XEN_EINVAL, "\"%.*s\" is not of the form REGISTER=BITS",
                       (int)item.n, item.text);
    memcpy(leaf, c.name, sizeof(leaf));
    snprintf(c.name, sizeof(c.name), "%.16s:%s", leaf, names[c.reg]);
    if (item.n != 4 + REGISTER_BITS)
        return ts_fail(err, -XEN_EINVAL, "\"%s\" has %u bits, not %u", c.name,
                       (unsigned int)item.n - 4, REGISTER_BITS);
    for (unsigned int i = 0; i < REGISTER_BITS; i++)
        if (!set_bits(&c, bits[i], 1u << (REGISTER_BITS - 1 - i)))
            return ts_fail(err, -XEN_EINVAL,
                           "bits of \"%s\" can be 0, 1, x, k or s, not \"%c\"", c.name,
                           bits[i]);
    add(change, n, &c);
    return 0;
}

int ts_cpuid_parse_bits(const char *text, struct ts_cpuid_change *change, unsigned int *n,
                        struct ts_err *err)
{
    const char *all = text;
    struct span place = take(&text, ':');
    struct span leaf, sub;
    struct ts_cpuid_change c;
    const char *comma = memchr(place.text, ',', place.n);
    int rc = 0;

    leaf = take_spaces(
        (struct span){ place.text, comma ? (size_t)(comma - place.text) : place.n });
    c = change_at(0, XEN_CPUID_NO_SUBLEAF, 0, place);
    if (comma) {
        sub = take_spaces(
            (struct span){ comma + 1, place.n - (size_t)(comma + 1 - place.text) });
        if (!number(sub, &c.sub))
            leaf.n = 0;
    }
    if (!number(leaf, &c.leaf) || !*text)
        return ts_fail(err, -XEN_EINVAL,
                       "\"%.40s\" is not of the form LEAF:REGISTER=BITS", all);
    while (!rc && *text)
        rc = parse_register(take_spaces(take(&text, ',')), c, change, n, err);
    return rc;
}
