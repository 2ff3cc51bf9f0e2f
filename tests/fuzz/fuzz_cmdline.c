/* SPDX-License-Identifier: MIT */
/* The boot command line made of any bytes, against options of every kind. */
#include "../../hypervisor/boot/internal.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool flag;
static unsigned int number;
static uint64_t bytes;
static char text[8];

static int parse_custom(const char *value)
{
    return strlen(value) > 3 ? -1 : 0;
}

static const struct boot_option table[] = {
    { "flag", OPT_BOOL, &flag, sizeof(flag), NULL },
    { "the_number", OPT_UINT, &number, sizeof(number), NULL },
    { "bytes", OPT_SIZE, &bytes, sizeof(bytes), NULL },
    { "text", OPT_STRING, text, sizeof(text), NULL },
    { "custom", OPT_CUSTOM, NULL, 0, parse_custom },
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *line = malloc(size + 1);

    if (!line)
        return 0;
    memcpy(line, data, size);
    line[size] = '\0';
    (void)cmdline_parse_table(line, table, sizeof(table) / sizeof(table[0]));
    cmdline_report();
    assert(memchr(text, 0, sizeof(text)));
    free(line);
    return 0;
}
