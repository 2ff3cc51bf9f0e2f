/* SPDX-License-Identifier: MIT */
/* `create`'s words, and the configuration that they stand for. */
#include "internal.h"

#include <ts/create.h>

#include <stdio.h>
#include <string.h>

const struct option create_options[] = {
    { 'p', "paused", NULL, "leave it paused", WORD_OTHER },
    { 'c', "console", NULL, "join its console before it starts", WORD_OTHER },
    { 'q', "quiet", NULL, "say nothing when all is well", WORD_OTHER },
    { 'n', "dryrun", NULL, "check configuration and files, make nothing", WORD_OTHER },
    { 'f', "defconfig", "FILE", "the file, instead of the first word", WORD_FILE },
    { 0 },
};

int create_sort(const struct words *sorted, struct ts_create_words *words,
                struct ts_err *err)
{
    unsigned int i = 0;

    *words = (struct ts_create_words){
        .file = words_value(sorted, 'f'),
        .paused = words_count(sorted, 'p'),
        .console = words_count(sorted, 'c'),
        .quiet = words_count(sorted, 'q'),
        .dry_run = words_count(sorted, 'n'),
        .help = words_count(sorted, 'h'),
    };
    if (!words->file && sorted->nr_operands)
        words->file = sorted->operand[i++];
    if (!words->file && !words->help)
        return ts_fail(err, -XEN_EINVAL, "a configuration or kernel is missing");
    for (; i < sorted->nr_operands; i++) {
        if (!strchr(sorted->operand[i], '='))
            return ts_fail(err, -XEN_EINVAL, "\"%s\" is not KEY=VALUE",
                           sorted->operand[i]);
        if (words->nr_settings == TS_CREATE_MAX_SETTINGS)
            return ts_fail(err, -XEN_E2BIG, "there are more than %u settings",
                           TS_CREATE_MAX_SETTINGS);
        words->settings[words->nr_settings++] = sorted->operand[i];
    }
    return 0;
}

int ts_create_words(int argc, const char *const *argv, struct ts_create_words *words,
                    struct ts_err *err)
{
    struct words sorted;
    int rc = words_parse(&sorted, create_options, common_options, false, argc, argv, err);

    if (rc)
        return rc;
    rc = create_sort(&sorted, words, err);
    words_free(&sorted);
    return rc;
}

/* --- the configuration --- */

/* An ELF file, one that gzip has packed, or a bzImage: no text begins like that. */
static bool is_kernel(const unsigned char *text, size_t n)
{
    static const char boot_flag[] = "\x55\xaa", gzip[] = "\x1f\x8b";

    if (n >= 4 && (!memcmp(text, "\177ELF", 4) || !memcmp(text, gzip, 2)))
        return true;
    return n > 0x206 && !memcmp(text + 0x1fe, boot_flag, 2) &&
           !memcmp(text + 0x202, "HdrS", 4);
}

/* The name without folders and what follows the first dot. */
static int default_name(const char *path, char name[TS_NAME_MAX], struct ts_err *err)
{
    const char *slash = strrchr(path, '/');
    const char *start = slash ? slash + 1 : path;
    size_t n = strcspn(start, ".");

    if (!n || n >= TS_NAME_MAX)
        return ts_fail(err, -XEN_EINVAL,
                       "%.80s does not do as a domain's name: \"name=NAME\" gives it one",
                       path);
    memcpy(name, start, n);
    name[n] = '\0';
    return 0;
}

/* Rather than to start a domain without what it needs. */
static int refuse_devices(const struct ts_create_words *words,
                          struct ts_domain_config *config, struct ts_err *err)
{
    const char *key = config->disks.n ? "disk" : config->vifs.n ? "vif" : NULL;

    if (!key)
        return 0;
    ts_domain_config_free(config);
    return ts_fail(err, -XEN_EOPNOTSUPP, "%.80s: \"%s\" is not supported yet",
                   words->file, key);
}

int ts_create_config(const struct ts_create_words *words, const void *text, size_t n,
                     struct ts_domain_config *config, struct ts_err *err)
{
    struct ts_config defaults;
    int rc = 0;

    ts_config_init(&defaults);
    if (is_kernel(text, n)) {
        defaults.kernel = words->file;
        rc = default_name(words->file, defaults.name, err);
        n = 0;
    }
    if (!rc)
        rc = ts_domain_config_parse(words->file, text, n, words->settings,
                                    words->nr_settings, &defaults, config, err);
    if (rc)
        return rc;
    config->domain.start_paused |= words->paused;
    return refuse_devices(words, config, err);
}
