/* SPDX-License-Identifier: MIT */
/*
 * What root is given by a kernel: any port (iopl), the registers of /dev/cpu/N/msr, the
 * memory of /dev/mem.
 */
#define _GNU_SOURCE
#include "attacker.h"

#include <fcntl.h>
#include <sys/io.h>
#include <sys/mman.h>
#include <unistd.h>

#define MSR_DEVICES 4

static int msr[MSR_DEVICES], memory;

static bool prepare_devices(void)
{
    char path[] = "/dev/cpu/0/msr";

    for (unsigned int i = 0; i < MSR_DEVICES; i++) {
        path[9] = (char)('0' + i);
        msr[i] = open(path, O_RDWR);
    }
    memory = open("/dev/mem", O_RDWR);
    return msr[0] >= 0 && memory >= 0;
}

/* What the machine's first serial line would say. */
static void type(void)
{
    for (const char *at = "HOSTILE-TYPED-THIS\n"; *at; at++)
        outb((unsigned char)*at, 0x3f8);
}

static uint16_t any_port(struct attacker *self)
{
    static const uint16_t known[] = { 0x20, 0x21, 0x40,  0x43,  0x60,  0x61,  0x64,
                                      0x70, 0x71, 0x92,  0xa0,  0xcf8, 0xcf9, 0xcfc,
                                      0xb2, 0xe0, 0x3f8, 0x3fb, 0x2f8, 0x501, 0x604 };

    return once_in(self, 2) ? (uint16_t)any(self)
                            : known[below(self, sizeof(known) / sizeof(known[0]))];
}

static void ports(struct attacker *self)
{
    uint16_t port = any_port(self);

    iopl((int)below(self, 4));
    ioperm(port, 1 + below(self, 8), 1);
    switch (below(self, 8)) {
    case 0:
        type();
        return;
    case 1:
        (void)inb(port);
        return;
    case 2:
        (void)inl(port);
        return;
    case 3:
        outsb(port, self->scratch, below(self, PAGE));
        return;
    case 4:
        insl(port, self->scratch, below(self, PAGE / 4));
        return;
    case 5:
        outw((uint16_t)any(self), port);
        return;
    case 6:
        outl((uint32_t)wild(self), port);
        return;
    default:
        outb((uint8_t)any(self), port);
        return;
    }
}

static off_t any_msr(struct attacker *self)
{
    static const uint32_t range[] = { 0,          0x170,      0x200,      0x400,
                                      0x480,      0x800,      0xc0000080, 0xc0000100,
                                      0xc0010000, 0xc0011000, 0x40000000, 0x40000200 };

    if (once_in(self, 8))
        return (off_t)(uint32_t)any(self);
    return (off_t)(range[below(self, sizeof(range) / sizeof(range[0]))] +
                   below(self, 256));
}

static void registers(struct attacker *self)
{
    uint64_t value = wild(self);
    off_t number = any_msr(self);
    int fd = msr[below(self, MSR_DEVICES)];

    if (pread(fd, &value, 8, number) == 8 && once_in(self, 2))
        value ^= 1ul << below(self, 64);
    (void)!pwrite(fd, &value, 8, number);
}

static void machine_memory(struct attacker *self)
{
    off_t at = (off_t)(once_in(self, 2) ? below(self, 1ul << 32) : wild(self));
    uint8_t *mapped;

    if (once_in(self, 2))
        (void)!pread(memory, self->scratch, 8, at);
    else
        (void)!pwrite(memory, self->scratch, 8, at);
    mapped = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, memory, at & -PAGE);
    if (mapped == MAP_FAILED)
        return;
    mapped[at & (PAGE - 1)] = (uint8_t)any(self);
    munmap(mapped, PAGE);
}

static void round_of_devices(struct attacker *self)
{
    static void (*const way[])(struct attacker *) = { ports, registers, machine_memory };

    way[below(self, sizeof(way) / sizeof(way[0]))](self);
}

const struct attack attack_devices = { "devices", true, prepare_devices,
                                       round_of_devices };
