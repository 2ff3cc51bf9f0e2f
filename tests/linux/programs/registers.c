/* SPDX-License-Identifier: MIT */
/*
 * `registers ROUNDS SEED`: x87, SSE and AVX registers and control words hold a pattern
 * of this process over context switches, system calls and signals.
 *
 * All are loaded, then some time passes in which they are not touched: in user mode, in
 * sched_yield(), or asleep; then all are stored and compared. Prints how often this
 * process has been switched away from, how many signals came, and how many words were
 * wrong.
 */
#define _GNU_SOURCE
#include <cpuid.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <time.h>

#define VECTORS 16

struct state {
    uint8_t vector[VECTORS][32];
    uint8_t x87[8][16];
    uint32_t mxcsr;
    uint16_t control;
};

static struct state pattern, found;
static bool has_avx;
static volatile unsigned long signals;
static unsigned long long random_state;

static uint8_t random_byte(void)
{
    random_state = random_state * 6364136223846793005u + 1442695040888963407u;
    return (uint8_t)(random_state >> 56);
}

/* Numbers of x87 that a load and a store leave as they are: normal ones. */
static void make_pattern(void)
{
    for (size_t i = 0; i < sizeof(pattern.vector); i++)
        (&pattern.vector[0][0])[i] = random_byte();
    for (unsigned int n = 0; n < 8; n++) {
        for (unsigned int i = 0; i < 10; i++)
            pattern.x87[n][i] = random_byte();
        pattern.x87[n][7] |= 0x80;
        pattern.x87[n][9] = (uint8_t)(0x3f | (random_byte() & 0x80));
    }
    /* All exceptions masked; rounding and the rest as it comes. */
    pattern.mxcsr = 0x1f80 | (random_byte() & 3u) << 13 | (random_byte() & 1u) << 15;
    pattern.control =
        (uint16_t)(0x7f | (random_byte() & 3) << 10 | (random_byte() & 1) << 9);
    if (!has_avx)
        for (unsigned int n = 0; n < VECTORS; n++)
            memset(pattern.vector[n] + 16, 0, 16);
}

#define EACH(X) \
    X(0) X(1) X(2) X(3) X(4) X(5) X(6) X(7) X(8) X(9) X(10) X(11) X(12) X(13) X(14) X(15)
#define LOAD_AVX(n)  "vmovdqu 32*" #n "(%[from]), %%ymm" #n "\n"
#define LOAD_SSE(n)  "movdqu 32*" #n "(%[from]), %%xmm" #n "\n"
#define STORE_AVX(n) "vmovdqu %%ymm" #n ", 32*" #n "(%[to])\n"
#define STORE_SSE(n) "movdqu %%xmm" #n ", 32*" #n "(%[to])\n"

/*
 * One round: loads, passes time by executing `spins` loops and, if call is not 0, that
 * system call with the arguments, and stores.
 */
#define ROUND(load, store)                                                              \
    asm volatile(                                                                       \
        EACH(load) "ldmxcsr %[mxcsr_from]; fninit; fldcw %[control_from]\n"             \
                   "fldt 7*16(%[x87]); fldt 6*16(%[x87]); fldt 5*16(%[x87])\n"          \
                   "fldt 4*16(%[x87]); fldt 3*16(%[x87]); fldt 2*16(%[x87])\n"          \
                   "fldt 1*16(%[x87]); fldt (%[x87])\n"                                 \
                   "1: dec %[spins]; jnz 1b\n"                                          \
                   "test %%eax, %%eax; jz 2f; syscall; 2:\n" EACH(                      \
                       store) "stmxcsr %[mxcsr_to]; fnstcw %[control_to]\n"             \
                              "fstpt (%[x87_to]); fstpt 1*16(%[x87_to]); fstpt "        \
                              "2*16(%[x87_to])\n"                                       \
                              "fstpt 3*16(%[x87_to]); fstpt 4*16(%[x87_to]); fstpt "    \
                              "5*16(%[x87_to])\n"                                       \
                              "fstpt 6*16(%[x87_to]); fstpt 7*16(%[x87_to]); fninit\n"  \
        : [spins] "+r"(spins),                                                          \
          "+a"(call), [mxcsr_to] "=m"(found.mxcsr), [control_to] "=m"(found.control)    \
        : [from] "r"(pattern.vector), [to] "r"(found.vector), [x87] "r"(pattern.x87),   \
          [x87_to] "r"(found.x87), [mxcsr_from] "m"(pattern.mxcsr),                     \
          [control_from] "m"(pattern.control), "D"(argument), "S"(0)                    \
        : "rcx", "r11", "memory", "cc", "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", \
          "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", "xmm11", "xmm12", "xmm13", "xmm14",  \
          "xmm15")

#define SYS_SCHED_YIELD 24
#define SYS_NANOSLEEP   35

__attribute__((noinline)) static void round_once(unsigned long spins, long call,
                                                 const void *argument)
{
    const uint32_t usual_mxcsr = 0x1f80;

    if (has_avx)
        ROUND(LOAD_AVX, STORE_AVX);
    else
        ROUND(LOAD_SSE, STORE_SSE);
    asm volatile("ldmxcsr %0" ::"m"(usual_mxcsr));
}

/* Breaks all registers; the kernel gives them back after it. */
static void on_signal(int number)
{
    static const uint32_t other = 0x1fc0;

    (void)number;
    signals++;
    asm volatile("ldmxcsr %0; fninit; fldpi; fldpi; pcmpeqd %%xmm0, %%xmm0\n"
                 "movdqa %%xmm0, %%xmm7; movdqa %%xmm0, %%xmm15" ::"m"(other)
                 : "xmm0", "xmm7", "xmm15");
}

static bool cpu_has_avx(void)
{
    unsigned int a, b, c, d;

    return __get_cpuid(1, &a, &b, &c, &d) && (c & bit_OSXSAVE) && (c & bit_AVX);
}

static unsigned long switches(void)
{
    struct rusage usage;

    getrusage(RUSAGE_SELF, &usage);
    return (unsigned long)(usage.ru_nvcsw + usage.ru_nivcsw);
}

/* Words that differ. */
static unsigned long wrong_words(void)
{
    const uint8_t *a = (const uint8_t *)&pattern, *b = (const uint8_t *)&found;
    unsigned long wrong = 0;

    for (size_t i = 0; i + 2 <= sizeof(pattern); i += 2)
        wrong += memcmp(a + i, b + i, 2) != 0;
    return wrong;
}

int main(int argc, char **argv)
{
    const struct timespec nap = { .tv_nsec = 20000 };
    const struct itimerval often = { { 0, 7000 }, { 0, 7000 } };
    const unsigned long rounds = argc > 1 ? strtoul(argv[1], NULL, 0) : 1000;
    unsigned long wrong = 0;

    random_state = argc > 2 ? strtoull(argv[2], NULL, 0) : 1;
    has_avx = cpu_has_avx();
    make_pattern();
    signal(SIGALRM, on_signal);
    setitimer(ITIMER_REAL, &often, NULL);
    for (unsigned long n = 0; n < rounds; n++) {
        memset(&found, 0, sizeof(found));
        if (n % 3 == 0)
            round_once(20000, 0, NULL);
        else if (n % 3 == 1)
            round_once(1, SYS_SCHED_YIELD, NULL);
        else
            round_once(1, SYS_NANOSLEEP, &nap);
        wrong += wrong_words();
    }
    printf("registers: %s, %lu switches, %lu signals, %lu wrong\n",
           has_avx ? "AVX" : "SSE", switches(), signals, wrong);
    return wrong != 0;
}
