/* SPDX-License-Identifier: MIT */
/*
 * What a configuration says of CPUID: changes of bits in registers of leaves, as xl.cfg(5)
 * writes them, and making a domain's CPU policy from them. The hypervisor decides what can
 * be had: features that it does not offer to PV guests, or that lack one they need, are
 * refused here by name.
 */
#ifndef TS_CPUID_H
#define TS_CPUID_H

#include <stdint.h>

#include <ts/err.h>
#include <ts/hv.h>

/* For ts_cpuid_change.leaf: not a leaf but MSR 0x10a, EAX and EBX for its halves. */
#define TS_CPUID_ARCH_CAPS 0x2000010au

#define TS_CPUID_NAME_MAX 24

/* Bits of one register. The masks do not overlap. */
struct ts_cpuid_change {
    uint32_t leaf, sub;           /* sub XEN_CPUID_NO_SUBLEAF: there are none */
    unsigned int reg;             /* 0 to 3: EAX, EBX, ECX, EDX */
    uint32_t ones, zeros;         /* must be so */
    uint32_t host;                /* the machine's, as far as can be */
    uint32_t usual;               /* what a new domain has */
    char name[TS_CPUID_NAME_MAX]; /* of the feature, or "1:ecx" */
};

/* Changes in the order in which they apply; later ones win. */
struct ts_cpuid {
    const struct ts_cpuid_change *change;
    unsigned int n;
};

/*
 * How many changes a text stands for at most: the size of the array that it is read into.
 * text: "host,NAME=VALUE,..." or "LEAF[,SUB]:REG=BITS,REG=BITS".
 */
unsigned int ts_cpuid_room(const char *text);

/*
 * Reads "host,NAME=VALUE,...": features in lower case with '-' for '_', the older names of
 * some, and numbers ("family", "maxleaf", ...). *n: how many changes there are so far, and
 * then; change has room for ts_cpuid_room(text) more. 0 or -XEN_EINVAL with err filled in.
 */
int ts_cpuid_parse(const char *text, struct ts_cpuid_change *change, unsigned int *n,
                   struct ts_err *err);
/* The same of "LEAF[,SUB]:REG=BITS,...", 32 of 0, 1, x, k, s, bit 31 first. */
int ts_cpuid_parse_bits(const char *text, struct ts_cpuid_change *change, unsigned int *n,
                        struct ts_err *err);

/*
 * Changes the policy of a domain that has not run yet. 0; -XEN_EOPNOTSUPP, with err
 * naming it: a bit cannot be had, or cannot be taken away; -XEN_ENOMEM; what the
 * hypervisor says.
 */
int ts_cpuid_apply(struct ts_hv *hv, domid_t id, const struct ts_cpuid *cpuid,
                   struct ts_err *err);

#endif
