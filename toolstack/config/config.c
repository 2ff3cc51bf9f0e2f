/* SPDX-License-Identifier: MIT */
/* One configuration from its file and the settings of the command line. */
#include "internal.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* A message is one line, whatever was in the text that it quotes. */
static void replace_controls(char *text)
{
    for (; *text; text++)
        if ((unsigned char)*text < ' ' || *text == 0x7f)
            *text = '?';
}

int config_fail(struct ts_err *err, const struct place *place, int code,
                const char *format, ...)
{
    char source[100], what[TS_ERR_TEXT];
    va_list args;

    va_start(args, format);
    vsnprintf(what, sizeof(what), format, args);
    va_end(args);
    if (place->line)
        snprintf(source, sizeof(source), "%.80s:%u", place->source, place->line);
    else
        snprintf(source, sizeof(source), "setting %.80s", place->source);
    replace_controls(source);
    replace_controls(what);
    return ts_fail(err, code, "%s: %s", source, what);
}

static int parse_all(struct settings *settings, const struct place *file,
                     const char *text, size_t n, const char *const *more, unsigned int nr)
{
    int rc = settings_parse(settings, file, text, n);

    for (unsigned int i = 0; !rc && i < nr; i++) {
        const struct place place = { .source = more[i] };

        if (strlen(more[i]) > TS_CONFIG_MAX_BYTES)
            return ts_fail(settings->err, -XEN_E2BIG, "a setting is too long");
        rc = settings_parse(settings, &place, more[i], strlen(more[i]));
    }
    return rc;
}

static int check_complete(const char *source, const struct ts_config *domain,
                          struct ts_err *err)
{
    if (!*domain->name)
        return ts_fail(err, -XEN_EINVAL, "%.80s: \"name\" is missing", source);
    if (!domain->kernel)
        return ts_fail(err, -XEN_EINVAL, "%.80s: \"kernel\" is missing", source);
    return 0;
}

int ts_domain_config_parse(const char *source, const char *text, size_t n,
                           const char *const *more, unsigned int nr,
                           const struct ts_config *defaults,
                           struct ts_domain_config *config, struct ts_err *err)
{
    struct settings settings = { .pool = pool_create(), .err = err };
    const struct place file = { source, 1 };
    int rc;

    memset(config, 0, sizeof(*config));
    if (!settings.pool)
        return ts_fail(err, -XEN_ENOMEM, "out of memory");
    config->pool = settings.pool;
    config->domain = *defaults;
    if (n > TS_CONFIG_MAX_BYTES)
        rc = ts_fail(err, -XEN_E2BIG, "%.80s: a configuration has at most %u bytes",
                     source, TS_CONFIG_MAX_BYTES);
    else
        rc = parse_all(&settings, &file, text, n, more, nr);
    if (!rc)
        rc = settings_apply(&settings, config);
    if (!rc)
        rc = check_complete(source, &config->domain, err);
    if (rc)
        ts_domain_config_free(config);
    return rc;
}

void ts_domain_config_free(struct ts_domain_config *config)
{
    pool_free(config->pool);
    memset(config, 0, sizeof(*config));
}
