/* SPDX-License-Identifier: MIT */
/* See run_code.h. What runs in the child between begin and end uses no library function
 * and no thread-local variable: the code under test may have loaded FS and GS. */
#define _GNU_SOURCE
#include "run_code.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

#define PAGE     4096ul
#define MOST     4096
#define STACK_AT (PAGE + PAGE / 2)
#define SECONDS  10 /* for a piece of code */
#define TF       0x100
#define CLEARED  0x254500ul /* RFLAGS: ID AC NT DF TF */

#define FLAGS REG_EFL
#ifdef __x86_64__
#define IP REG_RIP
#else
#define IP REG_EIP
#endif

uint8_t *scratch, *code_page;
static struct outcome *shared, *volatile current;
void *resume_stack;
uint16_t resume_gs; /* has the 32-bit library's variables */

/* Calls the code page with RAX = scratch on the stack given; saves what C needs. */
void enter_code(void *code, void *ax, void *stack);
extern char code_end[];

#ifdef __x86_64__
asm(".text\n"
    "enter_code: push %rbx; push %rbp; push %r12; push %r13; push %r14; push %r15\n"
    "mov %rsp, resume_stack(%rip)\n"
    "mov %rdx, %rsp; mov %rsi, %rax; mov %rdi, %r11\n"
    "xor %ebx, %ebx; xor %ecx, %ecx; xor %edx, %edx; xor %esi, %esi; xor %edi, %edi\n"
    "xor %ebp, %ebp; xor %r8d, %r8d; xor %r9d, %r9d; xor %r10d, %r10d\n"
    "jmp *%r11\n"
    ".globl code_end\n"
    "code_end: mov resume_stack(%rip), %rsp; cld\n"
    "pop %r15; pop %r14; pop %r13; pop %r12; pop %rbp; pop %rbx; ret\n");
#else
asm(".text\n"
    "enter_code: push %ebx; push %ebp; push %esi; push %edi\n"
    "mov 20(%esp), %edi; mov 24(%esp), %eax; mov 28(%esp), %edx\n"
    "mov %esp, resume_stack; mov %gs, resume_gs\n"
    "mov %edx, %esp\n"
    "xor %ebx, %ebx; xor %ecx, %ecx; xor %edx, %edx; xor %esi, %esi; xor %ebp, %ebp\n"
    "jmp *%edi\n"
    ".globl code_end\n"
    "code_end: mov %cs:resume_stack, %esp; cld; mov %cs:resume_gs, %gs\n"
    "pop %edi; pop %esi; pop %ebp; pop %ebx; ret\n");
#endif

static void handler(int signal, siginfo_t *info, void *context)
{
    greg_t *regs = ((ucontext_t *)context)->uc_mcontext.gregs;
    struct outcome *o = current;

    if (o->signal == -1)
        *o = (struct outcome){ signal,
                               info->si_code,
                               (int32_t)regs[REG_TRAPNO],
                               (int32_t)regs[REG_ERR],
                               (intptr_t)regs[IP] - (intptr_t)code_page,
                               (uintptr_t)info->si_addr,
                               (uintptr_t)regs[FLAGS] };
    regs[IP] = (greg_t)(uintptr_t)code_end;
    regs[FLAGS] &= ~(greg_t)CLEARED;
}

static void *map(size_t size, int prot, int flags)
{
    void *at = mmap(NULL, size, prot, flags | MAP_ANONYMOUS, -1, 0);

    if (at == MAP_FAILED)
        abort();
    return at;
}

void run_code_init(void)
{
    static const int caught[] = { SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP, SIGSYS };
    stack_t stack = { .ss_size = 16 * PAGE };
    struct sigaction action = { .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER };

    action.sa_sigaction = handler;
    for (size_t i = 0; i < sizeof(caught) / sizeof(*caught); i++)
        sigaction(caught[i], &action, NULL);
    stack.ss_sp = map(stack.ss_size, PROT_READ | PROT_WRITE, MAP_PRIVATE);
    sigaltstack(&stack, NULL);
    scratch = map(2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE);
    code_page = map(PAGE, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE);
    shared = map(MOST * sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED);
    setvbuf(stdout, NULL, _IOLBF, 0);
}

/* A jump to code_end, which changes no register. */
static void put_jump(uint8_t *at)
{
    uintptr_t target = (uintptr_t)code_end;

    at[0] = 0xff;
    at[1] = 0x25;
#ifdef __x86_64__
    memset(at + 2, 0, 4);
    memcpy(at + 6, &target, 8);
#else
    static uintptr_t place;
    uintptr_t where = (uintptr_t)&place;

    place = target;
    memcpy(at + 2, &where, 4);
#endif
}

static void run_one(struct outcome *o)
{
    current = o;
    memset(scratch, 0, 2 * PAGE);
    alarm(SECONDS);
    enter_code(code_page, scratch, scratch + STACK_AT);
    if (o->signal == -1)
        o->signal = 0;
}

static _Noreturn void run_from(unsigned int at, unsigned int n,
                               void (*change)(uint8_t *code, unsigned int i))
{
    for (; at < n; at++) {
        if (change)
            change(code_page, at);
        run_one(&shared[at]);
    }
    _exit(0);
}

void run_code(const uint8_t *code, size_t size, unsigned int n,
              void (*change)(uint8_t *code, unsigned int i), struct outcome *what)
{
    unsigned int at = 0;
    pid_t child;
    int status;

    for (unsigned int i = 0; i < n; i++)
        shared[i] = (struct outcome){ .signal = -1 };
    memcpy(code_page, code, size);
    put_jump(code_page + size);
    while (at < n) {
        child = fork();
        if (!child)
            run_from(at, n, change);
        waitpid(child, &status, 0);
        while (at < n && shared[at].signal != -1)
            at++;
        at++; /* the one that ended the child */
    }
    memcpy(what, shared, n * sizeof(*what));
}

static const char *place(uintptr_t address, intptr_t ip)
{
    static char text[32];
    uintptr_t at = address - (uintptr_t)code_page;

    if ((intptr_t)at == ip)
        return "ip";
    if (at < PAGE)
        return "code";
    if (address - (uintptr_t)scratch < 2 * PAGE)
        return "scratch";
    snprintf(text, sizeof(text), "%#lx", (unsigned long)address);
    return text;
}

void print_outcome(const struct outcome *o)
{
    if (o->signal == -1)
        printf("ended the process\n");
    else if (!o->signal)
        printf("done\n");
    else
        printf("%s code %d trap %d error %#x ip %ld address %s%s\n",
               sigabbrev_np(o->signal), o->code, o->trapno, (unsigned int)o->error,
               (uintptr_t)o->ip < PAGE ? (long)o->ip : -1L, place(o->address, o->ip),
               o->flags & TF ? " TF" : "");
}
