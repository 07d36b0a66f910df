/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Images in volumes and in files that are in no pool: opening, looking, checking, converting.
 */
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <tarn/result.h>

#include "tests/unit/host-frame.h"

#define MIB (UINT64_C(1) << 20)

static struct host_frame frame;
static struct tarn_error *error;

/* What a listener was told. */
static char format[32];
static uint64_t capacity;
static unsigned images, snapshots, findings, checks;
static uint64_t leaks;

static int take_image(void *arg, const char *name, const struct tarn_image_info *info)
{
    (void)arg;
    images++;
    snprintf(format, sizeof(format), "%s", name);
    capacity = info->capacity;
    return TARN_OK;
}

static int take_snapshot(void *arg, const struct tarn_snapshot *snapshot)
{
    (void)arg;
    CU_ASSERT_STRING_EQUAL(snapshot->name, "first");
    snapshots++;
    return TARN_OK;
}

static int take_finding(void *arg, const struct tarn_finding *finding)
{
    (void)arg;
    CU_ASSERT_PTR_NOT_NULL(finding->text);
    findings++;
    return TARN_OK;
}

static int take_check(void *arg, const struct tarn_check_result *result)
{
    (void)arg;
    checks++;
    leaks = result->leaks;
    return TARN_OK;
}

static const struct tarn_image_listener listener = {
    .struct_size = sizeof(listener), .image = take_image, .snapshot = take_snapshot,
    .finding = take_finding, .checked = take_check,
};

static void begin(void)
{
    host_open(&frame);
    images = snapshots = findings = checks = 0;
    CU_ASSERT_EQUAL(host_run("qemu-img create -f qcow2 %s 3M && qemu-img snapshot -c first %s",
                             host_path(&frame, "a"), host_path(&frame, "a")), 0);
}

static void described(void)
{
    struct tarn_pool *pool;
    struct tarn_volume *volume = NULL;

    begin();
    HOST_OK(tarn_image_describe(frame.context, host_path(&frame, "a"), NULL, &listener, &error));
    CU_ASSERT_STRING_EQUAL(format, "qcow2");
    CU_ASSERT(images == 1 && snapshots == 1 && capacity == 3 * MIB);
    HOST_OK(tarn_image_describe(frame.context, host_path(&frame, "a"), "raw", &listener, &error));
    CU_ASSERT_STRING_EQUAL(format, "raw");
    HOST_REFUSED(tarn_image_describe(frame.context, host_path(&frame, "b"), NULL, &listener,
                                     &error), TARN_E_NOT_FOUND, NULL);
    HOST_REFUSED(tarn_image_describe(frame.context, host_path(&frame, "a"), "vmdk", &listener,
                                     &error), TARN_E_NO_MODULE, "vmdk");
    pool = host_pool(&frame, frame.context, "p");
    CU_ASSERT_EQUAL(rename(host_path(&frame, "a"), host_path(&frame, "p/a")), 0);
    HOST_OK(tarn_volume_lookup(&volume, pool, "a", &error));
    HOST_OK(tarn_volume_describe(volume, &listener, &error));
    CU_ASSERT(images == 3 && snapshots == 2 && capacity == 3 * MIB);
    tarn_volume_unref(volume);
    tarn_pool_unref(pool);
    host_close(&frame);
}

/* A listener from an older program knows fewer members. */
static void short_listener(void)
{
    struct tarn_image_listener old = listener;

    begin();
    old.struct_size = offsetof(struct tarn_image_listener, snapshot);
    HOST_OK(tarn_image_describe(frame.context, host_path(&frame, "a"), NULL, &old, &error));
    CU_ASSERT(images == 1 && snapshots == 0);
    host_close(&frame);
}

static void checked(void)
{
    struct tarn_pool *pool;
    struct tarn_volume *volume;

    begin();
    HOST_OK(tarn_image_check(frame.context, host_path(&frame, "a"), NULL, 0, &listener, NULL,
                             &error));
    CU_ASSERT(checks == 1 && findings == 0 && leaks == 0);
    HOST_REFUSED(tarn_image_check(frame.context, host_path(&frame, "a"), "raw", 0, &listener, NULL,
                                  &error), TARN_E_UNSUPPORTED, "nothing that could be checked");
    pool = host_pool(&frame, frame.context, "p");
    volume = host_volume(pool, "v", "qcow2", MIB);
    CU_ASSERT(host_guest_write(volume, 0, "x", 1));
    HOST_OK(tarn_volume_check(volume, 0, &listener, NULL, &error));
    CU_ASSERT(checks == 2 && findings == 0);
    /* The L2 table's entry goes, the cluster stays counted: a leak. Tables are at their usual
     * place. */
    CU_ASSERT_EQUAL(host_run("dd if=/dev/zero of=%s bs=1 count=8 seek=262144 conv=notrunc "
                             "status=none", host_path(&frame, "p/v")), 0);
    HOST_OK(tarn_volume_check(volume, 0, &listener, NULL, &error));
    CU_ASSERT(checks == 3 && findings == 1 && leaks == 1);
    HOST_OK(tarn_volume_check(volume, TARN_IMAGE_REPAIR_LEAKS, &listener, NULL, &error));
    CU_ASSERT(checks == 4 && leaks == 0);
    CU_ASSERT_EQUAL(host_run("qemu-img check %s", host_path(&frame, "p/v")), 0);
    tarn_volume_unref(volume);
    tarn_pool_unref(pool);
    host_close(&frame);
}

static void opened(void)
{
    struct tarn_image *image = NULL;
    uint64_t size = 0;
    char bytes[8] = "";

    begin();
    HOST_OK(tarn_image_open(&image, frame.context, host_path(&frame, "a"), NULL, TARN_IMAGE_WRITE,
                            NULL, &error));
    HOST_OK(tarn_image_size(&size, image, &error));
    CU_ASSERT_EQUAL(size, 3 * MIB);
    HOST_OK(tarn_image_pwrite(image, "content", 8, MIB, &error));
    HOST_OK(tarn_image_pread(image, bytes, 8, MIB, &error));
    CU_ASSERT_STRING_EQUAL(bytes, "content");
    HOST_OK(tarn_image_zero(image, MIB, 4, NULL, &error));
    HOST_OK(tarn_image_pread(image, bytes, 8, MIB, &error));
    CU_ASSERT(memcmp(bytes, "\0\0\0\0ent", 8) == 0);
    HOST_OK(tarn_image_discard(image, 0, MIB, NULL, &error));
    HOST_OK(tarn_image_flush(image, &error));
    CU_ASSERT_NOT_EQUAL(tarn_image_pread(image, bytes, 8, 3 * MIB - 4, NULL), TARN_OK);
    CU_ASSERT_NOT_EQUAL(tarn_image_pwrite(image, bytes, 8, UINT64_MAX - 4, NULL), TARN_OK);
    HOST_OK(tarn_image_close(image, &error));
    HOST_OK(tarn_image_close(NULL, &error));
    HOST_OK(tarn_image_open(&image, frame.context, host_path(&frame, "a"), "qcow2", 0, NULL,
                            &error));
    HOST_REFUSED(tarn_image_pwrite(image, "x", 1, 0, &error), TARN_E_UNSUPPORTED, "read-only");
    HOST_OK(tarn_image_close(image, &error));
    CU_ASSERT_EQUAL(host_run("qemu-img check %s", host_path(&frame, "a")), 0);
    host_close(&frame);
}

static void no_regular_file(void)
{
    struct tarn_image *image = NULL;

    begin();
    CU_ASSERT_EQUAL(mkfifo(host_path(&frame, "fifo"), 0600), 0);
    CU_ASSERT_NOT_EQUAL(tarn_image_open(&image, frame.context, host_path(&frame, "fifo"), "raw", 0,
                                        NULL, NULL), TARN_OK);
    CU_ASSERT_NOT_EQUAL(tarn_image_open(&image, frame.context, frame.root, "raw", 0, NULL, NULL),
                        TARN_OK);
    CU_ASSERT_NOT_EQUAL(tarn_image_open(&image, frame.context, "/dev/null", "raw", 0, NULL, NULL),
                        TARN_OK);
    host_close(&frame);
}

/* The job is for opening; the image outlives it. */
static void job_ends_before_the_image(void)
{
    struct tarn_job_record **list = NULL;
    struct tarn_image *image = NULL;
    struct tarn_job *job = NULL;
    struct tarn_pool *pool;
    struct tarn_volume *volume;
    char byte;

    begin();
    pool = host_pool(&frame, frame.context, "p");
    volume = host_volume(pool, "v", "raw", MIB);
    HOST_OK(tarn_job_new(&job, frame.context, &error));
    tarn_job_set_deadline(job, 5000);
    HOST_OK(tarn_volume_open(&image, volume, TARN_IMAGE_WRITE, job, &error));
    tarn_job_cancel(job);
    tarn_job_unref(job);
    HOST_OK(tarn_image_pread(image, &byte, 1, 0, &error));
    HOST_OK(tarn_image_zero(image, 0, MIB, NULL, &error));
    HOST_OK(tarn_job_list(&list, frame.context, &error));
    CU_ASSERT(list[0] != NULL && strcmp(list[0]->operation, "vol-open") == 0);
    CU_ASSERT_STRING_EQUAL(list[0]->volume, "v");
    tarn_job_list_free(list);
    /* While it is open the pool is there for others. */
    HOST_OK(tarn_pool_refresh(pool, NULL, &error));
    CU_ASSERT_EQUAL(host_count(pool), 1);
    HOST_OK(tarn_image_close(image, &error));
    tarn_volume_unref(volume);
    tarn_pool_unref(pool);
    host_close(&frame);
}

static struct tarn_conversion conversion_to(const char *target, const char *target_format)
{
    return (struct tarn_conversion){
        .struct_size = sizeof(struct tarn_conversion),
        .source_path = host_path(&frame, "a"),
        .target_path = host_path(&frame, "%s", target),
        .target_format = target_format,
    };
}

static void converted(void)
{
    static const char *const wrong[] = { "nonsense=1", NULL };
    static const char *const worse[] = { "nonsense", NULL };
    struct tarn_conversion conversion;
    struct tarn_job *job = NULL;

    begin();
    CU_ASSERT_EQUAL(host_run("qemu-io -f qcow2 -c 'write -P 7 1M 300k' %s", host_path(&frame, "a")),
                    0);
    conversion = conversion_to("b", "raw");
    HOST_OK(tarn_image_convert(frame.context, &conversion, NULL, &error));
    CU_ASSERT_EQUAL(host_run("qemu-img compare -f qcow2 -F raw %s %s", host_path(&frame, "a"),
                             host_path(&frame, "b")), 0);
    HOST_REFUSED(tarn_image_convert(frame.context, &conversion, NULL, &error), TARN_E_EXISTS,
                 "choose another name");
    conversion = conversion_to("c", "qcow2");
    conversion.options = wrong;
    HOST_REFUSED(tarn_image_convert(frame.context, &conversion, NULL, &error), TARN_E_INVALID,
                 "nonsense");
    conversion.options = worse;
    HOST_REFUSED(tarn_image_convert(frame.context, &conversion, NULL, &error), TARN_E_INVALID,
                 "has no value");
    conversion = conversion_to("no/where/c", "qcow2");
    HOST_REFUSED(tarn_image_convert(frame.context, &conversion, NULL, &error), TARN_E_NOT_FOUND,
                 NULL);
    HOST_OK(tarn_job_new(&job, frame.context, &error));
    tarn_job_cancel(job);
    conversion = conversion_to("c", "qcow2");
    HOST_REFUSED(tarn_image_convert(frame.context, &conversion, job, &error), TARN_E_CANCELLED,
                 NULL);
    tarn_job_unref(job);
    CU_ASSERT_FALSE(host_exists(host_path(&frame, "c")));
    host_close(&frame);
}

/* What differs from the base is stored, and nothing else. */
static void converted_over_a_base(void)
{
    struct tarn_conversion conversion;

    begin();
    CU_ASSERT_EQUAL(host_run("qemu-io -f qcow2 -c 'write -P 7 1M 300k' %s", host_path(&frame, "a")),
                    0);
    CU_ASSERT_EQUAL(host_run("qemu-img convert -f qcow2 -O raw %s %s && "
                             "printf x | dd of=%s bs=1 seek=200000 conv=notrunc",
                             host_path(&frame, "a"), host_path(&frame, "base"),
                             host_path(&frame, "base")), 0);
    conversion = conversion_to("over", "qcow2");
    conversion.backing_path = host_path(&frame, "base");
    HOST_REFUSED(tarn_image_convert(frame.context, &conversion, NULL, &error), TARN_E_INVALID,
                 "is not guessed");
    conversion.backing_format = "raw";
    HOST_OK(tarn_image_convert(frame.context, &conversion, NULL, &error));
    CU_ASSERT_EQUAL(host_run("qemu-img compare -f qcow2 -F qcow2 %s %s", host_path(&frame, "a"),
                             host_path(&frame, "over")), 0);
    CU_ASSERT_EQUAL(host_run("test \"$(qemu-img map --output=json %s | grep -c '\"depth\": 0')\" "
                             "= 1", host_path(&frame, "over")), 0);
    host_close(&frame);
}

static const struct unit_test tests[] = {
    { "an image says what it is", described },
    { "a listener from an older program is told what it knows", short_listener },
    { "an image is checked, and its leaks are mended", checked },
    { "the guest's bytes of a file are read and written", opened },
    { "what is no regular file is not opened", no_regular_file },
    { "an open image outlives the job that opened it", job_ends_before_the_image },
    { "a file is converted, whole or not at all", converted },
    { "a conversion over a base stores what differs", converted_over_a_base },
    { NULL, NULL },
};

int main(void)
{
    return unit_main("image-api", tests);
}
