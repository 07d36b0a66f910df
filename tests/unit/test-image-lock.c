/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * sdk/helpers/image-lock.c and lock-holder.c: what goes together, and which bytes are locked, which
 * is QEMU's word and not ours. The real programs are in tests/formats/in-use.sh.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "helpers/image-lock.h"
#include "helpers/lock-holder.h"
#include "tests/unit/fake-host.h"
#include "tests/unit/unit.h"

static char path[] = "/var/tmp/tarn-test-XXXXXX";

static int another_open(void)
{
    int fd = open(path, O_RDWR | O_CLOEXEC);

    CU_ASSERT_FATAL(fd >= 0);
    return fd;
}

static int32_t lock(int fd, bool write)
{
    struct fake_host host;
    int32_t status;

    fake_host_init(&host);
    status = image_lock(&host.call, fd, write);
    fake_host_clear(&host);
    return status;
}

/* Is there a lock on the byte that a stranger sees? */
static bool is_locked(off_t byte)
{
    struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = byte, .l_len = 1 };
    int stranger = another_open();

    CU_ASSERT_EQUAL(fcntl(stranger, F_OFD_GETLK, &lock), 0);
    close(stranger);
    return lock.l_type != F_UNLCK;
}

static void locked_are_only(const char *expected)
{
    char found[128] = "";
    off_t byte;

    for (byte = 0; byte < 300; byte++)
        if (is_locked(byte))
            snprintf(found + strlen(found), sizeof(found) - strlen(found), "%d ", (int)byte);
    CU_ASSERT_STRING_EQUAL(found, expected);
}

static void set(int fd, short type, off_t byte)
{
    struct flock lock = { .l_type = type, .l_whence = SEEK_SET, .l_start = byte, .l_len = 1 };

    CU_ASSERT_EQUAL(fcntl(fd, F_OFD_SETLK, &lock), 0);
}

static void the_bytes_are_qemus(void)
{
    int fd = another_open();

    CU_ASSERT_EQUAL(lock(fd, false), TARN_OK);
    locked_are_only("100 201 203 ");
    close(fd);
    locked_are_only("");
    fd = another_open();
    CU_ASSERT_EQUAL(lock(fd, true), TARN_OK);
    locked_are_only("100 101 103 201 203 ");
    close(fd);
    locked_are_only("");
}

static void readers_share_and_writers_do_not(void)
{
    int one, two;

    for (int first = 0; first < 2; first++)
        for (int second = 0; second < 2; second++) {
            one = another_open();
            two = another_open();
            CU_ASSERT_EQUAL(lock(one, first), TARN_OK);
            CU_ASSERT_EQUAL(lock(two, second), first || second ? TARN_E_BUSY : TARN_OK);
            close(one);
            CU_ASSERT_EQUAL(lock(two, true), TARN_OK);
            close(two);
        }
}

static void who_is_refused_leaves_no_mark(void)
{
    int writer = another_open();
    int reader = another_open();

    CU_ASSERT_EQUAL(lock(writer, true), TARN_OK);
    CU_ASSERT_EQUAL(lock(reader, false), TARN_E_BUSY);
    close(writer);
    locked_are_only("");
    close(reader);
}

/* What another says without being like us: what it does, and what it lets others do. */
static void each_mark_counts(void)
{
    static const struct {
        off_t byte;
        int32_t reading, writing;
    } marks[] = {
        { 100, TARN_OK, TARN_OK },         { 101, TARN_E_BUSY, TARN_E_BUSY },
        { 102, TARN_OK, TARN_OK },         { 103, TARN_E_BUSY, TARN_E_BUSY },
        { 200, TARN_E_BUSY, TARN_E_BUSY }, { 201, TARN_OK, TARN_E_BUSY },
        { 202, TARN_OK, TARN_OK },         { 203, TARN_OK, TARN_E_BUSY },
    };

    for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++) {
        int other = another_open();
        int own = another_open();

        set(other, F_RDLCK, marks[i].byte);
        CU_ASSERT_EQUAL(lock(own, true), marks[i].writing);
        close(own);
        own = another_open();
        CU_ASSERT_EQUAL(lock(own, false), marks[i].reading);
        close(own);
        close(other);
    }
}

static void a_write_lock_is_in_the_way(void)
{
    int other = another_open();
    int own = another_open();

    set(other, F_WRLCK, 201);
    CU_ASSERT_EQUAL(lock(own, false), TARN_E_BUSY);
    close(other);
    CU_ASSERT_EQUAL(lock(own, false), TARN_OK);
    close(own);
}

/* A child that writes to the image until it is killed. */
static pid_t start_writer(const char *name)
{
    int ready[2];
    char byte;
    pid_t child;

    CU_ASSERT_EQUAL_FATAL(pipe(ready), 0);
    child = fork();
    if (child == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        prctl(PR_SET_NAME, name);
        if (lock(another_open(), true) == TARN_OK)
            (void)!write(ready[1], "", 1);
        for (;;)
            pause();
    }
    close(ready[1]);
    CU_ASSERT_EQUAL_FATAL(read(ready[0], &byte, 1), 1);
    close(ready[0]);
    return child;
}

static void the_holder_is_named(void)
{
    char expected[256], holder[64];
    struct fake_host host;
    pid_t child = start_writer("rogue\nname");
    int fd = another_open();

    fake_host_init(&host);
    CU_ASSERT_EQUAL(image_lock(&host.call, fd, false), TARN_E_BUSY);
    snprintf(expected, sizeof(expected),
             "%s is in use by rogue?name (process %d), which writes to it: stop that program first",
             path, (int)child);
    CU_ASSERT_STRING_EQUAL(host.error, expected);
    fake_host_clear(&host);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    CU_ASSERT_EQUAL(lock(fd, true), TARN_OK);
    lock_holder_name(holder, sizeof(holder), fd, 99);
    CU_ASSERT_STRING_EQUAL(holder, "another program");
    lock_holder_name(holder, sizeof(holder), fd, 101);
    CU_ASSERT_PTR_NOT_NULL(strstr(holder, "(process"));
    close(fd);
}

static const struct unit_test tests[] = {
    { "the bytes that are locked are QEMU's", the_bytes_are_qemus },
    { "readers share, and writers do not", readers_share_and_writers_do_not },
    { "who is refused leaves no mark", who_is_refused_leaves_no_mark },
    { "each mark counts for what it says", each_mark_counts },
    { "a write lock is in the way", a_write_lock_is_in_the_way },
    { "the holder is named", the_holder_is_named },
    { NULL, NULL },
};

int main(void)
{
    int fd = mkostemp(path, O_CLOEXEC);
    int result;

    if (fd < 0)
        return 99;
    close(fd);
    result = unit_main("image-lock", tests);
    unlink(path);
    return result;
}
