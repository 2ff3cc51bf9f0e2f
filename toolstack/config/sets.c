/* SPDX-License-Identifier: MIT */
/* Sets of CPUs and UUIDs as text. */
#include "internal.h"

#include <string.h>

/* A CPU's number at *at, which moves behind it. */
static bool take_cpu(const char **at, unsigned int *cpu)
{
    const char *start = *at;

    for (*cpu = 0; **at >= '0' && **at <= '9'; (*at)++) {
        *cpu = *cpu * 10 + (unsigned int)(**at - '0');
        if (*cpu >= TS_MAX_CPUS)
            return false;
    }
    return *at != start;
}

static void change_range(struct ts_cpu_set *set, unsigned int first, unsigned int last,
                         bool present)
{
    for (unsigned int cpu = first; cpu <= last; cpu++) {
        uint8_t bit = (uint8_t)(1u << (cpu % 8));

        if (present)
            set->bits[cpu / 8] |= bit;
        else
            set->bits[cpu / 8] &= (uint8_t)~bit;
    }
}

/* "all", "3", "3-5", each possibly with '^' in front. */
static bool take_range(const char **at, struct ts_cpu_set *set)
{
    bool present = **at != '^';
    unsigned int first = 0, last = TS_MAX_CPUS - 1;

    *at += !present;
    if (!strncmp(*at, "all", 3)) {
        *at += 3;
    } else {
        if (!take_cpu(at, &first))
            return false;
        last = first;
        if (**at == '-') {
            (*at)++;
            if (!take_cpu(at, &last) || last < first)
                return false;
        }
    }
    change_range(set, first, last, present);
    return true;
}

static void skip_spaces(const char **at)
{
    while (**at == ' ' || **at == '\t')
        (*at)++;
}

int ts_cpu_set_parse(const char *text, struct ts_cpu_set *set)
{
    static const struct ts_cpu_set none;

    *set = none;
    for (;;) {
        skip_spaces(&text);
        if (!take_range(&text, set))
            return -XEN_EINVAL;
        skip_spaces(&text);
        if (!*text)
            break;
        if (*text++ != ',')
            return -XEN_EINVAL;
    }
    return memcmp(set, &none, sizeof(none)) ? 0 : -XEN_EINVAL;
}

int ts_uuid_parse(const char *text, uint8_t uuid[TS_UUID_BYTES])
{
    for (unsigned int i = 0; i < TS_UUID_BYTES; i++) {
        uint64_t byte;
        char hex[] = "0x00";

        if (i && *text == '-')
            text++;
        if (!text[0] || !text[1])
            return -XEN_EINVAL;
        memcpy(hex + 2, text, 2);
        if (!number_parse(hex, 4, &byte))
            return -XEN_EINVAL;
        uuid[i] = (uint8_t)byte;
        text += 2;
    }
    return *text ? -XEN_EINVAL : 0;
}
