/* SPDX-License-Identifier: MIT */
/*
 * Behaviour: a vCPU finds nothing of another in the processor's registers, and its own
 * come back whatever the other does.
 * Provocation: two vCPUs on one processor; the first fills SSE, AVX, MXCSR, segment
 * bases, debug registers and TSC_AUX before the second starts; then each has values of its
 * own, with its virtual CR0.TS set or clear, and gives the processor away in between.
 * Expected: the second starts with the state of a reset; both always find their own.
 */
/* qemu: -smp 1 */
/* dom0: max_vcpus=2 */
/* timeout: 60 */
#include <test.h>

#include <mini-os/mm.h>
#include <mini-os/smp.h>
#include <mini-os/time.h>
#include <mini-os/traps.h>

COVERS(fpu_taskswitch, set_segment_base, set_debugreg, get_debugreg);

#define ROUNDS      200
#define CR4_OSXSAVE (1ul << 18)
#define MXCSR_RESET 0x1f80
#define TSC_AUX     0xc0000103

/* Registers that a guest can read back. */
struct state {
    uint8_t sse[16][16] __attribute__((aligned(16)));
    uint8_t high[16][16] __attribute__((aligned(16))); /* upper halves of YMM */
    uint64_t fs_base, gs_base, dr0;
    uint32_t mxcsr, tsc_aux;
};

static bool has_avx, has_rdtscp;
static volatile unsigned int finished;

#define EACH_REGISTER(do)                                                              \
    do                                                                                 \
    (0) do(1) do(2) do(3) do(4) do(5) do(6) do(7) do(8) do(9) do(10) do(11) do(12) do( \
        13) do(14) do(15)

static uint64_t read_msr(uint32_t msr)
{
    uint32_t lo, hi;

    asm volatile("rdmsr" : "=a"(lo), "=d"(hi) : "c"(msr));
    return lo | (uint64_t)hi << 32;
}

static void read_vectors(struct state *s)
{
#define STORE(n) asm volatile("movups %%xmm" #n ", %0" : "=m"(s->sse[n]));
    EACH_REGISTER(STORE)
#define STORE_HIGH(n) asm volatile("vextractf128 $1, %%ymm" #n ", %0" : "=m"(s->high[n]));
    if (has_avx) {
        EACH_REGISTER(STORE_HIGH)
    }
}

static void load_vectors(const struct state *s)
{
#define LOAD(n) asm volatile("movups %0, %%xmm" #n : : "m"(s->sse[n]));
    EACH_REGISTER(LOAD)
#define LOAD_HIGH(n) \
    asm volatile("vinsertf128 $1, %0, %%ymm" #n ", %%ymm" #n : : "m"(s->high[n]));
    if (has_avx) {
        EACH_REGISTER(LOAD_HIGH)
    }
}

static void read_state(struct state *s)
{
    memset(s, 0, sizeof(*s));
    read_vectors(s);
    asm volatile("stmxcsr %0" : "=m"(s->mxcsr));
    s->fs_base = read_msr(0xc0000100);
    s->gs_base = read_msr(0xc0000101);
    s->dr0 = (uint64_t)HYPERVISOR_get_debugreg(0);
    if (has_rdtscp)
        asm volatile("rdtscp" : "=c"(s->tsc_aux) : : "rax", "rdx");
}

static void load_state(const struct state *s)
{
    load_vectors(s);
    asm volatile("ldmxcsr %0" : : "m"(s->mxcsr));
    check_eq(HYPERVISOR_set_segment_base(SEGBASE_FS, s->fs_base), 0);
    check_eq(HYPERVISOR_set_segment_base(SEGBASE_GS_KERNEL, s->gs_base), 0);
    check_eq(HYPERVISOR_set_debugreg(0, s->dr0), 0);
    check_eq(HYPERVISOR_set_debugreg(7, 1), 0);
    if (has_rdtscp)
        asm volatile("wrmsr" : : "c"(TSC_AUX), "a"(s->tsc_aux), "d"(0));
}

static void fill(struct state *s, uint8_t pattern)
{
    memset(s->sse, pattern, sizeof(s->sse));
    memset(s->high, has_avx ? pattern + 1 : 0, sizeof(s->high));
    s->fs_base = 0x100000ul * pattern;
    s->gs_base = 0x300000ul * pattern;
    s->dr0 = 0x500000ul * pattern;
    s->mxcsr = MXCSR_RESET | (pattern & 1 ? 0x6000 : 0x8000);
    s->tsc_aux = has_rdtscp ? 0x1000u + pattern : 0;
}

static void enable_avx(void)
{
    uint32_t a = 1, b, c = 0, d;
    uint64_t cr4;

    asm volatile("ud2a\n\t.ascii \"xen\"\n\tcpuid" : "+a"(a), "=b"(b), "+c"(c), "=d"(d));
    has_avx = c & (1u << 26) && c & (1u << 28);
    if (!has_avx)
        return;
    asm volatile("mov %%cr4, %0" : "=r"(cr4));
    asm volatile("mov %0, %%cr4" : : "r"(cr4 | CR4_OSXSAVE));
    asm volatile("xsetbv" : : "c"(0), "a"(7), "d"(0));
}

static void find_features(void)
{
    struct trap_result r;
    uint32_t c;

    TRAP_PROBE(&r, "rdtscp", : "=c"(c) : : "rax", "rdx");
    has_rdtscp = !r.trapped;
    if (has_rdtscp) {
        TRAP_PROBE(&r, "wrmsr", : : "c"(TSC_AUX), "a"(0), "d"(0));
        has_rdtscp = !r.trapped;
    }
}

static void check_reset(void)
{
    struct state now, none = { .mxcsr = MXCSR_RESET };

    read_state(&now);
    check(!memcmp(now.sse, none.sse, sizeof(none.sse)), "XMM registers are 0");
    check(!memcmp(now.high, none.high, sizeof(none.high)), "YMM registers are 0");
    check_eq(now.mxcsr, none.mxcsr);
    check_eq(now.fs_base, 0);
    check_eq(now.gs_base, 0);
    check_eq(now.dr0, 0);
    check_eq(now.tsc_aux, 0);
}

static void check_round(const struct state *mine, unsigned int round)
{
    struct state now;

    HYPERVISOR_fpu_taskswitch(round & 1);
    time_sleep(20 * NSEC_PER_USEC);
    HYPERVISOR_fpu_taskswitch(0);
    read_state(&now);
    check(!memcmp(&now, mine, sizeof(now)), "all registers are what they were");
}

static void use(uint8_t pattern)
{
    struct state mine;

    memset(&mine, 0, sizeof(mine));
    for (unsigned int round = 0; round < ROUNDS; round++) {
        fill(&mine, (uint8_t)(pattern + (round & 15)));
        load_state(&mine);
        check_round(&mine, round);
    }
    check_eq(HYPERVISOR_set_debugreg(7, 0), 0);
}

static void second(void *arg)
{
    (void)arg;
    enable_avx();
    check_reset();
    use(0x41);
    finished = 1;
}

void test_main(void)
{
    struct state first;

    enable_avx();
    find_features();
    memset(&first, 0, sizeof(first));
    fill(&first, 0x21);
    load_state(&first);
    require(!vcpu_start(1, second, NULL));
    use(0x21);
    vcpu_join(1);
    check_eq(finished, 1);
    note("AVX %s, TSC_AUX %s", has_avx ? "yes" : "no", has_rdtscp ? "yes" : "no");
    HYPERVISOR_set_segment_base(SEGBASE_FS, 0);
    HYPERVISOR_set_segment_base(SEGBASE_GS_KERNEL, 0);
}
