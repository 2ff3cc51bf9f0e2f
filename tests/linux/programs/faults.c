/* SPDX-License-Identifier: MIT */
/*
 * Instructions of user mode that fault, trap or must not: a line for each with the signal
 * that comes of it. Compiled for 64 and for 32 bits. The same kernel prints the same lines
 * in a guest and on the machine itself.
 *
 * `faults NAME` runs one of them.
 */
#define _GNU_SOURCE
#include "run_code.h"

#include <asm/prctl.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/io.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Addresses for the pieces of code. */
void *read_only, *no_access, *behind_file, *not_code;

#ifdef __x86_64__
#define AX       "%rax"
#define BX       "%rbx"
#define KERNEL   "0xffffffff81000000"
#define FIXED    "0xffff800000000000"
#define GETPID   "39"
#define FLAG(f)  "pushf; orq $" f ", (%rsp); popf\n"
#define AT(name) "mov " name ", %rax\n"
#else
#define AX       "%eax"
#define BX       "%ebx"
#define KERNEL   "0xc1000000"
#define FIXED    "0xffffe000"
#define GETPID   "20"
#define FLAG(f)  "pushf; orl $" f ", (%esp); popf\n"
#define AT(name) "mov " name ", %eax\n"
#endif

#define X87(word) "fninit; movw $" word ", (" AX "); fldcw (" AX ")\n"
#define SSE(word)                                                      \
    "movl $" word ", (" AX "); ldmxcsr (" AX "); xorps %xmm0, %xmm0\n" \
    "movl $0x3f800000, (" AX "); movss (" AX "), %xmm1\n"
#define SELECTOR(seg, sel) "mov $" sel ", %ebx; mov %ebx, %" seg "\n"
#define FAR(sel)           "movl $0, (" AX "); movw $" sel ", 4(" AX "); ljmpl *(" AX ")\n"
#define AGAIN(insn)        "mov $1000, %ecx; 1: " insn "; dec %ecx; jnz 1b\n"

#define PIECE(name, code)                              \
    extern const uint8_t piece_##name[], end_##name[]; \
    asm(".section .rodata; piece_" #name ": " code "\nend_" #name ": .byte 0; .text");
#include "pieces.def"
#undef PIECE

static const struct piece {
    const char *name;
    const uint8_t *code, *end;
} pieces[] = {
#define PIECE(name, code) { #name, piece_##name, end_##name },
#include "pieces.def"
};

static void show(const char *name, const uint8_t *code, size_t size)
{
    struct outcome what;

    run_code(code, size, 1, NULL, &what);
    printf("%s: ", name);
    print_outcome(&what);
}

static void make_addresses(void)
{
    const int private = MAP_PRIVATE | MAP_ANONYMOUS;
    int file = open("/tmp/faults.empty", O_RDWR | O_CREAT | O_TRUNC, 0600);

    read_only = mmap(NULL, 4096, PROT_READ, private, -1, 0);
    no_access = mmap(NULL, 4096, PROT_NONE, private, -1, 0);
    not_code = mmap(NULL, 4096, PROT_READ | PROT_WRITE, private, -1, 0);
    *(volatile char *)not_code = (char)0x90;
    behind_file = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    unlink("/tmp/faults.empty");
}

static void set_interrupt(uint8_t *code, unsigned int n)
{
    code[2] = n == 0x80 ? 3 : (uint8_t)n;
}

/* All of INT n but system calls. */
static void show_interrupts(void)
{
    static const uint8_t code[] = { 0x90, 0xcd, 0 };
    struct outcome what[256];

    run_code(code, sizeof(code), 256, set_interrupt, what);
    for (unsigned int n = 0; n < 256; n++) {
        printf("int %02x: ", n);
        print_outcome(&what[n]);
    }
}

/* Those whose answer depends on what the process has been allowed or forbidden. */
static void show_by_leave(void)
{
    static const uint8_t rdtsc[] = { 0x0f, 0x31 }, rdtscp[] = { 0x0f, 0x01, 0xf9 },
                         cpuid[] = { 0x0f, 0xa2 }, out80[] = { 0xe6, 0x80 },
                         out81[] = { 0xe6, 0x81 }, in_dx[] = { 0xb6, 0xff, 0xed };

    prctl(PR_SET_TSC, PR_TSC_SIGSEGV);
    show("rdtsc forbidden", rdtsc, sizeof(rdtsc));
    show("rdtscp forbidden", rdtscp, sizeof(rdtscp));
    prctl(PR_SET_TSC, PR_TSC_ENABLE);
    show("rdtsc allowed again", rdtsc, sizeof(rdtsc));
    printf("forbid cpuid: %ld\n", syscall(SYS_arch_prctl, ARCH_SET_CPUID, 0));
    show("cpuid", cpuid, sizeof(cpuid));
    printf("ioperm: %d\n", ioperm(0x80, 1, 1));
    show("out to an allowed port", out80, sizeof(out80));
    show("out to another port", out81, sizeof(out81));
    printf("ioperm: %d\n", ioperm(0x80, 1, 0));
    show("out to a port that was allowed", out80, sizeof(out80));
    printf("iopl: %d\n", iopl(3));
    show("out with iopl 3", out81, sizeof(out81));
    show("in with iopl 3", in_dx, sizeof(in_dx));
    printf("iopl: %d\n", iopl(0));
    show("out with iopl 0", out81, sizeof(out81));
}

int main(int argc, char **argv)
{
    run_code_init();
    make_addresses();
    for (size_t i = 0; i < sizeof(pieces) / sizeof(*pieces); i++)
        if (argc < 2 || !strcmp(argv[1], pieces[i].name))
            show(pieces[i].name, pieces[i].code, pieces[i].end - pieces[i].code);
    if (argc < 2) {
        show_interrupts();
        show_by_leave();
    }
    printf("over\n");
    return 0;
}
