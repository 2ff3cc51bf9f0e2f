/* SPDX-License-Identifier: MIT */
/*
 * The smallest application: says hello, its arguments, and what it runs on.
 */
#include <stdio.h>
#include <time.h>

#include <mini-os/boot.h>

int main(int argc, char **argv)
{
    time_t now = time(NULL);

    printf("Hello from mini-os, a guest of %s with %lu KiB of memory.\n",
           boot_info->magic, boot_info->nr_pages * 4);
    for (int i = 1; i < argc; i++)
        printf("argument %d: %s\n", i, argv[i]);
    printf("It is %s", asctime(gmtime(&now)));
    return 0;
}
