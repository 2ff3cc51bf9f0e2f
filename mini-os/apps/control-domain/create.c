/* SPDX-License-Identifier: MIT */
/* `create`: a domain from a configuration, or from a kernel with defaults. */
#include "control.h"

#include <stdio.h>
#include <string.h>

#include <ts/config.h>

#define MAX_SETTINGS 32

struct request {
    const char *file;
    bool console, paused;
    const char *settings[MAX_SETTINGS + 2]; /* room for a kernel's own two */
    unsigned int nr_settings;
};

static int read_words(int count, char **words, struct request *r, struct ts_err *err)
{
    memset(r, 0, sizeof(*r));
    for (int i = 0; i < count; i++) {
        if (!strcmp(words[i], "-c"))
            r->console = true;
        else if (!strcmp(words[i], "-p"))
            r->paused = true;
        else if (words[i][0] == '-')
            return ts_fail(err, -XEN_EINVAL, "unknown option %s", words[i]);
        else if (!r->file)
            r->file = words[i];
        else if (r->nr_settings == MAX_SETTINGS)
            return ts_fail(err, -XEN_E2BIG, "more than %u settings", MAX_SETTINGS);
        else
            r->settings[r->nr_settings++] = words[i];
    }
    return r->file ? 0 : ts_fail(err, -XEN_EINVAL, "KERNEL or CONFIG is missing");
}

/* The file's name without folders and what follows the first dot. */
static const char *name_of(const char *path, int *length)
{
    const char *slash = strrchr(path, '/');
    const char *name = slash ? slash + 1 : path;

    *length = (int)strcspn(name, ".");
    return name;
}

/* A kernel stands for the configuration: kernel = FILE, name = its name. What was typed
 * comes later and so goes first. */
static int parse_for_kernel(struct request *r, const struct ts_config *defaults,
                            struct ts_domain_config *config, struct ts_err *err)
{
    char kernel[TS_ERR_TEXT], name[TS_NAME_MAX + 8];
    int length;
    const char *start = name_of(r->file, &length);

    if (length >= TS_NAME_MAX || strlen(r->file) > sizeof(kernel) - 8)
        return ts_fail(err, -XEN_E2BIG, "the file's name is too long");
    snprintf(kernel, sizeof(kernel), "kernel=%s", r->file);
    snprintf(name, sizeof(name), "name=%.*s", length, start);
    memmove(r->settings + 2, r->settings, r->nr_settings * sizeof(r->settings[0]));
    r->settings[0] = kernel;
    r->settings[1] = name;
    return ts_domain_config_parse(r->file, "", 0, r->settings, r->nr_settings + 2,
                                  defaults, config, err);
}

static bool is_elf(const char *text, size_t size)
{
    return size >= 4 && !memcmp(text, "\177ELF", 4);
}

static int parse(struct request *r, struct ts_domain_config *config, struct ts_err *err)
{
    struct ts_config defaults;
    const void *text;
    size_t size;
    int rc = file_load(NULL, r->file, &text, &size, err);

    if (rc)
        return rc;
    ts_config_init(&defaults);
    if (is_elf(text, size))
        rc = parse_for_kernel(r, &defaults, config, err);
    else
        rc = ts_domain_config_parse(r->file, text, size, r->settings, r->nr_settings,
                                    &defaults, config, err);
    file_unload(NULL, text, size);
    return rc;
}

int create_command(int count, char **words, struct ts_err *err)
{
    struct ts_domain_config config;
    struct request r;
    domid_t id = 0;
    int rc = read_words(count, words, &r, err);

    if (!rc)
        rc = parse(&r, &config, err);
    if (rc)
        return rc;
    /* With -c nothing of what it prints shall be missed. */
    config.domain.start_paused = r.paused || r.console;
    rc = ts_domain_create(control_manager, &config.domain, &id, err);
    ts_domain_config_free(&config);
    if (rc)
        return rc;
    printf("Domain %u has been created.\n", id);
    return r.console ? console_attach(id, !r.paused, err) : 0;
}
