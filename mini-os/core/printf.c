/* SPDX-License-Identifier: MIT */
/*
 * kvsnprintf: a parser for one conversion at a time and one routine for each kind.
 */
#include <mini-os/console.h>
#include <mini-os/string.h>

struct output {
    char *buf;
    size_t size;
    size_t length; /* of the whole text, also beyond size */
};

struct conversion {
    bool left, zero, alternate;
    int width;
    int precision; /* -1: none */
    int size;      /* in bytes, of the integer argument */
};

static void put(struct output *out, char c)
{
    if (out->length + 1 < out->size)
        out->buf[out->length] = c;
    out->length++;
}

static void put_repeated(struct output *out, char c, int count)
{
    while (count-- > 0)
        put(out, c);
}

/* A prefix (sign, 0x), zeros up to the precision, and the text, within the width. */
static void put_field(struct output *out, const struct conversion *conv,
                      const char *prefix, const char *text, int len)
{
    int prefix_len = strlen(prefix);
    int zeros = conv->precision > len ? conv->precision - len : 0;
    int pad;

    if (conv->zero && !conv->left && conv->precision < 0 &&
        conv->width > prefix_len + len)
        zeros = conv->width - prefix_len - len;
    pad = conv->width - prefix_len - zeros - len;

    if (!conv->left)
        put_repeated(out, ' ', pad);
    while (*prefix)
        put(out, *prefix++);
    put_repeated(out, '0', zeros);
    while (len--)
        put(out, *text++);
    if (conv->left)
        put_repeated(out, ' ', pad);
}

static void put_number(struct output *out, const struct conversion *conv,
                       const char *prefix, uint64_t value, unsigned int base, bool upper)
{
    const char *digits = upper ? "0123456789ABCDEF" : "0123456789abcdef";
    char text[24];
    int at = sizeof(text);

    while (value) {
        text[--at] = digits[value % base];
        value /= base;
    }
    if (at == sizeof(text) && conv->precision != 0)
        text[--at] = '0';
    put_field(out, conv, prefix, text + at, sizeof(text) - at);
}

static void put_string(struct output *out, struct conversion conv, const char *s)
{
    size_t max = conv.precision < 0 ? SIZE_MAX : (size_t)conv.precision;

    if (!s)
        s = "(null)";
    conv.precision = -1;
    conv.zero = false;
    put_field(out, &conv, "", s, strnlen(s, max));
}

static int parse_number(const char **fmt)
{
    int n = 0;

    while (**fmt >= '0' && **fmt <= '9')
        n = n * 10 + *(*fmt)++ - '0';
    return n;
}

/* A number in the format, or a * that takes it from the arguments. */
static int parse_count(const char **fmt, va_list *args)
{
    if (**fmt != '*')
        return parse_number(fmt);
    (*fmt)++;
    return va_arg(*args, int);
}

static void parse_flags(const char **fmt, struct conversion *conv)
{
    for (;; (*fmt)++) {
        if (**fmt == '-')
            conv->left = true;
        else if (**fmt == '0')
            conv->zero = true;
        else if (**fmt == '#')
            conv->alternate = true;
        else
            return;
    }
}

static int parse_size(const char **fmt)
{
    int size = sizeof(int);

    for (;; (*fmt)++) {
        if (**fmt == 'l' || **fmt == 'z')
            size = sizeof(long);
        else if (**fmt == 'h')
            size /= 2;
        else
            return size;
    }
}

static uint64_t truncate(uint64_t value, int size)
{
    return size == 8 ? value : value & ((1ULL << (8 * size)) - 1);
}

static int64_t sign_extend(uint64_t value, int size)
{
    int shift = 64 - 8 * size;

    return (int64_t)(value << shift) >> shift;
}

static void put_signed(struct output *out, const struct conversion *conv, int64_t value)
{
    uint64_t magnitude = value < 0 ? -(uint64_t)value : (uint64_t)value;

    put_number(out, conv, value < 0 ? "-" : "", magnitude, 10, false);
}

static void put_pointer(struct output *out, struct conversion conv, uint64_t value)
{
    conv.precision = 16;
    put_number(out, &conv, "", value, 16, false);
}

static bool is_integer(char kind)
{
    return kind && strchr("diuxXo", kind);
}

/* An integer conversion; its argument has been fetched as 64 bits, or 32 zero-extended.
 */
static void put_integer(struct output *out, const struct conversion *conv, char kind,
                        uint64_t raw)
{
    uint64_t value = truncate(raw, conv->size);
    const char *prefix = conv->alternate && value ? (kind == 'X' ? "0X" : "0x") : "";

    switch (kind) {
    case 'd':
    case 'i':
        put_signed(out, conv, sign_extend(value, conv->size));
        break;
    case 'u':
        put_number(out, conv, "", value, 10, false);
        break;
    case 'o':
        put_number(out, conv, "", value, 8, false);
        break;
    default:
        put_number(out, conv, prefix, value, 16, kind == 'X');
        break;
    }
}

/* Flags, width, precision and length, up to the conversion's letter. */
static struct conversion parse_conversion(const char **fmt, va_list *args)
{
    struct conversion conv = { .precision = -1 };

    parse_flags(fmt, &conv);
    conv.width = parse_count(fmt, args);
    if (**fmt == '.') {
        (*fmt)++;
        conv.precision = parse_count(fmt, args);
    }
    conv.size = parse_size(fmt);
    return conv;
}

static void put_character(struct output *out, const struct conversion *conv, char c)
{
    put_field(out, conv, "", &c, 1);
}

/* One conversion, with its argument; *fmt is behind the % and then behind the letter. */
static void put_conversion(struct output *out, const char **fmt, va_list *args)
{
    struct conversion conv = parse_conversion(fmt, args);
    char kind = **fmt;

    if (!kind)
        return;
    (*fmt)++;
    if (kind == 's')
        put_string(out, conv, va_arg(*args, const char *));
    else if (kind == 'p')
        put_pointer(out, conv, va_arg(*args, uint64_t));
    else if (kind == 'c')
        put_character(out, &conv, va_arg(*args, int));
    else if (!is_integer(kind))
        put(out, kind);
    else if (conv.size == 8)
        put_integer(out, &conv, kind, va_arg(*args, uint64_t));
    else
        put_integer(out, &conv, kind, va_arg(*args, unsigned int));
}

int kvsnprintf(char *buf, size_t size, const char *fmt, va_list args)
{
    struct output out = { .buf = buf, .size = size };
    va_list copy;

    va_copy(copy, args);
    while (*fmt) {
        char c = *fmt++;

        if (c == '%')
            put_conversion(&out, &fmt, &copy);
        else
            put(&out, c);
    }
    va_end(copy);
    if (size)
        buf[out.length < size ? out.length : size - 1] = '\0';
    return out.length;
}

int ksnprintf(char *buf, size_t size, const char *fmt, ...)
{
    va_list args;
    int len;

    va_start(args, fmt);
    len = kvsnprintf(buf, size, fmt, args);
    va_end(args);
    return len;
}
