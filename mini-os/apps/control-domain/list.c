/* SPDX-License-Identifier: MIT */
/* `list` and `info`. */
#include "control.h"

#include <stdio.h>

#include <abi/sched.h>

#define CHUNK 16

/* r running, b blocked, p paused, s shut down, c crashed, d dying; - for what it is not. */
static const char *state_text(const struct ts_domain_info *info, char text[7])
{
    bool crashed = info->state & TS_SHUTDOWN && info->shutdown_reason == SHUTDOWN_crash;

    snprintf(text, 7, "%c%c%c%c%c%c", info->state & TS_RUNNING ? 'r' : '-',
             info->state & TS_BLOCKED ? 'b' : '-', info->state & TS_PAUSED ? 'p' : '-',
             info->state & TS_SHUTDOWN ? 's' : '-', crashed ? 'c' : '-',
             info->state & TS_DYING ? 'd' : '-');
    return text;
}

static void print_heading(void)
{
    printf("%-40s %5s %5s %5s   State  Time(s)\n", "Name", "ID", "Mem", "VCPUs");
}

/* A domain that is dying, or another program's, has no record and so no name. */
static void print_domain(const struct ts_domain_info *info)
{
    const struct ts_domain *d = ts_domain_by_id(control_manager, info->id);
    char state[7];

    printf("%-40s %5u %5llu %5u   %s %5llu.%llu\n", d ? d->name : "(null)", info->id,
           (unsigned long long)(info->nr_pages * TS_PAGE_SIZE >> 20), info->nr_vcpus,
           state_text(info, state), (unsigned long long)(info->cpu_time_ns / 1000000000),
           (unsigned long long)(info->cpu_time_ns / 100000000 % 10));
}

static int list_one(const char *what, struct ts_err *err)
{
    const struct ts_domain *d = ts_domain_find(control_manager, what, err);
    struct ts_domain_info info;
    int rc;

    if (!d)
        return -XEN_ESRCH;
    rc = control_hv->ops->domain_info(control_hv, d->id, &info);
    if (rc)
        return ts_fail(err, rc, "domain \"%s\": %s", what, ts_err_text(rc));
    print_heading();
    print_domain(&info);
    return 0;
}

int list_command(int count, char **words, struct ts_err *err)
{
    struct ts_domain_info info[CHUNK];
    domid_t next = 0;
    int n;

    if (count)
        return list_one(words[0], err);
    print_heading();
    while ((n = control_hv->ops->domain_list(control_hv, next, info, CHUNK)) > 0) {
        for (int i = 0; i < n; i++)
            print_domain(&info[i]);
        next = info[n - 1].id + 1;
    }
    return n ? ts_fail(err, n, "no list of domains: %s", ts_err_text(n)) : 0;
}

int info_command(int count, char **words, struct ts_err *err)
{
    struct ts_machine_info machine;
    struct ts_version_info version;
    int rc = control_hv->ops->machine_info(control_hv, &machine);

    (void)count, (void)words;
    if (!rc)
        rc = control_hv->ops->version_info(control_hv, &version);
    if (rc)
        return ts_fail(err, rc, "nothing is known of the machine: %s", ts_err_text(rc));
    printf("interface    : %u.%u%s\n", version.major, version.minor, version.extra);
    printf("processors   : %u at %u MHz\n", machine.nr_cpus, machine.cpu_khz / 1000);
    printf("total memory : %llu KiB\n", (unsigned long long)machine.total_pages * 4);
    printf("free memory  : %llu KiB\n", (unsigned long long)machine.free_pages * 4);
    return 0;
}
