/* SPDX-License-Identifier: MIT */
/* Text to tokens. Bytes outside of strings and comments are ASCII. */
#include "internal.h"

#include <string.h>

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_word_char(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
           c == '-' || c == '.';
}

/* 0 to 15, or 16 for what is no hex digit. */
static unsigned int digit_value(char c)
{
    if (is_digit(c))
        return (unsigned int)(c - '0');
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? (unsigned int)(c - 'a' + 10) : 16;
}

bool number_parse(const char *text, size_t n, uint64_t *number)
{
    unsigned int base = 10;
    uint64_t value = 0;

    if (n > 2 && text[0] == '0' && (text[1] | 0x20) == 'x') {
        base = 16;
        text += 2;
        n -= 2;
    } else if (n > 1 && text[0] == '0') {
        base = 8;
    }
    for (size_t i = 0; i < n; i++) {
        unsigned int digit = digit_value(text[i]);

        if (digit >= base || value > (UINT64_MAX - digit) / base)
            return false;
        value = value * base + digit;
    }
    *number = value;
    return n > 0;
}

static const char *keep_text(struct lexer *l, const char *text, size_t n)
{
    char *copy = pool_alloc(l->pool, n + 1);

    if (!copy) {
        ts_fail(l->err, -XEN_ENOMEM, "out of memory");
        return NULL;
    }
    memcpy(copy, text, n);
    return copy;
}

static void skip_comment(struct lexer *l)
{
    while (l->at < l->end && *l->at != '\n')
        l->at++;
}

/* '\' at the end of a line: bytes it takes, 0 if it is no such thing. */
static size_t joins_lines(const struct lexer *l)
{
    size_t left = (size_t)(l->end - l->at);

    if (left >= 2 && l->at[0] == '\\' && l->at[1] == '\n')
        return 2;
    return left >= 3 && !memcmp(l->at, "\\\r\n", 3) ? 3 : 0;
}

static void next_line(struct lexer *l)
{
    if (l->place.line)
        l->place.line++;
}

static void skip_blanks(struct lexer *l)
{
    while (l->at < l->end) {
        size_t joined = joins_lines(l);

        if (*l->at == ' ' || *l->at == '\t' || *l->at == '\r') {
            l->at++;
        } else if (joined) {
            l->at += joined;
            next_line(l);
        } else if (*l->at == '#') {
            skip_comment(l);
        } else {
            return;
        }
    }
}

/* The character after a backslash; 0 if there is no such escape. */
static char simple_escape(char c)
{
    switch (c) {
    case 'n':
        return '\n';
    case 't':
        return '\t';
    case 'r':
        return '\r';
    case '\\':
    case '"':
    case '\'':
        return c;
    default:
        return 0;
    }
}

/* "xHH" at l->at: its value, 0 (no such text can be) if it is wrong. */
static char hex_escape(struct lexer *l)
{
    unsigned int high, low;

    if (l->end - l->at < 3)
        return 0;
    high = digit_value(l->at[1]);
    low = digit_value(l->at[2]);
    if (high > 15 || low > 15)
        return 0;
    l->at += 2;
    return (char)(high << 4 | low);
}

/* One character of a string, at l->at, which moves behind it. */
static int string_char(struct lexer *l, char *out)
{
    *out = *l->at;
    if (*out == '\\') {
        l->at++;
        *out = l->at == l->end ? 0
               : *l->at == 'x' ? hex_escape(l)
                               : simple_escape(*l->at);
        if (!*out)
            return config_fail(l->err, &l->place, -XEN_EINVAL,
                               "no such escape; \\n, \\t, \\r, \\\\, \\\", \\' and \\xHH "
                               "can be in a string");
    }
    if (!*out)
        return config_fail(l->err, &l->place, -XEN_EINVAL, "a zero byte in a string");
    l->at++;
    return 0;
}

static int lex_string(struct lexer *l, struct token *token)
{
    char quote = *l->at++;
    size_t n = 0;
    const char *end = memchr(l->at, '\n', (size_t)(l->end - l->at));
    char *text = pool_alloc(l->pool, (size_t)((end ? end : l->end) - l->at) + 1);

    if (!text)
        return ts_fail(l->err, -XEN_ENOMEM, "out of memory");
    while (l->at < l->end && *l->at != quote && *l->at != '\n') {
        int rc = string_char(l, &text[n++]);

        if (rc)
            return rc;
    }
    if (l->at == l->end || *l->at != quote)
        return config_fail(l->err, &l->place, -XEN_EINVAL,
                           "a string is not closed by %c on its line", quote);
    l->at++;
    token->kind = TOKEN_STRING;
    token->text = text;
    return 0;
}

static int lex_word(struct lexer *l, struct token *token)
{
    const char *start = l->at;
    size_t n;

    while (l->at < l->end && is_word_char(*l->at))
        l->at++;
    n = (size_t)(l->at - start);
    token->kind = TOKEN_WORD;
    token->text = keep_text(l, start, n);
    if (!token->text)
        return -XEN_ENOMEM;
    if (!is_digit(*start))
        return 0;
    if (!number_parse(start, n, &token->number))
        return config_fail(l->err, &l->place, -XEN_EINVAL,
                           "\"%.60s\" is not a number (text needs quotes)", token->text);
    token->kind = TOKEN_NUMBER;
    return 0;
}

static int lex_mark(struct lexer *l, struct token *token)
{
    static const char marks[] = "\n;=[],";
    static const enum token_kind kinds[] = { TOKEN_NEWLINE, TOKEN_NEWLINE, TOKEN_ASSIGN,
                                             TOKEN_OPEN,    TOKEN_CLOSE,   TOKEN_COMMA };
    unsigned char c = (unsigned char)*l->at++;
    const char *mark = c ? strchr(marks, c) : NULL;

    if (mark) {
        token->kind = kinds[mark - marks];
        if (c == '\n')
            next_line(l);
        return 0;
    }
    if (c == '+' && l->at < l->end && *l->at == '=') {
        l->at++;
        token->kind = TOKEN_APPEND;
        return 0;
    }
    if (c > ' ' && c < 0x7f)
        return config_fail(l->err, &l->place, -XEN_EINVAL, "unexpected \"%c\"", c);
    return config_fail(l->err, &l->place, -XEN_EINVAL, "unexpected byte 0x%02x", c);
}

int lexer_next(struct lexer *l, struct token *token)
{
    skip_blanks(l);
    *token = (struct token){ .kind = TOKEN_END, .place = l->place };
    if (l->at == l->end)
        return 0;
    if (*l->at == '"' || *l->at == '\'')
        return lex_string(l, token);
    return is_word_char(*l->at) ? lex_word(l, token) : lex_mark(l, token);
}

int lexer_bare_text(struct lexer *l, struct token *token)
{
    const char *stop;
    uint64_t number;
    size_t n;

    while (l->at < l->end && (*l->at == ' ' || *l->at == '\t'))
        l->at++;
    if (l->at < l->end && strchr("\"'[", *l->at))
        return 0;
    stop = memchr(l->at, ';', (size_t)(l->end - l->at));
    n = (size_t)((stop ? stop : l->end) - l->at);
    while (n && l->at[n - 1] == ' ')
        n--;
    if (number_parse(l->at, n, &number))
        return 0;
    *token = (struct token){ .kind = TOKEN_STRING, .place = l->place };
    token->text = keep_text(l, l->at, (size_t)(l->end - l->at));
    l->at = l->end;
    return token->text ? 1 : -XEN_ENOMEM;
}
