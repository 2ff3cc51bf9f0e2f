/* SPDX-License-Identifier: MIT */
/*
 * console_io: text of guests. A privileged domain writes to the system console as it
 * is. What others write is for debugging: whole lines, named after their domain, as
 * messages of the guests' debug level (filtered and rate limited). Their unfinished
 * line is kept with the domain, in memory taken when it first writes.
 */
#include <hv/console.h>
#include <hv/domain.h>
#include <hv/heap.h>
#include <hv/hypercall.h>
#include <hv/lib.h>
#include <hv/parts.h>
#include <hv/softirq.h>

#define CHUNK_BYTES 128u /* between two looks at what waits for this CPU */
#define LINE_BYTES  120

struct conio_line {
    struct spinlock lock; /* CONIO: what follows */
    unsigned int len;
    char text[LINE_BYTES];
};

/* Null when there is no memory. */
static struct conio_line *line_of(struct domain *d)
{
    struct conio_line *line = READ_ONCE(d->conio), *none = NULL;

    if (line)
        return line;
    line = hv_new(struct conio_line);
    if (!line)
        return NULL;
    spin_init(&line->lock, LOCK_CONIO);
    if (__atomic_compare_exchange_n(&d->conio, &none, line, false, __ATOMIC_ACQ_REL,
                                    __ATOMIC_ACQUIRE))
        return line;
    hv_free(line); /* another vCPU was first */
    return none;
}

static void line_flush(struct domain *d, struct conio_line *line)
{
    line->text[line->len] = '\0';
    guest_printf(LOG_DEBUG, "(d%u) %s\n", d->id, line->text);
    line->len = 0;
}

/* Control characters would let a guest forge or garble other output. */
static void line_add(struct domain *d, struct conio_line *line, char c)
{
    if (c == '\n') {
        line_flush(d, line);
        return;
    }
    if (c == '\t')
        c = ' ';
    if (c >= ' ' && c < 0x7f)
        line->text[line->len++] = c;
    if (line->len == LINE_BYTES - 1)
        line_flush(d, line);
}

static int write_debug(struct domain *d, const char *text, size_t n)
{
    struct conio_line *line = line_of(d);

    if (!line)
        return -ENOMEM;
    spin_lock(&line->lock);
    while (n--)
        line_add(d, line, *text++);
    spin_unlock(&line->lock);
    return 0;
}

static int write_chunk(struct domain *d, const char *text, size_t n)
{
    if (!d->is_privileged)
        return write_debug(d, text, n);
    console_write(text, n);
    return 0;
}

/* 0; -EFAULT; -ENOMEM. Restarts between chunks. */
long console_io_write(unsigned int count, XEN_GUEST_HANDLE(char) buffer)
{
    char chunk[CHUNK_BYTES];

    while (count) {
        unsigned int n = min(count, CHUNK_BYTES);
        int rc;

        if (guest_read(chunk, (unsigned long)buffer.p, n))
            return -EFAULT;
        rc = write_chunk(current->domain, chunk, n);
        if (rc)
            return rc;
        count -= n;
        buffer.p += n;
        if (count && preempt_wanted())
            return hypercall_continue(__HYPERVISOR_console_io, 3, CONSOLEIO_write, count,
                                      (unsigned long)buffer.p);
    }
    return 0;
}

/* The bytes read, at most a chunk; -E2BIG count does not fit an int; -EFAULT: what was
 * read is lost. */
long console_io_read(unsigned int count, XEN_GUEST_HANDLE(char) buffer)
{
    char chunk[CHUNK_BYTES];
    size_t n;

    if (count > INT32_MAX)
        return -E2BIG;
    n = console_read(chunk, min(count, CHUNK_BYTES));
    return guest_write((unsigned long)buffer.p, chunk, n) ? -EFAULT : (long)n;
}

int conio_domain_create(struct domain *d, const struct xen_domctl_createdomain *cfg)
{
    (void)cfg;
    d->conio = NULL;
    return 0;
}

int conio_domain_relinquish(struct domain *d)
{
    (void)d;
    return 0;
}

void conio_domain_destroy(struct domain *d)
{
    hv_free(d->conio);
}

int conio_vcpu_create(struct vcpu *v)
{
    (void)v;
    return 0;
}

void conio_vcpu_destroy(struct vcpu *v)
{
    (void)v;
}
