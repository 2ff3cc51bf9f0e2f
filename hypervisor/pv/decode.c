/* SPDX-License-Identifier: MIT */
/*
 * Decoder for the privileged instructions that are emulated: I/O, control and debug
 * registers, MSRs, time stamp, CPUID, XSETBV, cache invalidation, CLI and STI. It sees
 * untrusted bytes and nothing else; compiled for the host it is a fuzz target.
 */
#include "internal.h"

static bool is_segment_prefix(uint8_t b)
{
    return b == 0x26 || b == 0x2e || b == 0x36 || b == 0x3e || b == 0x64 || b == 0x65;
}

/* Eats one prefix byte; false when b is none. */
static bool take_prefix(uint8_t b, bool code64, struct insn *i)
{
    if (code64 && (b & 0xf0) == 0x40) {
        i->rex = b;
        i->rex_w = b & 8;
        return true;
    }
    if (b == 0x66)
        i->opsize16 = true;
    else if (b == 0x67)
        i->addr32 = true;
    else if (b == 0xf2 || b == 0xf3)
        i->rep = true;
    else if (is_segment_prefix(b))
        i->segment = b;
    else if (b != 0xf0)
        return false;
    i->rex = 0; /* REX counts only as the last prefix */
    i->rex_w = false;
    return true;
}

static bool one_byte_has_imm8(uint8_t op)
{
    return op >= 0xe4 && op <= 0xe7; /* IN, OUT with an immediate port */
}

static bool one_byte_emulated(uint8_t op)
{
    return one_byte_has_imm8(op) || (op >= 0xec && op <= 0xef) || /* IN, OUT with DX */
           (op >= 0x6c && op <= 0x6f) ||                          /* INS, OUTS */
           op == 0xfa || op == 0xfb;                              /* CLI, STI */
}

static bool two_byte_has_modrm(uint8_t op)
{
    return op == 0x01 || (op >= 0x20 && op <= 0x23);
}

static bool two_byte_emulated(uint8_t op)
{
    return two_byte_has_modrm(op) || op == 0x06 || op == 0x08 || op == 0x09 ||
           (op >= 0x30 && op <= 0x32) || op == 0xa2;
}

int insn_decode(const uint8_t *buf, unsigned int n, bool code64, struct insn *out)
{
    struct insn i = { 0 };
    unsigned int at = 0;

    while (at < n && take_prefix(buf[at], code64, &i))
        at++;
    if (at < n && buf[at] == 0x0f) {
        i.two_byte = true;
        at++;
    }
    if (at >= n)
        return -EINVAL;
    i.opcode = buf[at++];
    if (!(i.two_byte ? two_byte_emulated(i.opcode) : one_byte_emulated(i.opcode)))
        return -EINVAL;
    if (i.two_byte ? two_byte_has_modrm(i.opcode) : one_byte_has_imm8(i.opcode)) {
        if (at >= n)
            return -EINVAL;
        i.modrm = i.imm8 = buf[at++];
    }
    i.length = (uint8_t)at;
    *out = i;
    return 0;
}
