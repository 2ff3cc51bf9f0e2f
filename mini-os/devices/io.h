/* SPDX-License-Identifier: MIT */
/*
 * Ports and device memory. Ports need io_enable() once on the vCPU: then what domain 0
 * does not own reads as ones and ignores writes.
 */
#ifndef MINI_OS_DEVICES_IO_H
#define MINI_OS_DEVICES_IO_H

#include <mini-os/compiler.h>

/* Lets this vCPU's kernel use ports. Returns 0 or a negative errno. */
int io_enable(void);

/*
 * Maps bytes of device memory at a machine address, uncached. The mapping stays for good,
 * and is found again when the same is asked for. Returns NULL: refused, or no room.
 */
volatile void *io_map(uint64_t maddr, size_t bytes);

static inline uint8_t port_read8(uint16_t port)
{
    uint8_t value;

    asm volatile("inb %1, %0" : "=a"(value) : "Nd"(port));
    return value;
}

static inline void port_write8(uint16_t port, uint8_t value)
{
    asm volatile("outb %0, %1" : : "a"(value), "Nd"(port));
}

static inline void port_write16(uint16_t port, uint16_t value)
{
    asm volatile("outw %0, %1" : : "a"(value), "Nd"(port));
}

static inline uint32_t port_read32(uint16_t port)
{
    uint32_t value;

    asm volatile("inl %1, %0" : "=a"(value) : "Nd"(port));
    return value;
}

static inline void port_write32(uint16_t port, uint32_t value)
{
    asm volatile("outl %0, %1" : : "a"(value), "Nd"(port));
}

/* n bytes from or to the same port: one trap into the hypervisor, not n. */
static inline void port_read_bytes(uint16_t port, void *to, size_t n)
{
    asm volatile("rep insb" : "+D"(to), "+c"(n) : "d"(port) : "memory");
}

static inline void port_write_bytes(uint16_t port, const void *from, size_t n)
{
    asm volatile("rep outsb" : "+S"(from), "+c"(n) : "d"(port) : "memory");
}

static inline uint8_t mmio_read8(const volatile void *at)
{
    return *(const volatile uint8_t *)at;
}

static inline uint16_t mmio_read16(const volatile void *at)
{
    return *(const volatile uint16_t *)at;
}

static inline uint32_t mmio_read32(const volatile void *at)
{
    return *(const volatile uint32_t *)at;
}

static inline void mmio_write8(volatile void *at, uint8_t value)
{
    *(volatile uint8_t *)at = value;
}

static inline void mmio_write16(volatile void *at, uint16_t value)
{
    *(volatile uint16_t *)at = value;
}

static inline void mmio_write32(volatile void *at, uint32_t value)
{
    *(volatile uint32_t *)at = value;
}

#endif
