/* SPDX-License-Identifier: MIT */
/*
 * The 32-bit interface with the kernel: system calls by int 0x80 and by the vDSO (SYSENTER
 * or SYSCALL, as the processor has it), restarted ones, signals on another stack, threads
 * and segments of their own in GDT and LDT, 16-bit code, a change to 64-bit code and back.
 * A line for each; the same kernel prints the same lines in a guest and on the machine.
 */
#define _GNU_SOURCE
#include <asm/ldt.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <unistd.h>

struct registers {
    long ax, bx, cx, dx, si, di, bp;
};

/* A system call with six arguments, by int 0x80 or by the function at `entry`; all
 * registers that come back. */
static void call_by(const void *entry, struct registers *r)
{
    static const void *way;
    static struct registers *where;

    way = entry;
    where = r;
    asm volatile("push %%ebp; push %%ebx\n"
                 "mov %[where], %%eax\n"
                 "mov 4(%%eax), %%ebx; mov 8(%%eax), %%ecx; mov 12(%%eax), %%edx\n"
                 "mov 16(%%eax), %%esi; mov 20(%%eax), %%edi; mov 24(%%eax), %%ebp\n"
                 "mov (%%eax), %%eax\n"
                 "cmpl $0, %[way]; je 1f; call *%[way]; jmp 2f\n"
                 "1: int $0x80; 2: push %%eax; mov %[where], %%eax\n"
                 "mov %%ebx, 4(%%eax); mov %%ecx, 8(%%eax); mov %%edx, 12(%%eax)\n"
                 "mov %%esi, 16(%%eax); mov %%edi, 20(%%eax); mov %%ebp, 24(%%eax)\n"
                 "pop (%%eax); pop %%ebx; pop %%ebp\n"
                 : [way] "+m"(way), [where] "+m"(where)
                 :
                 : "eax", "ecx", "edx", "esi", "edi", "memory", "cc");
}

static const void *vdso_entry(void)
{
    return (const void *)getauxval(AT_SYSINFO);
}

static const char *unchanged(const struct registers *a, const struct registers *b)
{
    return !memcmp(&a->bx, &b->bx, sizeof(*a) - sizeof(a->ax)) ? "kept" : "changed";
}

/* mmap2 takes six arguments; the file's third page comes to the fixed low address. */
static void test_six(const char *name, const void *entry, long low)
{
    int file = open("/tmp/calls32", O_RDWR | O_CREAT | O_TRUNC, 0600);
    struct registers r = { SYS_mmap2, low, 4096, PROT_READ, MAP_PRIVATE | MAP_FIXED,
                           file,      2 },
                     before = r;

    if (pwrite(file, "third", 5, 2 * 4096) != 5)
        abort();
    call_by(entry, &r);
    printf("%s, six arguments: %s, registers %s\n", name,
           r.ax == low ? (const char *)low : strerror(-(int)r.ax),
           unchanged(&before, &r));
    munmap((void *)low, 4096);
    close(file);
    unlink("/tmp/calls32");
}

static void test_simple(const char *name, const void *entry)
{
    struct registers r = { SYS_getppid, 1, 2, 3, 4, 5, 6 }, before = r;

    call_by(entry, &r);
    printf("%s, none: %s, registers %s\n", name, r.ax == getppid() ? "right" : "wrong",
           unchanged(&before, &r));
    r = (struct registers){ 0x7fffffff, 1, 2, 3, 4, 5, 6 };
    call_by(entry, &r);
    printf("%s, unknown: %ld\n", name, r.ax);
    r = (struct registers){ SYS_uname, 16, 0, 0, 0, 0, 0 };
    call_by(entry, &r);
    printf("%s, bad pointer: %ld\n", name, r.ax);
}

/* --- signals --- */

static volatile sig_atomic_t signals;
static char other_stack[65536];
static volatile int on_other_stack;

static void on_alarm(int number, siginfo_t *info, void *context)
{
    char here;

    (void)info;
    (void)context;
    signals += number == SIGALRM;
    on_other_stack += &here >= other_stack && &here < other_stack + sizeof(other_stack);
}

static void catch (int flags)
{
    struct sigaction action = { .sa_flags = flags | SA_SIGINFO | SA_ONSTACK };

    action.sa_sigaction = on_alarm;
    sigaction(SIGALRM, &action, NULL);
}

/* A read that signals interrupt until another process writes. */
static void test_restart(const char *name, const void *entry, int flags)
{
    const struct itimerval often = { { 0, 20000 }, { 0, 20000 } }, off = { { 0 }, { 0 } };
    int pipes[2];
    char byte = 0;
    struct registers r;

    if (pipe(pipes))
        abort();
    signals = on_other_stack = 0;
    if (!fork()) {
        usleep(300000);
        _exit(write(pipes[1], "x", 1) != 1);
    }
    catch (flags);
    setitimer(ITIMER_REAL, &often, NULL);
    r = (struct registers){ SYS_read, pipes[0], (long)&byte, 1, 0, 0, 0 };
    call_by(entry, &r);
    setitimer(ITIMER_REAL, &off, NULL);
    printf("%s, read %s: %ld, %s, %s\n", name, flags ? "restarted" : "interrupted", r.ax,
           signals ? "signals came" : "no signal",
           signals == on_other_stack ? "on the other stack" : "on another stack");
    close(pipes[0]);
    close(pipes[1]);
}

/* --- segments --- */

static uint16_t data_word[8] = { 0x1111, 0x2222, 0x3333 };

static struct user_desc segment(unsigned int entry, const void *base)
{
    return (struct user_desc){ .entry_number = entry,
                               .base_addr = (unsigned int)(uintptr_t)base,
                               .limit = 0xfffff,
                               .seg_32bit = 1,
                               .limit_in_pages = 1,
                               .useable = 1 };
}

static unsigned int read_fs(unsigned int selector, int offset)
{
    unsigned int value;

    asm volatile("mov %1, %%fs; movzwl %%fs:(%2), %0; mov %3, %%fs"
                 : "=&r"(value)
                 : "r"(selector), "r"(offset), "r"(0));
    return value;
}

static void test_gdt(void)
{
    struct user_desc one = segment(~0u, data_word), two = segment(~0u, data_word + 1);
    long first = syscall(SYS_set_thread_area, &one),
         second = syscall(SYS_set_thread_area, &two);

    printf("GDT: %ld %ld, entries %u %u: %x %x\n", first, second, one.entry_number,
           two.entry_number, read_fs(one.entry_number * 8 + 3, 0),
           read_fs(two.entry_number * 8 + 3, 0));
    sched_yield();
    usleep(1000);
    printf("GDT after switches: %x %x\n", read_fs(one.entry_number * 8 + 3, 2),
           read_fs(two.entry_number * 8 + 3, 2));
}

static void test_ldt(void)
{
    struct user_desc many;
    unsigned int sum = 0;

    for (unsigned int n = 0; n < 600; n++) { /* more than a page of descriptors */
        many = segment(n, data_word + n % 3);
        sum += syscall(SYS_modify_ldt, 1, &many, sizeof(many)) != 0;
    }
    printf("LDT: %u refused, %x %x %x\n", sum, read_fs(0 * 8 + 7, 0),
           read_fs(100 * 8 + 7, 0), read_fs(599 * 8 + 7, 0));
    if (!fork()) {
        usleep(10000);
        _exit(read_fs(599 * 8 + 7, 0) != 0x3333);
    }
}

/* 32-bit code at base: in a code segment of the LDT that begins there. */
static void test_code_segment(unsigned int entry, unsigned int is_32)
{
    uint8_t *code = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
                         MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
    static const uint8_t add_and_return_32[] = { 0x83, 0xc0, 0x05, 0xcb },
                         add_and_return_16[] = { 0x66, 0x83, 0xc0, 0x05, 0x66, 0xcb };
    struct user_desc d = segment(entry, code);
    struct {
        uint32_t offset;
        uint16_t selector;
    } __attribute__((packed)) target = { 0, (uint16_t)(entry * 8 + 7) };
    long sum = 37, rc;

    memcpy(code, is_32 ? add_and_return_32 : add_and_return_16, 6);
    d.contents = MODIFY_LDT_CONTENTS_CODE;
    d.seg_32bit = is_32;
    rc = syscall(SYS_modify_ldt, 1, &d, sizeof(d));
    if (!rc)
        asm volatile("lcall *%1" : "+a"(sum) : "m"(target) : "cc", "memory");
    printf("code of %d bits in the LDT: %s, %ld\n", is_32 ? 32 : 16,
           rc ? strerror(errno) : "entered", sum);
}

static void test_64_bit_code(void)
{
    uint32_t high = 0;

    asm volatile("ljmp $0x33, $1f\n"
                 ".code64\n"
                 "1: mov $0x1234567800000000, %%rax; shr $32, %%rax; mov %%eax, %%ecx\n"
                 "sub $16, %%rsp; movl $2f, (%%rsp); movl $0x23, 4(%%rsp)\n"
                 "ljmpl *(%%rsp)\n"
                 ".code32\n"
                 "2: add $16, %%esp\n"
                 : "=c"(high)
                 :
                 : "eax", "memory");
    printf("64-bit code and back: %x\n", high);
}

/* --- threads --- */

static __thread unsigned int mine;
static volatile unsigned int wrong;

static void *thread(void *number)
{
    mine = (unsigned int)(uintptr_t)number;
    for (unsigned int i = 0; i < 2000; i++) {
        if (i % 8 == 0)
            sched_yield();
        wrong += mine != (unsigned int)(uintptr_t)number;
    }
    return NULL;
}

static void test_threads(void)
{
    pthread_t threads[8];

    for (uintptr_t n = 0; n < 8; n++)
        pthread_create(&threads[n], NULL, thread, (void *)(n + 1));
    for (unsigned int n = 0; n < 8; n++)
        pthread_join(threads[n], NULL);
    printf("threads: %u wrong, own variable %u\n", wrong, mine);
}

int main(void)
{
    stack_t stack = { .ss_sp = other_stack, .ss_size = sizeof(other_stack) };
    const char *names[] = { "int 0x80", "vDSO" };

    setvbuf(stdout, NULL, _IONBF, 0);
    sigaltstack(&stack, NULL);
    for (unsigned int way = 0; way < 2; way++) {
        const void *entry = way ? vdso_entry() : NULL;

        test_simple(names[way], entry);
        test_six(names[way], entry, 0x10000);
        test_restart(names[way], entry, 0);
        test_restart(names[way], entry, SA_RESTART);
    }
    test_gdt();
    test_ldt();
    test_code_segment(700, 1);
    test_code_segment(701, 0);
    test_64_bit_code();
    test_threads();
    printf("over\n");
    return 0;
}
