/* SPDX-License-Identifier: MIT */
/*
 * Sorting words into options and operands, as getopt_long() would: "-wa", "-tVALUE",
 * "-t VALUE", "--name", "--name=VALUE", "--name VALUE". Its own code because programs
 * here run with different C libraries: newlib's takes "-" for an option, and all keep
 * state in variables of the process.
 */
#include "internal.h"

#include <stdlib.h>
#include <string.h>

const struct option common_options[] = {
    { OPTION_FORMAT, "format", "text|json", "how the result is written; default text",
      WORD_FORMAT },
    { 'h', "help", NULL, "what the verb does", WORD_OTHER },
    { 0 },
};

const struct option leading_options[] = {
    { 'v', "verbose", NULL, "with errors: the hypervisor's number", WORD_OTHER },
    { OPTION_VERSION, "version", NULL, "as the verb \"version\"", WORD_OTHER },
    { 0 },
};

/* Where the words are read. */
struct reader {
    struct words *words;
    const struct option *tables[2];
    int argc, at;
    const char *const *argv;
    struct ts_err *err;
};

static int complain(struct reader *r, const char *what, const char *option, size_t n)
{
    return ts_fail(r->err, -XEN_EINVAL, "%s \"%.*s\"", what, (int)n, option);
}

static const struct option *find(const struct reader *r, int key, const char *name,
                                 size_t n)
{
    for (unsigned int t = 0; t < 2; t++)
        for (const struct option *o = r->tables[t]; o && o->key; o++)
            if (name ? o->name && strlen(o->name) == n && !memcmp(o->name, name, n)
                     : o->key == key)
                return o;
    return NULL;
}

/* A slot for option; there are at most MAX_OPTIONS in the tables. */
static void note(struct words *w, const struct option *option, const char *value)
{
    unsigned int i = 0;

    while (i < w->nr_options && w->option[i] != option)
        i++;
    if (i == MAX_OPTIONS)
        return;
    if (i == w->nr_options)
        w->nr_options++;
    w->option[i] = option;
    w->value[i] = value;
    w->count[i]++;
}

/* option is given as the n bytes at text; value: behind it in the same word, or NULL. */
static int take(struct reader *r, const struct option *option, const char *text, size_t n,
                const char *value)
{
    if (!option)
        return complain(r, "there is no option", text, n);
    if (!option->argument && value)
        return complain(r, "no value can be given to the option", text, n);
    if (option->argument && !value) {
        if (r->at == r->argc)
            return complain(r, "a value is missing behind the option", text, n);
        value = r->argv[r->at++];
    }
    note(r->words, option, value);
    return 0;
}

static int take_long(struct reader *r, const char *word)
{
    size_t n = strcspn(word, "=");

    return take(r, find(r, 0, word + 2, n - 2), word, n, word[n] ? word + n + 1 : NULL);
}

static int take_letters(struct reader *r, const char *word)
{
    int rc = 0;

    for (const char *c = word + 1; *c && !rc; c++) {
        const struct option *option = find(r, (unsigned char)*c, NULL, 0);
        const char given[] = { '-', *c };

        if (option && option->argument && c[1])
            return take(r, option, given, 2, c + 1);
        rc = take(r, option, given, 2, NULL);
    }
    return rc;
}

/* One word. *options_over: what follows are operands. */
static int take_word(struct reader *r, bool stop_early, bool *options_over)
{
    const char *word = r->argv[r->at++];

    if (*options_over || word[0] != '-' || !word[1]) {
        r->words->operand[r->words->nr_operands++] = word;
        *options_over |= stop_early;
        return 0;
    }
    if (word[1] != '-')
        return take_letters(r, word);
    if (word[2])
        return take_long(r, word);
    *options_over = true;
    return 0;
}

int words_parse(struct words *words, const struct option *options,
                const struct option *more, bool stop_early, int argc,
                const char *const *argv, struct ts_err *err)
{
    struct reader r = { words, { options, more }, argc, 0, argv, err };
    bool options_over = false;
    int rc = 0;

    *words = (struct words){ .operand = calloc((size_t)argc + 1, sizeof(*argv)) };
    if (!words->operand)
        return ts_fail(err, -XEN_ENOMEM, "out of memory");
    while (!rc && r.at < argc)
        rc = take_word(&r, stop_early, &options_over);
    if (rc)
        words_free(words);
    return rc;
}

void words_free(struct words *words)
{
    free(words->operand);
    *words = (struct words){ 0 };
}

static int slot_of(const struct words *words, int key)
{
    for (unsigned int i = 0; i < words->nr_options; i++)
        if (words->option[i]->key == key)
            return (int)i;
    return -1;
}

unsigned int words_count(const struct words *words, int key)
{
    int i = slot_of(words, key);

    return i < 0 ? 0 : words->count[i];
}

const char *words_value(const struct words *words, int key)
{
    int i = slot_of(words, key);

    return i < 0 ? NULL : words->value[i];
}

/* --- numbers --- */

bool parse_number(const char *text, uint64_t most, uint64_t *number)
{
    *number = 0;
    if (!*text)
        return false;
    for (; *text; text++) {
        unsigned int digit = (unsigned int)(*text - '0');

        if (digit > 9 || digit > most || *number > (most - digit) / 10)
            return false;
        *number = *number * 10 + digit;
    }
    return true;
}

bool parse_seconds(const char *text, uint64_t *ns)
{
    uint64_t unit = 1000000000;
    size_t whole = strcspn(text, ".");
    char digits[12];

    if (whole >= sizeof(digits) - 1)
        return false;
    memcpy(digits, text, whole);
    digits[whole] = '\0';
    if (!parse_number(digits, 1000000000, ns))
        return false;
    *ns *= unit;
    for (text += whole + (text[whole] == '.'); *text; text++) {
        if (*text < '0' || *text > '9')
            return false;
        unit /= 10;
        *ns += (uint64_t)(*text - '0') * unit;
    }
    return *ns > 0;
}
