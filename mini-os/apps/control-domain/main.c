/* SPDX-License-Identifier: MIT */
/* The control domain's start, and its prompt on the console. */
#include <stdio.h>
#include <unistd.h>

#include "control.h"

const unsigned int main_stack_order = 5; /* domains are built on it */

/* A line without its end; false at the end of input. */
static bool read_line(char *line, size_t size)
{
    ssize_t n;

    printf("pavise> ");
    fflush(stdout);
    n = read(STDIN_FILENO, line, size - 1);
    if (n <= 0)
        return false;
    line[n] = '\0';
    return true;
}

static bool has_guests(void)
{
    const struct ts_domain *domain0 = ts_domain_next(control_manager, NULL);

    return ts_domain_next(control_manager, domain0);
}

int main(void)
{
    char line[512];

    if (!service_start()) {
        fprintf(stderr, "The control domain cannot start.\n");
        return 1;
    }
    printf("Pavise's control domain; \"help\" lists what can be typed.\n");
    for (;;) {
        if (read_line(line, sizeof(line)))
            command_run(line);
        else if (has_guests())
            printf("\nThere are domains still: \"list\".\n");
        else
            return 0;
    }
}
