/* SPDX-License-Identifier: MIT */
/* Numbers and sizes in text. */
#include <hv/lib.h>
#include <abi/errno.h>

static int digit_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'Z')
        return c - 'A' + 10;
    return 255;
}

/* The base that a prefix of *s names, which is skipped: 0x hexadecimal, 0 octal. */
static int take_prefix(const char **s)
{
    if ((*s)[0] != '0')
        return 10;
    if (((*s)[1] | 0x20) == 'x') {
        *s += 2;
        return 16;
    }
    return 8;
}

/* Bits to shift by for a size suffix, or -1. */
static int suffix_shift(char c)
{
    switch (c) {
    case 'k':
    case 'K':
        return 10;
    case 'm':
    case 'M':
        return 20;
    case 'g':
    case 'G':
        return 30;
    case 't':
    case 'T':
        return 40;
    default:
        return -1;
    }
}

static int apply_suffix(const char **s, uint64_t *value)
{
    int shift = suffix_shift(**s);

    if (shift < 0)
        return 0;
    if (*value >> (64 - shift))
        return -XEN_ERANGE;
    *value <<= shift;
    ++*s;
    return 0;
}

int parse_u64(const char *s, int base, bool suffix, uint64_t *out)
{
    uint64_t value = 0;
    const char *digits;
    int rc = 0;

    if (base == 0)
        base = take_prefix(&s);
    digits = s;
    for (; digit_value(*s) < base; s++)
        if (__builtin_mul_overflow(value, (uint64_t)base, &value) ||
            __builtin_add_overflow(value, (uint64_t)digit_value(*s), &value))
            return -XEN_ERANGE;
    if (s == digits)
        return -XEN_EINVAL;
    if (suffix)
        rc = apply_suffix(&s, &value);
    if (rc)
        return rc;
    if (*s)
        return -XEN_EINVAL;
    *out = value;
    return 0;
}

int parse_size(const char *s, uint64_t *out)
{
    size_t n = strlen(s);
    char digits[24];
    uint64_t value;
    int rc;

    if (!n || n >= sizeof(digits))
        return -XEN_EINVAL;
    if ((s[n - 1] | 0x20) == 'b') {
        strlcpy(digits, s, n);
        return parse_u64(digits, 0, false, out);
    }
    rc = parse_u64(s, 0, true, &value);
    if (rc)
        return rc;
    if (suffix_shift(s[n - 1]) < 0) {
        if (value >> 54)
            return -XEN_ERANGE;
        value <<= 10;
    }
    *out = value;
    return 0;
}
