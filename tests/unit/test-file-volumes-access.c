/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Tests of file-volumes-access.c: opening a volume's bytes, and deleting volumes.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "tests/unit/test-file-volumes-fixture.h"
#include "tests/unit/unit.h"

static int32_t open_volume(struct fixture *f, const char *name, uint32_t flags,
                           struct tarn_io **io)
{
    fake_pool_host_forget(&f->host);
    return file_volumes_volume_open(&f->host.call, f->pool, name, flags, io);
}

static int32_t delete_volume(struct fixture *f, const char *name)
{
    fake_pool_host_forget(&f->host);
    return file_volumes_volume_delete(&f->host.call, f->pool, name);
}

static bool there(struct fixture *f, const char *name)
{
    struct stat st;

    return lstat(fixture_path(f, name), &st) == 0;
}

static void read_only(void)
{
    struct fixture f;
    struct tarn_io *io;
    char byte = 0;

    fixture_begin(&f);
    fixture_put(&f, "pool/a", "xyz");
    CU_ASSERT_EQUAL_FATAL(open_volume(&f, "a", 0, &io), TARN_OK);
    CU_ASSERT_EQUAL(tarn_io_pread(&f.host.call, io, &byte, 1, 1), TARN_OK);
    CU_ASSERT_EQUAL(byte, 'y');
    CU_ASSERT_EQUAL(tarn_io_pwrite(&f.host.call, io, "Y", 1, 1), TARN_E_UNSUPPORTED);
    CU_ASSERT_EQUAL(fcntl(io->fd, F_GETFL) & O_ACCMODE, O_RDONLY);
    CU_ASSERT_EQUAL(fcntl(io->fd, F_GETFD), FD_CLOEXEC);
    tarn_io_close(&f.host.call, io);
    fixture_end(&f);
}

static void writable(void)
{
    struct fixture f;
    struct tarn_io *io;

    fixture_begin(&f);
    fixture_put(&f, "pool/a", "xyz");
    CU_ASSERT_EQUAL_FATAL(open_volume(&f, "a", TARN_OPEN_WRITE, &io), TARN_OK);
    CU_ASSERT_EQUAL(tarn_io_pwrite(&f.host.call, io, "Y", 1, 1), TARN_OK);
    tarn_io_close(&f.host.call, io);
    fixture_end(&f);
}

static void what_has_no_bytes(void)
{
    struct fixture f;
    struct tarn_io *io;

    fixture_begin(&f);
    mkdir(fixture_path(&f, "pool/sub"), 0700);
    mkfifo(fixture_path(&f, "pool/fifo"), 0600);
    CU_ASSERT_EQUAL(symlink("fifo", fixture_path(&f, "pool/link")), 0);
    CU_ASSERT_EQUAL(symlink("/dev/null", fixture_path(&f, "pool/null")), 0);
    CU_ASSERT_EQUAL(symlink("nowhere", fixture_path(&f, "pool/dangling")), 0);
    CU_ASSERT_EQUAL(symlink("/proc/self/exe", fixture_path(&f, "pool/magic")), 0);
    CU_ASSERT_EQUAL(open_volume(&f, "sub", 0, &io), TARN_E_UNSUPPORTED);
    CU_ASSERT_EQUAL(open_volume(&f, "fifo", 0, &io), TARN_E_UNSUPPORTED);
    CU_ASSERT_EQUAL(open_volume(&f, "fifo", TARN_OPEN_WRITE, &io), TARN_E_UNSUPPORTED);
    CU_ASSERT_EQUAL(open_volume(&f, "link", 0, &io), TARN_E_UNSUPPORTED);
    CU_ASSERT_EQUAL(open_volume(&f, "null", 0, &io), TARN_E_UNSUPPORTED);
    CU_ASSERT_EQUAL(open_volume(&f, "dangling", 0, &io), TARN_E_NOT_FOUND);
    CU_ASSERT_EQUAL(open_volume(&f, "magic", 0, &io), TARN_E_INVALID);
    CU_ASSERT_EQUAL(open_volume(&f, "missing", 0, &io), TARN_E_NOT_FOUND);
    CU_ASSERT_EQUAL(open_volume(&f, "../pool", 0, &io), TARN_E_NOT_FOUND);
    fixture_end(&f);
}

static void links(void)
{
    struct fixture f;
    struct tarn_io *io;

    fixture_begin(&f);
    fixture_put(&f, "pool/file", "xyz");
    fixture_put(&f, "elsewhere", "xyz");
    CU_ASSERT_EQUAL(symlink("file", fixture_path(&f, "pool/inside")), 0);
    CU_ASSERT_EQUAL(symlink("../elsewhere", fixture_path(&f, "pool/outside")), 0);
    CU_ASSERT_EQUAL(symlink("outside", fixture_path(&f, "pool/chain")), 0);
    CU_ASSERT_EQUAL_FATAL(open_volume(&f, "inside", TARN_OPEN_WRITE, &io), TARN_OK);
    tarn_io_close(&f.host.call, io);
    CU_ASSERT_EQUAL_FATAL(open_volume(&f, "outside", TARN_OPEN_WRITE, &io), TARN_OK);
    tarn_io_close(&f.host.call, io);
    chmod(f.dir, 0777);
    CU_ASSERT_EQUAL_FATAL(open_volume(&f, "inside", TARN_OPEN_WRITE, &io), TARN_OK);
    tarn_io_close(&f.host.call, io);
    CU_ASSERT_EQUAL(open_volume(&f, "outside", 0, &io), TARN_E_ACCESS);
    CU_ASSERT_PTR_NOT_NULL(strstr(f.host.text, "a link out of the pool, to /"));
    CU_ASSERT_EQUAL(open_volume(&f, "chain", 0, &io), TARN_E_ACCESS);
    chmod(f.dir, 0755);
    if (geteuid() == 0) {
        CU_ASSERT_EQUAL(chown(f.dir, NOBODY, NOBODY), 0);
        CU_ASSERT_EQUAL(open_volume(&f, "outside", 0, &io), TARN_E_ACCESS);
    }
    fixture_end(&f);
}

static void delete_kinds(void)
{
    struct fixture f;

    fixture_begin(&f);
    fixture_put(&f, "pool/file", "x");
    fixture_put(&f, "pool/line\nbreak", "x");
    mkdir(fixture_path(&f, "pool/sub"), 0700);
    CU_ASSERT_EQUAL(delete_volume(&f, "file"), TARN_OK);
    CU_ASSERT_EQUAL(delete_volume(&f, "line\nbreak"), TARN_OK);
    CU_ASSERT_EQUAL(delete_volume(&f, "sub"), TARN_OK);
    CU_ASSERT_EQUAL(fixture_entries(&f), 0);
    CU_ASSERT_EQUAL(delete_volume(&f, "file"), TARN_E_NOT_FOUND);
    CU_ASSERT_PTR_NOT_NULL(strstr(f.host.text, "there is no volume \"file\""));
    fixture_end(&f);
}

static void delete_full_directory(void)
{
    struct fixture f;

    fixture_begin(&f);
    mkdir(fixture_path(&f, "pool/sub"), 0700);
    fixture_put(&f, "pool/sub/inner", "x");
    CU_ASSERT_EQUAL(delete_volume(&f, "sub"), TARN_E_STATE);
    CU_ASSERT_PTR_NOT_NULL(strstr(f.host.text, "empty it first"));
    CU_ASSERT_TRUE(there(&f, "pool/sub/inner"));
    fixture_end(&f);
}

static void delete_link_not_target(void)
{
    struct fixture f;

    fixture_begin(&f);
    fixture_put(&f, "elsewhere", "x");
    mkdir(fixture_path(&f, "directory"), 0700);
    CU_ASSERT_EQUAL(symlink("../elsewhere", fixture_path(&f, "pool/a")), 0);
    CU_ASSERT_EQUAL(symlink("../directory", fixture_path(&f, "pool/b")), 0);
    CU_ASSERT_EQUAL(symlink("nowhere", fixture_path(&f, "pool/c")), 0);
    CU_ASSERT_EQUAL(delete_volume(&f, "a"), TARN_OK);
    CU_ASSERT_EQUAL(delete_volume(&f, "b"), TARN_OK);
    CU_ASSERT_EQUAL(delete_volume(&f, "c"), TARN_OK);
    CU_ASSERT_EQUAL(fixture_entries(&f), 0);
    CU_ASSERT_TRUE(there(&f, "elsewhere"));
    CU_ASSERT_TRUE(there(&f, "directory"));
    fixture_end(&f);
}

static void delete_what_no_pool_made(void)
{
    struct fixture f;

    fixture_begin(&f);
    mkfifo(fixture_path(&f, "pool/fifo"), 0600);
    CU_ASSERT_EQUAL(delete_volume(&f, "fifo"), TARN_E_UNSUPPORTED);
    CU_ASSERT_TRUE(there(&f, "pool/fifo"));
    if (mknod(fixture_path(&f, "pool/disk"), S_IFBLK | 0600, makedev(7, 200)) == 0) {
        CU_ASSERT_EQUAL(delete_volume(&f, "disk"), TARN_E_UNSUPPORTED);
        CU_ASSERT_TRUE(there(&f, "pool/disk"));
    }
    fixture_end(&f);
}

static void delete_never_leaves_the_directory(void)
{
    struct fixture f;

    fixture_begin(&f);
    fixture_put(&f, "elsewhere", "x");
    CU_ASSERT_EQUAL(delete_volume(&f, "../elsewhere"), TARN_E_NOT_FOUND);
    CU_ASSERT_EQUAL(delete_volume(&f, "."), TARN_E_NOT_FOUND);
    CU_ASSERT_EQUAL(delete_volume(&f, ""), TARN_E_NOT_FOUND);
    CU_ASSERT_TRUE(there(&f, "elsewhere"));
    rmdir(f.dir);
    CU_ASSERT_EQUAL(delete_volume(&f, "a"), TARN_E_NOT_FOUND);
    CU_ASSERT_PTR_NOT_NULL(strstr(f.host.text, "is gone"));
    fixture_end(&f);
}

static const struct unit_test tests[] = {
    { "a volume opened for reading cannot be written", read_only },
    { "a volume opened for writing can be written", writable },
    { "what has no bytes is refused and does not hang", what_has_no_bytes },
    { "a link out of the pool is followed only where others cannot write", links },
    { "files and empty directories are deleted, whatever they are called", delete_kinds },
    { "a directory with something in it is not deleted", delete_full_directory },
    { "of a link the link is deleted, never what it leads to", delete_link_not_target },
    { "FIFOs and devices are not deleted", delete_what_no_pool_made },
    { "delete never leaves the directory", delete_never_leaves_the_directory },
    { NULL, NULL },
};

int main(void)
{
    return unit_main("file-volumes-access", tests);
}
