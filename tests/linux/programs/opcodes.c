/* SPDX-License-Identifier: MIT */
/*
 * Every two-byte opcode, with each mandatory prefix and operands in memory and in
 * registers, in user mode: a line for each opcode, with what became of it for each ModRM
 * byte. The same kernel prints the same lines in a guest and on the machine itself.
 */
#define _GNU_SOURCE
#include "run_code.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define SOME 16
#define MANY (8 + 64)

/* prefix, 0f, opcode, ModRM; then an immediate byte or none */
static uint8_t code[] = { 0, 0x0f, 0, 0, 0x90, 0x90, 0x90, 0x90 };
static const uint8_t nothing[] = { 0x90, 0x90, 0x90, 0x90 };

/* Those with more instructions than one, told apart by ModRM: every one of them. */
static const uint8_t groups[] = { 0x00, 0x01, 0xae, 0xc7 };

/* System calls, whose numbers would be any; and jumps out of the code. */
static bool is_left_out(unsigned int opcode)
{
    return opcode == 0x05 || opcode == 0x34 || (opcode & 0xf0) == 0x80;
}

static bool has_no_modrm(unsigned int opcode)
{
    return (opcode >= 0x06 && opcode <= 0x0b) || opcode == 0x0e ||
           (opcode >= 0x30 && opcode <= 0x37) || opcode == 0x77 ||
           (opcode >= 0xa0 && opcode <= 0xa2) || (opcode >= 0xa8 && opcode <= 0xaa) ||
           (opcode >= 0xc8 && opcode <= 0xcf);
}

/* (RAX) and RAX, with each value of the field between. */
static void some_modrm(uint8_t *at, unsigned int i)
{
    unsigned int opcode = i / SOME;

    at[2] = (uint8_t)opcode;
    at[3] = has_no_modrm(opcode) ? 0x90 : (uint8_t)((i & 7) << 3 | (i & 8 ? 0xc0 : 0));
    memcpy(at, is_left_out(opcode) ? nothing : (uint8_t[]){ code[0], 0x0f, at[2], at[3] },
           sizeof(nothing));
}

/* (RAX) with each value of the field, and all pairs of registers. */
static void many_modrm(uint8_t *at, unsigned int i)
{
    at[2] = groups[i / MANY];
    i %= MANY;
    at[3] = (uint8_t)(i < 8 ? i << 3 : 0xc0 + (i - 8));
}

static bool same(const struct outcome *a, const struct outcome *b)
{
    return a->signal == b->signal && a->code == b->code && a->trapno == b->trapno &&
           a->error == b->error;
}

static void print_one(const struct outcome *o, unsigned int times)
{
    if (o->signal > 0)
        printf(" %u*%s/%d/%d/%#x", times, sigabbrev_np(o->signal), o->code, o->trapno,
               (unsigned int)o->error);
    else
        printf(" %u*%s", times, o->signal ? "ended" : "done");
}

static void print_outcomes(unsigned int opcode, const struct outcome *what,
                           unsigned int n)
{
    printf("%02x 0f %02x:", code[0], opcode);
    for (unsigned int i = 0, first = 0; i < n; i++)
        if (i + 1 == n || !same(&what[first], &what[i + 1])) {
            print_one(&what[first], i + 1 - first);
            first = i + 1;
        }
    printf("\n");
}

static void show_prefix(uint8_t prefix)
{
    static struct outcome what[256 * SOME];

    code[0] = prefix;
    run_code(code, sizeof(code), 256 * SOME, some_modrm, what);
    for (unsigned int opcode = 0; opcode < 256; opcode++)
        if (!is_left_out(opcode))
            print_outcomes(opcode, &what[opcode * SOME], SOME);
    run_code(code, sizeof(code), sizeof(groups) * MANY, many_modrm, what);
    for (size_t g = 0; g < sizeof(groups); g++)
        print_outcomes(groups[g], &what[g * MANY], MANY);
}

int main(void)
{
    /* DS, which changes nothing, and the three that choose among instructions. */
    static const uint8_t prefixes[] = { 0x3e, 0x66, 0xf2, 0xf3 };

    run_code_init();
    for (size_t p = 0; p < sizeof(prefixes); p++)
        show_prefix(prefixes[p]);
    printf("over\n");
    return 0;
}
