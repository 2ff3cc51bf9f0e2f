/* SPDX-License-Identifier: MIT */
/*
 * Prints what each processor says of itself, in lines that all start alike:
 *   leaf CPU LEAF.SUB EAX EBX ECX EDX   as the kernel sees it (/dev/cpu/CPU/cpuid)
 *   user CPU LEAF.SUB EAX EBX ECX EDX   as programs do, by the instruction
 *   xcr0 CPU VALUE                      as programs read it
 *   msr CPU NUMBER VALUE                of the registers that can be read
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define OSXSAVE (1u << 27)

struct registers {
    uint32_t a, b, c, d;
};

typedef struct registers look_fn(uint32_t leaf, uint32_t sub);

static const uint32_t msrs[] = {
    0x10,       0x17,       0x1b,       0x34,       0x3a,       0x48,       0x8b,
    0xc1,       0xce,       0xe7,       0xe8,       0xfe,       0x10a,      0x140,
    0x174,      0x175,      0x176,      0x179,      0x17a,      0x186,      0x198,
    0x19a,      0x19c,      0x1a0,      0x1ad,      0x1b0,      0x1d9,      0x200,
    0x250,      0x277,      0x2ff,      0x38d,      0x38f,      0x400,      0x401,
    0x480,      0x606,      0x611,      0x6e0,      0x800,      0x40000000, 0xc0000080,
    0xc0000081, 0xc0000082, 0xc0000083, 0xc0000084, 0xc0000103, 0xc0010000, 0xc0010010,
    0xc0010015, 0xc0010055, 0xc0010114, 0xc0010117, 0xc001011f, 0xc0011020, 0xc0011029,
};

static int device = -1;

static void fail(const char *what)
{
    perror(what);
    exit(1);
}

static struct registers by_instruction(uint32_t leaf, uint32_t sub)
{
    struct registers r;

    __asm__ volatile("cpuid"
                     : "=a"(r.a), "=b"(r.b), "=c"(r.c), "=d"(r.d)
                     : "a"(leaf), "c"(sub));
    return r;
}

static struct registers by_kernel(uint32_t leaf, uint32_t sub)
{
    struct registers r;

    if (pread(device, &r, sizeof(r), (off_t)(leaf | (uint64_t)sub << 32)) != sizeof(r))
        fail("cpuid");
    return r;
}

static unsigned int subleaves(uint32_t leaf)
{
    switch (leaf) {
    case 0xd:
        return 20;
    case 4:
    case 7:
    case 0xb:
    case 0x40000003:
        return 5;
    default:
        return 1;
    }
}

static void show(const char *who, int cpu, look_fn *look)
{
    static const uint32_t bases[] = { 0, 0x40000000, 0x80000000 };

    for (unsigned int i = 0; i < 3; i++) {
        uint32_t last = look(bases[i], 0).a;

        for (uint32_t leaf = bases[i]; leaf <= last && leaf < bases[i] + 0x40; leaf++)
            for (unsigned int sub = 0; sub < subleaves(leaf); sub++) {
                struct registers r = look(leaf, sub);

                printf("%s %d %x.%u %08x %08x %08x %08x\n", who, cpu, leaf, sub, r.a, r.b,
                       r.c, r.d);
            }
    }
}

static void open_device(int cpu, const char *name)
{
    char path[64];

    snprintf(path, sizeof(path), "/dev/cpu/%d/%s", cpu, name);
    if (device >= 0)
        close(device);
    device = open(path, O_RDONLY);
    if (device < 0)
        fail(path);
}

static void show_msrs(int cpu)
{
    for (unsigned int i = 0; i < sizeof(msrs) / sizeof(msrs[0]); i++) {
        uint64_t value;

        if (pread(device, &value, sizeof(value), msrs[i]) == sizeof(value))
            printf("msr %d %x %016lx\n", cpu, msrs[i], value);
    }
}

static void show_xcr0(int cpu)
{
    uint32_t a, d;

    if (!(by_instruction(1, 0).c & OSXSAVE))
        return;
    __asm__ volatile("xgetbv" : "=a"(a), "=d"(d) : "c"(0));
    printf("xcr0 %d %x\n", cpu, a);
}

int main(void)
{
    int cpus = (int)sysconf(_SC_NPROCESSORS_ONLN);

    for (int cpu = 0; cpu < cpus; cpu++) {
        cpu_set_t set;

        CPU_ZERO(&set);
        CPU_SET(cpu, &set);
        if (sched_setaffinity(0, sizeof(set), &set))
            fail("affinity");
        open_device(cpu, "cpuid");
        show("leaf", cpu, by_kernel);
        show("user", cpu, by_instruction);
        show_xcr0(cpu);
        open_device(cpu, "msr");
        show_msrs(cpu);
    }
    return 0;
}
