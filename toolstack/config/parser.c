/* SPDX-License-Identifier: MIT */
/* Tokens to settings: keys with their values. */
#include "internal.h"

#include <string.h>

#define MAX_DEPTH  4    /* of lists in lists */
#define MAX_JOINED 4096 /* bytes of a string made by += */

struct parser {
    struct lexer lexer;
    struct settings *settings;
};

static int unexpected(const struct parser *p, const struct token *token,
                      const char *wanted)
{
    return config_fail(p->settings->err, &token->place, -XEN_EINVAL, "%s is missing%s",
                       wanted, token->kind == TOKEN_WORD ? " (text needs quotes)" : "");
}

/* Lists may go over lines. */
static int next_in_list(struct parser *p, struct token *token)
{
    int rc;

    do {
        rc = lexer_next(&p->lexer, token);
    } while (!rc && token->kind == TOKEN_NEWLINE);
    return rc;
}

static int parse_value(struct parser *p, const struct token *token, struct value *value,
                       unsigned int depth);

/* One more item of a list, whose first token is given; *token becomes ',' or ']'. */
static int parse_item(struct parser *p, struct token *token, struct value ***end,
                      unsigned int depth)
{
    struct value *item = pool_alloc(p->settings->pool, sizeof(*item));
    int rc;

    if (!item)
        return ts_fail(p->settings->err, -XEN_ENOMEM, "out of memory");
    rc = parse_value(p, token, item, depth);
    if (rc)
        return rc;
    **end = item;
    *end = &item->next;
    rc = next_in_list(p, token);
    if (rc)
        return rc;
    if (token->kind == TOKEN_COMMA)
        return next_in_list(p, token);
    return token->kind == TOKEN_CLOSE ? 0 : unexpected(p, token, "\",\" or \"]\"");
}

static int parse_list(struct parser *p, struct value *value, unsigned int depth)
{
    struct value **end = &value->items;
    struct token token;
    int rc;

    if (depth == MAX_DEPTH)
        return config_fail(p->settings->err, &value->place, -XEN_EINVAL,
                           "lists are nested deeper than %u", MAX_DEPTH);
    value->kind = VALUE_LIST;
    rc = next_in_list(p, &token);
    while (!rc && token.kind != TOKEN_CLOSE) {
        rc = parse_item(p, &token, &end, depth + 1);
        value->nr_items++;
    }
    return rc;
}

static int parse_value(struct parser *p, const struct token *token, struct value *value,
                       unsigned int depth)
{
    *value = (struct value){ .place = token->place,
                             .text = token->text,
                             .number = token->number };
    switch (token->kind) {
    case TOKEN_STRING:
        value->kind = VALUE_STRING;
        return 0;
    case TOKEN_NUMBER:
        value->kind = VALUE_NUMBER;
        return 0;
    case TOKEN_OPEN:
        return parse_list(p, value, depth);
    default:
        return unexpected(p, token, "a value: \"text\", a number or a [list]");
    }
}

static struct setting *find_setting(const struct settings *s, const char *key)
{
    for (struct setting *i = s->first; i; i = i->next)
        if (!strcmp(i->key, key))
            return i;
    return NULL;
}

/* The setting of a key, made if it is new. */
static struct setting *provide_setting(struct settings *s, const struct token *key)
{
    struct setting *found = find_setting(s, key->text);
    struct setting **end = &s->first;

    if (found)
        return found;
    found = pool_alloc(s->pool, sizeof(*found));
    if (!found)
        return NULL;
    found->key = key->text;
    while (*end)
        end = &(*end)->next;
    *end = found;
    return found;
}

static void append_list(struct value *old, const struct value *more)
{
    struct value **end = &old->items;

    while (*end)
        end = &(*end)->next;
    *end = more->items;
    old->nr_items += more->nr_items;
}

static int append_text(struct settings *s, struct value *old, const struct value *more)
{
    size_t n = strlen(old->text), m = strlen(more->text);
    char *text;

    if (n + m > MAX_JOINED)
        return config_fail(s->err, &more->place, -XEN_EINVAL,
                           "a string that += makes has at most %u bytes", MAX_JOINED);
    text = pool_alloc(s->pool, n + m + 1);
    if (!text)
        return ts_fail(s->err, -XEN_ENOMEM, "out of memory");
    memcpy(text, old->text, n);
    memcpy(text + n, more->text, m);
    old->text = text;
    old->kind = VALUE_STRING;
    return 0;
}

static int store_setting(struct settings *s, const struct token *key, bool append,
                         const struct value *value)
{
    struct setting *setting = provide_setting(s, key);

    if (!setting)
        return ts_fail(s->err, -XEN_ENOMEM, "out of memory");
    if (!append || !setting->place.source) {
        setting->place = key->place;
        setting->value = *value;
        return 0;
    }
    if ((setting->value.kind == VALUE_LIST) != (value->kind == VALUE_LIST))
        return config_fail(s->err, &value->place, -XEN_EINVAL,
                           "\"%.60s\": a list and a string cannot be joined", key->text);
    if (value->kind == VALUE_LIST) {
        append_list(&setting->value, value);
        return 0;
    }
    return append_text(s, &setting->value, value);
}

static int parse_assigned(struct parser *p, struct value *value)
{
    struct token token;
    int rc = p->lexer.bare_text ? lexer_bare_text(&p->lexer, &token) : 0;

    if (!rc)
        rc = lexer_next(&p->lexer, &token);
    return rc < 0 ? rc : parse_value(p, &token, value, 0);
}

static int parse_setting(struct parser *p, const struct token *key)
{
    struct token sign, end;
    struct value value;
    int rc;

    if (key->kind != TOKEN_WORD)
        return unexpected(p, key, "a key");
    rc = lexer_next(&p->lexer, &sign);
    if (rc)
        return rc;
    if (sign.kind != TOKEN_ASSIGN && sign.kind != TOKEN_APPEND)
        return config_fail(p->settings->err, &sign.place, -XEN_EINVAL,
                           "\"=\" is missing after \"%.60s\"", key->text);
    rc = parse_assigned(p, &value);
    if (!rc)
        rc = lexer_next(&p->lexer, &end);
    if (rc)
        return rc;
    if (end.kind != TOKEN_NEWLINE && end.kind != TOKEN_END)
        return config_fail(p->settings->err, &end.place, -XEN_EINVAL,
                           "something follows the value of \"%.60s\" on its line",
                           key->text);
    return store_setting(p->settings, key, sign.kind == TOKEN_APPEND, &value);
}

int settings_parse(struct settings *settings, const struct place *start, const char *text,
                   size_t n)
{
    struct parser p = {
        .lexer = { .at = text,
                   .end = text + n,
                   .place = *start,
                   .bare_text = !start->line,
                   .pool = settings->pool,
                   .err = settings->err },
        .settings = settings,
    };
    struct token token;
    int rc;

    do {
        rc = lexer_next(&p.lexer, &token);
        if (!rc && token.kind != TOKEN_NEWLINE && token.kind != TOKEN_END)
            rc = parse_setting(&p, &token);
    } while (!rc && token.kind != TOKEN_END);
    return rc;
}

const struct value *settings_find(const struct settings *settings, const char *key)
{
    const struct setting *setting = find_setting(settings, key);

    return setting ? &setting->value : NULL;
}
