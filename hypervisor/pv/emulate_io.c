/* SPDX-License-Identifier: MIT */
/*
 * Port I/O of guest kernels, and of guest user programs that their kernel lets do it.
 * Two questions: may this program do it by the guest's rules (IOPL or I/O bitmap; if
 * not, #GP), and does the domain own the port (if not: reads give all ones, writes
 * vanish, as on a bus where nobody answers).
 */
#include "internal.h"
#include <hv/pci.h>

/* PCI configuration space, which the hypervisor uses too (hv/pci.h). */
#define PCI_ADDRESS 0xcf8
#define PCI_DATA    0xcfc

/* Iterations of a string instruction per fault, so that work per trap is bounded. */
#define IO_STRING_BATCH 64

bool pv_io_port_allowed(const struct domain *d, unsigned int port, unsigned int bytes)
{
    const uint64_t *map = d->pv->io_ports;

    if (!map || port + bytes > 65536)
        return false;
    for (unsigned int p = port; p < port + bytes; p++)
        if (!(map[p / 64] >> (p % 64) & 1))
            return false;
    return true;
}

/* Is IOPL high enough? A kernel counts as ring 1. */
static bool iopl_okay(const struct vcpu *v)
{
    return v->pv.iopl >> 12 >= (v->pv.kernel_mode ? 1u : 3u);
}

bool pv_guest_io_okay(struct vcpu *v, struct cpu_user_regs *regs, unsigned int port,
                      unsigned int bytes)
{
    uint16_t mask;

    (void)regs;
    if (iopl_okay(v))
        return true;
    if (!v->pv.iobmp || port + bytes > v->pv.iobmp_limit)
        return false;
    /* The bitmap is the kernel's: from user mode it is looked at under
     * its page tables. */
    if (!v->pv.kernel_mode) {
        bool ok;

        pv_toggle_mode(v);
        ok = !guest_read(&mask, v->pv.iobmp + port / 8, sizeof(mask));
        pv_toggle_mode(v);
        if (!ok)
            return false;
    } else if (guest_read(&mask, v->pv.iobmp + port / 8, sizeof(mask))) {
        return false;
    }
    return !(mask >> (port & 7) & ((1u << bytes) - 1));
}

/* Bytes of 0xcf8 but the whole word are other ports, for example to reset. */
static bool is_pci_address(unsigned int port, unsigned int bytes)
{
    return port == PCI_ADDRESS && bytes == 4;
}

static bool is_pci_data(unsigned int port, unsigned int bytes)
{
    return port >= PCI_DATA && port + bytes <= PCI_DATA + 4;
}

static uint32_t port_in(const struct domain *d, unsigned int port, unsigned int bytes)
{
    uint32_t v = ~0u;

    if (!pv_io_port_allowed(d, port, bytes))
        return v;
    if (is_pci_address(port, bytes))
        return READ_ONCE(d->pv->pci_address);
    if (is_pci_data(port, bytes))
        return pci_port_read(READ_ONCE(d->pv->pci_address), port - PCI_DATA, bytes);
    switch (bytes) {
    case 1:
        return inb((uint16_t)port);
    case 2:
        __asm__ volatile("inw %w1, %w0" : "=a"(v) : "Nd"(port));
        return v & 0xffff;
    default:
        __asm__ volatile("inl %w1, %0" : "=a"(v) : "Nd"(port));
        return v;
    }
}

static void port_out(const struct domain *d, unsigned int port, unsigned int bytes,
                     uint32_t value)
{
    if (!pv_io_port_allowed(d, port, bytes))
        return;
    if (is_pci_address(port, bytes)) {
        WRITE_ONCE(d->pv->pci_address, value);
        return;
    }
    if (is_pci_data(port, bytes)) {
        pci_port_write(READ_ONCE(d->pv->pci_address), port - PCI_DATA, bytes, value);
        return;
    }
    switch (bytes) {
    case 1:
        outb((uint16_t)port, (uint8_t)value);
        break;
    case 2:
        __asm__ volatile("outw %w0, %w1" ::"a"(value), "Nd"(port));
        break;
    default:
        __asm__ volatile("outl %0, %w1" ::"a"(value), "Nd"(port));
        break;
    }
}

static void set_accumulator(struct cpu_user_regs *regs, unsigned int bytes,
                            uint32_t value)
{
    if (bytes == 1)
        regs->al = (uint8_t)value;
    else if (bytes == 2)
        regs->ax = (uint16_t)value;
    else
        regs->rax = value;
}

/* One element of INS (in) or OUTS at address va. False: the address faults. */
static bool string_element(struct vcpu *v, bool in, unsigned int port, unsigned int bytes,
                           uint64_t va)
{
    uint32_t data = 0;

    if (!in) {
        if (guest_read(&data, va, bytes))
            return false;
        port_out(v->domain, port, bytes, data);
        return true;
    }
    data = port_in(v->domain, port, bytes);
    return !guest_write(va, &data, bytes);
}

/*
 * INS and OUTS in 64-bit code. A bounded number of iterations; when some are left the
 * instruction is not passed, so the guest executes it again.
 */
static bool emulate_string_io(struct vcpu *v, struct cpu_user_regs *regs,
                              const struct insn *i, unsigned int port, unsigned int bytes)
{
    bool in = i->opcode < 0x6e;
    uint64_t *index = in ? &regs->rdi : &regs->rsi;
    uint64_t mask = i->addr32 ? 0xffffffffull : ~0ull;
    uint64_t count = i->rep ? regs->rcx & mask : 1;
    int64_t step = regs->rflags & X86_EFLAGS_DF ? -(int64_t)bytes : (int64_t)bytes;
    uint64_t base = i->segment == 0x64   ? pv_read_fs_base()
                    : i->segment == 0x65 ? pv_read_gs_base()
                                         : 0;

    if (in)
        base = 0;
    for (unsigned int n = 0; count && n < IO_STRING_BATCH; n++, count--) {
        uint64_t va = base + (*index & mask);

        if (!string_element(v, in, port, bytes, va)) {
            v->pv.io_again = true;
            pv_inject_page_fault(v, in ? PFEC_WRITE : 0, va);
            return true;
        }
        *index = (*index + (uint64_t)step) & mask;
        if (i->rep)
            regs->rcx = (count - 1) & mask;
    }
    v->pv.io_again = count != 0;
    return true;
}

bool emulate_io(struct vcpu *v, struct cpu_user_regs *regs, const struct insn *i)
{
    unsigned int bytes = !(i->opcode & 1) ? 1 : i->opsize16 ? 2 : 4;
    bool immediate = i->opcode >= 0xe4 && i->opcode <= 0xe7;
    unsigned int port = immediate ? i->imm8 : regs->dx;

    if (!pv_guest_io_okay(v, regs, port, bytes))
        return false;
    if (i->opcode <= 0x6f)
        return regs->cs == FLAT_RING3_CS64 && emulate_string_io(v, regs, i, port, bytes);
    if (i->opcode & 2)
        port_out(v->domain, port, bytes, regs->eax);
    else
        set_accumulator(regs, bytes, port_in(v->domain, port, bytes));
    return true;
}
