/* SPDX-License-Identifier: MIT */
/*
 * What commands write: text that grows, and JSON documents. Both remember that memory ran
 * out, so that only the end has to be checked. Texts that are not valid UTF-8 (they may
 * come from guests) have the bytes that are not replaced by U+FFFD.
 */
#ifndef TS_OUT_H
#define TS_OUT_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* --- text. All zero: empty. --- */

struct ts_text {
    char *bytes; /* n bytes and a final 0; NULL when nothing was added */
    size_t n, room;
    bool failed; /* something is missing: out of memory */
};

void ts_text_add(struct ts_text *text, const void *bytes, size_t n);
void ts_text_printf(struct ts_text *text, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void ts_text_vprintf(struct ts_text *text, const char *format, va_list args);
/* Empties it; the memory is kept for what comes next. */
void ts_text_clear(struct ts_text *text);
void ts_text_free(struct ts_text *text);

/* --- a JSON document --- */

struct cJSON;

struct ts_doc {
    struct cJSON *root;
    bool failed; /* out of memory */
};

/*
 * Each adds a value to parent: key is its name in an object, NULL in an array. parent
 * NULL: the document itself, once. A failure makes the result NULL, to which may be added
 * without harm only through these functions.
 */
struct cJSON *ts_doc_object(struct ts_doc *doc, struct cJSON *parent, const char *key);
struct cJSON *ts_doc_array(struct ts_doc *doc, struct cJSON *parent, const char *key);
/* text NULL: null */
void ts_doc_text(struct ts_doc *doc, struct cJSON *parent, const char *key,
                 const char *text);
void ts_doc_bytes(struct ts_doc *doc, struct cJSON *parent, const char *key,
                  const char *bytes, size_t n);
void ts_doc_number(struct ts_doc *doc, struct cJSON *parent, const char *key,
                   uint64_t number);
/* value / 10^decimals */
void ts_doc_fixed(struct ts_doc *doc, struct cJSON *parent, const char *key,
                  uint64_t value, unsigned int decimals);
void ts_doc_flag(struct ts_doc *doc, struct cJSON *parent, const char *key, bool flag);
void ts_doc_null(struct ts_doc *doc, struct cJSON *parent, const char *key);

/* Appends the document and a newline to text, in one line or in many, and frees it. */
void ts_doc_print(struct ts_doc *doc, bool one_line, struct ts_text *text);
void ts_doc_free(struct ts_doc *doc);

#endif
