/* SPDX-License-Identifier: MIT */
/*
 * Says every line back that is typed on the console, until "quit" or the end of file (^D).
 */
#include <stdio.h>
#include <string.h>

int main(void)
{
    char line[256];
    unsigned int count = 0;

    printf("echo: type a line; \"quit\" ends.\n");
    while (fgets(line, sizeof(line), stdin)) {
        line[strcspn(line, "\n")] = '\0';
        if (!strcmp(line, "quit"))
            break;
        printf("%u: %s\n", ++count, line);
    }
    printf("echo: %u lines.\n", count);
    return 0;
}
