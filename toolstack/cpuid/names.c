/* SPDX-License-Identifier: MIT */
/*
 * Names of features and numbers in configurations. Features are those of the public list;
 * beside them are the names that older versions of xl had, and a few features that the
 * list has not.
 */
#include "internal.h"

#include <string.h>

#include <abi/arch-x86/cpufeatureset.h>

#define NO_SUB XEN_CPUID_NO_SUBLEAF

/* Where each word of features lies. */
static const struct {
    uint32_t leaf, sub;
    uint8_t reg;
} words[] = {
#define CPU_FEATURE_WORD(word, leaf, sub, reg) [word] = { leaf, sub, reg },
#define CPU_FEATURE_WORD_MSR(word, msr, half)  [word] = { TS_CPUID_ARCH_CAPS, 0, half },
#include <abi/arch-x86/cpufeature_words.def>
};

static const struct {
    const char *name;
    uint16_t feature;
} features[] = {
#define XEN_CPUFEATURE(name, number) { #name, number },
#include <abi/arch-x86/cpufeatureset.h>
#undef XEN_CPUFEATURE
};

/* Before the list was made, and as the list had them once. */
static const struct {
    const char *name;
    uint16_t feature;
} older[] = {
    { "aes", XEN_X86_FEATURE_AESNI },
    { "altmovcr8", XEN_X86_FEATURE_CR8_LEGACY },
    { "clfsh", XEN_X86_FEATURE_CLFLUSH },
    { "cmplegacy", XEN_X86_FEATURE_CMP_LEGACY },
    { "cmpxchg16", XEN_X86_FEATURE_CX16 },
    { "cmpxchg8", XEN_X86_FEATURE_CX8 },
    { "cmt", XEN_X86_FEATURE_PQM },
    { "est", XEN_X86_FEATURE_EIST },
    { "invtsc", XEN_X86_FEATURE_ITSC },
    { "lahfsahf", XEN_X86_FEATURE_LAHF_LM },
    { "lfence+", XEN_X86_FEATURE_LFENCE_DISPATCH },
    { "nodeid", XEN_X86_FEATURE_NODEID_MSR },
    { "sse4.1", XEN_X86_FEATURE_SSE4_1 },
    { "sse4.2", XEN_X86_FEATURE_SSE4_2 },
    { "sse4_1", XEN_X86_FEATURE_SSE4_1 },
    { "sse4_2", XEN_X86_FEATURE_SSE4_2 },
    { "sysenter", XEN_X86_FEATURE_SEP },
    { "tm", XEN_X86_FEATURE_TM1 },
    { "tsc_adjust", XEN_X86_FEATURE_TSC_ADJUST },
    { "tscdeadline", XEN_X86_FEATURE_TSC_DEADLINE },
};

/* Features that are not in the list, and numbers. */
static const struct {
    const char *name;
    struct cpuid_field field;
} fields[] = {
    { "arat", { 6, NO_SUB, EAX, 2, 1, false } },
    { "cntxid", { 1, NO_SUB, ECX, 10, 1, false } },
    { "ia64", { 1, NO_SUB, EDX, 30, 1, false } },
    { "perfctr_core", { 0x80000001, NO_SUB, ECX, 23, 1, false } },
    { "perfctr_nb", { 0x80000001, NO_SUB, ECX, 24, 1, false } },
    { "psn", { 1, NO_SUB, EDX, 18, 1, false } },
    { "svm_decode", { 0x8000000a, NO_SUB, EDX, 7, 1, false } },
    { "svm_lbrv", { 0x8000000a, NO_SUB, EDX, 1, 1, false } },
    { "svm_npt", { 0x8000000a, NO_SUB, EDX, 0, 1, false } },
    { "svm_nrips", { 0x8000000a, NO_SUB, EDX, 3, 1, false } },
    { "svm_pausefilt", { 0x8000000a, NO_SUB, EDX, 10, 1, false } },
    { "svm_tscrate", { 0x8000000a, NO_SUB, EDX, 4, 1, false } },
    { "svm_vmcbclean", { 0x8000000a, NO_SUB, EDX, 5, 1, false } },
    { "apicidsize", { 0x80000008, NO_SUB, ECX, 12, 4, true } },
    { "brandid", { 1, NO_SUB, EBX, 0, 8, true } },
    { "clflush", { 1, NO_SUB, EBX, 8, 8, true } },
    { "family", { 1, NO_SUB, EAX, 8, 4, true } },
    { "localapicid", { 1, NO_SUB, EBX, 24, 8, true } },
    { "maxhvleaf", { XEN_CPUID_FIRST_LEAF, NO_SUB, EAX, 0, 8, true } },
    { "maxleaf", { 0, NO_SUB, EAX, 0, 32, true } },
    { "model", { 1, NO_SUB, EAX, 4, 4, true } },
    { "nc", { 0x80000008, NO_SUB, ECX, 0, 8, true } },
    { "proccount", { 1, NO_SUB, EBX, 16, 8, true } },
    { "procpkg", { 4, 0, EAX, 26, 6, true } },
    { "stepping", { 1, NO_SUB, EAX, 0, 4, true } },
};

static void field_of(unsigned int feature, struct cpuid_field *field)
{
    unsigned int word = feature / 32;
    uint32_t leaf = words[word].leaf;
    uint32_t sub = leaf == 7 || leaf == 0xd ? words[word].sub : NO_SUB;

    *field = (struct cpuid_field){ leaf, sub,  words[word].reg, (uint8_t)(feature % 32),
                                   1,    false };
}

static bool is_name(const char *name, size_t n, const char *known)
{
    return strlen(known) == n && !memcmp(name, known, n);
}

/* The list has FEATURE_NAME, configurations feature-name. */
static bool is_listed_name(const char *name, size_t n, const char *listed)
{
    if (strlen(listed) != n)
        return false;
    for (size_t i = 0; i < n; i++) {
        char c = listed[i];

        if (c >= 'A' && c <= 'Z')
            c = (char)(c - 'A' + 'a');
        if (name[i] != (c == '_' ? '-' : c))
            return false;
    }
    return true;
}

/* Numbers come first: "clflush" is one, and the feature "clfsh". */
bool cpuid_name_find(const char *name, size_t n, struct cpuid_field *field)
{
    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
        if (is_name(name, n, fields[i].name)) {
            *field = fields[i].field;
            return true;
        }
    for (size_t i = 0; i < sizeof(features) / sizeof(features[0]); i++)
        if (is_listed_name(name, n, features[i].name)) {
            field_of(features[i].feature, field);
            return true;
        }
    for (size_t i = 0; i < sizeof(older) / sizeof(older[0]); i++)
        if (is_name(name, n, older[i].name)) {
            field_of(older[i].feature, field);
            return true;
        }
    return false;
}
