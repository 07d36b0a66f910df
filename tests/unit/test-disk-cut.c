/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * modules/disk/cut.c: what would be cut when a partition shrinks.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "modules/disk/cut.h"
#include "tests/unit/fake-host.h"
#include "tests/unit/unit.h"

#define MIB ((uint64_t)1024 * 1024)

struct frame {
    struct fake_host host;
    char path[64];
};

/* A file of 64 MiB, made into something by a program. False (a skip) without that. */
static bool begin(struct frame *frame, const char *make)
{
    char command[256];
    int fd;

    fake_host_init(&frame->host);
    strcpy(frame->path, "/tmp/tarn-cut.XXXXXX");
    fd = mkstemp(frame->path);
    CU_ASSERT(fd >= 0 && ftruncate(fd, 64 * (off_t)MIB) == 0);
    close(fd);
    snprintf(command, sizeof(command), "PATH=$PATH:/usr/sbin:/sbin; %s %s >/dev/null 2>&1", make,
             frame->path);
    if (system(command) == 0)
        return true;
    unlink(frame->path);
    unit_skip("a program to make a filesystem is missing");
    return false;
}

static void end(struct frame *frame)
{
    unlink(frame->path);
    fake_host_clear(&frame->host);
}

static void nothing_is_cut_from_nothing(void)
{
    struct frame frame;

    if (!begin(&frame, "true"))
        return;
    CU_ASSERT_EQUAL(cut_check(&frame.host.call, frame.path, MIB), TARN_OK);
    end(&frame);
}

static void a_filesystem_is_not_cut(void)
{
    struct frame frame;

    if (!begin(&frame, "mkfs.ext4 -q -F"))
        return;
    CU_ASSERT_EQUAL(cut_check(&frame.host.call, frame.path, 64 * MIB), TARN_OK);
    CU_ASSERT_EQUAL(cut_check(&frame.host.call, frame.path, 64 * MIB - 512), TARN_E_STATE);
    CU_ASSERT_PTR_NOT_NULL(strstr(frame.host.error, "67108864"));
    end(&frame);
}

static void space_behind_a_filesystem_is(void)
{
    struct frame frame;

    if (!begin(&frame, "s() { mkfs.ext2 -q -F $1 20M; }; s"))
        return;
    CU_ASSERT_EQUAL(cut_check(&frame.host.call, frame.path, 20 * MIB), TARN_OK);
    CU_ASSERT_EQUAL(cut_check(&frame.host.call, frame.path, 20 * MIB - 1), TARN_E_STATE);
    end(&frame);
}

static void what_does_not_tell_its_size_is_not_cut_at_all(void)
{
    struct frame frame;

    if (!begin(&frame, "mkswap"))
        return;
    CU_ASSERT_EQUAL(cut_check(&frame.host.call, frame.path, 64 * MIB - 512), TARN_E_STATE);
    CU_ASSERT_PTR_NOT_NULL(strstr(frame.host.error, "swap"));
    end(&frame);
}

static const struct unit_test tests[] = {
    { "nothing is cut from nothing", nothing_is_cut_from_nothing },
    { "a filesystem is not cut", a_filesystem_is_not_cut },
    { "space behind a filesystem is", space_behind_a_filesystem_is },
    { "what does not tell its size is not cut at all",
      what_does_not_tell_its_size_is_not_cut_at_all },
    { NULL, NULL },
};

int main(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    return unit_main("disk-cut", tests);
}
