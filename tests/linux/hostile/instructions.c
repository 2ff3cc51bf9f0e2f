/* SPDX-License-Identifier: MIT */
/*
 * What only a real kernel may do: device ports, model-specific registers, privileged
 * instructions. Those that fault are stepped over.
 */
#include <linux/kernel.h>

#include <asm/asm.h>
#include <asm/page.h>

#include "hostile.h"

#define PCI_ADDRESS 0xcf8

/* One instruction that may fault. */
#define TRY(code, ...) asm volatile("1: " code "\n2:" _ASM_EXTABLE(1b, 2b) __VA_ARGS__)

static const u16 ports[] = {
    0x3f8, 0x3f9, 0x3fa, 0x3fb, 0x3fc, 0x2f8,  0x20,   0x21,   0xa0,
    0xa1,  0x40,  0x43,  0x60,  0x61,  0x64,   0x70,   0x71,   0x80,
    0x92,  0xb2,  0xb3,  0xcf8, 0xcf9, 0xcfc,  0xcfe,  0x1f0,  0x3d4,
    0x402, 0x510, 0x511, 0x600, 0x604, 0xb004, 0xae00, 0xc000, 0xffff,
};

static u32 in(u16 port, unsigned int size)
{
    u32 value = ~0u;

    if (size == 0)
        TRY("inb %w1, %b0", : "+a"(value) : "d"(port));
    else if (size == 1)
        TRY("inw %w1, %w0", : "+a"(value) : "d"(port));
    else
        TRY("inl %w1, %0", : "+a"(value) : "d"(port));
    return value;
}

static void out(u16 port, u32 value, unsigned int size)
{
    if (size == 0)
        TRY("outb %b0, %w1", : : "a"(value), "d"(port));
    else if (size == 1)
        TRY("outw %w0, %w1", : : "a"(value), "d"(port));
    else
        TRY("outl %0, %w1", : : "a"(value), "d"(port));
}

/* Timer, clock and PCI address are what a hypervisor may show a copy of. */
static bool may_be_shown(u16 port)
{
    return (port >= 0x40 && port <= 0x43) || port == 0x61 || port == 0x70 ||
           port == 0x71 || (port >= PCI_ADDRESS && port < PCI_ADDRESS + 4) ||
           port == 0x92;
}

static void string_io(struct attacker *self, u16 port)
{
    u64 address = wild(self);
    u64 count = below(self, 64);

    if (once_in(self, 2))
        TRY("rep outsb", : "+S"(address), "+c"(count) : "d"(port) : "memory");
    else if (address - (u64)self->scratch < PAGE_SIZE * (SCRATCH_PAGES - 1))
        TRY("rep insl", : "+D"(address), "+c"(count) : "d"(port) : "memory");
}

/* Shows itself on the machine's console, should the port be had. */
static void type_on_line(void)
{
    for (const char *c = "HOSTILE-TYPED-THIS\r\n"; *c; c++)
        out(0x3f8, *c, 0);
}

static void ports_round(struct attacker *self)
{
    u16 port = once_in(self, 4) ? (u16)any(self) : ports[below(self, ARRAY_SIZE(ports))];
    unsigned int size = below(self, 3);
    u32 value = in(port, size);

    if (!may_be_shown(port) && !may_be_shown(port + 1) && !may_be_shown(port + 3) &&
        (value | (size ? size == 1 ? ~0xffffu : 0 : ~0xffu)) != ~0u)
        breach(NO_FRAME, "port %#x says %#x", port, value);
    out(port, (u32)wild(self), size);
    if (once_in(self, 8))
        string_io(self, port);
    if (once_in(self, 64))
        type_on_line();
    if (once_in(self, 32)) {
        u32 privilege[2] = { 3, 0 };

        hypercall(__HYPERVISOR_physdev_op, below(self, 32), (u64)privilege, 0, 0, 0);
        out(PCI_ADDRESS, 0x80000000 | below(self, 0x10000), 2);
    }
}

const struct attack attack_ports = { "ports", ports_round };

static const u32 msrs[] = {
    0x10,       0x1b,       0x3a,       0x3b,       0x48,       0x49,       0x79,
    0x8b,       0xc1,       0xfe,       0x10a,      0x10b,      0x122,      0x140,
    0x174,      0x175,      0x176,      0x179,      0x17a,      0x186,      0x198,
    0x199,      0x1a0,      0x1d9,      0x1db,      0x200,      0x201,      0x250,
    0x268,      0x277,      0x2ff,      0x309,      0x38d,      0x38f,      0x400,
    0x401,      0x480,      0x48b,      0x560,      0x600,      0x6e0,      0x802,
    0x808,      0x80b,      0x830,      0x83f,      0xda0,      0xc0000080, 0xc0000081,
    0xc0000082, 0xc0000083, 0xc0000084, 0xc0000103, 0xc0000104, 0xc0010010, 0xc0010015,
    0xc0010114, 0xc0010117, 0xc001011f, 0x40000000, 0x40000001, 0x4b564d00,
};

/* Segment bases are the guest's own: only what is no address is written there. */
static void write_base(u32 msr)
{
    TRY("wrmsr", : : "c"(msr), "a"(0), "d"(0x00008000));
}

static void msrs_round(struct attacker *self)
{
    u32 msr = msrs[below(self, ARRAY_SIZE(msrs))];
    u64 value = once_in(self, 2) ? wild(self) : 1ull << below(self, 64);
    u32 low = 0, high = 0;

    if (once_in(self, 4))
        msr = below(self, 0x2000) | (once_in(self, 2) ? 0xc0000000 : 0);
    if (msr >= 0xc0000100 && msr <= 0xc0000102) {
        write_base(msr);
        return;
    }
    TRY("rdmsr", : "+a"(low), "+d"(high) : "c"(msr));
    TRY("wrmsr", : : "c"(msr), "a"((u32)value), "d"((u32)(value >> 32)));
    if (once_in(self, 2))
        TRY("wrmsr", : : "c"(msr), "a"(low ^ 1u << below(self, 32)), "d"(high));
}

const struct attack attack_msrs = { "msrs", msrs_round };

/* The guest has a say in some bits of these two, and its kernel needs those. */
static void own_registers(u64 value)
{
    TRY("mov %0, %%cr0", : : "r"(value));
    TRY("mov %0, %%cr4", : : "r"(value));
}

static void control_registers(u64 value)
{
    TRY("mov %0, %%cr0", : : "r"(value | 1ull << 32));
    TRY("mov %0, %%cr4", : : "r"(value | 1ull << 32));
    TRY("mov %0, %%cr8", : : "r"(value));
    TRY("mov %%cr0, %0", : "+r"(value));
    TRY("mov %%cr2, %0", : "+r"(value));
    TRY("mov %%cr3, %0", : "+r"(value));
    TRY("mov %%cr4, %0", : "+r"(value));
    TRY("mov %%cr8, %0", : "+r"(value));
    TRY("mov %0, %%dr6", : : "r"(value));
    TRY("lmsw %w0", : : "r"(value));
    TRY("clts");
}

static void tables_of_the_processor(struct attacker *self, u64 value)
{
    void *table = self->scratch + below(self, 512) * 8;

    TRY("lgdt (%0)", : : "r"(table) : "memory");
    TRY("lidt (%0)", : : "r"(table) : "memory");
    TRY("lldt %w0", : : "r"(value));
    TRY("ltr %w0", : : "r"(value));
    TRY("sgdt (%0)", : : "r"(table) : "memory");
    TRY("sidt (%0)", : : "r"(table) : "memory");
    TRY("lar %w0, %k0", : "+r"(value));
    TRY("verw %w0", : : "r"(value));
}

static void caches_and_power(struct attacker *self, u64 value)
{
    TRY("invlpg (%0)", : : "r"(value) : "memory");
    TRY("invd");
    TRY("wbinvd");
    TRY("rdpmc", : "+a"(value) : "c"(below(self, 8)) : "rdx");
    TRY("xsetbv", : : "c"(below(self, 3)), "a"((u32)value), "d"((u32)(value >> 32)));
    TRY("monitor", : : "a"(self->scratch), "c"(0), "d"(0));
    TRY("mwait", : : "a"(0), "c"(0));
    TRY("prefetcht0 (%0)", : : "r"(value));
    TRY("clflush (%0)", : : "r"(value) : "memory");
}

static void machines_in_machines(struct attacker *self)
{
    TRY(".byte 0x0f, 0x01, 0xc1", : : "a"(below(self, 64)) : "memory"); /* vmcall */
    TRY(".byte 0x0f, 0x01, 0xd9", : : "a"(below(self, 64)) : "memory"); /* vmmcall */
    TRY(".byte 0x0f, 0x01, 0xc2");                                      /* vmlaunch */
    TRY(".byte 0x0f, 0x01, 0xd8", : : "a"(self->scratch));              /* vmrun */
    TRY(".byte 0x0f, 0x37", : : "a"(0) : "memory");                     /* getsec */
    TRY(".byte 0x0f, 0xaa");                                            /* rsm */
    TRY(".byte 0xf0, 0x0f, 0x0b");                                      /* lock ud2 */
    TRY(".byte 0x0f, 0x01, 0xca");                                      /* clac */
    TRY(".byte 0x0f, 0x01, 0xcb");                                      /* stac */
}

/* An instruction of random bytes that begins as a privileged one does. */
static void emulated(struct attacker *self)
{
    u64 address = wild(self);

    TRY("lock; .byte 0x0f, 0x22, 0xc0", : : "a"(address));
    TRY("rep; .byte 0x0f, 0x30", : : "c"((u32)address), "a"(0), "d"(0));
    TRY(".byte 0x66, 0x67, 0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65, 0x48, 0x0f, 0x20, 0xc0",
        :
        :
        : "rax");
    TRY(".byte 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, "
        "0x66, "
        "0x66, 0xec",
        :
        : "d"(0x3f8)
        : "rax");
    TRY("ud2; .ascii \"xen\"; cpuid",
        :
        : "a"((u32)address), "c"(below(self, 32))
        : "rbx", "rdx");
    TRY("cpuid", : "+a"(address) : "c"(below(self, 32)) : "rbx", "rdx");
}

static void instructions_round(struct attacker *self)
{
    u64 value = once_in(self, 2) ? wild(self) : 1ull << below(self, 64);

    switch (below(self, 5)) {
    case 0:
        control_registers(value);
        break;
    case 1:
        tables_of_the_processor(self, value);
        break;
    case 2:
        caches_and_power(self, value);
        break;
    case 3:
        machines_in_machines(self);
        break;
    default:
        emulated(self);
    }
    if (once_in(self, 20000))
        own_registers(value);
    if (once_in(self, 20000))
        TRY("mov %0, %%dr7", : : "r"(value));
    if (once_in(self, 1000))
        TRY("mov %0, %%dr0", : : "r"(value));
    if (once_in(self, 50000))
        TRY("mov %0, %%cr3", : : "r"(value));
    if (once_in(self, 50000))
        TRY("hlt");
}

const struct attack attack_instructions = { "instructions", instructions_round };
