/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * spend.c - what a command takes: `spend FILE COMMAND…` runs it, writes the most memory that it had,
 * in KiB, and the time of a processor, in milliseconds, into FILE, and ends as it does.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static long milliseconds(struct timeval time)
{
    return time.tv_sec * 1000 + time.tv_usec / 1000;
}

int main(int count, char **arguments)
{
    struct rusage usage;
    FILE *file;
    int status = 0;
    pid_t child;

    if (count < 3)
        return 99;
    child = fork();
    if (child == 0) {
        execvp(arguments[2], arguments + 2);
        _exit(127);
    }
    if (child < 0 || wait4(child, &status, 0, &usage) != child)
        return 99;
    file = fopen(arguments[1], "w");
    if (file == NULL ||
        fprintf(file, "%ld %ld\n", usage.ru_maxrss,
                milliseconds(usage.ru_utime) + milliseconds(usage.ru_stime)) < 0 ||
        fclose(file) != 0)
        return 99;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
