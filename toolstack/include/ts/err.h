/* SPDX-License-Identifier: MIT */
/*
 * Errors of the toolstack. Functions return 0 or a negative error number of the ABI
 * (-XEN_ENOMEM, ...: <abi/errno.h>), the same on every C library. Functions that a user
 * asks for something also fill in one sentence that says what could not be done and why.
 */
#ifndef TS_ERR_H
#define TS_ERR_H

#include <abi/errno.h>

#define TS_ERR_TEXT 256

/* The first failure of an operation; text is empty when nothing failed. */
struct ts_err {
    int code;               /* negative XEN_E*; 0: no failure */
    char text[TS_ERR_TEXT]; /* one sentence, no newline, no final full stop */
};

/*
 * Records a failure if err has none yet (later ones come from unwinding), and returns
 * code. err may be NULL: then only the code is passed on.
 */
int ts_fail(struct ts_err *err, int code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* "out of memory", "no such domain", ...: what a code (negative or not) means. */
const char *ts_err_text(int code);

#endif
