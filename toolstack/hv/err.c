/* SPDX-License-Identifier: MIT */
/* Errors of the toolstack: recording the first one, and what the numbers mean. */
#include <ts/err.h>

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

int ts_fail(struct ts_err *err, int code, const char *format, ...)
{
    va_list args;

    if (!err || err->code)
        return code;
    err->code = code;
    va_start(args, format);
    vsnprintf(err->text, sizeof(err->text), format, args);
    va_end(args);
    return code;
}

const char *ts_err_text(int code)
{
    static const struct {
        int code;
        const char *text;
    } texts[] = {
        { 0, "no error" },
        { XEN_EPERM, "not permitted" },
        { XEN_ENOENT, "not found" },
        { XEN_ESRCH, "no such domain" },
        { XEN_EIO, "input/output error" },
        { XEN_E2BIG, "too big" },
        { XEN_ENOEXEC, "not a kernel that can run" },
        { XEN_EAGAIN, "try again" },
        { XEN_ENOMEM, "out of memory" },
        { XEN_EACCES, "access denied" },
        { XEN_EFAULT, "bad address" },
        { XEN_EBUSY, "in use" },
        { XEN_EEXIST, "exists already" },
        { XEN_EINVAL, "invalid value" },
        { XEN_ENOSPC, "no space left" },
        { XEN_EOVERFLOW, "value too large" },
        { XEN_ENOSYS, "not implemented by the hypervisor" },
        { XEN_EOPNOTSUPP, "not supported" },
    };

    if (code < 0)
        code = -code;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        if (texts[i].code == code)
            return texts[i].text;
    return "unexpected error";
}
