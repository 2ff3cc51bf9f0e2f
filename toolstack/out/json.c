/* SPDX-License-Identifier: MIT */
/*
 * JSON documents over cJSON. Numbers are written as digits by us: 64 bits do not fit into
 * cJSON's doubles.
 */
#include <ts/out.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

/* Puts item, which may be NULL, where it belongs. Returns it, or NULL. */
static cJSON *place(struct ts_doc *doc, cJSON *parent, const char *key, cJSON *item)
{
    bool placed = false;

    if (item && !doc->root) {
        doc->root = item;
        placed = true;
    } else if (item && parent) {
        placed = key ? cJSON_AddItemToObject(parent, key, item)
                     : cJSON_AddItemToArray(parent, item);
    }
    if (placed)
        return item;
    cJSON_Delete(item);
    doc->failed = true;
    return NULL;
}

cJSON *ts_doc_object(struct ts_doc *doc, cJSON *parent, const char *key)
{
    return place(doc, parent, key, cJSON_CreateObject());
}

cJSON *ts_doc_array(struct ts_doc *doc, cJSON *parent, const char *key)
{
    return place(doc, parent, key, cJSON_CreateArray());
}

void ts_doc_flag(struct ts_doc *doc, cJSON *parent, const char *key, bool flag)
{
    place(doc, parent, key, cJSON_CreateBool(flag));
}

void ts_doc_null(struct ts_doc *doc, cJSON *parent, const char *key)
{
    place(doc, parent, key, cJSON_CreateNull());
}

/* --- numbers --- */

void ts_doc_number(struct ts_doc *doc, cJSON *parent, const char *key, uint64_t number)
{
    ts_doc_fixed(doc, parent, key, number, 0);
}

void ts_doc_fixed(struct ts_doc *doc, cJSON *parent, const char *key, uint64_t value,
                  unsigned int decimals)
{
    unsigned long long one = 1;
    char text[48];

    for (unsigned int i = 0; i < decimals; i++)
        one *= 10;
    if (decimals)
        snprintf(text, sizeof(text), "%llu.%0*llu", value / one, (int)decimals,
                 value % one);
    else
        snprintf(text, sizeof(text), "%llu", (unsigned long long)value);
    place(doc, parent, key, cJSON_CreateRaw(text));
}

/* --- text --- */

static bool is_continuation(unsigned char byte)
{
    return (byte & 0xc0) == 0x80;
}

/* Bytes of the UTF-8 sequence at the start of n > 0 bytes; 0: it is none. */
static size_t sequence(const unsigned char *b, size_t n)
{
    static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
    size_t size = b[0] < 0x80   ? 1
                  : b[0] < 0xc2 ? 0
                  : b[0] < 0xe0 ? 2
                  : b[0] < 0xf0 ? 3
                                : 4;
    uint32_t code = size > 1 ? b[0] & (0x7fu >> size) : b[0];

    if (b[0] > 0xf4 || size > n)
        return 0;
    for (size_t i = 1; i < size; i++) {
        if (!is_continuation(b[i]))
            return 0;
        code = code << 6 | (b[i] & 0x3f);
    }
    if (code < least[size] || code > 0x10ffff || (code >= 0xd800 && code < 0xe000))
        return 0;
    return size;
}

/* A copy that is valid UTF-8 and has no 0 within; NULL when out of memory. */
static char *clean_copy(const char *bytes, size_t n)
{
    static const char replacement[] = "\xef\xbf\xbd";
    char *copy = malloc(n * 3 + 1), *to = copy;

    if (!copy)
        return NULL;
    while (n) {
        size_t size = sequence((const unsigned char *)bytes, n);
        bool good = size && *bytes;

        memcpy(to, good ? bytes : replacement, good ? size : 3);
        to += good ? size : 3;
        bytes += size ? size : 1;
        n -= size ? size : 1;
    }
    *to = '\0';
    return copy;
}

void ts_doc_bytes(struct ts_doc *doc, cJSON *parent, const char *key, const char *bytes,
                  size_t n)
{
    char *copy = clean_copy(bytes, n);

    place(doc, parent, key, copy ? cJSON_CreateString(copy) : NULL);
    free(copy);
}

void ts_doc_text(struct ts_doc *doc, cJSON *parent, const char *key, const char *text)
{
    if (text)
        ts_doc_bytes(doc, parent, key, text, strlen(text));
    else
        ts_doc_null(doc, parent, key);
}

/* --- the whole --- */

void ts_doc_print(struct ts_doc *doc, bool one_line, struct ts_text *text)
{
    char *printed = NULL;

    if (!doc->failed)
        printed = one_line ? cJSON_PrintUnformatted(doc->root) : cJSON_Print(doc->root);
    if (printed) {
        ts_text_add(text, printed, strlen(printed));
        ts_text_add(text, "\n", 1);
    } else {
        text->failed = true;
    }
    cJSON_free(printed);
    ts_doc_free(doc);
}

void ts_doc_free(struct ts_doc *doc)
{
    cJSON_Delete(doc->root);
    *doc = (struct ts_doc){ 0 };
}
