/* SPDX-License-Identifier: MIT */
/*
 * XZ and the older LZMA format, by the public domain part of 7-Zip: straight into the
 * output, which serves as the dictionary, so that little memory is needed besides. The
 * library does that for one block at a time, so it is stopped between blocks and told
 * where the next one's output is.
 */
#include "unpack.h"

#include <stdlib.h>
#include <string.h>

#include <7zCrc.h>
#include <LzmaDec.h>
#include <Xz.h>
#include <XzCrc64.h>

enum { LZMA_HEADER = LZMA_PROPS_SIZE + 8 };

static void *allocate(ISzAllocPtr self, size_t size)
{
    (void)self;
    return malloc(size);
}

static void release(ISzAllocPtr self, void *address)
{
    (void)self;
    free(address);
}

static const ISzAlloc memory = { allocate, release };

static int code(SRes result)
{
    return result == SZ_ERROR_MEM ? -XEN_ENOMEM : -XEN_EINVAL;
}

static void make_tables(void)
{
    static bool made;

    if (made)
        return;
    CrcGenerateTable();
    Crc64GenerateTable();
    made = true;
}

static size_t slice(const struct unpacking *u, size_t in)
{
    return u->in_size - in < UNPACK_SLICE ? u->in_size - in : UNPACK_SLICE;
}

/* Filters give nothing before the block's end, but it shows how far the decoder is. done:
 * bytes of the blocks before. */
static size_t bytes_out(const CXzUnpacker *x, size_t done)
{
    return x->state == XZ_STATE_BLOCK ? done - x->outDataWritten + x->decoder.outWritten
                                      : done;
}

static void begin_block(const struct unpacking *u, CXzUnpacker *x, size_t done)
{
    XzUnpacker_SetOutBuf(x, u->out + done, u->room - done);
    x->outDataWritten = 0;
    x->decodeOnlyOneBlock = true;
}

/* Is a block's first byte next, or the zero of the index in its place? */
static bool is_between_blocks(const CXzUnpacker *x)
{
    return x->state == XZ_STATE_BLOCK_HEADER && !x->pos;
}

/* How many bytes to take. The index is refused while one block alone is wanted. */
static size_t next_slice(const struct unpacking *u, CXzUnpacker *x, size_t in,
                         size_t done)
{
    if (is_between_blocks(x)) {
        begin_block(u, x, done);
        x->decodeOnlyOneBlock = u->in[in] != 0;
        return x->decodeOnlyOneBlock ? slice(u, in) : 1;
    }
    x->decodeOnlyOneBlock = true;
    return slice(u, in);
}

static int unpack_xz_streams(const struct unpacking *u, CXzUnpacker *x)
{
    size_t in = 0, done = 0;

    XzUnpacker_Init(x);
    begin_block(u, x, 0);
    while (in < u->in_size) {
        SizeT taken = next_slice(u, x, in, done), given = u->room - done;
        ECoderStatus status;
        SRes result =
            XzUnpacker_Code(x, NULL, &given, u->in + in, &taken, in + taken == u->in_size,
                            CODER_FINISH_END, &status);

        if (result != SZ_OK)
            return code(result);
        in += taken;
        done += given;
        if (!taken && !given)
            return -XEN_E2BIG;
        if (unpack_step(u, bytes_out(x, done)))
            return -XEN_EINTR;
    }
    if (!XzUnpacker_IsStreamWasFinished(x))
        return -XEN_EINVAL;
    return done == u->room ? 0 : -XEN_E2BIG;
}

int unpack_xz(const struct unpacking *u)
{
    CXzUnpacker x;
    int rc;

    make_tables();
    XzUnpacker_Construct(&x, &memory);
    rc = unpack_xz_streams(u, &x);
    XzUnpacker_Free(&x);
    return rc;
}

static int unpack_lzma_stream(const struct unpacking *u, CLzmaDec *lzma)
{
    size_t in = LZMA_HEADER;

    LzmaDec_Init(lzma);
    while (in < u->in_size && lzma->dicPos < u->room) {
        SizeT taken = slice(u, in), before = lzma->dicPos;
        ELzmaStatus status;
        SRes result = LzmaDec_DecodeToDic(lzma, u->room, u->in + in, &taken,
                                          LZMA_FINISH_ANY, &status);

        if (result != SZ_OK)
            return code(result);
        in += taken;
        if (!taken && lzma->dicPos == before)
            break;
        if (unpack_step(u, lzma->dicPos))
            return -XEN_EINTR;
    }
    return lzma->dicPos == u->room ? 0 : -XEN_EINVAL;
}

/* A header of properties and size (which need not be there), and one stream. */
int unpack_lzma(const struct unpacking *u)
{
    CLzmaDec lzma;
    SRes result;
    int rc;

    if (u->in_size < LZMA_HEADER)
        return -XEN_EINVAL;
    LzmaDec_CONSTRUCT(&lzma) result =
        LzmaDec_AllocateProbs(&lzma, u->in, LZMA_PROPS_SIZE, &memory);
    if (result != SZ_OK)
        return code(result);
    lzma.dic = u->out;
    lzma.dicBufSize = u->room;
    rc = unpack_lzma_stream(u, &lzma);
    LzmaDec_FreeProbs(&lzma, &memory);
    return rc;
}
