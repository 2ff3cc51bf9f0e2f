/* SPDX-License-Identifier: MIT */
/* Exit codes, and how a call says why it has failed. */
#include "internal.h"

#include <stdio.h>
#include <string.h>

enum ts_exit exit_of(int code)
{
    switch (code < 0 ? -code : code) {
    case 0:
        return TS_EXIT_OK;
    case XEN_ESRCH:
        return TS_EXIT_NO_DOMAIN;
    case XEN_EEXIST:
    case XEN_EBUSY:
        return TS_EXIT_IN_USE;
    case XEN_ENOENT:
    case XEN_EIO:
    case XEN_EACCES:
        return TS_EXIT_FILE;
    case XEN_ENOEXEC:
        return TS_EXIT_KERNEL;
    case XEN_EINTR:
        return TS_EXIT_INTERRUPTED;
    case XEN_ENOMEM:
    case XEN_ENOSPC:
        return TS_EXIT_MEMORY;
    default:
        return TS_EXIT_FAILED;
    }
}

static const struct {
    enum ts_exit exit;
    const char *name, *hint;
} exits[] = {
    { TS_EXIT_FAILED, "failed", NULL },
    { TS_EXIT_USAGE, "usage", NULL }, /* its hint names the verb */
    { TS_EXIT_NO_DOMAIN, "no-domain", "\"list\" shows those that there are" },
    { TS_EXIT_IN_USE, "in-use", NULL },
    { TS_EXIT_CONFIG, "config", NULL },
    { TS_EXIT_FILE, "file", NULL },
    { TS_EXIT_KERNEL, "kernel", "\"inspect\" says what is in it" },
    { TS_EXIT_MEMORY, "memory", "\"info\" shows what is free" },
    { TS_EXIT_TIMEOUT, "timeout", NULL },
    { TS_EXIT_CHANNEL, "channel", NULL },
    { TS_EXIT_INTERRUPTED, "interrupted", NULL },
};

#define NR_EXITS (sizeof(exits) / sizeof(exits[0]))

const char *ts_exit_name(enum ts_exit exit)
{
    for (size_t i = 0; i < NR_EXITS; i++)
        if (exits[i].exit == exit)
            return exits[i].name;
    return "ok";
}

enum ts_exit call_fail(struct call *call, enum ts_exit exit, const char *format, ...)
{
    char text[TS_ERR_TEXT];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    ts_fail(&call->err, -XEN_EINVAL, "%s", text);
    return exit;
}

static const char *usual_hint(enum ts_exit exit)
{
    for (size_t i = 0; i < NR_EXITS; i++)
        if (exits[i].exit == exit)
            return exits[i].hint;
    return NULL;
}

/* "; what to do about it", or nothing. */
static void hint_text(const struct call *call, enum ts_exit exit, char *text, size_t size)
{
    const char *hint = call->hint ? call->hint : usual_hint(exit);

    text[0] = '\0';
    if (exit == TS_EXIT_USAGE && !call->hint)
        snprintf(text, size, "; \"help%s%s\" says more", call->verb ? " " : "",
                 call->verb ? call->verb->name : "");
    else if (hint && *hint)
        snprintf(text, size, "; %s", hint);
}

/* What was typed, or what a guest says, must not break the line. */
static void replace_controls(char *text)
{
    for (; *text; text++)
        if ((unsigned char)*text < ' ' || *text == 0x7f)
            *text = '?';
}

static void report_document(struct call *call, enum ts_exit exit)
{
    struct ts_doc doc = { 0 };
    struct cJSON *root = ts_doc_object(&doc, NULL, NULL);
    struct cJSON *error = ts_doc_object(&doc, root, "error");

    ts_doc_text(&doc, error, "class", ts_exit_name(exit));
    ts_doc_number(&doc, error, "exit", exit);
    ts_doc_text(&doc, error, "verb", call->verb ? call->verb->name : NULL);
    ts_doc_text(&doc, error, "message", call->err.text);
    ts_text_clear(&call->out);
    call_document(call, &doc);
}

void call_report(struct call *call, enum ts_exit exit)
{
    char hint[128], code[32] = "", line[TS_ERR_TEXT + 256];

    replace_controls(call->err.text);
    hint_text(call, exit, hint, sizeof(hint));
    if (call->is_verbose)
        snprintf(code, sizeof(code), " (error %d)", call->err.code);
    snprintf(line, sizeof(line), "%s%s%s%s%s\n", call->verb ? call->verb->name : "",
             call->verb ? ": " : "", call->err.text, hint, code);
    if (call->format == FORMAT_JSON && !call->has_result)
        report_document(call, exit);
    (void)call_flush(call);
    (void)call_write(call, 2, line, strlen(line));
}
