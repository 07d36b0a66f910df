/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Creating volumes, empty, copied and on top of others.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <tarn/result.h>

#include "tests/unit/host-frame.h"

#define MIB (UINT64_C(1) << 20)

static struct host_frame frame;
static struct tarn_pool *pool;

static void begin(void)
{
    host_open(&frame);
    pool = host_pool(&frame, frame.context, "p");
}

static void end(void)
{
    tarn_pool_unref(pool);
    host_close(&frame);
}

static struct tarn_volume_record *record_of(struct tarn_volume *volume)
{
    struct tarn_error *error = NULL;
    struct tarn_volume_record *record = NULL;

    HOST_OK(tarn_volume_read(&record, volume, 0, &error));
    CU_ASSERT_PTR_NOT_NULL_FATAL(record);
    return record;
}

static bool has_format(struct tarn_volume *volume, const char *format)
{
    struct tarn_volume_record *record = record_of(volume);
    bool same = record->format != NULL && strcmp(record->format, format) == 0;

    tarn_volume_record_free(record);
    return same;
}

static void raw_volume(void)
{
    struct tarn_volume *volume;
    struct tarn_volume_record *record;
    struct stat known;

    begin();
    volume = host_volume(pool, "a", "raw", 3 * MIB);
    record = record_of(volume);
    CU_ASSERT_EQUAL(record->capacity, 3 * MIB);
    CU_ASSERT_STRING_EQUAL(record->format, "raw");
    CU_ASSERT_EQUAL(record->recorded, 1);
    CU_ASSERT_EQUAL(record->status, TARN_VOLUME_OK);
    CU_ASSERT_STRING_EQUAL(record->path, host_path(&frame, "p/a"));
    CU_ASSERT(stat(record->path, &known) == 0 && known.st_size == (off_t)(3 * MIB));
    CU_ASSERT_EQUAL(known.st_blocks, 0);
    tarn_volume_record_free(record);
    tarn_volume_unref(volume);
    end();
}

static void qcow2_volume(void)
{
    struct tarn_volume *volume;
    char bytes[4] = "xyz";

    begin();
    volume = host_volume(pool, "q", "qcow2", 64 * MIB);
    CU_ASSERT(has_format(volume, "qcow2"));
    CU_ASSERT(host_guest_write(volume, 5 * MIB, bytes, 3));
    memset(bytes, 0, sizeof(bytes));
    CU_ASSERT(host_guest_read(volume, 5 * MIB, bytes, 3));
    CU_ASSERT_STRING_EQUAL(bytes, "xyz");
    CU_ASSERT_EQUAL(host_run("qemu-img check %s", host_path(&frame, "p/q")), 0);
    tarn_volume_unref(volume);
    end();
}

static void folder_volume(void)
{
    struct tarn_volume *volume;
    struct stat known;

    begin();
    volume = host_volume(pool, "d", "dir", 0);
    CU_ASSERT(has_format(volume, "dir"));
    CU_ASSERT(stat(host_path(&frame, "p/d"), &known) == 0 && S_ISDIR(known.st_mode));
    tarn_volume_unref(volume);
    end();
}

static void taken_name(void)
{
    struct tarn_error *error = NULL;
    struct tarn_volume *second = NULL;
    struct tarn_volume *volume;

    begin();
    volume = host_volume(pool, "a", "raw", MIB);
    HOST_REFUSED(tarn_volume_create(&second, pool, host_volume_xml("a", "raw", MIB, NULL), 0, NULL,
                                    &error), TARN_E_EXISTS, "choose another name");
    tarn_volume_unref(volume);
    end();
}

static void idempotent(void)
{
    struct tarn_error *error = NULL;
    struct tarn_volume *volume = NULL;
    struct stat before;
    struct stat after;

    begin();
    tarn_volume_unref(host_volume(pool, "a", "qcow2", MIB));
    CU_ASSERT_EQUAL(stat(host_path(&frame, "p/a"), &before), 0);
    HOST_OK(tarn_volume_create(&volume, pool, host_volume_xml("a", "qcow2", MIB, NULL),
                               TARN_VOLUME_IDEMPOTENT, NULL, &error));
    tarn_volume_unref(volume);
    CU_ASSERT_EQUAL(stat(host_path(&frame, "p/a"), &after), 0);
    CU_ASSERT_EQUAL(before.st_ino, after.st_ino);
    HOST_REFUSED(tarn_volume_create(&volume, pool, host_volume_xml("a", "qcow2", 2 * MIB, NULL),
                                    TARN_VOLUME_IDEMPOTENT, NULL, &error), TARN_E_EXISTS,
                 "with another format");
    HOST_REFUSED(tarn_volume_create(&volume, pool, host_volume_xml("a", "raw", MIB, NULL),
                                    TARN_VOLUME_IDEMPOTENT, NULL, &error), TARN_E_EXISTS,
                 "with another format");
    end();
}

static void bad_names(void)
{
    static const char *const names[] = { "a/b", "..", "." };
    struct tarn_error *error = NULL;
    struct tarn_volume *volume = NULL;
    char *long_name = malloc(257);
    size_t index;

    begin();
    for (index = 0; index < sizeof(names) / sizeof(names[0]); index++)
        HOST_REFUSED(tarn_volume_create(&volume, pool, host_volume_xml(names[index], "raw", MIB,
                                                                       NULL), 0, NULL, &error),
                     TARN_E_INVALID, NULL);
    memset(long_name, 'n', 256);
    long_name[256] = '\0';
    HOST_REFUSED(tarn_volume_create(&volume, pool, host_volume_xml(long_name, "raw", MIB, NULL), 0,
                                    NULL, &error), TARN_E_INVALID, NULL);
    long_name[255] = '\0';
    HOST_OK(tarn_volume_create(&volume, pool, host_volume_xml(long_name, "raw", MIB, NULL), 0,
                               NULL, &error));
    CU_ASSERT(has_format(volume, "raw"));
    tarn_volume_unref(volume);
    CU_ASSERT_EQUAL(host_count(pool), 1);
    free(long_name);
    end();
}

/* A guest may write any header into its raw disk. */
static void raw_stays_raw(void)
{
    struct tarn_error *error = NULL;
    struct tarn_context *other;
    struct tarn_pool *seen = NULL;
    struct tarn_volume *volume;
    char *header;

    begin();
    CU_ASSERT_EQUAL(host_run("qemu-img create -f qcow2 -b /etc/passwd -F raw %s 1M",
                             host_path(&frame, "evil")), 0);
    header = host_read(host_path(&frame, "evil"));
    volume = host_volume(pool, "a", "raw", MIB);
    CU_ASSERT(host_guest_write(volume, 0, header, 65536));
    free(header);
    CU_ASSERT(has_format(volume, "raw"));
    tarn_volume_unref(volume);
    other = host_context(&frame);
    HOST_OK(tarn_pool_lookup(&seen, other, "p", &error));
    volume = NULL;
    HOST_OK(tarn_volume_lookup(&volume, seen, "a", &error));
    CU_ASSERT(has_format(volume, "raw"));
    tarn_volume_unref(volume);
    tarn_pool_unref(seen);
    tarn_context_close(other);
    end();
}

/* Also in the pool's next life, under a name that looks like a temporary file's. */
static void record_of_an_odd_name(void)
{
    struct tarn_error *error = NULL;
    struct tarn_volume *volume;

    begin();
    volume = host_volume(pool, ".tarn-disk", "raw", MIB);
    CU_ASSERT(host_guest_write(volume, 0, "QFI\xfb\0\0\0\3", 8));
    HOST_OK(tarn_pool_stop(pool, 0, NULL, &error));
    HOST_OK(tarn_pool_start(pool, 0, NULL, &error));
    CU_ASSERT(has_format(volume, "raw"));
    tarn_volume_unref(volume);
    end();
}

/* What an earlier volume of the name left behind says nothing of the new one. */
static void stale_record(void)
{
    struct tarn_volume *volume;

    begin();
    tarn_volume_unref(host_volume(pool, "a", "raw", MIB));
    CU_ASSERT_EQUAL(unlink(host_path(&frame, "p/a")), 0);
    volume = host_volume(pool, "a", "qcow2", MIB);
    CU_ASSERT(has_format(volume, "qcow2"));
    tarn_volume_unref(volume);
    end();
}

static void on_top_of_another(void)
{
    struct tarn_volume *base;
    struct tarn_volume *overlay;
    struct tarn_volume_record *record;
    char bytes[8];

    begin();
    base = host_volume(pool, "base", "qcow2", 4 * MIB);
    CU_ASSERT(host_guest_write(base, MIB, "content", 8));
    overlay = host_overlay(pool, "over", host_path(&frame, "p/base"), "qcow2");
    record = record_of(overlay);
    CU_ASSERT_EQUAL(record->capacity, 4 * MIB);
    CU_ASSERT_STRING_EQUAL(record->backing_path, host_path(&frame, "p/base"));
    CU_ASSERT_STRING_EQUAL(record->backing_format, "qcow2");
    tarn_volume_record_free(record);
    CU_ASSERT(host_guest_read(overlay, MIB, bytes, 8));
    CU_ASSERT_STRING_EQUAL(bytes, "content");
    tarn_volume_unref(overlay);
    tarn_volume_unref(base);
    end();
}

static void on_top_of_a_volume_elsewhere(void)
{
    struct tarn_pool *other;
    struct tarn_volume *base;
    struct tarn_volume *overlay;
    char bytes[8];

    begin();
    other = host_pool(&frame, frame.context, "golden");
    base = host_volume(other, "base", "raw", MIB);
    CU_ASSERT(host_guest_write(base, 0, "content", 8));
    overlay = host_overlay(pool, "over", host_path(&frame, "golden/base"), "raw");
    CU_ASSERT(host_guest_read(overlay, 0, bytes, 8));
    CU_ASSERT_STRING_EQUAL(bytes, "content");
    tarn_volume_unref(overlay);
    tarn_volume_unref(base);
    tarn_pool_unref(other);
    end();
}

static void on_top_of_what_is_no_volume(void)
{
    static const char *const paths[] = { "/etc/passwd", "/nowhere/at/all" };
    struct tarn_error *error = NULL;
    struct tarn_volume *volume = NULL;
    struct tarn_volume *folder;
    size_t index;

    begin();
    folder = host_volume(pool, "folder", "dir", 0);
    for (index = 0; index < 2; index++)
        HOST_REFUSED(tarn_volume_create(&volume, pool,
                                        host_text("<volume><name>x</name><capacity>4096</capacity>"
                                                  "<target><format type='qcow2'/></target>"
                                                  "<backingStore><path>%s</path>"
                                                  "<format type='raw'/></backingStore></volume>",
                                                  paths[index]), 0, NULL, &error),
                     TARN_E_ACCESS, "is no volume of an active pool");
    HOST_REFUSED(tarn_volume_create(&volume, pool,
                                    host_text("<volume><name>x</name><capacity>4096</capacity>"
                                              "<target><format type='qcow2'/></target>"
                                              "<backingStore><path>%s</path>"
                                              "<format type='raw'/></backingStore></volume>",
                                              host_path(&frame, "p/folder")), 0, NULL, &error),
                 TARN_E_INVALID, "holds no bytes");
    CU_ASSERT_EQUAL(host_count(pool), 1);
    tarn_volume_unref(folder);
    end();
}

static void inactive_pool(void)
{
    struct tarn_error *error = NULL;
    struct tarn_volume *volume = NULL;

    begin();
    HOST_OK(tarn_pool_stop(pool, 0, NULL, &error));
    HOST_REFUSED(tarn_volume_create(&volume, pool, host_volume_xml("a", "raw", MIB, NULL), 0, NULL,
                                    &error), TARN_E_STATE, "start it first");
    end();
}

static void nothing_left_after_failures(void)
{
    struct tarn_error *error = NULL;
    struct tarn_volume *volume = NULL;
    struct tarn_job *job = NULL;

    begin();
    HOST_REFUSED(tarn_volume_create(&volume, pool, host_volume_xml("a", "vmdk", MIB, NULL), 0, NULL,
                                    &error), TARN_E_NO_MODULE, NULL);
    HOST_REFUSED(tarn_volume_create(&volume, pool, "<volume><name>a", 0, NULL, &error),
                 TARN_E_INVALID, NULL);
    HOST_OK(tarn_job_new(&job, frame.context, &error));
    tarn_job_cancel(job);
    HOST_REFUSED(tarn_volume_create(&volume, pool, host_volume_xml("a", "qcow2", MIB, NULL), 0, job,
                                    &error), TARN_E_CANCELLED, NULL);
    CU_ASSERT_EQUAL(host_count(pool), 0);
    CU_ASSERT_EQUAL(host_run("test -z \"$(ls -A %s)\"", host_path(&frame, "p")), 0);
    /* The request to cancel was for that operation. */
    HOST_OK(tarn_volume_create(&volume, pool, host_volume_xml("a", "qcow2", MIB, NULL), 0, job,
                               &error));
    tarn_volume_unref(volume);
    tarn_job_unref(job);
    end();
}

static const struct unit_test tests[] = {
    { "a raw volume is sparse, of its size, and recorded", raw_volume },
    { "a qcow2 volume takes the guest's bytes, and qemu-img finds no fault", qcow2_volume },
    { "a folder is a volume, too", folder_volume },
    { "a taken name is refused", taken_name },
    { "an equal volume is a success where that was asked for, another one is not", idempotent },
    { "names that are none are refused, one of 255 bytes is taken", bad_names },
    { "a raw volume stays raw whatever its guest writes, in another context, too", raw_stays_raw },
    { "a record outlives the pool's stop, whatever its name", record_of_an_odd_name },
    { "the record of a removed volume does not count for a new one", stale_record },
    { "an overlay has the capacity and the bytes of what it rests on", on_top_of_another },
    { "an overlay rests on a volume of another pool", on_top_of_a_volume_elsewhere },
    { "nothing rests on what is no volume with bytes", on_top_of_what_is_no_volume },
    { "nothing is created in an inactive pool", inactive_pool },
    { "nothing remains of what failed or was cancelled", nothing_left_after_failures },
    { NULL, NULL },
};

int main(void)
{
    return unit_main("volume-create", tests);
}
