/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * leftover.c - names for volumes in the making. The name says whose it is: which boot of which
 * machine, which process, and when that began, since numbers of processes come again. So whoever
 * finds it can tell whether it is still being made, without a lock and without a file.
 *
 *     tarn_new.BOOT.PID.BEGAN.RANDOM        hexadecimal, no hyphen: device mapper doubles those
 */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "logical.h"

#define BOOT_LENGTH 8

static void read_line(const char *path, char *out, size_t size)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t length = fd >= 0 ? read(fd, out, size - 1) : 0;

    out[length > 0 ? length : 0] = '\0';
    if (fd >= 0)
        close(fd);
}

static void read_boot(char out[BOOT_LENGTH + 1])
{
    char text[64];

    read_line("/proc/sys/kernel/random/boot_id", text, sizeof(text));
    snprintf(out, BOOT_LENGTH + 1, "%.*s", BOOT_LENGTH, text);
}

/* proc(5): the 22nd field of stat, of which the second, in parentheses, may hold anything. 0 = no
 * such process is there. */
static uint64_t begin_of(uint64_t process)
{
    char path[48], text[1024];
    const char *at;
    unsigned field;

    snprintf(path, sizeof(path), "/proc/%" PRIu64 "/stat", process);
    read_line(path, text, sizeof(text));
    at = strrchr(text, ')');
    for (field = 2; at != NULL && field < 22; field++) {
        at = strchr(at, ' ');
        at = at != NULL ? at + 1 : NULL;
    }
    return at != NULL ? strtoull(at, NULL, 10) : 0;
}

void logical_hidden_name(char out[LOGICAL_NAME_SIZE])
{
    char boot[BOOT_LENGTH + 1];
    uint32_t random = 0;
    uint64_t process = (uint64_t)getpid();

    if (getrandom(&random, sizeof(random), GRND_NONBLOCK) < 0)
        random = (uint32_t)(uintptr_t)out; /* lvm refuses a name that is taken */
    read_boot(boot);
    snprintf(out, LOGICAL_NAME_SIZE, LOGICAL_NEW "%s.%" PRIx64 ".%" PRIx64 ".%" PRIx32, boot,
             process, begin_of(process), random);
}

bool logical_is_hidden(const char *name)
{
    return strncmp(name, LOGICAL_NEW, strlen(LOGICAL_NEW)) == 0;
}

bool logical_is_abandoned(const char *name)
{
    uint64_t process, began;
    char boot[BOOT_LENGTH + 1], theirs[BOOT_LENGTH + 1];

    if (!logical_is_hidden(name))
        return false;
    if (sscanf(name + strlen(LOGICAL_NEW), "%8[0-9a-f].%" SCNx64 ".%" SCNx64, theirs, &process,
               &began) != 3)
        return true;
    read_boot(boot);
    return strcmp(boot, theirs) != 0 || begin_of(process) != began;
}
