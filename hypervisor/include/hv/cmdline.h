/* SPDX-License-Identifier: MIT */
/*
 * Boot options: `name`, `no-name`, `name=value`; Xen's names where Xen has the option.
 * Each is declared where it is used; unknown and malformed ones are reported once the
 * console is up.
 */
#ifndef HV_CMDLINE_H
#define HV_CMDLINE_H

#include <hv/compiler.h>
#include <hv/types.h>

enum opt_kind { OPT_BOOL, OPT_UINT, OPT_SIZE, OPT_STRING, OPT_CUSTOM };

struct boot_option {
    const char *name;
    enum opt_kind kind;
    void *var;                       /* bool, unsigned int, uint64_t, char array */
    size_t size;                     /* of a string's array */
    int (*parse)(const char *value); /* custom: 0 or -EINVAL; value "" when none */
};

#define BOOT_OPTION(opt, k, v, sz, fn)                                     \
    static const struct boot_option boot_option_##v##_ __used __aligned(8) \
        __section(".boot_options") = { opt, k, &(v), sz, fn }
#define BOOT_OPTION_BOOL(opt, v)   BOOT_OPTION(opt, OPT_BOOL, v, sizeof(bool), NULL)
#define BOOT_OPTION_UINT(opt, v)   BOOT_OPTION(opt, OPT_UINT, v, sizeof(unsigned int), NULL)
#define BOOT_OPTION_SIZE(opt, v)   BOOT_OPTION(opt, OPT_SIZE, v, sizeof(uint64_t), NULL)
#define BOOT_OPTION_STRING(opt, v) BOOT_OPTION(opt, OPT_STRING, v, sizeof(v), NULL)
#define BOOT_OPTION_CUSTOM(opt, fn)                                         \
    static const struct boot_option boot_option_##fn##_ __used __aligned(8) \
        __section(".boot_options") = { opt, OPT_CUSTOM, NULL, 0, fn }

/* Parses the whole line (changed in place). */
void cmdline_parse(char *line);
/* Reports what was unknown or malformed. */
void cmdline_report(void);

#endif
