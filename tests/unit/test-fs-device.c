/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Tests of the module fs.so as far as nothing is mounted: its descriptor, definitions, what it
 * recognises on a disk and makes there. The disks are files.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "helpers/run-tool.h"
#include "helpers/signature.h"
#include "modules/fs/fs.h"
#include "tests/unit/fake-pool-host.h"
#include "tests/unit/unit.h"

#define SIZE (64 << 20)

static struct fake_pool_host host;
static char top[64], disk[96], target[96];
static struct tarn_source_device device = { .struct_size = sizeof(device), .path = disk };
static const struct tarn_source_device *one_device[] = { &device, NULL };

/* --- the host --------------------------------------------------------------------------------- */

static char identified[128], logged[512];
static int32_t identity_answer;

static const char *answer_option(struct tarn_call *call, const char *name)
{
    (void)call;
    return strcmp(name, "mkfs-timeout") == 0 ? "60" : NULL;
}

static int32_t answer_identify(struct tarn_call *call, const char *kind, const char *id,
                               uint32_t flags)
{
    snprintf(identified, sizeof(identified), "%s %s%s", kind, id,
             flags & TARN_IDENTIFY_NEW ? " new" : "");
    return identity_answer == TARN_OK ? TARN_OK
                                      : tarn_fail(call, identity_answer, 0, "another one");
}

static uint64_t told_done, told_total, tellings;

static void note_progress(struct tarn_call *call, uint64_t done, uint64_t total)
{
    (void)call;
    told_done = done;
    told_total = total;
    tellings++;
}

static void note_log(struct tarn_call *call, uint32_t level, const char *text)
{
    (void)call;
    (void)level;
    snprintf(logged, sizeof(logged), "%s", text);
}

static void begin(void)
{
    int fd;

    strcpy(top, "/tmp/tarn-test-XXXXXX");
    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(top));
    snprintf(disk, sizeof(disk), "%s/disk", top);
    snprintf(target, sizeof(target), "%s/target", top);
    fd = open(disk, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    CU_ASSERT_FATAL(fd >= 0 && ftruncate(fd, SIZE) == 0);
    close(fd);
    fake_pool_host_init(&host, target);
    host.host.option = answer_option;
    host.host.identify = answer_identify;
    host.host.progress = note_progress;
    host.host.log = note_log;
    host.pool.type = "fs";
    host.source.devices = one_device;
    host.source.format = "ext4";
    device.path = disk;
    identified[0] = logged[0] = '\0';
    identity_answer = TARN_OK;
    told_done = told_total = tellings = 0;
}

static void end(void)
{
    fake_pool_host_fini(&host);
    unlink(disk);
    rmdir(target);
    CU_ASSERT_EQUAL(rmdir(top), 0);
}

static const struct tarn_pool_type *type(void)
{
    return tarn_module_entry(TARN_ABI_VERSION)->pool_types[0];
}

static void says(const char *part)
{
    if (strstr(host.text, part) == NULL)
        CU_FAIL(host.text);
    fake_pool_host_forget(&host);
}

static void shell(const char *line)
{
    const char *argv[] = { "sh", "-c", line, NULL };
    struct tool_run run = { .argv = argv };

    CU_ASSERT_EQUAL(tool_run(&host.call, &run, NULL, NULL), TARN_OK);
}

/* Runs "MAKER disk". */
static void make_disk(const char *maker)
{
    char line[512];

    snprintf(line, sizeof(line), "%s %s", maker, disk);
    shell(line);
}

/* --- the definition --------------------------------------------------------------------------- */

static void descriptor(void)
{
    const char *const *name;
    size_t count = 0;

    CU_ASSERT_PTR_NULL(tarn_module_entry((uint32_t)(TARN_ABI_MAJOR + 1) << 16));
    CU_ASSERT_STRING_EQUAL(type()->name, "fs");
    CU_ASSERT_EQUAL(type()->source_required, TARN_SOURCE_DEVICE);
    CU_ASSERT_STRING_EQUAL(type()->default_source_format, "auto");
    CU_ASSERT_STRING_EQUAL(fs_format_names[0], "auto");
    CU_ASSERT_PTR_NULL(fs_format_named("auto"));
    CU_ASSERT_PTR_NULL(fs_format_named("bananas"));
    CU_ASSERT_PTR_NULL(fs_format_found("LVM2_member"));
    for (name = fs_format_names + 1; *name != NULL; name++, count++) {
        const struct fs_format *format = fs_format_named(*name);

        CU_ASSERT_PTR_NOT_NULL_FATAL(format);
        CU_ASSERT_EQUAL(format->maker == NULL, format->why_not != NULL);
        CU_ASSERT_PTR_NULL(format->arguments[FS_MAKE_ARGUMENTS - 1]);
        if (format->found != NULL)
            CU_ASSERT_PTR_EQUAL(fs_format_found(format->found), format);
    }
    CU_ASSERT_EQUAL(count, 23);
}

static int32_t define(const char *path)
{
    device.path = path;
    return type()->define(&host.call);
}

static void definition(void)
{
    const struct tarn_source_device *none[] = { NULL }, *two[] = { &device, &device, NULL };

    CU_ASSERT_EQUAL(define(disk), TARN_OK);
    CU_ASSERT_EQUAL(define("/dev/none"), TARN_OK);
    CU_ASSERT_EQUAL(define("UUID=1"), TARN_OK);
    CU_ASSERT_EQUAL(define("LABEL=x y"), TARN_OK);
    CU_ASSERT_EQUAL(define("PARTUUID=1"), TARN_OK);
    CU_ASSERT_EQUAL(define("PARTLABEL=1"), TARN_OK);
    CU_ASSERT_EQUAL(define("sdb1"), TARN_E_INVALID);
    says("\"sdb1\" is no device");
    CU_ASSERT_EQUAL(define("UUID="), TARN_E_INVALID);
    fake_pool_host_forget(&host);
    host.source.devices = none;
    CU_ASSERT_EQUAL(define(disk), TARN_E_INVALID);
    says("exactly one <source><device>");
    host.source.devices = two;
    CU_ASSERT_EQUAL(define(disk), TARN_E_INVALID);
    host.source.devices = one_device;
    host.pool.target_path = "relative";
    CU_ASSERT_EQUAL(define(disk), TARN_E_INVALID);
}

static void claims(void)
{
    char link[96], expected[128], path[128];

    snprintf(link, sizeof(link), "%s/link", top);
    CU_ASSERT_EQUAL(symlink(disk, link), 0);
    device.path = link;
    CU_ASSERT_EQUAL(type()->claims(&host.call), TARN_OK);
    CU_ASSERT_EQUAL_FATAL(host.claim_count, 2);
    snprintf(expected, sizeof(expected), "device:%s", disk);
    CU_ASSERT_STRING_EQUAL(host.claims[0], expected);
    snprintf(path, sizeof(path), "path:%s", target);
    CU_ASSERT_STRING_EQUAL(host.claims[1], path);
    fake_pool_host_forget(&host);
    device.path = "UUID=none";
    CU_ASSERT_EQUAL(type()->claims(&host.call), TARN_OK);
    CU_ASSERT_STRING_EQUAL(host.claims[0], "device:UUID=none");
    unlink(link);
}

/* --- what is there ---------------------------------------------------------------------------- */

static void recognised(void)
{
    struct fs_found found;

    CU_ASSERT_EQUAL(fs_recognise(&host.call, disk, "auto", &found), TARN_E_INVALID);
    says("carries nothing that is known: name the format");
    CU_ASSERT_EQUAL(fs_recognise(&host.call, disk, "xfs", &found), TARN_E_INVALID);
    says("carries nothing that is known: build the pool first");
    CU_ASSERT_EQUAL(fs_recognise(&host.call, disk, "bananas", &found), TARN_E_INVALID);
    fake_pool_host_forget(&host);
    make_disk("mkfs.ext3 -q -F -U 3f1b2a6c-7d7e-4f3a-9a55-1c2d3e4f5a6b");
    CU_ASSERT_EQUAL(fs_recognise(&host.call, disk, "auto", &found), TARN_OK);
    CU_ASSERT_STRING_EQUAL(found.kernel, "ext3");
    CU_ASSERT_STRING_EQUAL(found.uuid, "3f1b2a6c-7d7e-4f3a-9a55-1c2d3e4f5a6b");
    CU_ASSERT_PTR_NOT_NULL(strstr(logged, "carries ext3"));
    /* One family. */
    CU_ASSERT_EQUAL(fs_recognise(&host.call, disk, "ext4", &found), TARN_OK);
    CU_ASSERT_STRING_EQUAL(found.kernel, "ext4");
    CU_ASSERT_EQUAL(fs_recognise(&host.call, disk, "xfs", &found), TARN_E_INVALID);
    says("carries ext3, and not xfs");
    /* What libblkid does not know is left to the kernel. */
    CU_ASSERT_EQUAL(fs_recognise(&host.call, disk, "vmfs", &found), TARN_OK);
    CU_ASSERT_STRING_EQUAL(found.kernel, "vmfs");
}

static void recognised_other_things(void)
{
    struct fs_found found;

    make_disk("mkswap");
    CU_ASSERT_EQUAL(fs_recognise(&host.call, disk, "auto", &found), TARN_E_INVALID);
    says("carries swap, and not a filesystem");
    if (tool_exists("mkfs.vfat")) {
        make_disk("mkfs.vfat");
        CU_ASSERT_EQUAL(fs_recognise(&host.call, disk, "auto", &found), TARN_OK);
        CU_ASSERT_STRING_EQUAL(found.kernel, "vfat");
        CU_ASSERT_STRING_EQUAL(found.options, "fmask=0177,dmask=0077");
    }
    if (tool_exists("makefs")) {
        unlink(disk);
        make_disk("f() { mkdir $1.d; makefs -t ffs -o version=2 -s 16m $1 $1.d; rmdir $1.d; }; f");
        CU_ASSERT_EQUAL(fs_recognise(&host.call, disk, "auto", &found), TARN_OK);
        CU_ASSERT_STRING_EQUAL(found.options, "ro,ufstype=ufs2");
        make_disk("f() { mkdir $1.d; makefs -t ffs -s 16m $1 $1.d; rmdir $1.d; }; f");
        CU_ASSERT_EQUAL(fs_recognise(&host.call, disk, "ufs", &found), TARN_OK);
        CU_ASSERT_STRING_EQUAL(found.kernel, "ufs");
        CU_ASSERT_STRING_EQUAL(found.options, "ro,ufstype=44bsd");
    }
}

/* Where a filesystem ends and another begins that was made over it. */
static void ambiguous(void)
{
    struct fs_found found;

    make_disk("mkfs.ext4 -q -F");
    make_disk("f() { printf '\\001CD001' | dd conv=notrunc bs=1 seek=32768 of=$1; }; f");
    CU_ASSERT_EQUAL(fs_recognise(&host.call, disk, "auto", &found), TARN_E_INVALID);
    says("name the one that is meant");
    CU_ASSERT_EQUAL(fs_recognise(&host.call, disk, "iso9660", &found), TARN_OK);
    CU_ASSERT_STRING_EQUAL(found.options, "ro");
    CU_ASSERT_EQUAL(fs_recognise(&host.call, disk, "ext4", &found), TARN_OK);
    CU_ASSERT_STRING_EQUAL(found.kernel, "ext4");
}

/* The kernel looks for HFS in a Macintosh's partitions, libblkid does not. */
static void macintosh_disc(void)
{
    struct fs_found found;

    if (!tool_exists("xorriso")) {
        unit_skip("there is no xorriso");
        return;
    }
    unlink(disk);
    make_disk("f() { mkdir $1.d; echo x >$1.d/x; xorriso -as mkisofs -quiet -o $1 -hfsplus $1.d;"
              " rm -r $1.d; }; f");
    CU_ASSERT_EQUAL(fs_recognise(&host.call, disk, "auto", &found), TARN_OK);
    CU_ASSERT_STRING_EQUAL(found.kernel, "iso9660");
    CU_ASSERT_EQUAL(fs_recognise(&host.call, disk, "hfs+", &found), TARN_OK);
    CU_ASSERT_STRING_EQUAL(found.kernel, "hfsplus");
}

/* --- making one ------------------------------------------------------------------------------- */

static void made(void)
{
    struct signature found;
    char expected[128];
    size_t count;

    CU_ASSERT_EQUAL(fs_make(&host.call, disk, TARN_BUILD_NO_OVERWRITE), TARN_OK);
    CU_ASSERT_EQUAL(signature_find(&host.call, disk, &found, 1, &count), TARN_OK);
    CU_ASSERT_EQUAL(count, 1);
    CU_ASSERT_STRING_EQUAL(found.type, "ext4");
    snprintf(expected, sizeof(expected), "filesystem %s new", found.uuid);
    CU_ASSERT_STRING_EQUAL(identified, expected);
    CU_ASSERT_EQUAL(fs_make(&host.call, disk, TARN_BUILD_NO_OVERWRITE), TARN_E_EXISTS);
    says("carries ext4 (filesystem) at byte 1080");
    /* What the new one would not have overwritten is gone as well. */
    make_disk("f() { printf '\\001CD001' | dd conv=notrunc bs=1 seek=32768 of=$1; }; f");
    CU_ASSERT_EQUAL(signature_find(&host.call, disk, &found, 1, &count), TARN_OK);
    CU_ASSERT_EQUAL(count, 2);
    host.source.format = "ext2";
    CU_ASSERT_EQUAL(fs_make(&host.call, disk, TARN_BUILD_OVERWRITE), TARN_OK);
    CU_ASSERT_EQUAL(signature_find(&host.call, disk, &found, 1, &count), TARN_OK);
    CU_ASSERT_EQUAL(count, 1);
    CU_ASSERT_STRING_EQUAL(found.type, "ext2");
    CU_ASSERT_STRING_NOT_EQUAL(identified, expected);
}

/* And the disk is as it was. */
static void refused_to_make(void)
{
    static const struct {
        const char *format, *device, *because;
        int32_t status;
    } cases[] = {
        { "auto", NULL, "does not say which filesystem", TARN_E_INVALID },
        { "iso9660", NULL, "no iso9660 can be made here", TARN_E_UNSUPPORTED },
        { "gfs", NULL, "Linux has only its successor", TARN_E_UNSUPPORTED },
        { "vmfs", NULL, "Linux has no driver", TARN_E_UNSUPPORTED },
        { "ufs", NULL, "the kernel only reads it", TARN_E_UNSUPPORTED },
        { "ext4", "UUID=1", "names the filesystem that would be overwritten", TARN_E_INVALID },
        { "ext4", "LABEL=1", "names the filesystem that would be overwritten", TARN_E_INVALID },
        { "ext4", "PARTUUID=none", "no device has PARTUUID=none", TARN_E_NOT_FOUND },
        { "ext4", "/none", "the device /none is not there", TARN_E_NOT_FOUND },
        { "ext4", "/dev/null", "neither a block device nor a file", TARN_E_INVALID },
    };
    size_t i;

    make_disk("mkswap");
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        host.source.format = cases[i].format;
        CU_ASSERT_EQUAL(fs_make(&host.call, cases[i].device != NULL ? cases[i].device : disk,
                                TARN_BUILD_OVERWRITE), cases[i].status);
        says(cases[i].because);
    }
    CU_ASSERT_EQUAL(signature_refuse(&host.call, disk), TARN_E_EXISTS);
    CU_ASSERT_STRING_EQUAL(identified, "");
}

static void built_folder(void)
{
    struct stat st;
    void *pool;

    CU_ASSERT_EQUAL_FATAL(type()->open(&host.call, &pool), TARN_OK);
    CU_ASSERT_EQUAL(type()->build(&host.call, pool, 0), TARN_OK);
    CU_ASSERT_EQUAL(stat(target, &st), 0);
    CU_ASSERT_EQUAL(st.st_mode & 07777, 0711);
    CU_ASSERT_EQUAL(signature_refuse(&host.call, disk), TARN_OK); /* the disk is as it was */
    CU_ASSERT_EQUAL(type()->remove(&host.call, pool), TARN_OK);
    CU_ASSERT_EQUAL(stat(target, &st), -1);
    type()->close(pool);
}

/* Nothing was mounted yet. */
static void replaced_disk_is_not_mounted(void)
{
    uint32_t active = 7;
    void *pool;

    CU_ASSERT_EQUAL_FATAL(type()->open(&host.call, &pool), TARN_OK);
    CU_ASSERT_EQUAL(type()->build(&host.call, pool, TARN_BUILD_NO_OVERWRITE), TARN_OK);
    identity_answer = TARN_E_REPLACED;
    CU_ASSERT_EQUAL(type()->start(&host.call, pool), TARN_E_REPLACED);
    CU_ASSERT_EQUAL(type()->check(&host.call, pool, &active), TARN_OK);
    CU_ASSERT_EQUAL(active, 0);
    type()->close(pool);
}

/* --- progress --------------------------------------------------------------------------------- */

static void hear(struct fs_progress *progress, const char *text)
{
    fs_progress_heard(&host.call, text, strlen(text), progress);
}

static void progress(void)
{
    struct fs_progress heard = { .length = 0 };

    hear(&heard, "mke2fs 1.47.0 (5-Feb-2023)\nDiscarding device blocks:    0/1000");
    CU_ASSERT_EQUAL(tellings, 0);
    hear(&heard, "\b\b\b\b\b\b\b\b\b 250/1000\b\b\b\b\b\b\b\b\b");
    CU_ASSERT_EQUAL(told_done, 125);
    CU_ASSERT_EQUAL(told_total, 1000);
    hear(&heard, "         \b\b\b\b\b\b\b\b\bdone\nAllocating group tables: 3/16\b\b\b\b");
    CU_ASSERT_EQUAL(tellings, 1);
    CU_ASSERT_EQUAL(told_done, 125);
    hear(&heard, "\nWriting inode tables:  8/16\b\b\b\b\b16/1");
    hear(&heard, "6\b\b\b\b\bdone\n9/9\n");
    CU_ASSERT_EQUAL(told_done, 1000);
    CU_ASSERT_EQUAL(tellings, 3);
    hear(&heard, "\nWriting inode tables: 1/0\b9/8\b/\b99999999999999999999999/2\b\b\n");
    CU_ASSERT_EQUAL(tellings, 3);
}

#define TEST(function) \
    static void run_##function(void) \
    { \
        begin(); \
        function(); \
        end(); \
    }

TEST(descriptor)
TEST(definition)
TEST(claims)
TEST(recognised)
TEST(recognised_other_things)
TEST(ambiguous)
TEST(macintosh_disc)
TEST(made)
TEST(refused_to_make)
TEST(built_folder)
TEST(replaced_disk_is_not_mounted)
TEST(progress)

static const struct unit_test tests[] = {
    { "the descriptor and the table of filesystems are complete", run_descriptor },
    { "a definition names exactly one device", run_definition },
    { "the device is claimed by its own name, and the target", run_claims },
    { "the filesystem is recognised, and what is not it is told", run_recognised },
    { "what is no filesystem is told; some need options", run_recognised_other_things },
    { "a disk with two filesystems needs to be told which", run_ambiguous },
    { "a disc for Macintoshes is what it is called", run_macintosh_disc },
    { "a filesystem is made and identified", run_made },
    { "what cannot be made is refused before anything is lost", run_refused_to_make },
    { "building without flags makes a folder and touches no disk", run_built_folder },
    { "a disk that was replaced is not mounted", run_replaced_disk_is_not_mounted },
    { "mke2fs tells how far it is", run_progress },
    { NULL, NULL },
};

int main(void)
{
    return unit_main("fs-device", tests);
}
