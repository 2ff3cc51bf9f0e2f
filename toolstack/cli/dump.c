/* SPDX-License-Identifier: MIT */
/* `dump-core`: a domain's core into a file of the user's. */
#include "internal.h"

#include <ts/dump.h>

static int interrupted(struct ts_err *err)
{
    return ts_fail(err, -XEN_EINTR, "interrupted");
}

static int put(void *context, uint64_t offset, const void *bytes, size_t n,
               struct ts_err *err)
{
    struct call *call = context;
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

static int turn(void *context, struct ts_err *err)
{
    struct call *call = context;
    struct ts_hv *hv = call->cli->env.hv;

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

enum ts_exit dump_core_run(struct call *call)
{
    const struct ts_dump_file file = { call, put, turn };
    const struct ts_domain *domain = call_domain(call, 0);
    const struct ts_cli_io *io = call->io;
    struct ts_dump_result result;
    domid_t id;
    int rc, end;

    if (!domain)
        return TS_EXIT_NO_DOMAIN;
    id = domain->id;
    if (!io->save_begin)
        return call_fail(call, TS_EXIT_FILE, "files cannot be written from here");
    rc = io->save_begin(io->context, call_word(call, 1), &call->err);
    if (rc)
        return exit_of(rc);
    rc = ts_dump_core(call->cli->env.hv, id, &file, &result, &call->err);
    end = io->save_end(io->context, !rc, &call->err);
    if (!rc)
        rc = end;
    if (!rc)
        report(call, id, &result);
    return exit_of(rc);
}
