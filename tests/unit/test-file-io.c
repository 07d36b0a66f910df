/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * sdk/helpers/file-io.c, errno-status.c, be.h, le.h: on real files in the temporary folder, and on
 * a loop device where there is one to be had.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/loop.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "helpers/be.h"
#include "helpers/errno-status.h"
#include "helpers/file-io.h"
#include "helpers/le.h"
#include "tests/unit/fake-host.h"
#include "tests/unit/unit.h"

struct opened {
    struct fake_host host;
    struct tarn_call *call;
    struct tarn_io *io;
};

static int temporary_file(void)
{
    char path[] = "/var/tmp/tarn-test-XXXXXX";
    int fd = mkostemp(path, O_CLOEXEC);

    CU_ASSERT_FATAL(fd >= 0);
    unlink(path);
    return fd;
}

static void setup(struct opened *opened, int fd, uint32_t flags)
{
    fake_host_init(&opened->host);
    opened->call = &opened->host.call;
    CU_ASSERT_EQUAL_FATAL(file_io_open_fd(opened->call, fd, flags, &opened->io), TARN_OK);
}

static void teardown(struct opened *opened)
{
    CU_ASSERT_EQUAL(tarn_io_close(opened->call, opened->io), TARN_OK);
    fake_host_clear(&opened->host);
}

static void numbers_keep_their_bytes(void)
{
    uint8_t bytes[8];

    be64_store(bytes, 0x0102030405060708);
    CU_ASSERT_EQUAL(bytes[0], 1);
    CU_ASSERT_EQUAL(be64_load(bytes), 0x0102030405060708);
    CU_ASSERT_EQUAL(be32_load(bytes + 1), 0x02030405);
    CU_ASSERT_EQUAL(be16_load(bytes + 3), 0x0405);
    CU_ASSERT_EQUAL(le64_load(bytes), 0x0807060504030201);
    le32_store(bytes + 1, 0xfffefdfc);
    CU_ASSERT_EQUAL(bytes[1], 0xfc);
    CU_ASSERT_EQUAL(le32_load(bytes + 1), 0xfffefdfc);
    CU_ASSERT_EQUAL(le16_load(bytes + 3), 0xfffe);
}

static void errors_have_a_meaning(void)
{
    CU_ASSERT_EQUAL(status_from_errno(0), TARN_OK);
    CU_ASSERT_EQUAL(status_from_errno(ENOENT), TARN_E_NOT_FOUND);
    CU_ASSERT_EQUAL(status_from_errno(EEXIST), TARN_E_EXISTS);
    CU_ASSERT_EQUAL(status_from_errno(ENOSPC), TARN_E_NO_SPACE);
    CU_ASSERT_EQUAL(status_from_errno(EDQUOT), TARN_E_NO_SPACE);
    CU_ASSERT_EQUAL(status_from_errno(EROFS), TARN_E_ACCESS);
    CU_ASSERT_EQUAL(status_from_errno(EXDEV), TARN_E_ACCESS);
    CU_ASSERT_EQUAL(status_from_errno(EIO), TARN_E_IO);
    for (int error = 1; error < 200; error++)
        CU_ASSERT_NOT_EQUAL(status_from_errno(error), TARN_OK);
}

static void bytes_are_written_and_read(void)
{
    struct opened opened;
    uint64_t size;
    char bytes[5];

    setup(&opened, temporary_file(), TARN_IO_WRITABLE);
    CU_ASSERT(opened.io->flags & TARN_IO_PARALLEL);
    CU_ASSERT(opened.io->flags & TARN_IO_ZERO_NEW);
    CU_ASSERT(!(opened.io->flags & TARN_IO_FIXED_SIZE));
    CU_ASSERT_EQUAL(tarn_io_pwrite(opened.call, opened.io, "hello", 5, 1000), TARN_OK);
    CU_ASSERT_EQUAL(tarn_io_size(opened.call, opened.io, &size), TARN_OK);
    CU_ASSERT_EQUAL(size, 1005);
    CU_ASSERT_EQUAL(tarn_io_pread(opened.call, opened.io, bytes, 5, 1000), TARN_OK);
    CU_ASSERT(memcmp(bytes, "hello", 5) == 0);
    CU_ASSERT_EQUAL(tarn_io_flush(opened.call, opened.io), TARN_OK);
    teardown(&opened);
}

static void there_are_no_short_reads(void)
{
    struct opened opened;
    char bytes[10];

    setup(&opened, temporary_file(), TARN_IO_WRITABLE);
    CU_ASSERT_EQUAL(tarn_io_pwrite(opened.call, opened.io, "hello", 5, 0), TARN_OK);
    CU_ASSERT_EQUAL(tarn_io_pread(opened.call, opened.io, bytes, 6, 0), TARN_E_INVALID);
    CU_ASSERT_EQUAL(tarn_io_pread(opened.call, opened.io, bytes, 1, UINT64_MAX), TARN_E_INVALID);
    CU_ASSERT_EQUAL(tarn_io_pread(opened.call, opened.io, bytes, 0, 5), TARN_OK);
    CU_ASSERT_EQUAL(tarn_io_pwrite(opened.call, opened.io, "x", 1, (uint64_t)INT64_MAX),
                    TARN_E_NO_SPACE);
    teardown(&opened);
}

static void the_size_changes_only_as_asked(void)
{
    struct opened opened;
    uint64_t size;

    setup(&opened, temporary_file(), TARN_IO_WRITABLE);
    CU_ASSERT_EQUAL(tarn_io_truncate(opened.call, opened.io, 100000, 0), TARN_OK);
    CU_ASSERT_EQUAL(tarn_io_truncate(opened.call, opened.io, 1000, 0), TARN_E_INVALID);
    CU_ASSERT_EQUAL(tarn_io_truncate(opened.call, opened.io, 1000, TARN_TRUNCATE_SHRINK), TARN_OK);
    CU_ASSERT_EQUAL(tarn_io_size(opened.call, opened.io, &size), TARN_OK);
    CU_ASSERT_EQUAL(size, 1000);
    CU_ASSERT_EQUAL(tarn_io_truncate(opened.call, opened.io, UINT64_MAX, 0), TARN_E_NO_SPACE);
    teardown(&opened);
}

static uint64_t blocks_of(const struct opened *opened)
{
    struct stat st;

    CU_ASSERT_EQUAL_FATAL(fstat(opened->io->fd, &st), 0);
    return (uint64_t)st.st_blocks * 512;
}

static void growing_can_take_the_space(void)
{
    struct opened opened;

    setup(&opened, temporary_file(), TARN_IO_WRITABLE);
    CU_ASSERT_EQUAL(tarn_io_truncate(opened.call, opened.io, 1000000, TARN_TRUNCATE_ALLOCATE),
                    TARN_OK);
    CU_ASSERT(blocks_of(&opened) >= 1000000);
    teardown(&opened);
}

static void allocate_takes_space_and_changes_nothing(void)
{
    struct opened opened;
    uint64_t size;
    int32_t status;

    setup(&opened, temporary_file(), TARN_IO_WRITABLE);
    CU_ASSERT_EQUAL(tarn_io_truncate(opened.call, opened.io, 500000, 0), TARN_OK);
    status = tarn_io_allocate(opened.call, opened.io, 0, 1000000);
    if (status == TARN_E_UNSUPPORTED) {
        unit_skip("the filesystem reserves no space");
    } else {
        CU_ASSERT_EQUAL(status, TARN_OK);
        CU_ASSERT(blocks_of(&opened) >= 1000000);
        CU_ASSERT_EQUAL(tarn_io_size(opened.call, opened.io, &size), TARN_OK);
        CU_ASSERT_EQUAL(size, 500000);
    }
    teardown(&opened);
}

static int32_t collect(struct tarn_call *call, const struct tarn_extent *extent, void *arg)
{
    char *text = arg;

    (void)call;
    CU_ASSERT_EQUAL(extent->host_offset, extent->offset);
    sprintf(text + strlen(text), "%c%llu ", "?DZH"[extent->kind],
            (unsigned long long)extent->length);
    return TARN_OK;
}

static bool knows_holes(struct opened *opened)
{
    char text[100] = "";

    CU_ASSERT_EQUAL(tarn_io_truncate(opened->call, opened->io, 1 << 20, 0), TARN_OK);
    CU_ASSERT_EQUAL(tarn_io_extents(opened->call, opened->io, 0, 1 << 20, collect, text), TARN_OK);
    return strcmp(text, "H1048576 ") == 0;
}

static void holes_are_told(void)
{
    struct opened opened;
    static char bytes[1 << 16];
    char text[200] = "";

    setup(&opened, temporary_file(), TARN_IO_WRITABLE);
    if (!knows_holes(&opened)) {
        unit_skip("the filesystem does not tell holes");
    } else {
        memset(bytes, 1, sizeof(bytes));
        CU_ASSERT_EQUAL(tarn_io_pwrite(opened.call, opened.io, bytes, sizeof(bytes), 1 << 18),
                        TARN_OK);
        CU_ASSERT_EQUAL(tarn_io_extents(opened.call, opened.io, 0, 1 << 20, collect, text),
                        TARN_OK);
        CU_ASSERT_STRING_EQUAL(text, "H262144 D65536 H720896 ");
        text[0] = '\0';
        CU_ASSERT_EQUAL(tarn_io_extents(opened.call, opened.io, (1 << 18) + 100, 200, collect,
                                        text), TARN_OK);
        CU_ASSERT_STRING_EQUAL(text, "D200 ");
    }
    teardown(&opened);
}

static void zeroed_ranges_read_zeros(void)
{
    static const uint32_t flags[] = { 0, TARN_ZERO_MAY_UNMAP, TARN_ZERO_FAST_ONLY };
    static uint8_t bytes[1 << 18];

    for (int i = 0; i < 3; i++) {
        struct opened opened;
        uint64_t size;
        int32_t status;
        bool good = true;

        setup(&opened, temporary_file(), TARN_IO_WRITABLE);
        memset(bytes, 7, sizeof(bytes));
        CU_ASSERT_EQUAL(tarn_io_pwrite(opened.call, opened.io, bytes, sizeof(bytes), 0), TARN_OK);
        status = tarn_io_zero(opened.call, opened.io, 1000, 400000, flags[i]);
        if (status == TARN_E_UNSUPPORTED) {
            CU_ASSERT_EQUAL(opened.host.failures, 0);
            unit_skip("the filesystem does not zero ranges");
        } else {
            CU_ASSERT_EQUAL(status, TARN_OK);
            CU_ASSERT_EQUAL(tarn_io_size(opened.call, opened.io, &size), TARN_OK);
            CU_ASSERT_EQUAL(size, 401000); /* as a write would */
            CU_ASSERT_EQUAL(tarn_io_pread(opened.call, opened.io, bytes, sizeof(bytes), 0),
                            TARN_OK);
            for (size_t k = 0; k < sizeof(bytes); k++)
                good = good && bytes[k] == (k < 1000 ? 7 : 0);
            CU_ASSERT(good);
        }
        teardown(&opened);
    }
}

static void discarded_space_goes_back(void)
{
    struct opened opened;
    static uint8_t bytes[1 << 20];

    setup(&opened, temporary_file(), TARN_IO_WRITABLE);
    memset(bytes, 7, sizeof(bytes));
    CU_ASSERT_EQUAL(tarn_io_pwrite(opened.call, opened.io, bytes, sizeof(bytes), 0), TARN_OK);
    CU_ASSERT_EQUAL(tarn_io_flush(opened.call, opened.io), TARN_OK);
    CU_ASSERT_EQUAL(tarn_io_discard(opened.call, opened.io, 0, 1 << 19), TARN_OK);
    CU_ASSERT_EQUAL(tarn_io_pread(opened.call, opened.io, bytes, sizeof(bytes), 0), TARN_OK);
    CU_ASSERT_EQUAL(bytes[1 << 19], 7);
    teardown(&opened);
}

static void refuse(int fd, uint32_t flags, int32_t expected, const char *text)
{
    struct fake_host host;
    struct tarn_io *io;

    CU_ASSERT_FATAL(fd >= 0);
    fake_host_init(&host);
    CU_ASSERT_EQUAL(file_io_open_fd(&host.call, fd, flags, &io), expected);
    CU_ASSERT_PTR_NULL(io);
    CU_ASSERT_PTR_NOT_NULL(strstr(host.error, text));
    CU_ASSERT_EQUAL(fcntl(fd, F_GETFD), -1); /* it was closed */
    fake_host_clear(&host);
}

static void other_kinds_of_files_are_refused(void)
{
    int pipes[2];

    CU_ASSERT_EQUAL_FATAL(pipe2(pipes, O_CLOEXEC), 0);
    refuse(pipes[0], 0, TARN_E_INVALID, "a FIFO");
    close(pipes[1]);
    refuse(open("/", O_RDONLY | O_CLOEXEC), 0, TARN_E_INVALID, "a directory");
    refuse(open("/dev/null", O_RDONLY | O_CLOEXEC), 0, TARN_E_INVALID, "a character device");
    refuse(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), 0, TARN_E_INVALID, "a socket");
}

static void a_descriptor_for_reading_is_not_written(void)
{
    struct opened opened;

    refuse(open("/proc/self/exe", O_RDONLY | O_CLOEXEC), TARN_IO_WRITABLE, TARN_E_ACCESS,
           "reading only");
    setup(&opened, open("/proc/self/exe", O_RDONLY | O_CLOEXEC), 0);
    CU_ASSERT_EQUAL(tarn_io_pwrite(opened.call, opened.io, "x", 1, 0), TARN_E_UNSUPPORTED);
    /* Also for who asks the store itself. */
    CU_ASSERT_EQUAL(opened.io->pwrite(opened.call, opened.io, "x", 1, 0), TARN_E_ACCESS);
    CU_ASSERT_EQUAL(opened.io->zero(opened.call, opened.io, 0, 1, 0), TARN_E_ACCESS);
    CU_ASSERT_EQUAL(opened.io->discard(opened.call, opened.io, 0, 1), TARN_E_ACCESS);
    CU_ASSERT_EQUAL(opened.io->allocate(opened.call, opened.io, 0, 1), TARN_E_ACCESS);
    teardown(&opened);
}

/* A loop device over a temporary file of `size` bytes, or -1. */
static int loop_device(uint64_t size)
{
    int control = open("/dev/loop-control", O_RDWR | O_CLOEXEC);
    int number = control < 0 ? -1 : ioctl(control, LOOP_CTL_GET_FREE);
    struct loop_config config = { 0 };
    char path[64];
    int fd;

    if (control >= 0)
        close(control);
    if (number < 0)
        return -1;
    config.fd = (uint32_t)temporary_file();
    config.info.lo_flags = LO_FLAGS_AUTOCLEAR;
    CU_ASSERT_EQUAL(ftruncate((int)config.fd, (off_t)size), 0);
    snprintf(path, sizeof(path), "/dev/loop%d", number);
    fd = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
    if (fd >= 0 && ioctl(fd, LOOP_CONFIGURE, &config) < 0) {
        close(fd);
        fd = -1;
    }
    close((int)config.fd);
    return fd;
}

static void a_block_device_has_its_size(void)
{
    int fd = loop_device(1 << 20);
    struct opened opened;
    static uint8_t bytes[4096];
    char text[50] = "";
    uint64_t size;

    if (fd < 0) {
        unit_skip("there is no loop device");
        return;
    }
    setup(&opened, fd, TARN_IO_WRITABLE);
    CU_ASSERT(opened.io->flags & TARN_IO_FIXED_SIZE);
    CU_ASSERT(!(opened.io->flags & TARN_IO_ZERO_NEW));
    CU_ASSERT_EQUAL(fcntl(fd, F_GETFL) & O_NONBLOCK, 0);
    CU_ASSERT_EQUAL(tarn_io_size(opened.call, opened.io, &size), TARN_OK);
    CU_ASSERT_EQUAL(size, 1 << 20);
    memset(bytes, 5, sizeof(bytes));
    CU_ASSERT_EQUAL(tarn_io_pwrite(opened.call, opened.io, bytes, 4096, (1 << 20) - 4096), TARN_OK);
    CU_ASSERT_EQUAL(tarn_io_pwrite(opened.call, opened.io, bytes, 4096, (1 << 20) - 4095),
                    TARN_E_NO_SPACE);
    CU_ASSERT_EQUAL(tarn_io_truncate(opened.call, opened.io, 1 << 20, 0), TARN_OK);
    CU_ASSERT_EQUAL(tarn_io_truncate(opened.call, opened.io, 2 << 20, 0), TARN_E_UNSUPPORTED);
    CU_ASSERT_EQUAL(tarn_io_allocate(opened.call, opened.io, 0, 1 << 20), TARN_OK);
    CU_ASSERT_EQUAL(tarn_io_extents(opened.call, opened.io, 0, 1 << 20, collect, text), TARN_OK);
    CU_ASSERT_STRING_EQUAL(text, "D1048576 ");
    CU_ASSERT_EQUAL(tarn_io_zero(opened.call, opened.io, 0, 1 << 20, 0), TARN_OK);
    CU_ASSERT_EQUAL(tarn_io_pread(opened.call, opened.io, bytes, 4096, (1 << 20) - 4096), TARN_OK);
    CU_ASSERT_EQUAL(bytes[0], 0);
    CU_ASSERT_EQUAL(tarn_io_zero(opened.call, opened.io, 1, 100, 0), TARN_E_UNSUPPORTED);
    CU_ASSERT_EQUAL(tarn_io_discard(opened.call, opened.io, 1, 100000), TARN_OK);
    CU_ASSERT_EQUAL(tarn_io_flush(opened.call, opened.io), TARN_OK);
    teardown(&opened);
}

static const struct unit_test tests[] = {
    { "numbers keep their bytes", numbers_keep_their_bytes },
    { "errors have a meaning", errors_have_a_meaning },
    { "bytes are written and read", bytes_are_written_and_read },
    { "there are no short reads", there_are_no_short_reads },
    { "the size changes only as asked", the_size_changes_only_as_asked },
    { "growing can take the space", growing_can_take_the_space },
    { "allocate takes space and changes nothing", allocate_takes_space_and_changes_nothing },
    { "holes are told", holes_are_told },
    { "zeroed ranges read zeros", zeroed_ranges_read_zeros },
    { "discarded space goes back", discarded_space_goes_back },
    { "other kinds of files are refused", other_kinds_of_files_are_refused },
    { "a descriptor for reading is not written", a_descriptor_for_reading_is_not_written },
    { "a block device has its size", a_block_device_has_its_size },
    { NULL, NULL },
};

int main(void)
{
    return unit_main("file-io", tests);
}
