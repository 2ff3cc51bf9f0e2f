/* SPDX-License-Identifier: MIT */
/*
 * Where the payload of a kernel file is and how it is packed. A bzImage (Linux' x86 boot
 * protocol, 2.08 or later) is code for real mode, whose header says where in the rest the
 * packed ELF file lies. Its last four bytes are the unpacked size.
 */
#include "unpack.h"

#include <string.h>

/* Offsets in the boot protocol's header. */
enum {
    SETUP_SECTORS = 0x1f1,
    MAGIC = 0x202,
    PROTOCOL = 0x206,
    VERSION_TEXT = 0x20e, /* less SECTOR */
    PAYLOAD_OFFSET = 0x248,
    HEADER_END = 0x250,
    SECTOR = 512,
    DEFAULT_SECTORS = 4,
    FIRST_PROTOCOL = 0x208,
};

static uint32_t get32(const uint8_t *p)
{
    return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static uint32_t get16(const uint8_t *p)
{
    return p[0] | (uint32_t)p[1] << 8;
}

static const struct mark {
    enum ts_packing packing;
    uint8_t size, bytes[9];
} marks[] = {
    { TS_PACKING_GZIP, 3, { 0x1f, 0x8b, 0x08 } },
    { TS_PACKING_XZ, 6, { 0xfd, '7', 'z', 'X', 'Z', 0x00 } },
    { TS_PACKING_LZ4, 4, { 0x02, 0x21, 0x4c, 0x18 } },
    { TS_PACKING_ZSTD, 4, { 0x28, 0xb5, 0x2f, 0xfd } },
    { TS_PACKING_LZO, 9, { 0x89, 'L', 'Z', 'O', 0x00, 0x0d, 0x0a, 0x1a, 0x0a } },
    { TS_PACKING_BZIP2, 3, { 'B', 'Z', 'h' } },
    { TS_PACKING_LZMA, 3, { 0x5d, 0x00, 0x00 } },
};

static enum ts_packing packing_of(const uint8_t *data, size_t n)
{
    for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++)
        if (n >= marks[i].size && !memcmp(data, marks[i].bytes, marks[i].size))
            return marks[i].packing;
    return TS_PACKING_UNKNOWN;
}

static void take_version(const uint8_t *file, size_t size, struct ts_payload *payload)
{
    uint32_t at = get16(file + VERSION_TEXT);
    size_t i = 0;

    if (!at)
        return;
    for (at += SECTOR; at < size && i < sizeof(payload->version) - 1; at++, i++) {
        if (file[at] < ' ' || file[at] > '~')
            break;
        payload->version[i] = (char)file[at];
    }
    payload->version[i] = '\0';
}

static bool is_bzimage(const uint8_t *file, size_t size)
{
    return size >= HEADER_END && !memcmp(file + MAGIC, "HdrS", 4);
}

/* The size that stands behind the packed bytes; gzip has it as the last part of them. */
static int take_size(struct ts_payload *payload, struct ts_err *err)
{
    if (payload->size < 4)
        return ts_fail(err, -XEN_ENOEXEC, "is corrupt: its payload is empty");
    payload->unpacked_size = get32(payload->data + payload->size - 4);
    if (payload->packing != TS_PACKING_GZIP)
        payload->size -= 4;
    return 0;
}

static int find_in_bzimage(const uint8_t *file, size_t size, struct ts_payload *payload,
                           struct ts_err *err)
{
    uint32_t sectors = file[SETUP_SECTORS] ? file[SETUP_SECTORS] : DEFAULT_SECTORS;
    uint64_t start = (uint64_t)(sectors + 1) * SECTOR + get32(file + PAYLOAD_OFFSET);
    uint64_t length = get32(file + PAYLOAD_LENGTH);

    payload->is_bzimage = true;
    take_version(file, size, payload);
    if (get16(file + PROTOCOL) < FIRST_PROTOCOL)
        return ts_fail(err, -XEN_ENOEXEC, "is a bzImage from before Linux 2.6.25");
    if (start > size || length > size - start)
        return ts_fail(err, -XEN_ENOEXEC, "is cut off: its payload is not complete");
    payload->data = file + start;
    payload->size = (size_t)length;
    payload->packing = packing_of(payload->data, payload->size);
    return take_size(payload, err);
}

int ts_payload_find(const void *file, size_t size, struct ts_payload *payload,
                    struct ts_err *err)
{
    memset(payload, 0, sizeof(*payload));
    if (is_bzimage(file, size))
        return find_in_bzimage(file, size, payload, err);
    payload->data = file;
    payload->size = size;
    payload->unpacked_size = size;
    if (packing_of(file, size) != TS_PACKING_GZIP)
        return 0;
    payload->packing = TS_PACKING_GZIP;
    return take_size(payload, err);
}
