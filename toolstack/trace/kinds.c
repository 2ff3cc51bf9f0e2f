/* SPDX-License-Identifier: MIT */
/* Names of kinds of records, as users choose them. */
#include <string.h>

#include <ts/trace.h>

static const struct {
    const char *name;
    uint32_t kinds;
} kinds[] = {
    { "calls",
      ABI_TRACE_CALLS | ABI_TRACE_LISTED | ABI_TRACE_RESULTS | ABI_TRACE_POINTED },
    { "faults", ABI_TRACE_FAULTS },
    { "emulation", ABI_TRACE_EMULATION },
    { "events", ABI_TRACE_EVENTS },
    { "syscalls", ABI_TRACE_SYSCALLS },
    { "switches", ABI_TRACE_SWITCHES },
    { "iret", ABI_TRACE_IRET },
    { "all", ABI_TRACE_ALL & ~ABI_TRACE_IRET },
};

#define NR_KINDS (sizeof(kinds) / sizeof(kinds[0]))

const char *ts_trace_kind_name(unsigned int i)
{
    return i < NR_KINDS ? kinds[i].name : NULL;
}

static uint32_t kinds_of_word(const char *word, size_t n)
{
    for (size_t i = 0; i < NR_KINDS; i++)
        if (strlen(kinds[i].name) == n && !memcmp(kinds[i].name, word, n))
            return kinds[i].kinds;
    return 0;
}

uint32_t ts_trace_kinds(const char *list)
{
    uint32_t all = 0;

    for (;;) {
        size_t n = strcspn(list, ",");
        uint32_t some = kinds_of_word(list, n);

        if (!some)
            return 0;
        all |= some;
        if (!list[n])
            return all;
        list += n + 1;
    }
}
