/* SPDX-License-Identifier: MIT */
/* `create`: a domain from a configuration, or from a kernel. */
#include "internal.h"

#include <ts/create.h>

/* The configuration of words->file. */
static enum ts_exit read_config(struct call *call, const struct ts_create_words *words,
                                struct ts_domain_config *config)
{
    const struct ts_cli_env *env = &call->cli->env;
    const char *name = call->io->file(call->io->context, words->file, &call->err);
    const void *text;
    size_t n;
    int rc;

    if (!name)
        return exit_of(call->err.code);
    rc = env->load(env->context, name, &text, &n, &call->err);
    if (rc)
        return call_fail(call, exit_of(rc), "%s cannot be read: %s", words->file,
                         ts_err_text(rc));
    rc = ts_create_config(words, text, n, config, &call->err);
    env->unload(env->context, text, n);
    return rc == -XEN_ENOMEM ? TS_EXIT_MEMORY : rc ? TS_EXIT_CONFIG : TS_EXIT_OK;
}

/* What the files in it are called here. */
static enum ts_exit name_files(struct call *call, struct ts_config *config)
{
    const struct ts_cli_io *io = call->io;

    config->kernel = io->file(io->context, config->kernel, &call->err);
    if (config->kernel && config->ramdisk) {
        config->ramdisk = io->file(io->context, config->ramdisk, &call->err);
        return config->ramdisk ? TS_EXIT_OK : exit_of(call->err.code);
    }
    return config->kernel ? TS_EXIT_OK : exit_of(call->err.code);
}

/* What the manager refuses because of its configuration, not of the state of things. */
static enum ts_exit exit_of_create(int rc)
{
    if (rc == -XEN_EINVAL || rc == -XEN_E2BIG || rc == -XEN_EOPNOTSUPP)
        return TS_EXIT_CONFIG;
    return exit_of(rc);
}

static enum ts_exit make(struct call *call, const struct ts_create_words *words,
                         struct ts_config *config, domid_t *id)
{
    struct ts_manager *manager = call->cli->env.manager;
    struct progress progress;
    int rc;

    if (words->dry_run)
        return exit_of_create(ts_domain_check(manager, config, &call->err));
    config->start_paused |= words->console; /* nothing of what it prints is missed */
    progress_start(&progress, call, "unpacking the kernel");
    rc = ts_domain_create_watched(manager, config, &progress.base, id, &call->err);
    progress_end(&progress);
    return exit_of_create(rc);
}

static enum ts_exit tell(struct call *call, const struct ts_create_words *words,
                         domid_t id)
{
    const struct ts_domain *domain = ts_domain_by_id(call->cli->env.manager, id);

    if (words->console)
        return console_show(call, id, !words->paused);
    domain_result(call, words->dry_run ? DOMID_INVALID : id);
    if (call->format == FORMAT_TEXT && domain && !words->quiet && !words->dry_run)
        call_print(call, "Domain %u has been created: \"%s\"\n", id, domain->name);
    return TS_EXIT_OK;
}

enum ts_exit create_run(struct call *call)
{
    struct ts_create_words words;
    struct ts_domain_config config;
    enum ts_exit exit;
    domid_t id = DOMID_INVALID;

    if (create_sort(&call->words, &words, &call->err))
        return TS_EXIT_USAGE;
    exit = read_config(call, &words, &config);
    if (exit)
        return exit;
    exit = name_files(call, &config.domain);
    if (!exit)
        exit = make(call, &words, &config.domain, &id);
    ts_domain_config_free(&config);
    return exit ? exit : tell(call, &words, id);
}
