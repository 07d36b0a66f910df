/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Tests of helpers/signature.h on files, as made by mkfs, mkswap and parted.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "helpers/run-tool.h"
#include "helpers/signature.h"
#include "tests/unit/fake-pool-host.h"
#include "tests/unit/unit.h"

#define SIZE (64 << 20)
#define UUID "3f1b2a6c-7d7e-4f3a-9a55-1c2d3e4f5a6b"

static struct fake_pool_host host;
static char folder[64], path[96];

static void begin(void)
{
    int fd;

    fake_pool_host_init(&host, "/nowhere");
    strcpy(folder, "/tmp/tarn-test-XXXXXX");
    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(folder));
    snprintf(path, sizeof(path), "%s/disk", folder);
    fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    CU_ASSERT_FATAL(fd >= 0 && ftruncate(fd, SIZE) == 0);
    close(fd);
}

static void end(void)
{
    unlink(path);
    rmdir(folder);
    fake_pool_host_fini(&host);
}

/* False, and the test is skipped, if the program is not there. */
static bool make_with(const char *const *argv)
{
    struct tool_run run = { .argv = argv };

    if (!tool_exists(argv[0])) {
        unit_skip(argv[0]);
        return false;
    }
    CU_ASSERT_EQUAL(tool_run(&host.call, &run, NULL, NULL), TARN_OK);
    return true;
}

static bool make_ext4(const char *label)
{
    return make_with((const char *const[]){ "mkfs.ext4", "-q", "-F", "-U", UUID, "-L", label, path,
                                            NULL });
}

static void nothing(void)
{
    struct signature found[2];
    size_t count = 7;

    CU_ASSERT_EQUAL(signature_find(&host.call, path, found, 2, &count), TARN_OK);
    CU_ASSERT_EQUAL(count, 0);
    CU_ASSERT_EQUAL(signature_refuse(&host.call, path), TARN_OK);
    CU_ASSERT_EQUAL(signature_wipe(&host.call, path), TARN_OK);
}

static void filesystem(void)
{
    struct signature found[2];
    size_t count;

    if (!make_ext4("a label"))
        return;
    CU_ASSERT_EQUAL(signature_find(&host.call, path, found, 2, &count), TARN_OK);
    CU_ASSERT_EQUAL_FATAL(count, 1);
    CU_ASSERT_STRING_EQUAL(found[0].type, "ext4");
    CU_ASSERT_STRING_EQUAL(found[0].usage, "filesystem");
    CU_ASSERT_STRING_EQUAL(found[0].label, "a label");
    CU_ASSERT_STRING_EQUAL(found[0].uuid, UUID);
    CU_ASSERT_EQUAL(found[0].offset, 1024 + 0x38);
    CU_ASSERT_EQUAL(signature_refuse(&host.call, path), TARN_E_EXISTS);
    CU_ASSERT_PTR_NOT_NULL(strstr(host.text, "carries ext4 (filesystem) labelled \"a label\" at "
                                             "byte 1080"));
}

static void label_is_shown_safely(void)
{
    struct signature found;
    size_t count;

    if (!make_ext4("a\nb\033"))
        return;
    CU_ASSERT_EQUAL(signature_find(&host.call, path, &found, 1, &count), TARN_OK);
    CU_ASSERT_STRING_EQUAL(found.label, "a?b?");
}

static void put(const void *bytes, size_t length, off_t offset)
{
    int fd = open(path, O_RDWR | O_CLOEXEC);

    CU_ASSERT_EQUAL(pwrite(fd, bytes, length, offset), (ssize_t)length);
    close(fd);
}

/* What nothing would use any more is somebody's all the same. */
static void damaged(void)
{
    struct signature found;
    size_t count;

    if (!make_with((const char *const[]){ "parted", "-s", path, "mklabel", "gpt", NULL }))
        return;
    put("\0\0", 2, 510); /* GPT without the MBR in front of it */
    CU_ASSERT_EQUAL(signature_find(&host.call, path, &found, 1, &count), TARN_OK);
    CU_ASSERT_EQUAL(count, 0);
    CU_ASSERT_EQUAL(signature_refuse(&host.call, path), TARN_E_EXISTS);
    fake_pool_host_forget(&host);
    CU_ASSERT_EQUAL(signature_wipe(&host.call, path), TARN_OK);
    CU_ASSERT_EQUAL(signature_refuse(&host.call, path), TARN_OK);
}

/* Room for one, three are counted. */
static void several(void)
{
    struct signature found[4];
    char iso[6] = "\x01" "CD001";
    size_t count;

    if (!make_ext4("x"))
        return;
    put("\xff" "CD001", 6, 32768 + 4 * 2048); /* the end of the volume descriptors */
    put(iso, 6, 32768);
    CU_ASSERT_EQUAL(signature_find(&host.call, path, found, 4, &count), TARN_OK);
    CU_ASSERT_EQUAL_FATAL(count, 2);
    CU_ASSERT(strcmp(found[0].type, "iso9660") == 0 || strcmp(found[1].type, "iso9660") == 0);
    CU_ASSERT_EQUAL(signature_find(&host.call, path, found, 1, &count), TARN_OK);
    CU_ASSERT_EQUAL(count, 2);
    CU_ASSERT_EQUAL(signature_find(&host.call, path, NULL, 0, &count), TARN_OK);
    CU_ASSERT_EQUAL(count, 2);
    CU_ASSERT_EQUAL(signature_refuse(&host.call, path), TARN_E_EXISTS);
    CU_ASSERT_PTR_NOT_NULL(strstr(host.text, ", and 1 more"));
    fake_pool_host_forget(&host);
    CU_ASSERT_EQUAL(signature_wipe(&host.call, path), TARN_OK);
    CU_ASSERT_EQUAL(signature_find(&host.call, path, found, 4, &count), TARN_OK);
    CU_ASSERT_EQUAL(count, 0);
}

/* GPT has a copy at the end of the disk, and an MBR in front. */
static void partition_table(void)
{
    struct signature found[4];
    char copy[8];
    size_t count;
    int fd;

    if (!make_with((const char *const[]){ "parted", "-s", path, "mklabel", "gpt", NULL }))
        return;
    CU_ASSERT_EQUAL(signature_refuse(&host.call, path), TARN_E_EXISTS);
    CU_ASSERT_PTR_NOT_NULL(strstr(host.text, "carries gpt (partition-table) at byte 512"));
    fake_pool_host_forget(&host);
    CU_ASSERT_EQUAL(signature_wipe(&host.call, path), TARN_OK);
    CU_ASSERT_EQUAL(signature_find(&host.call, path, found, 4, &count), TARN_OK);
    CU_ASSERT_EQUAL(count, 0);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    CU_ASSERT_EQUAL(pread(fd, copy, 8, SIZE - 512), 8);
    CU_ASSERT_NOT_EQUAL(memcmp(copy, "EFI PART", 8), 0);
    close(fd);
}

/* Such as NILFS keeps at the end of the device. */
/* libblkid does not see them as long as they have no partitions; amiga never. */
static void old_labels(void)
{
    static const char *const labels[] = { "amiga", "bsd", "dvh", "mac", "pc98", "sun" };
    size_t i;

    for (i = 0; i < sizeof(labels) / sizeof(labels[0]); i++) {
        if (!make_with((const char *const[]){ "parted", "-s", path, "mklabel", labels[i], NULL }))
            return;
        CU_ASSERT_EQUAL(signature_refuse(&host.call, path), TARN_E_EXISTS);
        CU_ASSERT_EQUAL(signature_wipe(&host.call, path), TARN_OK);
        CU_ASSERT_EQUAL(signature_refuse(&host.call, path), TARN_OK);
    }
}

static void filesystem_with_copy(void)
{
    struct signature found[4];
    size_t count;

    CU_ASSERT_EQUAL(truncate(path, 4 * SIZE), 0);
    if (!make_with((const char *const[]){ "mkfs.nilfs2", "-q", "-f", path, NULL }))
        return;
    CU_ASSERT_EQUAL(signature_wipe(&host.call, path), TARN_OK);
    CU_ASSERT_EQUAL(signature_find(&host.call, path, found, 4, &count), TARN_OK);
    CU_ASSERT_EQUAL(count, 0);
}

static void swap(void)
{
    if (!make_with((const char *const[]){ "mkswap", path, NULL }))
        return;
    CU_ASSERT_EQUAL(signature_refuse(&host.call, path), TARN_E_EXISTS);
    CU_ASSERT_PTR_NOT_NULL(strstr(host.text, "carries swap (other)"));
}

static void not_a_disk(void)
{
    char other[96];
    size_t count;

    snprintf(other, sizeof(other), "%s/none", folder);
    CU_ASSERT_EQUAL(signature_find(&host.call, other, NULL, 0, &count), TARN_E_NOT_FOUND);
    CU_ASSERT_EQUAL(signature_find(&host.call, folder, NULL, 0, &count), TARN_E_INVALID);
    CU_ASSERT_EQUAL(mkfifo(other, 0600), 0);
    fake_pool_host_forget(&host);
    CU_ASSERT_EQUAL(signature_wipe(&host.call, other), TARN_E_INVALID);
    CU_ASSERT_PTR_NOT_NULL(strstr(host.text, "neither a block device nor a file"));
    unlink(other);
}

static void cancelled(void)
{
    if (!make_ext4("x"))
        return;
    host.questions = 0;
    host.interrupt_after = 1;
    CU_ASSERT_EQUAL(signature_wipe(&host.call, path), TARN_E_CANCELLED);
    host.interrupt_after = 0;
    fake_pool_host_forget(&host);
    CU_ASSERT_EQUAL(signature_refuse(&host.call, path), TARN_E_EXISTS);
}

#define TEST(function) \
    static void run_##function(void) \
    { \
        begin(); \
        function(); \
        end(); \
    }

TEST(nothing)
TEST(filesystem)
TEST(label_is_shown_safely)
TEST(damaged)
TEST(several)
TEST(old_labels)
TEST(partition_table)
TEST(filesystem_with_copy)
TEST(swap)
TEST(not_a_disk)
TEST(cancelled)

static const struct unit_test tests[] = {
    { "an empty disk carries nothing", run_nothing },
    { "a filesystem is told with its name, UUID and place", run_filesystem },
    { "a label cannot break a line", run_label_is_shown_safely },
    { "what is damaged is not found, but protected and wiped", run_damaged },
    { "several are all found and wiped", run_several },
    { "the labels of other systems are found and wiped", run_old_labels },
    { "a partition table goes with its copy", run_partition_table },
    { "a filesystem goes with its copy", run_filesystem_with_copy },
    { "swap is somebody's", run_swap },
    { "what is no disk is refused", run_not_a_disk },
    { "a cancelled wipe leaves things as they are", run_cancelled },
    { NULL, NULL },
};

int main(void)
{
    return unit_main("signature", tests);
}
