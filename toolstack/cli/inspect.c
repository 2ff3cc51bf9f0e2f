/* SPDX-License-Identifier: MIT */
/* `inspect`: what a kernel image says about itself, and whether it can run. */
#include "internal.h"

#include <stdlib.h>

#include <ts/build.h>

struct inspection {
    struct call *call;
    const char *path;
    struct ts_kernel kernel;
    struct ts_err why; /* it cannot run */
};

static bool is_hex(const struct ts_note *note)
{
    return note->number > 9;
}

static void print_notes(struct call *call, const struct ts_kernel *k)
{
    for (unsigned int i = 0; i < k->nr_notes; i++) {
        const struct ts_note *note = &k->note[i];

        if (!note->is_number)
            call_print(call, "  %-20s \"%s\"\n", note->name, note->text);
        else
            call_print(call, is_hex(note) ? "  %-20s 0x%llx\n" : "  %-20s %llu\n",
                       note->name, (unsigned long long)note->number);
    }
}

static void print(struct inspection *in)
{
    const struct ts_kernel *k = &in->kernel;
    struct call *call = in->call;

    call_print(call, "%s: %s%s\n", in->path, k->payload.is_bzimage ? "bzImage, " : "",
               ts_image_format_text(k->format));
    if (k->payload.packing != TS_PACKING_NONE)
        call_print(call, "  packed by %s, %zu of %llu bytes\n",
                   ts_packing_text(k->payload.packing), k->payload.size,
                   (unsigned long long)k->payload.unpacked_size);
    if (*k->payload.version)
        call_print(call, "  version %s\n", k->payload.version);
    print_notes(call, k);
    if (in->why.code)
        return;
    call_print(call,
               "  from 0x%llx to 0x%llx, entry 0x%llx\n"
               "runs as a PV guest with %llu KiB of memory or more\n",
               (unsigned long long)k->start, (unsigned long long)k->end,
               (unsigned long long)k->entry,
               (unsigned long long)ts_build_least_kib(k, 0));
}

static void describe(struct inspection *in)
{
    const struct ts_kernel *k = &in->kernel;
    struct ts_doc doc = { 0 };
    struct cJSON *root = ts_doc_object(&doc, NULL, NULL), *notes;

    ts_doc_text(&doc, root, "file", in->path);
    ts_doc_text(&doc, root, "format", ts_image_format_text(k->format));
    ts_doc_flag(&doc, root, "bzimage", k->payload.is_bzimage);
    ts_doc_text(&doc, root, "packing", ts_packing_text(k->payload.packing));
    ts_doc_text(&doc, root, "version", *k->payload.version ? k->payload.version : NULL);
    ts_doc_flag(&doc, root, "runs", !in->why.code);
    ts_doc_text(&doc, root, "reason", in->why.code ? in->why.text : NULL);
    if (in->why.code)
        ts_doc_null(&doc, root, "least_kib");
    else
        ts_doc_number(&doc, root, "least_kib", ts_build_least_kib(k, 0));
    notes = ts_doc_array(&doc, root, "notes");
    for (unsigned int i = 0; i < k->nr_notes; i++) {
        struct cJSON *note = ts_doc_object(&doc, notes, NULL);

        ts_doc_text(&doc, note, "name", k->note[i].name);
        ts_doc_number(&doc, note, "type", k->note[i].type);
        if (k->note[i].is_number)
            ts_doc_number(&doc, note, "value", k->note[i].number);
        else
            ts_doc_text(&doc, note, "value", k->note[i].text);
    }
    call_document(in->call, &doc);
}

static enum ts_exit judge(struct inspection *in, int rc)
{
    struct call *call = in->call;

    if (rc && rc != -XEN_ENOEXEC)
        return call_fail(call, exit_of(rc), "%s %s", in->path, in->why.text);
    if (call->format == FORMAT_JSON)
        describe(in);
    else
        print(in);
    if (!rc)
        return TS_EXIT_OK;
    call->has_result = true;
    call->hint = "";
    return call_fail(call, TS_EXIT_KERNEL, "%s %s", in->path, in->why.text);
}

static enum ts_exit inspect(struct inspection *in, const void *data, size_t size)
{
    struct progress progress;
    enum ts_exit exit;
    int rc;

    progress_start(&progress, in->call, "unpacking the kernel");
    rc = ts_kernel_open(in->call->cli->env.unpacker, data, size, &progress.base,
                        &in->kernel, &in->why);
    progress_end(&progress);
    exit = judge(in, rc);
    ts_kernel_close(&in->kernel);
    return exit;
}

enum ts_exit inspect_run(struct call *call)
{
    const struct ts_cli_env *env = &call->cli->env;
    struct inspection *in = calloc(1, sizeof(*in));
    const char *name;
    const void *data;
    size_t size;
    enum ts_exit exit;
    int rc;

    if (!in)
        return call_fail(call, TS_EXIT_MEMORY, "out of memory");
    in->call = call;
    in->path = call_word(call, 0);
    name = call->io->file(call->io->context, in->path, &call->err);
    rc = name ? env->load(env->context, name, &data, &size, &call->err) : call->err.code;
    if (rc) {
        exit = call_fail(call, exit_of(rc), "%s cannot be read: %s", in->path,
                         ts_err_text(rc));
    } else {
        exit = inspect(in, data, size);
        env->unload(env->context, data, size);
    }
    free(in);
    return exit;
}
