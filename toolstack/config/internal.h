/* SPDX-License-Identifier: MIT */
/*
 * Between text and structure: the lexer makes tokens, the parser settings with values,
 * and keys.c puts those into the structure. All memory comes from one pool.
 */
#ifndef CONFIG_INTERNAL_H
#define CONFIG_INTERNAL_H

#include <ts/config.h>

/* n zeroed bytes that live as long as the pool; NULL when out of memory. */
void *pool_alloc(struct ts_config_pool *pool, size_t n);
struct ts_config_pool *pool_create(void);
void pool_free(struct ts_config_pool *pool);

/* Where something was written. line 0: on the command line. */
struct place {
    const char *source;
    unsigned int line;
};

enum value_kind { VALUE_STRING, VALUE_NUMBER, VALUE_LIST };

struct value {
    struct value *next; /* in its list */
    enum value_kind kind;
    struct place place;
    const char *text; /* STRING, and NUMBER as it was written */
    uint64_t number;
    struct value *items; /* LIST */
    unsigned int nr_items;
};

struct setting {
    struct setting *next;
    const char *key;
    struct place place;
    struct value value;
};

/* In the order of their first mention; each key once. */
struct settings {
    struct ts_config_pool *pool;
    struct setting *first;
    struct ts_err *err;
};

/* Reports a mistake at a place: ts_fail() with "file:line: " in front. */
int config_fail(struct ts_err *err, const struct place *place, int code,
                const char *format, ...) __attribute__((format(printf, 4, 5)));

enum token_kind {
    TOKEN_END,     /* of the text */
    TOKEN_NEWLINE, /* or ';' */
    TOKEN_WORD,    /* a key */
    TOKEN_STRING,
    TOKEN_NUMBER,
    TOKEN_ASSIGN,
    TOKEN_APPEND,
    TOKEN_OPEN,
    TOKEN_CLOSE,
    TOKEN_COMMA,
};

struct token {
    enum token_kind kind;
    struct place place;
    const char *text; /* WORD, STRING, NUMBER */
    uint64_t number;
};

struct lexer {
    const char *at, *end;
    struct place place;
    bool bare_text; /* of the command line: text needs no quotes */
    struct ts_config_pool *pool;
    struct ts_err *err;
};

/* The next token. Returns 0, -XEN_EINVAL or -XEN_ENOMEM (reported). */
int lexer_next(struct lexer *lexer, struct token *token);
/*
 * On the command line, where a value is due: takes the rest of the text as a string if it
 * is neither quoted, nor a list, nor a number. Returns 1 if so, 0, or -XEN_ENOMEM.
 */
int lexer_bare_text(struct lexer *lexer, struct token *token);

/* A whole number in any of the three notations, and nothing else. */
bool number_parse(const char *text, size_t n, uint64_t *number);

/* Reads n bytes of settings. Errors are reported. */
int settings_parse(struct settings *settings, const struct place *start, const char *text,
                   size_t n);
const struct value *settings_find(const struct settings *settings, const char *key);

/* Puts all settings into the structure. Errors are reported. */
int settings_apply(const struct settings *settings, struct ts_domain_config *config);

#endif
