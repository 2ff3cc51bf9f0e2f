/* SPDX-License-Identifier: MIT */
/*
 * The domain builder on the model hypervisor: what a guest finds is looked at through
 * its own page tables. Images that cannot run are refused with the reason.
 */
#include "test.h"
#include "ts_fake.h"

#include <stdio.h>
#include <stdlib.h>

#include <abi/elfnote.h>
#include <abi/grant_table.h>

#define BASE 0x400000ull

static struct ts_hv *hv;
static struct ts_kernel kernel;
static struct ts_err err;

static void parse_kernel(void)
{
    size_t size;
    const void *data = fake_kernel(&size);

    memset(&err, 0, sizeof(err));
    assert_int_equal(ts_kernel_parse(data, size, &kernel, &err), 0);
}

static int start(void **state)
{
    (void)state;
    hv = fake_hv_start(8192);
    parse_kernel();
    return 0;
}

static int stop(void **state)
{
    (void)state;
    fake_hv_check_empty();
    fake_hv_stop();
    return 0;
}

static domid_t new_domain(uint64_t kib)
{
    struct ts_domain_params params = { .max_vcpus = 2, .max_event_port = 63 };
    domid_t id;

    assert_int_equal(hv->ops->domain_create(hv, &params, &id), 0);
    assert_int_equal(hv->ops->domain_set_max_mem(hv, id, kib), 0);
    assert_int_equal(hv->ops->domain_set_max_vcpus(hv, id, 2), 0);
    return id;
}

static struct ts_build_request request_for(domid_t id, uint64_t kib)
{
    return (struct ts_build_request){
        .id = id,
        .kernel = &kernel,
        .cmdline = "one two",
        .memory_kib = kib,
        .max_vcpus = 2,
        .console_port = 5,
        .store_port = 6,
    };
}

/* --- the guest's view --- */

/* The level 1 entry for va in a domain's tables; 0: not mapped. */
static uint64_t entry_of(domid_t id, uint64_t va)
{
    uint64_t mfn = fake_root(id), entry = 0;

    for (unsigned int level = 4; level >= 1; level--) {
        const uint64_t *table = fake_frame(mfn);

        entry = table[va >> (12 + 9 * (level - 1)) & 511];
        if (!(entry & 1))
            return 0;
        mfn = entry >> 12;
        assert_int_equal(fake_frame_owner(mfn), id);
    }
    return entry;
}

static void *at(domid_t id, uint64_t va)
{
    uint64_t entry = entry_of(id, va);

    assert_int_not_equal(entry, 0);
    return (uint8_t *)fake_frame(entry >> 12) + va % TS_PAGE_SIZE;
}

static const struct start_info *start_info_of(domid_t id)
{
    return at(id, fake_context(id)->user_regs.rsi);
}

/* Every mapped page is the one its p2m and M2P say; tables are not writable. */
static void check_mapping(domid_t id)
{
    const struct start_info *si = start_info_of(id);

    for (uint64_t pfn = 0; pfn < si->nr_pages; pfn++) {
        const uint64_t *p2m = at(id, si->mfn_list + pfn * 8);
        uint64_t entry = entry_of(id, BASE + pfn * TS_PAGE_SIZE);
        uint64_t va = BASE + pfn * TS_PAGE_SIZE;
        bool is_table = va - si->pt_base < si->nr_pt_frames * TS_PAGE_SIZE;

        assert_int_equal(fake_frame_owner(*p2m), id);
        assert_int_equal(fake_m2p(*p2m), pfn);
        if (!entry)
            continue;
        assert_int_equal(entry >> 12, *p2m);
        assert_int_equal(!(entry & 2), is_table);
    }
}

static void check_start_info(domid_t id, const struct ts_build_result *result)
{
    const struct start_info *si = start_info_of(id);

    assert_string_equal(si->magic, "xen-3.0-x86_64");
    assert_string_equal((const char *)si->cmd_line, "one two");
    assert_int_equal(si->console.domU.mfn, result->console_mfn);
    assert_int_equal(si->store_mfn, result->store_mfn);
    assert_int_equal(si->console.domU.evtchn, 5);
    assert_int_equal(si->store_evtchn, 6);
    assert_int_equal(fake_frame_owner(si->shared_info >> 12), id);
    assert_int_equal(entry_of(id, si->pt_base) >> 12, fake_root(id));
    assert_int_equal(fake_grant(id, GNTTAB_RESERVED_CONSOLE, 0), result->console_mfn);
    assert_int_equal(fake_grant(id, GNTTAB_RESERVED_XENSTORE, 0), result->store_mfn);
}

static void check_image(domid_t id)
{
    for (unsigned int i = 0; i < 2 * TS_PAGE_SIZE; i++)
        assert_int_equal(*(uint8_t *)at(id, BASE + i), (uint8_t)(i * 7 + i / 4096));
    for (unsigned int i = 0; i < TS_PAGE_SIZE; i++)
        assert_int_equal(*(uint8_t *)at(id, BASE + 2 * TS_PAGE_SIZE + i), 0);
}

static void check_vcpu(domid_t id)
{
    const struct vcpu_guest_context *c = fake_context(id);
    const struct shared_info *shared = fake_frame(start_info_of(id)->shared_info >> 12);

    assert_int_equal(c->user_regs.rip, BASE + 32);
    assert_int_not_equal(entry_of(id, c->user_regs.rsp - 8), 0);
    assert_int_not_equal(entry_of(id, c->user_regs.rsp - 8) & 2, 0);
    assert_int_equal(shared->vcpu_info[0].evtchn_upcall_mask, 1);
    assert_int_equal(shared->vcpu_info[1].evtchn_upcall_mask, 1);
    assert_int_equal(shared->vcpu_info[2].evtchn_upcall_mask, 0);
    assert_int_equal(entry_of(id, BASE + 4096) >> 12, fake_hypercall_page(id));
}

static domid_t build_and_check(const struct ts_build_request *wanted)
{
    struct ts_build_request request = *wanted;
    struct ts_build_result result;

    request.id = new_domain(request.memory_kib);
    assert_int_equal(ts_build_domain(hv, &request, &result, &err), 0);
    assert_int_equal(fake_nr_maps(), 0);
    check_mapping(request.id);
    check_start_info(request.id, &result);
    check_image(request.id);
    check_vcpu(request.id);
    return request.id;
}

static void destroy(domid_t id)
{
    assert_int_equal(hv->ops->domain_destroy(hv, id), 0);
}

/* --- tests --- */

static void smallest_guest(void **state)
{
    struct ts_build_request request = request_for(0, ts_build_least_kib(&kernel, 0));

    (void)state;
    assert_true(request.memory_kib < 80);
    destroy(build_and_check(&request));
}

static void two_mib_take_few_calls(void **state)
{
    struct ts_build_request request = request_for(0, 2048);
    unsigned long before;

    (void)state;
    before = fake_nr_calls();
    destroy(build_and_check(&request));
    assert_true(fake_nr_calls() - before < 20);
}

static void fragmented_memory(void **state)
{
    struct ts_build_request request = request_for(0, 2048 + 84);

    (void)state;
    for (unsigned int order = 0; order < 10; order += 3) {
        fake_largest_order(order);
        destroy(build_and_check(&request));
    }
}

/* More pages than are mapped at a time, a ramdisk whose end is not aligned. */
static void large_ramdisk(void **state)
{
    size_t size = 3000 * TS_PAGE_SIZE + 17;
    uint8_t *ramdisk = malloc(size);
    struct ts_build_request request = request_for(0, 24 << 10);
    const struct start_info *si;
    domid_t id;

    (void)state;
    for (size_t i = 0; i < size; i++)
        ramdisk[i] = (uint8_t)(i ^ i >> 8 ^ i >> 16);
    request.ramdisk = ramdisk;
    request.ramdisk_size = size;
    fake_largest_order(4);
    id = build_and_check(&request);
    si = start_info_of(id);
    assert_int_equal(si->mod_len, size);
    for (size_t i = 0; i < size; i += 61)
        assert_int_equal(*(uint8_t *)at(id, si->mod_start + i), ramdisk[i]);
    assert_int_equal(*(uint8_t *)at(id, si->mod_start + size - 1), ramdisk[size - 1]);
    destroy(id);
    free(ramdisk);
}

/* The list at an address of the image's choice, in slots of the tables of its own or
 * shared with the initial mapping. */
static void p2m_elsewhere(void **state)
{
    static const uint64_t places[] = { 0x8000000000, 0x40000000, 0x4000000,
                                       0x1000000000 };

    (void)state;
    for (unsigned int i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        struct ts_build_request request = request_for(0, 12 << 10);
        const struct start_info *si;
        domid_t id;

        kernel.init_p2m = places[i];
        kernel.mod_start_pfn = true;
        request.ramdisk = "ramdisk";
        request.ramdisk_size = 8;
        id = build_and_check(&request);
        si = start_info_of(id);
        assert_int_equal(si->mfn_list, places[i]);
        assert_int_equal(si->flags, SIF_MOD_START_PFN);
        assert_string_equal(at(id, BASE + si->mod_start * TS_PAGE_SIZE), "ramdisk");
        assert_int_equal(*(uint64_t *)at(id, places[i] + si->first_p2m_pfn * 8),
                         entry_of(id, places[i]) >> 12);
        destroy(id);
    }
    kernel.init_p2m = BASE + TS_PAGE_SIZE; /* inside the initial mapping */
    {
        struct ts_build_request request = request_for(new_domain(12 << 10), 12 << 10);
        struct ts_build_result result;

        assert_int_equal(ts_build_domain(hv, &request, &result, &err), -XEN_E2BIG);
        destroy(request.id);
    }
}

static void refused_requests(void **state)
{
    struct ts_build_request request = request_for(new_domain(40), 40);
    static char line[MAX_GUEST_CMDLINE + 1];
    struct ts_build_result result;

    (void)state;
    assert_int_equal(ts_build_domain(hv, &request, &result, &err), -XEN_E2BIG);
    assert_string_equal(err.text,
                        "40 KiB of memory are too little for its kernel: it needs 48");
    memset(&err, 0, sizeof(err));
    memset(line, 'x', MAX_GUEST_CMDLINE);
    request.memory_kib = 2048;
    request.cmdline = line;
    assert_int_equal(ts_build_domain(hv, &request, &result, &err), -XEN_EINVAL);
    memset(&err, 0, sizeof(err));
    line[MAX_GUEST_CMDLINE - 1] = '\0';
    assert_int_equal(ts_build_domain(hv, &request, &result, &err), -XEN_ENOMEM);
    assert_string_equal(err.text,
                        "out of memory: 40 of the 2048 KiB for it could be had");
    memset(&err, 0, sizeof(err));
    request.memory_kib = ~0ull;
    assert_int_equal(ts_build_domain(hv, &request, &result, &err), -XEN_E2BIG);
    destroy(request.id);
}

/* Whatever fails, there is a reason, and nothing is left but the domain. */
static void every_call_fails(void **state)
{
    (void)state;
    for (unsigned long n = 1;; n++) {
        struct ts_build_request request = request_for(new_domain(8192), 8192);
        struct ts_build_result result;
        int rc;

        kernel.init_p2m = 0x8000000000;
        memset(&err, 0, sizeof(err));
        fake_fail_at(n);
        rc = ts_build_domain(hv, &request, &result, &err);
        fake_fail_at(0);
        destroy(request.id);
        assert_int_equal(fake_nr_maps(), 0);
        if (!rc)
            break;
        assert_int_not_equal(err.text[0], 0);
    }
}

static void every_allocation_fails(void **state)
{
    (void)state;
    for (unsigned long n = 1;; n++) {
        struct ts_build_request request = request_for(new_domain(2048), 2048);
        struct ts_build_result result;
        int rc;

        memset(&err, 0, sizeof(err));
        fake_fail_alloc_at(n);
        rc = ts_build_domain(hv, &request, &result, &err);
        fake_fail_alloc_at(0);
        destroy(request.id);
        if (!rc)
            break;
        assert_int_equal(rc, -XEN_ENOMEM);
        assert_int_not_equal(err.text[0], 0);
    }
}

/* --- images --- */

/* The image with some bytes changed; it must be refused with this text in the reason. */
static void check_refused(size_t offset, const void *bytes, size_t n, const char *reason)
{
    struct ts_kernel bad;
    size_t size;
    uint8_t *image = (uint8_t *)(uintptr_t)fake_kernel(&size);

    memset(&err, 0, sizeof(err));
    memcpy(image + offset, bytes, n);
    assert_int_equal(ts_kernel_parse(image, size, &bad, &err), -XEN_ENOEXEC);
    if (!strstr(err.text, reason))
        fail_msg("\"%s\" instead of \"%s\"", err.text, reason);
}

static size_t note_offset(uint32_t type)
{
    size_t size;
    const uint8_t *image = fake_kernel(&size);
    uint32_t head[3];

    for (size_t offset = 256;; offset += 16 + ((head[1] + 3) & ~3u)) {
        memcpy(head, image + offset, sizeof(head));
        assert_int_not_equal(head[0], 0);
        if (head[2] == type)
            return offset;
    }
}

static void bad_images(void **state)
{
    static const uint64_t huge = 1ull << 62, high = 0xffff900000000000;
    static const uint64_t wraps = 0xfffffffffffff000, hole = 0x900000000000;
    static const uint32_t os = XEN_ELFNOTE_GUEST_OS;

    (void)state;
    check_refused(0, "MZ", 2, "is not an ELF file");
    check_refused(4, "\1", 1, "is a 32-bit kernel");
    check_refused(18, "\x28", 1, "is not for x86-64");
    check_refused(32, &huge, 8, "has no usable program headers");
    check_refused(64 + 32, &huge, 8, "ends after the file does");
    check_refused(64 + 40, &huge, 8, "has a segment outside the first 2048 MiB");
    check_refused(64 + 56 + 32, &huge, 8, "its notes end after the file does");
    check_refused(note_offset(XEN_ELFNOTE_XEN_VERSION) + 16, "xen-9.9", 7,
                  "another interface than xen-3.0");
    check_refused(note_offset(XEN_ELFNOTE_XEN_VERSION) + 8, &os, 4, "has no Xen notes");
    check_refused(note_offset(XEN_ELFNOTE_LOADER) + 16, "special", 7, "wants a loader");
    check_refused(note_offset(XEN_ELFNOTE_ENTRY) + 16, &high, 8, "has its entry point");
    check_refused(note_offset(XEN_ELFNOTE_HYPERCALL_PAGE) + 16, &high, 8,
                  "has its hypercall page outside");
    check_refused(note_offset(XEN_ELFNOTE_VIRT_BASE) + 16, &wraps, 8,
                  "has a segment outside");
    check_refused(note_offset(XEN_ELFNOTE_VIRT_BASE) + 16, &hole, 8,
                  "which a guest cannot have");
    check_refused(note_offset(XEN_ELFNOTE_VIRT_BASE) + 4, "\5", 1,
                  "has a note VIRT_BASE of 5 bytes");
    check_refused(note_offset(XEN_ELFNOTE_VIRT_BASE) + 4, "\xff\xff\xff\xff", 4,
                  "has a note that runs past");
}

static void required_features(void **state)
{
    static const uint32_t type = XEN_ELFNOTE_FEATURES;
    static const struct {
        const char *text, *reason;
    } rows[] = {
        { "!wings", "needs the feature \"wings\", which is not known" },
        { "!dom0", "needs the feature \"dom0\", which is not offered" },
        { "wings||", NULL },
        { "x|!dom0", "needs the feature \"dom0\", which is not offered" },
    };

    (void)state;
    for (unsigned int i = 0; i < 4; i++) {
        size_t offset = note_offset(XEN_ELFNOTE_LOADER), size;
        uint8_t *image = (uint8_t *)(uintptr_t)fake_kernel(&size);
        struct ts_kernel k;
        int rc;

        memcpy(image + offset + 8, &type, 4);
        memset(image + offset + 16, 0, 8);
        memcpy(image + offset + 16, rows[i].text, strlen(rows[i].text));
        memset(&err, 0, sizeof(err));
        rc = ts_kernel_parse(image, size, &k, &err);
        assert_int_equal(rc, rows[i].reason ? -XEN_ENOEXEC : 0);
        if (rows[i].reason)
            assert_string_equal(err.text, rows[i].reason);
    }
}

static void notes_as_data(void **state)
{
    (void)state;
    assert_int_equal(kernel.format, TS_IMAGE_ELF64_NOTES);
    assert_int_equal(kernel.nr_notes, 7);
    assert_string_equal(kernel.note[0].name, "GUEST_OS");
    assert_string_equal(kernel.note[0].text, "fake");
    assert_string_equal(kernel.note[3].name, "VIRT_BASE");
    assert_true(kernel.note[3].is_number);
    assert_int_equal(kernel.note[3].number, BASE);
    assert_string_equal(kernel.guest_os, "fake");
}

/* The same kernel with a __xen_guest section in place of notes. */
static void guest_string(void **state)
{
    static const char string[] =
        "GUEST_OS=old,XEN_VER=xen-3.0,VIRT_BASE=0x400000,ELF_PADDR_OFFSET=0x0,"
        "VIRT_ENTRY=0x400020,HYPERCALL_PAGE=0x1,PAE=yes,LOADER=generic,UNKNOWN";
    static const char names[] = "\0__xen_guest";
    struct {
        uint32_t name, type;
        uint64_t flags, addr, offset, size;
        uint64_t rest[3];
    } section[2] = { { .offset = 512, .size = sizeof(names) },
                     { .name = 1, .type = 1, .offset = 1024, .size = sizeof(string) } };
    uint64_t where = 2048;
    uint16_t counts[2] = { 2, 0 };
    size_t size;
    uint8_t *image = (uint8_t *)(uintptr_t)fake_kernel(&size);

    (void)state;
    memset(image + 64 + 56, 0, 4); /* no note segment */
    memcpy(image + 512, names, sizeof(names));
    memcpy(image + 1024, string, sizeof(string));
    memcpy(image + 2048, section, sizeof(section));
    memcpy(image + 40, &where, 8);
    memcpy(image + 60, counts, 4);
    memset(&err, 0, sizeof(err));
    assert_int_equal(ts_kernel_parse(image, size, &kernel, &err), 0);
    assert_int_equal(kernel.format, TS_IMAGE_ELF64_STRING);
    assert_int_equal(kernel.entry, BASE + 32);
    assert_int_equal(kernel.hypercall_page, BASE + 4096);
    assert_string_equal(kernel.guest_os, "old");
    memcpy(image + 1024 + 8, "=", 1);
    memcpy(strstr((char *)image + 1024, "0x400020"), "0x4zz020", 8);
    assert_int_equal(ts_kernel_parse(image, size, &kernel, &err), -XEN_ENOEXEC);
    assert_string_equal(err.text,
                        "has a __xen_guest string without a number for VIRT_ENTRY");
    parse_kernel();
}

/* Cut off anywhere, an image is refused or read, never more than that. */
static void every_truncation(void **state)
{
    size_t size;
    const uint8_t *image = fake_kernel(&size);

    (void)state;
    for (size_t n = 0; n < size; n += n < 600 ? 1 : 509) {
        uint8_t *copy = malloc(n);
        struct ts_kernel k;

        memcpy(copy, image, n);
        memset(&err, 0, sizeof(err));
        assert_int_equal(ts_kernel_parse(copy, n, &k, &err), -XEN_ENOEXEC);
        assert_int_not_equal(err.text[0], 0);
        free(copy);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(smallest_guest, start, stop),
        cmocka_unit_test_setup_teardown(two_mib_take_few_calls, start, stop),
        cmocka_unit_test_setup_teardown(fragmented_memory, start, stop),
        cmocka_unit_test_setup_teardown(large_ramdisk, start, stop),
        cmocka_unit_test_setup_teardown(p2m_elsewhere, start, stop),
        cmocka_unit_test_setup_teardown(refused_requests, start, stop),
        cmocka_unit_test_setup_teardown(every_call_fails, start, stop),
        cmocka_unit_test_setup_teardown(every_allocation_fails, start, stop),
        cmocka_unit_test_setup_teardown(bad_images, start, stop),
        cmocka_unit_test_setup_teardown(required_features, start, stop),
        cmocka_unit_test_setup_teardown(notes_as_data, start, stop),
        cmocka_unit_test_setup_teardown(guest_string, start, stop),
        cmocka_unit_test_setup_teardown(every_truncation, start, stop),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
