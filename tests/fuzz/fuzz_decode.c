/* SPDX-License-Identifier: MIT */
/*
 * Instructions made of any bytes, for both decoders; the first byte chooses the mode. What
 * is decoded lies in the bytes given, does not depend on those behind it, and is not
 * decoded any more when its last byte is missing.
 */
#include "../../hypervisor/pv/internal.h"
#include "../../hypervisor/pv/mmu_ptwr.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_privileged(const uint8_t *code, unsigned int n, bool code64)
{
    struct insn first, again;

    if (insn_decode(code, n, code64, &first))
        return;
    assert(first.length && first.length <= n);
    assert(code64 || !first.rex);
    assert(!insn_decode(code, first.length, code64, &again));
    assert(again.length == first.length && again.opcode == first.opcode);
    assert(insn_decode(code, first.length - 1u, code64, &again));
}

static void check_store(const uint8_t *code, unsigned int n)
{
    struct store first, again;

    if (!store_decode(code, n, &first))
        return;
    assert(first.length && first.length <= n);
    assert(first.kind <= STORE_MOVS && first.reg >= -1 && first.reg < 16);
    assert(first.size == 1 || first.size == 2 || first.size == 4 || first.size == 8);
    assert(store_decode(code, first.length, &again));
    assert(again.length == first.length && again.kind == first.kind &&
           again.imm == first.imm);
    assert(!store_decode(code, first.length - 1u, &again));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t *code;
    unsigned int n;

    if (!size)
        return 0;
    n = (unsigned int)min(size - 1, (size_t)INSN_MAX);
    code = malloc(n);
    if (n && !code)
        return 0;
    if (n)
        memcpy(code, data + 1, n);
    check_privileged(code, n, data[0] & 1);
    check_store(code, n);
    free(code);
    return 0;
}
