/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Tests of file-volumes-entry.c and file-volumes-link.c: everything in a directory is told, and
 * nothing hides the rest. This program's own pread stands before the C library's, to fail.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <unistd.h>

#include "tests/unit/test-file-volumes-fixture.h"
#include "tests/unit/unit.h"

static int pread_error; /* for the content "bad"; 0 = none */

ssize_t pread(int fd, void *buffer, size_t length, off_t offset)
{
    ssize_t got = syscall(SYS_pread64, fd, buffer, length, offset);

    if (pread_error == 0 || got < 3 || memcmp(buffer, "bad", 3) != 0)
        return got;
    errno = pread_error;
    return -1;
}

/* One entry called "odd" beside a good one: both are there, this one with that status and text. */
static void check_odd(struct fixture *f, uint32_t status, const char *text)
{
    const struct fake_volume *odd;

    fixture_put(f, "pool/good", "x");
    odd = fixture_refreshed(f, "odd");
    CU_ASSERT_PTR_NOT_NULL_FATAL(odd);
    CU_ASSERT_EQUAL(odd->status, status);
    CU_ASSERT_PTR_NOT_NULL_FATAL(odd->status_text);
    CU_ASSERT_PTR_NOT_NULL(strstr(odd->status_text, text));
    CU_ASSERT_FALSE(odd->has_identity);
    CU_ASSERT_PTR_NOT_NULL(fake_pool_host_volume(&f->host, "good"));
    CU_ASSERT_EQUAL(f->host.volume_count, 2);
}

static void mode_000(void)
{
    struct fixture f;

    fixture_begin(&f);
    fixture_put(&f, "pool/odd", "x");
    chmod(fixture_path(&f, "pool/odd"), 0);
    fixture_put(&f, "pool/good", "x");
    if (become_nobody()) {
        const struct fake_volume *odd = fixture_refreshed(&f, "odd");

        become_root();
        CU_ASSERT_PTR_NOT_NULL_FATAL(odd);
        CU_ASSERT_EQUAL(odd->status, TARN_VOLUME_UNREADABLE);
        CU_ASSERT_STRING_EQUAL(odd->status_text, "cannot be opened: Permission denied");
        CU_ASSERT_EQUAL(odd->physical, 1);
        CU_ASSERT_FALSE(odd->has_identity);
        CU_ASSERT_PTR_NOT_NULL(fake_pool_host_volume(&f.host, "good"));
    } else {
        unit_skip("needs root, to act as somebody else");
    }
    fixture_end(&f);
}

static void unreadable_medium(void)
{
    struct fixture f;

    fixture_begin(&f);
    fixture_put(&f, "pool/odd", "bad");
    pread_error = EIO;
    check_odd(&f, TARN_VOLUME_UNREADABLE, "cannot be read: Input/output error");
    pread_error = 0;
    fixture_end(&f);
}

/* The process's shortage is not the entries' fault. */
static void shortage_of_the_process(void)
{
    struct fixture f;

    fixture_begin(&f);
    fixture_put(&f, "pool/a", "bad");
    pread_error = ENOMEM;
    CU_ASSERT_EQUAL(file_volumes_refresh(&f.host.call, f.pool), TARN_E_INTERNAL);
    pread_error = 0;
    CU_ASSERT_EQUAL(f.host.volume_count, 0);
    fixture_end(&f);
}

static void directory_without_search_permission(void)
{
    struct fixture f;

    fixture_begin(&f);
    fixture_put(&f, "pool/a", "x");
    chmod(f.dir, 0644);
    if (become_nobody()) {
        const struct fake_volume *a = fixture_refreshed(&f, "a");
        int32_t lookup;

        CU_ASSERT_PTR_NOT_NULL(a);
        CU_ASSERT_EQUAL(a != NULL ? a->status : 0, TARN_VOLUME_UNREADABLE);
        lookup = file_volumes_volume_lookup(&f.host.call, f.pool, "b");
        become_root();
        CU_ASSERT_EQUAL(lookup, TARN_E_ACCESS);
    } else {
        unit_skip("needs root, to act as somebody else");
    }
    chmod(f.dir, 0755);
    fixture_end(&f);
}

static void dangling_link(void)
{
    struct fixture f;

    fixture_begin(&f);
    CU_ASSERT_EQUAL(symlink("nowhere", fixture_path(&f, "pool/odd")), 0);
    check_odd(&f, TARN_VOLUME_UNKNOWN_FORMAT, "nowhere does not exist");
    fixture_end(&f);
}

static void link_loop(void)
{
    struct fixture f;

    fixture_begin(&f);
    CU_ASSERT_EQUAL(symlink("odd", fixture_path(&f, "pool/odd")), 0);
    check_odd(&f, TARN_VOLUME_UNKNOWN_FORMAT, "in circles");
    fixture_end(&f);
}

static void link_through_proc(void)
{
    struct fixture f;

    fixture_begin(&f);
    CU_ASSERT_EQUAL(symlink("/proc/self/fd/0", fixture_path(&f, "pool/odd")), 0);
    check_odd(&f, TARN_VOLUME_UNKNOWN_FORMAT, "/proc");
    fixture_end(&f);
}

static void fifo(void)
{
    struct fixture f;

    fixture_begin(&f);
    CU_ASSERT_EQUAL(mkfifo(fixture_path(&f, "pool/odd"), 0600), 0);
    check_odd(&f, TARN_VOLUME_UNKNOWN_FORMAT, "a FIFO");
    fixture_end(&f);
}

static void link_to_fifo(void)
{
    struct fixture f;

    fixture_begin(&f);
    CU_ASSERT_EQUAL(mkfifo(fixture_path(&f, "fifo"), 0600), 0);
    CU_ASSERT_EQUAL(symlink("../fifo", fixture_path(&f, "pool/odd")), 0);
    check_odd(&f, TARN_VOLUME_UNKNOWN_FORMAT, "which is a FIFO");
    fixture_end(&f);
}

static void unix_socket(void)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct fixture f;

    fixture_begin(&f);
    snprintf(address.sun_path, sizeof(address.sun_path), "%s/pool/odd", f.top);
    CU_ASSERT_EQUAL(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    check_odd(&f, TARN_VOLUME_UNKNOWN_FORMAT, "a socket");
    close(fd);
    fixture_end(&f);
}

static void character_device(void)
{
    struct fixture f;

    fixture_begin(&f);
    if (mknod(fixture_path(&f, "pool/odd"), S_IFCHR | 0600, makedev(1, 3)) == 0)
        check_odd(&f, TARN_VOLUME_UNKNOWN_FORMAT, "a character device");
    else
        unit_skip("needs the right to make device nodes");
    fixture_end(&f);
}

static void link_inside(void)
{
    char absolute[PATH_MAX];
    struct fixture f;
    const struct fake_volume *v;

    fixture_begin(&f);
    chmod(f.dir, 0777); /* harmless even where everybody may write */
    fixture_put(&f, "pool/file", "12345");
    CU_ASSERT_EQUAL(symlink("file", fixture_path(&f, "pool/relative")), 0);
    snprintf(absolute, sizeof(absolute), "%s", fixture_path(&f, "pool/file"));
    CU_ASSERT_EQUAL(symlink(absolute, fixture_path(&f, "pool/absolute")), 0);
    v = fixture_refreshed(&f, "relative");
    CU_ASSERT_PTR_NOT_NULL_FATAL(v);
    CU_ASSERT_EQUAL(v->status, TARN_VOLUME_OK);
    CU_ASSERT_PTR_NULL(v->status_text);
    CU_ASSERT_EQUAL(v->capacity, 5);
    v = fake_pool_host_volume(&f.host, "absolute");
    CU_ASSERT_PTR_NOT_NULL_FATAL(v);
    CU_ASSERT_EQUAL(v->status, TARN_VOLUME_OK);
    CU_ASSERT_PTR_NULL(v->status_text);
    fixture_end(&f);
}

static void link_outside_of_a_guarded_directory(void)
{
    struct fixture f;
    const struct fake_volume *v;

    fixture_begin(&f);
    fixture_put(&f, "elsewhere", "12345");
    CU_ASSERT_EQUAL(symlink("../elsewhere", fixture_path(&f, "pool/a")), 0);
    v = fixture_refreshed(&f, "a");
    CU_ASSERT_PTR_NOT_NULL_FATAL(v);
    CU_ASSERT_EQUAL(v->status, TARN_VOLUME_OK);
    CU_ASSERT_PTR_NOT_NULL(strstr(v->status_text, "out of the pool, to /"));
    CU_ASSERT_EQUAL(v->capacity, 5);
    CU_ASSERT_EQUAL(v->head_length, 5);
    fixture_end(&f);
}

static void link_outside_of_an_open_directory(void)
{
    struct fixture f;

    fixture_begin(&f);
    fixture_put(&f, "elsewhere", "12345");
    CU_ASSERT_EQUAL(symlink("../elsewhere", fixture_path(&f, "pool/odd")), 0);
    chmod(f.dir, 0775);
    check_odd(&f, TARN_VOLUME_UNREADABLE, "not followed");
    CU_ASSERT_EQUAL(fake_pool_host_volume(&f.host, "odd")->head_length, 0);
    fixture_end(&f);
}

static void link_to_directory(void)
{
    struct fixture f;
    const struct fake_volume *v;

    fixture_begin(&f);
    mkdir(fixture_path(&f, "pool/sub"), 0700);
    CU_ASSERT_EQUAL(symlink("sub", fixture_path(&f, "pool/a")), 0);
    v = fixture_refreshed(&f, "a");
    CU_ASSERT_PTR_NOT_NULL_FATAL(v);
    CU_ASSERT_STRING_EQUAL(v->type, "dir");
    fixture_end(&f);
}

static const struct unit_test tests[] = {
    { "a file of mode 000 is listed as unreadable", mode_000 },
    { "a file that cannot be read is listed with the cause", unreadable_medium },
    { "a shortage of the process is a failure", shortage_of_the_process },
    { "a directory without x lists its names, and looks nothing up",
      directory_without_search_permission },
    { "a dangling link is listed", dangling_link },
    { "a link loop is listed", link_loop },
    { "a link through /proc is listed and not followed", link_through_proc },
    { "a FIFO is listed and does not hang", fifo },
    { "a link to a FIFO is listed and does not hang", link_to_fifo },
    { "a socket is listed", unix_socket },
    { "a character device is listed and not opened", character_device },
    { "a link inside the pool is followed, relative or absolute", link_inside },
    { "a link out of a guarded pool is followed and remarked",
      link_outside_of_a_guarded_directory },
    { "a link out of a pool where others may write is not followed",
      link_outside_of_an_open_directory },
    { "a link to a directory is a directory", link_to_directory },
    { NULL, NULL },
};

int main(void)
{
    return unit_main("file-volumes-odd", tests);
}
