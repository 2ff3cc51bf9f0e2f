/* SPDX-License-Identifier: MIT */
/*
 * com1=<baud>[/<clock_hz>][,<DPS>[,<io-port>[,<irq>]]]: data bits 5-8, parity n o e m s,
 * stop bits 1 or 2; a field that is left empty keeps its default, baud may be "auto".
 */
#include "console.h"
#include <hv/cmdline.h>
#include <hv/lib.h>
#include <abi/errno.h>

#define FIELD_MAX 24

struct serial_config serial_config = {
    .enabled = true,
    .baud = 115200,
    .clock_hz = 1843200,
    .line_control = 3, /* 8n1 */
    .port = 0x3f8,
    .irq = 4,
};

/* Copies the text up to the next `end` or the string's end, and steps over it. */
static int take_field(const char **s, char end, char *field)
{
    const char *stop = strchr(*s, end);
    size_t n = stop ? (size_t)(stop - *s) : strlen(*s);

    if (n >= FIELD_MAX)
        return -XEN_EINVAL;
    memcpy(field, *s, n);
    field[n] = '\0';
    *s += stop ? n + 1 : n;
    return 0;
}

static int parse_number(const char *field, uint64_t limit, uint64_t *out)
{
    uint64_t v;

    if (parse_u64(field, 0, false, &v) || v > limit)
        return -XEN_EINVAL;
    *out = v;
    return 0;
}

static int parse_rate(const char *field, struct serial_config *c)
{
    char baud[FIELD_MAX];
    uint64_t v;

    if (take_field(&field, '/', baud))
        return -XEN_EINVAL;
    if (*baud && strcmp(baud, "auto") != 0) {
        if (parse_number(baud, 4000000, &v) || v == 0)
            return -XEN_EINVAL;
        c->baud = (uint32_t)v;
    }
    if (*field) {
        if (parse_number(field, 1u << 30, &v) || v == 0)
            return -XEN_EINVAL;
        c->clock_hz = (uint32_t)v;
    }
    return 0;
}

/* Bits of the line control register: 0-1 data bits - 5, 2 two stop bits, 3-5 parity. */
static int parse_line(const char *field, struct serial_config *c)
{
    static const char parities[] = "noems";
    static const uint8_t parity_bits[] = { 0 << 3, 1 << 3, 3 << 3, 5 << 3, 7 << 3 };
    const char *parity;

    if (strlen(field) != 3)
        return -XEN_EINVAL;
    parity = strchr(parities, field[1]);
    if (field[0] < '5' || field[0] > '8' || !parity || field[2] < '1' || field[2] > '2')
        return -XEN_EINVAL;
    c->line_control = (uint8_t)((field[0] - '5') | parity_bits[parity - parities] |
                                (field[2] - '1') << 2);
    return 0;
}

static int parse_com1(const char *value)
{
    struct serial_config c = serial_config;
    char field[FIELD_MAX];
    uint64_t v;

    if (take_field(&value, ',', field) || parse_rate(field, &c))
        return -XEN_EINVAL;
    if (take_field(&value, ',', field) || (*field && parse_line(field, &c)))
        return -XEN_EINVAL;
    if (take_field(&value, ',', field))
        return -XEN_EINVAL;
    if (*field) {
        if (parse_number(field, 0xfff8, &v))
            return -XEN_EINVAL;
        c.port = (uint16_t)v;
    }
    if (take_field(&value, ',', field))
        return -XEN_EINVAL;
    if (*field) {
        if (parse_number(field, 15, &v))
            return -XEN_EINVAL;
        c.irq = (unsigned int)v;
    }
    if (*value)
        return -XEN_EINVAL;
    serial_config = c;
    return 0;
}
BOOT_OPTION_CUSTOM("com1", parse_com1);
