/* SPDX-License-Identifier: MIT */
/* `dump-core`: a domain's core into a file of the user's, and what becomes of it then. */
#include "internal.h"

#include <ts/dump.h>

struct dump {
    struct call *call;
    struct progress progress;
};

static int interrupted(struct ts_err *err)
{
    return ts_fail(err, -XEN_EINTR, "interrupted");
}

static int put(void *context, uint64_t offset, const void *bytes, size_t n,
               struct ts_err *err)
{
    struct call *call = ((struct dump *)context)->call;
    const struct ts_cli_io *io = call->io;

    for (;;) {
        long taken = io->save(io->context, offset, bytes, n, err);

        if (taken < 0)
            return (int)taken;
        offset += (uint64_t)taken;
        bytes = (const char *)bytes + taken;
        n -= (size_t)taken;
        if (!n)
            return 0;
        if (!call_wait(call, 0))
            return interrupted(err);
    }
}

static int turn(void *context, uint64_t pages, uint64_t all, struct ts_err *err)
{
    struct dump *dump = context;
    struct call *call = dump->call;
    struct ts_hv *hv = call->cli->env.hv;

    progress_tell(&dump->progress, pages, all);
    return call_wait(call, hv->ops->system_time(hv)) ? 0 : interrupted(err);
}

static void report(struct call *call, domid_t id, const struct ts_dump_result *result)
{
    struct ts_doc doc = { 0 };
    struct cJSON *root;

    if (call->format != FORMAT_JSON)
        return;
    root = ts_doc_object(&doc, NULL, NULL);
    ts_doc_number(&doc, root, "domain", id);
    ts_doc_text(&doc, root, "file", call_word(call, 1));
    ts_doc_number(&doc, root, "bytes", result->bytes);
    ts_doc_number(&doc, root, "pages", result->pages);
    ts_doc_number(&doc, root, "vcpus", result->vcpus);
    ts_doc_number(&doc, root, "left_out", result->left_out);
    call_document(call, &doc);
}

static int dump(struct call *call, domid_t id, struct ts_dump_result *result)
{
    struct dump dump = { .call = call };
    const struct ts_dump_file file = { &dump, put, turn };
    const struct ts_cli_io *io = call->io;
    int rc = io->save_begin(io->context, call_word(call, 1), &call->err), end;

    if (rc)
        return rc;
    progress_start(&dump.progress, call, "writing the core");
    rc = ts_dump_core(call->cli->env.hv, id, call_has(call, 'L'), &file, result,
                      &call->err);
    progress_end(&dump.progress);
    end = io->save_end(io->context, !rc, &call->err);
    return rc ? rc : end;
}

/* -C and -R */
static int dispose(struct call *call, domid_t id)
{
    struct ts_manager *manager = call->cli->env.manager;

    if (call_has(call, 'C'))
        return ts_domain_crash(manager, id, &call->err);
    if (call_has(call, 'R'))
        return ts_domain_reset(manager, id, &call->err);
    return 0;
}

static enum ts_exit check(struct call *call, const struct ts_domain *domain)
{
    if (!domain)
        return TS_EXIT_NO_DOMAIN;
    if (call_has(call, 'C') && call_has(call, 'R'))
        return call_fail(call, TS_EXIT_USAGE, "either -C or -R, not both");
    if (call_has(call, 'C') && domain->state == TS_DOM_PRESERVED)
        return call_fail(call, TS_EXIT_FAILED, "domain \"%s\" has ended already",
                         domain->name);
    if (!call->io->save_begin)
        return call_fail(call, TS_EXIT_FILE, "files cannot be written from here");
    return TS_EXIT_OK;
}

enum ts_exit dump_core_run(struct call *call)
{
    const struct ts_domain *domain = call_domain(call, 0);
    enum ts_exit exit = check(call, domain);
    struct ts_dump_result result;
    domid_t id;
    int rc;

    if (exit)
        return exit;
    id = domain->id;
    rc = dump(call, id, &result);
    if (!rc)
        rc = dispose(call, id);
    if (!rc)
        report(call, id, &result);
    return exit_of(rc);
}
