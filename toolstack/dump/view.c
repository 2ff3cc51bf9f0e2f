/* SPDX-License-Identifier: MIT */
/*
 * The program headers of a core: what its domain saw at which address, for readers that
 * know nothing of Xen's sections. The page tables are the domain's and may say anything.
 * Linux has the same tables at two addresses, and some at hundreds; each page is read as a
 * table a few times at the most, which bounds the work.
 */
#include "dump.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>

#define MAX_RUNS     (1u << 18)
#define MAX_TIMES    4 /* that a table is followed */
#define LEVELS       4
#define KERNEL_HALF  (PER_FRAME / 2)
#define PRESENT      1ull
#define FRAME_OF(e)  ((e) >> 12 & ((1ull << 40) - 1))
#define READ_AT_ONCE 256 /* entries of the list */
#define PUT_AT_ONCE  64  /* program headers */
#define NR_REGISTERS 27

/* A page of the core. */
struct frame {
    uint64_t mfn, index;
};

/* Pages one after the other, in addresses and in the file. */
struct run {
    uint64_t address, index, n;
};

struct view {
    const struct ts_core_file *file;
    struct ts_err *err;
    Elf64_Ehdr header;
    Elf64_Shdr section[NR_SECTIONS];
    struct frame *frames; /* ascending mfn */
    uint8_t *times;       /* that each page was followed as a table */
    uint64_t nr_frames, nr_vcpus;
    struct run *runs;
    unsigned int nr_runs, room;
    struct vcpu_guest_context context;
    uint64_t table[LEVELS][PER_FRAME];
};

static int no_memory(const struct view *v)
{
    return ts_fail(v->err, -XEN_ENOMEM, "no memory to make the core readable for gdb");
}

static int get(const struct view *v, uint64_t offset, void *bytes, size_t n)
{
    int rc = v->file->get(v->file->context, offset, bytes, n);

    return rc ? ts_fail(v->err, rc, "the core cannot be read again: %s", ts_err_text(rc))
              : 0;
}

static int put(const struct view *v, uint64_t offset, const void *bytes, size_t n)
{
    int rc = v->file->put(v->file->context, offset, bytes, n);

    return rc ? ts_fail(v->err, rc, "the core cannot be written: %s", ts_err_text(rc))
              : 0;
}

/* --- what is in the core --- */

static bool is_right(const struct view *v)
{
    const Elf64_Shdr *s = v->section;
    uint64_t pages = s[PAGES].sh_size / TS_PAGE_SIZE, end = s[STRINGS].sh_offset;

    return end < INT64_MAX && s[STRINGS].sh_size < TAIL_BYTES &&
           s[PAGES].sh_offset <= end && s[PAGES].sh_size <= end - s[PAGES].sh_offset &&
           s[PAGES].sh_size % TS_PAGE_SIZE == 0 &&
           s[P2M].sh_size == pages * sizeof(struct dump_p2m_entry) &&
           s[PRSTATUS].sh_size <= end &&
           s[PRSTATUS].sh_size % sizeof(struct vcpu_guest_context) == 0;
}

static int read_header(struct view *v)
{
    const Elf64_Ehdr *h = &v->header;
    char byte;
    int rc = get(v, 0, &v->header, sizeof(v->header));

    if (!rc)
        rc = get(v, sizeof(v->header), v->section, sizeof(v->section));
    if (rc)
        return rc;
    if (memcmp(h->e_ident, ELFMAG, SELFMAG) || h->e_shoff != sizeof(*h) ||
        h->e_shnum != NR_SECTIONS || !is_right(v))
        return ts_fail(v->err, -XEN_EINVAL, "this is not a core that was just written");
    /* The names are the last section: when they are there, all pages are. */
    rc = get(v, v->section[STRINGS].sh_offset, &byte, 1);
    if (rc)
        return rc;
    v->nr_frames = v->section[PAGES].sh_size / TS_PAGE_SIZE;
    v->nr_vcpus = v->section[PRSTATUS].sh_size / sizeof(struct vcpu_guest_context);
    return 0;
}

static int compare(const void *a, const void *b)
{
    const struct frame *x = a, *y = b;

    return x->mfn < y->mfn ? -1 : x->mfn > y->mfn;
}

static int read_frames(struct view *v)
{
    struct dump_p2m_entry entries[READ_AT_ONCE];
    uint64_t n = v->nr_frames;

    v->frames = malloc((n + 1) * sizeof(*v->frames));
    v->times = calloc(n + 1, 1);
    if (!v->frames || !v->times)
        return no_memory(v);
    for (uint64_t i = 0; i < n; i++) {
        uint64_t at = v->section[P2M].sh_offset + i * sizeof(*entries);
        size_t now = n - i < READ_AT_ONCE ? n - i : READ_AT_ONCE;

        if (i % READ_AT_ONCE == 0 && get(v, at, entries, now * sizeof(*entries)))
            return v->err->code;
        v->frames[i] = (struct frame){ entries[i % READ_AT_ONCE].mfn, i };
    }
    qsort(v->frames, n, sizeof(*v->frames), compare);
    return 0;
}

/* --- addresses --- */

static const struct frame *find(const struct view *v, uint64_t mfn)
{
    const struct frame wanted = { .mfn = mfn };

    return bsearch(&wanted, v->frames, v->nr_frames, sizeof(wanted), compare);
}

static int add_page(struct view *v, uint64_t address, uint64_t index)
{
    struct run *last = v->nr_runs ? &v->runs[v->nr_runs - 1] : NULL;
    struct run *more;

    if (last && address - last->address == last->n * TS_PAGE_SIZE &&
        index == last->index + last->n) {
        last->n++;
        return 0;
    }
    if (v->nr_runs == v->room) {
        v->room = v->room ? v->room * 2 : 1024;
        more = realloc(v->runs, v->room * sizeof(*more));
        if (!more)
            return no_memory(v);
        v->runs = more;
    }
    v->runs[v->nr_runs++] = (struct run){ address, index, 1 };
    return 0;
}

static uint64_t canonical(uint64_t address)
{
    return address >> 47 ? address | 0xffffull << 48 : address;
}

/* The table's page, if it is in the core and may be followed (again). */
static bool take_table(struct view *v, uint64_t mfn, uint64_t *index)
{
    const struct frame *f = find(v, mfn);

    if (!f || v->times[f->index] == MAX_TIMES)
        return false;
    v->times[f->index]++;
    *index = f->index;
    return true;
}

static int follow(struct view *v, uint64_t mfn, unsigned int level, uint64_t base);

static int follow_entry(struct view *v, uint64_t mfn, unsigned int level,
                        uint64_t address)
{
    const struct frame *f;

    if (level)
        return follow(v, mfn, level - 1, address);
    f = find(v, mfn);
    return f ? add_page(v, canonical(address), f->index) : 0;
}

static int follow_entries(struct view *v, unsigned int level, uint64_t base,
                          unsigned int first, unsigned int end)
{
    int rc = 0;

    for (unsigned int i = first; i < end && !rc && v->nr_runs < MAX_RUNS; i++) {
        uint64_t entry = v->table[level][i];
        uint64_t address = base + ((uint64_t)i << (12 + 9 * level));

        if (entry & PRESENT)
            rc = follow_entry(v, FRAME_OF(entry), level, address);
    }
    return rc;
}

static int read_table(struct view *v, uint64_t mfn, unsigned int level, bool *is_there)
{
    uint64_t index;

    *is_there = take_table(v, mfn, &index);
    return *is_there ? get(v, v->section[PAGES].sh_offset + index * TS_PAGE_SIZE,
                           v->table[level], TS_PAGE_SIZE)
                     : 0;
}

static int follow(struct view *v, uint64_t mfn, unsigned int level, uint64_t base)
{
    bool is_there;
    int rc = read_table(v, mfn, level, &is_there);

    return rc || !is_there ? rc : follow_entries(v, level, base, 0, PER_FRAME);
}

/* By the tables of the first vCPU, the kernel's half first. */
static int read_tables(struct view *v)
{
    const unsigned int top = LEVELS - 1;
    bool is_there;
    int rc;

    if (!v->nr_vcpus)
        return 0;
    rc = get(v, v->section[PRSTATUS].sh_offset, &v->context, sizeof(v->context));
    if (!rc)
        rc = read_table(v, FRAME_OF(v->context.ctrlreg[3]), top, &is_there);
    if (rc || !is_there)
        return rc;
    rc = follow_entries(v, top, 0, KERNEL_HALF, PER_FRAME);
    return rc ? rc : follow_entries(v, top, 0, 0, KERNEL_HALF);
}

/* --- registers --- */

struct note {
    uint32_t name_size, size, type;
    char name[8];
};

/* NT_PRSTATUS of x86-64 Linux */
struct prstatus {
    int32_t info[3];
    int16_t signal;
    uint64_t pending, held;
    int32_t pid, parent, group, session;
    uint64_t times[8];
    uint64_t registers[NR_REGISTERS];
    int32_t has_fpu;
};

_Static_assert(sizeof(struct note) == 20 && sizeof(struct prstatus) == 336,
               "as in Linux' cores");

#define NOTE_BYTES (sizeof(struct note) + sizeof(struct prstatus))

static void fill_registers(const struct vcpu_guest_context *c, uint64_t *to)
{
    const struct cpu_user_regs *r = &c->user_regs;
    uint64_t gs_base = c->flags & VGCF_in_kernel ? c->gs_base_kernel : c->gs_base_user;
    const uint64_t no_system_call = ~0ull;
    const uint64_t registers[NR_REGISTERS] = {
        r->r15,     r->r14,         r->r13, r->r12, r->rbp,    r->rbx, r->r11,
        r->r10,     r->r9,          r->r8,  r->rax, r->rcx,    r->rdx, r->rsi,
        r->rdi,     no_system_call, r->rip, r->cs,  r->rflags, r->rsp, r->ss,
        c->fs_base, gs_base,        r->ds,  r->es,  r->fs,     r->gs,
    };

    memcpy(to, registers, sizeof(registers));
}

static int put_notes(struct view *v, uint64_t at)
{
    const struct note note = { sizeof("CORE"), sizeof(struct prstatus), NT_PRSTATUS,
                               "CORE" };
    uint64_t from = v->section[PRSTATUS].sh_offset;
    int rc = 0;

    for (uint64_t i = 0; i < v->nr_vcpus && !rc; i++, at += NOTE_BYTES) {
        struct prstatus status = { .pid = (int32_t)i + 1 };

        rc = get(v, from + i * sizeof(v->context), &v->context, sizeof(v->context));
        fill_registers(&v->context, status.registers);
        if (!rc)
            rc = put(v, at, &note, sizeof(note));
        if (!rc)
            rc = put(v, at + sizeof(note), &status, sizeof(status));
    }
    return rc;
}

/* --- headers --- */

static Elf64_Phdr load_of(const struct view *v, const struct run *run)
{
    return (Elf64_Phdr){
        .p_type = PT_LOAD,
        .p_flags = PF_R | PF_W | PF_X,
        .p_offset = v->section[PAGES].sh_offset + run->index * TS_PAGE_SIZE,
        .p_vaddr = run->address,
        .p_filesz = run->n * TS_PAGE_SIZE,
        .p_memsz = run->n * TS_PAGE_SIZE,
        .p_align = TS_PAGE_SIZE,
    };
}

static int put_loads(const struct view *v, uint64_t at)
{
    Elf64_Phdr loads[PUT_AT_ONCE];
    unsigned int n = 0;
    int rc = 0;

    for (unsigned int i = 0; i < v->nr_runs && !rc; i++) {
        loads[n++] = load_of(v, &v->runs[i]);
        if (n < PUT_AT_ONCE && i + 1 < v->nr_runs)
            continue;
        rc = put(v, at, loads, n * sizeof(*loads));
        at += n * sizeof(*loads);
        n = 0;
    }
    return rc;
}

/* Their number has its place in section 0 when it is too large for the header. */
static int put_head(struct view *v, uint64_t at, uint64_t n)
{
    v->header.e_phoff = at;
    v->header.e_phentsize = sizeof(Elf64_Phdr);
    v->header.e_phnum = n < PN_XNUM ? (Elf64_Half)n : PN_XNUM;
    if (n >= PN_XNUM)
        v->section[NONE].sh_info = (Elf64_Word)n;
    return put(v, v->header.e_shoff, v->section, sizeof(v->section[0])) ||
                   put(v, 0, &v->header, sizeof(v->header))
               ? v->err->code
               : 0;
}

/* Behind all the rest. */
static int put_headers(struct view *v)
{
    uint64_t end = v->section[STRINGS].sh_offset + v->section[STRINGS].sh_size;
    uint64_t at = (end + TS_PAGE_SIZE - 1) / TS_PAGE_SIZE * TS_PAGE_SIZE;
    uint64_t n = 1 + (uint64_t)v->nr_runs, notes = at + n * sizeof(Elf64_Phdr);
    const Elf64_Phdr note = {
        .p_type = PT_NOTE,
        .p_offset = notes,
        .p_filesz = v->nr_vcpus * NOTE_BYTES,
        .p_align = 4,
    };
    int rc = put(v, at, &note, sizeof(note));

    if (!rc)
        rc = put_loads(v, at + sizeof(note));
    if (!rc)
        rc = put_notes(v, notes);
    return rc ? rc : put_head(v, at, n);
}

int ts_core_add_view(const struct ts_core_file *file, struct ts_err *err)
{
    struct view *v = calloc(1, sizeof(*v));
    int rc;

    if (!v)
        return ts_fail(err, -XEN_ENOMEM, "out of memory");
    v->file = file;
    v->err = err;
    rc = read_header(v);
    if (!rc)
        rc = read_frames(v);
    if (!rc)
        rc = read_tables(v);
    if (!rc)
        rc = put_headers(v);
    free(v->frames);
    free(v->times);
    free(v->runs);
    free(v);
    return rc;
}
