/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Tests of file-volumes-create.c and file-volumes-publish.c: a volume is born in two phases.
 *
 * Some of what the kernel may answer is told by this program itself: its own openat, renameat2 and
 * linkat stand before the C library's.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "tests/unit/test-file-volumes-fixture.h"
#include "tests/unit/unit.h"

/* What the filesystem is to be unable to do. */
static struct {
    bool no_tmpfile;
    bool no_renameat2;
    bool no_links;
    int tmpfile_error; /* fail O_TMPFILE, and what comes instead, with this */
} lacking;

int openat(int directory, const char *path, int flags, ...)
{
    va_list arguments;
    mode_t mode;

    va_start(arguments, flags);
    mode = flags & O_CREAT || (flags & O_TMPFILE) == O_TMPFILE ? va_arg(arguments, mode_t) : 0;
    va_end(arguments);
    if (lacking.no_tmpfile && (flags & O_TMPFILE) == O_TMPFILE) {
        errno = EOPNOTSUPP;
        return -1;
    }
    if (lacking.tmpfile_error != 0 && (flags & O_ACCMODE) == O_RDWR) {
        errno = lacking.tmpfile_error;
        return -1;
    }
    return (int)syscall(SYS_openat, directory, path, flags, mode);
}

int renameat2(int from_directory, const char *from, int to_directory, const char *to,
              unsigned flags)
{
    if (lacking.no_renameat2) {
        errno = EINVAL;
        return -1;
    }
    return (int)syscall(SYS_renameat2, from_directory, from, to_directory, to, flags);
}

int linkat(int from_directory, const char *from, int to_directory, const char *to, int flags)
{
    if (lacking.no_links) {
        errno = EPERM;
        return -1;
    }
    return (int)syscall(SYS_linkat, from_directory, from, to_directory, to, flags);
}

static const struct tarn_permissions unset = { sizeof(unset), TARN_MODE_UNSET, TARN_OWNER_UNSET,
                                               TARN_OWNER_UNSET, NULL };

static struct tarn_container_spec spec_of(const char *name)
{
    struct tarn_container_spec spec = { .struct_size = sizeof(spec), .name = name,
                                        .permissions = &unset };

    return spec;
}

/* Makes a container and writes five bytes into it, as a host does. */
static int32_t begin_volume(struct fixture *f, const struct tarn_container_spec *spec,
                            void **container)
{
    struct tarn_call *call = &f->host.call;
    struct tarn_io *io;
    int32_t status = file_volumes_volume_allocate(call, f->pool, spec, container, &io);

    if (status != TARN_OK || io == NULL)
        return status;
    status = tarn_io_pwrite(call, io, "bytes", 5, 0);
    if (status == TARN_OK)
        status = tarn_io_flush(call, io);
    tarn_io_close(call, io);
    return status;
}

static int32_t make_volume(struct fixture *f, const struct tarn_container_spec *spec)
{
    void *container;
    int32_t status = begin_volume(f, spec, &container);

    return status == TARN_OK ? file_volumes_volume_publish(&f->host.call, f->pool, container)
                             : status;
}

/* The volume "new" is a file of five bytes of that mode, and the only entry. */
static void check_made(struct fixture *f, mode_t mode)
{
    struct stat st;

    CU_ASSERT_EQUAL_FATAL(lstat(fixture_path(f, "pool/new"), &st), 0);
    CU_ASSERT_TRUE(S_ISREG(st.st_mode));
    CU_ASSERT_EQUAL(st.st_mode & 07777, mode);
    CU_ASSERT_EQUAL(st.st_size, 5);
    CU_ASSERT_EQUAL(st.st_nlink, 1);
    CU_ASSERT_EQUAL(fixture_entries(f), 1);
}

static void invisible_until_published(void)
{
    struct tarn_container_spec spec = spec_of("new");
    struct fixture f;
    void *container;

    fixture_begin(&f);
    CU_ASSERT_EQUAL_FATAL(begin_volume(&f, &spec, &container), TARN_OK);
    CU_ASSERT_EQUAL(fixture_entries(&f), 0);
    CU_ASSERT_EQUAL(file_volumes_volume_publish(&f.host.call, f.pool, container), TARN_OK);
    check_made(&f, 0600);
    fixture_end(&f);
}

static void mode_in_spite_of_the_umask(void)
{
    struct tarn_permissions permissions = unset;
    struct tarn_container_spec spec = spec_of("new");
    struct fixture f;
    mode_t old = umask(0077);

    permissions.mode = 0664;
    spec.permissions = &permissions;
    fixture_begin(&f);
    CU_ASSERT_EQUAL(make_volume(&f, &spec), TARN_OK);
    check_made(&f, 0664);
    umask(old);
    fixture_end(&f);
}

/* The permissions are there before the name: seen through a container with a temporary one. */
static void permissions_before_the_name(void)
{
    struct tarn_permissions permissions = { sizeof(permissions), 0640, NOBODY, NOBODY, NULL };
    struct tarn_container_spec spec = spec_of("new");
    struct tarn_io *io;
    struct fixture f;
    void *container;
    struct stat st;

    fixture_begin(&f);
    if (geteuid() != 0) {
        unit_skip("needs root, to give files away");
    } else {
        spec.permissions = &permissions;
        CU_ASSERT_EQUAL_FATAL(file_volumes_volume_allocate(&f.host.call, f.pool, &spec, &container,
                                                           &io), TARN_OK);
        CU_ASSERT_EQUAL(fstat(io->fd, &st), 0);
        CU_ASSERT_EQUAL(st.st_nlink, 0);
        CU_ASSERT_EQUAL(st.st_mode & 07777, 0640);
        CU_ASSERT_EQUAL(st.st_uid, NOBODY);
        CU_ASSERT_EQUAL(st.st_gid, NOBODY);
        tarn_io_close(&f.host.call, io);
        file_volumes_volume_abort(&f.host.call, f.pool, container);
    }
    fixture_end(&f);
}

static void label_is_set_or_refused(void)
{
    struct tarn_permissions permissions = unset;
    struct tarn_container_spec spec = spec_of("new");
    char label[64] = "";
    struct fixture f;
    int32_t status;

    permissions.label = "system_u:object_r:virt_image_t:s0";
    spec.permissions = &permissions;
    fixture_begin(&f);
    status = make_volume(&f, &spec);
    if (status == TARN_OK) {
        CU_ASSERT_TRUE(getxattr(fixture_path(&f, "pool/new"), "security.selinux", label,
                                sizeof(label) - 1) > 0);
        CU_ASSERT_STRING_EQUAL(label, permissions.label);
    } else {
        CU_ASSERT_PTR_NOT_NULL(strstr(f.host.text, "security label"));
        CU_ASSERT_EQUAL(fixture_entries(&f), 0);
    }
    fixture_end(&f);
}

static void owner_that_may_not_be_given(void)
{
    struct tarn_permissions permissions = { sizeof(permissions), 0640, 0, 0, NULL };
    struct tarn_container_spec spec = spec_of("new");
    struct fixture f;

    fixture_begin(&f);
    chmod(f.dir, 0777);
    spec.permissions = &permissions;
    if (become_nobody()) {
        int32_t status = make_volume(&f, &spec);

        become_root();
        CU_ASSERT_EQUAL(status, TARN_E_ACCESS);
        CU_ASSERT_PTR_NOT_NULL(strstr(f.host.text, "owner and group"));
        CU_ASSERT_EQUAL(fixture_entries(&f), 0);
    } else {
        unit_skip("needs root, to act as somebody else");
    }
    fixture_end(&f);
}

static void aborted_leaves_nothing(void)
{
    struct tarn_container_spec spec = spec_of("new");
    struct fixture f;
    void *container;

    fixture_begin(&f);
    CU_ASSERT_EQUAL_FATAL(begin_volume(&f, &spec, &container), TARN_OK);
    file_volumes_volume_abort(&f.host.call, f.pool, container);
    CU_ASSERT_EQUAL(fixture_entries(&f), 0);
    lacking.no_tmpfile = true;
    CU_ASSERT_EQUAL_FATAL(begin_volume(&f, &spec, &container), TARN_OK);
    CU_ASSERT_EQUAL(fixture_entries(&f), 1);
    file_volumes_volume_abort(&f.host.call, f.pool, container);
    CU_ASSERT_EQUAL(fixture_entries(&f), 0);
    spec.format = "dir";
    CU_ASSERT_EQUAL_FATAL(begin_volume(&f, &spec, &container), TARN_OK);
    file_volumes_volume_abort(&f.host.call, f.pool, container);
    CU_ASSERT_EQUAL(fixture_entries(&f), 0);
    lacking.no_tmpfile = false;
    fixture_end(&f);
}

/* Something gets the name between the phases. */
static void check_taken(struct fixture *f, const struct tarn_container_spec *spec)
{
    char target[16] = "";
    void *container;

    CU_ASSERT_EQUAL_FATAL(begin_volume(f, spec, &container), TARN_OK);
    CU_ASSERT_EQUAL(symlink("nowhere", fixture_path(f, "pool/new")), 0);
    CU_ASSERT_EQUAL(file_volumes_volume_publish(&f->host.call, f->pool, container), TARN_E_EXISTS);
    CU_ASSERT_PTR_NOT_NULL(strstr(f->host.text, "the name \"new\" is taken"));
    CU_ASSERT_EQUAL(readlink(fixture_path(f, "pool/new"), target, sizeof(target)), 7);
    CU_ASSERT_EQUAL(fixture_entries(f), 1);
    unlink(fixture_path(f, "pool/new"));
    fake_pool_host_forget(&f->host);
}

static void taken_name(void)
{
    struct tarn_container_spec spec = spec_of("new"), dir = spec_of("new");
    struct fixture f;

    dir.format = "dir";
    fixture_begin(&f);
    check_taken(&f, &spec);
    check_taken(&f, &dir);
    lacking.no_tmpfile = true;
    check_taken(&f, &spec);
    lacking.no_renameat2 = true;
    check_taken(&f, &spec);
    check_taken(&f, &dir);
    lacking.no_links = true;
    check_taken(&f, &spec);
    lacking.no_links = lacking.no_renameat2 = lacking.no_tmpfile = false;
    fixture_end(&f);
}

static void taken_name_is_told_before_the_work(void)
{
    struct tarn_container_spec spec = spec_of("new");
    struct fixture f;
    struct tarn_io *io;
    void *container;

    fixture_begin(&f);
    CU_ASSERT_EQUAL(symlink("nowhere", fixture_path(&f, "pool/new")), 0);
    CU_ASSERT_EQUAL(file_volumes_volume_allocate(&f.host.call, f.pool, &spec, &container, &io),
                    TARN_E_EXISTS);
    fixture_end(&f);
}

static void without_tmpfile(void)
{
    struct tarn_container_spec spec = spec_of("new");
    struct fixture f;

    fixture_begin(&f);
    lacking.no_tmpfile = true;
    CU_ASSERT_EQUAL(make_volume(&f, &spec), TARN_OK);
    check_made(&f, 0600);
    unlink(fixture_path(&f, "pool/new"));
    lacking.no_renameat2 = true;
    CU_ASSERT_EQUAL(make_volume(&f, &spec), TARN_OK);
    check_made(&f, 0600);
    unlink(fixture_path(&f, "pool/new"));
    lacking.no_links = true;
    CU_ASSERT_EQUAL(make_volume(&f, &spec), TARN_OK);
    check_made(&f, 0600);
    lacking.no_links = lacking.no_renameat2 = lacking.no_tmpfile = false;
    fixture_end(&f);
}

static void full_filesystem(void)
{
    struct tarn_container_spec spec = spec_of("new");
    struct fixture f;
    struct tarn_io *io;
    void *container;

    fixture_begin(&f);
    lacking.tmpfile_error = ENOSPC;
    CU_ASSERT_EQUAL(file_volumes_volume_allocate(&f.host.call, f.pool, &spec, &container, &io),
                    TARN_E_NO_SPACE);
    lacking.tmpfile_error = 0;
    CU_ASSERT_EQUAL(fixture_entries(&f), 0);
    fixture_end(&f);
}

static void directory_volume(void)
{
    struct tarn_permissions permissions = unset;
    struct tarn_container_spec spec = spec_of("new"), second = spec_of("second");
    struct fixture f;
    struct tarn_io *io;
    void *container;
    struct stat st;

    permissions.mode = 0755;
    spec.permissions = &permissions;
    spec.format = second.format = "dir";
    fixture_begin(&f);
    CU_ASSERT_EQUAL_FATAL(file_volumes_volume_allocate(&f.host.call, f.pool, &spec, &container,
                                                       &io), TARN_OK);
    CU_ASSERT_PTR_NULL(io);
    CU_ASSERT_EQUAL(file_volumes_volume_publish(&f.host.call, f.pool, container), TARN_OK);
    CU_ASSERT_EQUAL(stat(fixture_path(&f, "pool/new"), &st), 0);
    CU_ASSERT_TRUE(S_ISDIR(st.st_mode));
    CU_ASSERT_EQUAL(st.st_mode & 07777, 0755);
    lacking.no_renameat2 = true;
    CU_ASSERT_EQUAL(make_volume(&f, &second), TARN_OK);
    lacking.no_renameat2 = false;
    CU_ASSERT_EQUAL(stat(fixture_path(&f, "pool/second"), &st), 0);
    CU_ASSERT_EQUAL(st.st_mode & 07777, 0700);
    CU_ASSERT_EQUAL(fixture_entries(&f), 2);
    fixture_end(&f);
}

static void directory_gone_between_the_phases(void)
{
    struct tarn_container_spec spec = spec_of("new");
    struct fixture f;
    void *container;

    fixture_begin(&f);
    CU_ASSERT_EQUAL_FATAL(begin_volume(&f, &spec, &container), TARN_OK);
    rmdir(f.dir);
    CU_ASSERT_EQUAL(file_volumes_volume_publish(&f.host.call, f.pool, container),
                    TARN_E_NOT_FOUND);
    CU_ASSERT_EQUAL(make_volume(&f, &spec), TARN_E_NOT_FOUND);
    fixture_end(&f);
}

static void names_that_are_refused(void)
{
    static const char *const names[] = { "", ".", "..", "a/b", "/", "../x", "x\n", "\x1f", "\x7f",
                                         ".tarn-0123456789abcdef.part" };
    char too_long[NAME_MAX + 2];
    struct fixture f;
    size_t i;

    fixture_begin(&f);
    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        struct tarn_container_spec spec = spec_of(names[i]);

        fake_pool_host_forget(&f.host);
        CU_ASSERT_EQUAL(file_volumes_volume_name_check(&f.host.call, f.pool, names[i]),
                        TARN_E_INVALID);
        CU_ASSERT_PTR_NULL(strchr(f.host.text, '\n'));
        CU_ASSERT_EQUAL(make_volume(&f, &spec), TARN_E_INVALID);
    }
    memset(too_long, 'n', sizeof(too_long));
    too_long[NAME_MAX + 1] = '\0';
    CU_ASSERT_EQUAL(file_volumes_volume_name_check(&f.host.call, f.pool, too_long),
                    TARN_E_INVALID);
    too_long[NAME_MAX] = '\0';
    CU_ASSERT_EQUAL(file_volumes_volume_name_check(&f.host.call, f.pool, too_long), TARN_OK);
    CU_ASSERT_EQUAL(fixture_entries(&f), 0);
    fixture_end(&f);
}

/* What becomes of it depends on the filesystem under the test: a reflink, or a truthful no. */
static void clone(void)
{
    struct tarn_container_spec spec = spec_of("new");
    struct tarn_io *io = NULL;
    struct fixture f;
    void *container;
    int32_t status;

    spec.clone_of = "base";
    fixture_begin(&f);
    fixture_put(&f, "pool/base", "bytes");
    status = file_volumes_volume_clone(&f.host.call, f.pool, &spec, &container, &io);
    if (status == TARN_OK) {
        tarn_io_close(&f.host.call, io);
        CU_ASSERT_EQUAL(file_volumes_volume_publish(&f.host.call, f.pool, container), TARN_OK);
        unlink(fixture_path(&f, "pool/base"));
        check_made(&f, 0600);
    } else {
        CU_ASSERT_EQUAL(status, TARN_E_UNSUPPORTED);
        CU_ASSERT_EQUAL(f.host.status, TARN_E_UNSUPPORTED);
        CU_ASSERT_EQUAL(fixture_entries(&f), 1);
    }
    spec.clone_of = "missing";
    CU_ASSERT_EQUAL(file_volumes_volume_clone(&f.host.call, f.pool, &spec, &container, &io),
                    TARN_E_NOT_FOUND);
    fixture_end(&f);
}

static void nocow_where_there_is_no_such_thing(void)
{
    struct tarn_container_spec spec = spec_of("new");
    struct fixture f;

    spec.nocow = 1;
    fixture_begin(&f);
    CU_ASSERT_EQUAL(make_volume(&f, &spec), TARN_OK);
    check_made(&f, 0600);
    fixture_end(&f);
}

static const struct unit_test tests[] = {
    { "a container is invisible until it is published", invisible_until_published },
    { "the mode is what was asked for, in spite of the umask", mode_in_spite_of_the_umask },
    { "the permissions are on the file before it has a name", permissions_before_the_name },
    { "a security label is set or refused, never dropped", label_is_set_or_refused },
    { "an owner that may not be given is an error and leaves nothing",
      owner_that_may_not_be_given },
    { "an aborted container leaves nothing", aborted_leaves_nothing },
    { "a name that is taken, even by a dangling link, is never replaced", taken_name },
    { "a name that is taken is told before the work", taken_name_is_told_before_the_work },
    { "without O_TMPFILE, RENAME_NOREPLACE and links volumes are made too", without_tmpfile },
    { "a full filesystem is told and leaves nothing", full_filesystem },
    { "a directory is a volume of format dir", directory_volume },
    { "a directory that goes between the phases is told", directory_gone_between_the_phases },
    { "names that cannot be are refused, in one line", names_that_are_refused },
    { "a clone shares the bytes or says that it cannot", clone },
    { "nocow means nothing where nothing is copied on write",
      nocow_where_there_is_no_such_thing },
    { NULL, NULL },
};

int main(void)
{
    return unit_main("file-volumes-create", tests);
}
