/* SPDX-License-Identifier: MIT */
/*
 * Printing, panics, assertions and memory/string primitives.
 * Everything here may be called from any context, NMI excepted where noted.
 */
#ifndef HV_LIB_H
#define HV_LIB_H

#include <stdarg.h>
#include <hv/compiler.h>
#include <hv/types.h>

/* Message levels; the command line's loglvl= and guest_loglvl= filter on them. */
enum log_level { LOG_ERROR, LOG_WARNING, LOG_INFO, LOG_DEBUG };

/*
 * Writes one formatted message to the console ring and the serial line. A line is
 * never interleaved with another CPU's. Conversions: d i u x X c s p with l, ll, z,
 * width, precision, 0, - and #; %pS prints a code address as symbol+offset.
 */
void log_printf(enum log_level level, const char *fmt, ...) printf_like(2, 3);
void log_vprintf(enum log_level level, const char *fmt, va_list ap) printf_like(2, 0);
/* Messages that a guest's action causes: rate limited, filtered by guest_loglvl. */
void guest_printf(enum log_level level, const char *fmt, ...) printf_like(2, 3);

#define pr_err(...)   log_printf(LOG_ERROR, __VA_ARGS__)
#define pr_warn(...)  log_printf(LOG_WARNING, __VA_ARGS__)
#define pr_info(...)  log_printf(LOG_INFO, __VA_ARGS__)
#define pr_debug(...) log_printf(LOG_DEBUG, __VA_ARGS__)

/* Formats into buf, always terminated; returns the length the whole text has. */
int vsnprintf(char *buf, size_t size, const char *fmt, va_list ap) printf_like(3, 0);
int snprintf(char *buf, size_t size, const char *fmt, ...) printf_like(3, 4);

/*
 * Stops every CPU, prints the message, registers and a backtrace, then reboots
 * (or halts with noreboot). Only for broken hypervisor invariants and for a machine
 * that cannot run us; never for something that a guest did.
 */
noreturn void panic(const char *fmt, ...) printf_like(1, 2);

/* Invariants; checked in release builds too unless marked debug. */
#define BUG_ON(cond)                                                               \
    do {                                                                           \
        if (unlikely(cond))                                                        \
            panic("%s:%d: %s: broken invariant: %s", __FILE__, __LINE__, __func__, \
                  #cond);                                                          \
    } while (0)
#ifdef DEBUG
#define ASSERT(cond) BUG_ON(!(cond))
#else
#define ASSERT(cond) ((void)sizeof(!(cond)))
#endif

void *memcpy(void *dst, const void *src, size_t n);
void *memmove(void *dst, const void *src, size_t n);
void *memset(void *dst, int c, size_t n);
int memcmp(const void *a, const void *b, size_t n);
/* One frame, 4096 bytes, 8-byte aligned. */
void clear_page(void *page);
void copy_page(void *dst, const void *src);
size_t strlen(const char *s);
size_t strnlen(const char *s, size_t max);
int strcmp(const char *a, const char *b);
int strncmp(const char *a, const char *b, size_t n);
char *strchr(const char *s, int c);
/* Copies at most size-1 bytes and terminates; returns strlen(src). */
size_t strlcpy(char *dst, const char *src, size_t size);

/*
 * Parses an unsigned number (base 0 = by prefix; a suffix K, M, G, T multiplies when
 * suffix is true). Returns 0 and stores it, -EINVAL for no digits or trailing bytes,
 * -ERANGE for more than 64 bits.
 */
int must_check parse_u64(const char *s, int base, bool suffix, uint64_t *out);
/* A size in bytes: B counts bytes, K to T their multiples, a bare number KiB. Errors as
 * above; *out changes only on success. */
int must_check parse_size(const char *s, uint64_t *out);

#endif
