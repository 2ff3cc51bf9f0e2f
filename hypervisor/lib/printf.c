/* SPDX-License-Identifier: MIT */
/*
 * Formatting. Conversions d i u x X c s p % with flags 0, - and #, width and precision
 * (or *), sizes hh h l ll z; %pS prints an address as symbol+offset. Anything else is
 * printed as it stands.
 */
#include <hv/lib.h>
#include <hv/symbols.h>

struct out {
    char *buf;
    size_t size, length; /* room in buf; length that the whole text has */
};

struct spec {
    bool left, zero, prefix;
    int width;
    int precision; /* -1: none given */
    int size;      /* bytes of an integer argument */
};

static void put(struct out *o, char c)
{
    if (o->length + 1 < o->size)
        o->buf[o->length] = c;
    o->length++;
}

static void put_repeated(struct out *o, char c, int n)
{
    while (n-- > 0)
        put(o, c);
}

static void put_text(struct out *o, const struct spec *s, const char *text, size_t n)
{
    int padding = s->width - (int)n;

    if (!s->left)
        put_repeated(o, ' ', padding);
    while (n--)
        put(o, *text++);
    if (s->left)
        put_repeated(o, ' ', padding);
}

static void put_string(struct out *o, const struct spec *s, const char *text)
{
    if (!text)
        text = "(null)";
    put_text(o, s, text,
             s->precision < 0 ? strlen(text) : strnlen(text, (size_t)s->precision));
}

#define MAX_DIGITS 20

/* Digits of v, last first; returns how many, none for 0. */
static int make_digits(char *digits, uint64_t v, unsigned int base, bool upper)
{
    const char *set = upper ? "0123456789ABCDEF" : "0123456789abcdef";
    int n = 0;

    for (; v; v /= base)
        digits[n++] = set[v % base];
    return n;
}

/* sign: a character to precede the digits, or 0. prefix: "0x" or "". */
static void put_number(struct out *o, const struct spec *s, uint64_t v, unsigned int base,
                       bool upper, char sign, const char *prefix)
{
    char digits[MAX_DIGITS];
    int n = make_digits(digits, v, base, upper);
    int wanted = s->precision < 0 ? 1 : s->precision;
    int zeros = max(wanted - n, 0);
    int padding = s->width - (n + zeros + (sign != 0) + (int)strlen(prefix));

    if (s->zero && !s->left && s->precision < 0 && padding > 0) {
        zeros += padding;
        padding = 0;
    }
    if (!s->left)
        put_repeated(o, ' ', padding);
    if (sign)
        put(o, sign);
    while (*prefix)
        put(o, *prefix++);
    put_repeated(o, '0', zeros);
    while (n)
        put(o, digits[--n]);
    if (s->left)
        put_repeated(o, ' ', padding);
}

static void put_symbol(struct out *o, const struct spec *s, uintptr_t addr)
{
    struct spec plain = { .precision = -1 };
    uintptr_t offset;
    const char *name = symbol_lookup(addr, &offset);

    if (!name) {
        put_number(o, s, addr, 16, false, 0, "0x");
        return;
    }
    put_string(o, s, name);
    put(o, '+');
    put_number(o, &plain, offset, 16, false, 0, "0x");
}

static uint64_t take_unsigned(va_list *ap, int size)
{
    switch (size) {
    case 1:
        return (unsigned char)va_arg(*ap, unsigned int);
    case 2:
        return (unsigned short)va_arg(*ap, unsigned int);
    case 4:
        return va_arg(*ap, unsigned int);
    default:
        return va_arg(*ap, uint64_t);
    }
}

static int64_t take_signed(va_list *ap, int size)
{
    switch (size) {
    case 1:
        return (signed char)va_arg(*ap, int);
    case 2:
        return (short)va_arg(*ap, int);
    case 4:
        return va_arg(*ap, int);
    default:
        return va_arg(*ap, int64_t);
    }
}

static int parse_count(const char **fmt, va_list *ap)
{
    int n = 0;

    if (**fmt == '*') {
        ++*fmt;
        return va_arg(*ap, int);
    }
    while (**fmt >= '0' && **fmt <= '9' && n < 1000)
        n = n * 10 + *(*fmt)++ - '0';
    return n;
}

static const char *parse_length(const char *fmt, struct spec *s)
{
    s->size = sizeof(int);
    for (;; fmt++) {
        if (*fmt == 'l' || *fmt == 'z')
            s->size = 8;
        else if (*fmt == 'h')
            s->size /= 2;
        else
            return fmt;
    }
}

/* From behind the % up to the conversion's letter, to which it returns a pointer. */
static const char *parse_spec(const char *fmt, struct spec *s, va_list *ap)
{
    *s = (struct spec){ .precision = -1 };
    for (;; fmt++) {
        if (*fmt == '-')
            s->left = true;
        else if (*fmt == '0')
            s->zero = true;
        else if (*fmt == '#')
            s->prefix = true;
        else
            break;
    }
    s->width = parse_count(&fmt, ap);
    if (s->width < 0) {
        s->left = true;
        s->width = -s->width;
    }
    if (*fmt == '.') {
        fmt++;
        s->precision = parse_count(&fmt, ap);
    }
    return parse_length(fmt, s);
}

static void put_signed(struct out *o, const struct spec *s, int64_t v)
{
    put_number(o, s, v < 0 ? 0 - (uint64_t)v : (uint64_t)v, 10, false, v < 0 ? '-' : 0,
               "");
}

static void put_hex(struct out *o, const struct spec *s, uint64_t v, bool upper)
{
    const char *prefix = "";

    if (s->prefix && v)
        prefix = upper ? "0X" : "0x";
    put_number(o, s, v, 16, upper, 0, prefix);
}

/* One conversion; returns what follows it in the format. */
static const char *convert(struct out *o, const char *fmt, va_list *ap)
{
    struct spec s;
    char c;

    fmt = parse_spec(fmt, &s, ap);
    switch (*fmt) {
    case 'd':
    case 'i':
        put_signed(o, &s, take_signed(ap, s.size));
        break;
    case 'u':
        put_number(o, &s, take_unsigned(ap, s.size), 10, false, 0, "");
        break;
    case 'x':
    case 'X':
        put_hex(o, &s, take_unsigned(ap, s.size), *fmt == 'X');
        break;
    case 'c':
        c = (char)va_arg(*ap, int);
        put_text(o, &s, &c, 1);
        break;
    case 's':
        put_string(o, &s, va_arg(*ap, const char *));
        break;
    case 'p':
        if (fmt[1] == 'S') {
            put_symbol(o, &s, va_arg(*ap, uintptr_t));
            fmt++;
        } else {
            put_number(o, &s, va_arg(*ap, uintptr_t), 16, false, 0, "0x");
        }
        break;
    case '\0':
        return fmt;
    default:
        put(o, *fmt);
        break;
    }
    return fmt + 1;
}

int vsnprintf(char *buf, size_t size, const char *fmt, va_list ap)
{
    struct out o = { buf, size, 0 };
    va_list args;

    va_copy(args, ap);
    while (*fmt) {
        if (*fmt == '%')
            fmt = convert(&o, fmt + 1, &args);
        else
            put(&o, *fmt++);
    }
    va_end(args);
    if (size)
        buf[min(o.length, size - 1)] = '\0';
    return (int)o.length;
}

int snprintf(char *buf, size_t size, const char *fmt, ...)
{
    va_list ap;
    int n;

    va_start(ap, fmt);
    n = vsnprintf(buf, size, fmt, ap);
    va_end(ap);
    return n;
}
