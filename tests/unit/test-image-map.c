/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Maps of images through their backing stores, and copies that follow them.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <tarn/result.h>

#include "core/image/copy.h"
#include "tests/unit/host-frame.h"

#define KIB (UINT64_C(1) << 10)
#define MIB (UINT64_C(1) << 20)

static struct host_frame frame;
static struct tarn_pool *pool;
static char told[4096]; /* "kind depth offset length;…" with offsets in KiB */

static int take_extent(void *arg, const struct tarn_extent *extent)
{
    static const char *const kinds[] = { "", "data", "zero", "hole", "backing" };
    size_t used = strlen(told);

    (void)arg;
    CU_ASSERT(extent->kind >= TARN_EXTENT_DATA && extent->kind <= TARN_EXTENT_BACKING);
    snprintf(told + used, sizeof(told) - used, "%s %u %llu %llu;", kinds[extent->kind],
             (unsigned)extent->depth, (unsigned long long)(extent->offset / KIB),
             (unsigned long long)(extent->length / KIB));
    return TARN_OK;
}

static const char *map(struct tarn_volume *volume, uint64_t offset, uint64_t length)
{
    const struct tarn_image_listener listener = { .struct_size = sizeof(listener),
                                                  .extent = take_extent };
    struct tarn_error *error = NULL;
    struct tarn_image *image = NULL;

    told[0] = '\0';
    HOST_OK(tarn_volume_open(&image, volume, 0, NULL, &error));
    CU_ASSERT_PTR_NOT_NULL_FATAL(image);
    HOST_OK(tarn_image_map(image, offset, length, &listener, NULL, &error));
    HOST_OK(tarn_image_close(image, &error));
    return told;
}

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

static void fill(struct tarn_volume *volume, uint64_t offset, uint64_t length, int byte)
{
    char *bytes = malloc(length);

    memset(bytes, byte, length);
    CU_ASSERT(host_guest_write(volume, offset, bytes, length));
    free(bytes);
}

static void merged(void)
{
    struct tarn_volume *volume;

    begin();
    volume = host_volume(pool, "a", "qcow2", MIB);
    CU_ASSERT_STRING_EQUAL(map(volume, 0, MIB), "hole 0 0 1024;");
    fill(volume, 128 * KIB, 256 * KIB, 'x'); /* four clusters, one behind the other */
    CU_ASSERT_STRING_EQUAL(map(volume, 0, MIB), "hole 0 0 128;data 0 128 256;hole 0 384 640;");
    CU_ASSERT_STRING_EQUAL(map(volume, 192 * KIB, 64 * KIB), "data 0 192 64;");
    CU_ASSERT_STRING_EQUAL(map(volume, 0, 0), "");
    tarn_volume_unref(volume);
    end();
}

static void through_backing_stores(void)
{
    struct tarn_volume *base;
    struct tarn_volume *middle;
    struct tarn_volume *top;
    char bytes[4] = "";

    begin();
    base = host_volume(pool, "base", "qcow2", MIB);
    fill(base, 0, 128 * KIB, 'b');
    middle = host_overlay(pool, "middle", host_path(&frame, "p/base"), "qcow2");
    fill(middle, 64 * KIB, 128 * KIB, 'm');
    top = host_overlay(pool, "top", host_path(&frame, "p/middle"), "qcow2");
    fill(top, 128 * KIB, 64 * KIB, 't');
    CU_ASSERT_STRING_EQUAL(map(top, 0, MIB),
                           "data 2 0 64;data 1 64 64;data 0 128 64;hole 2 192 832;");
    CU_ASSERT(host_guest_read(top, 0, bytes, 1) && bytes[0] == 'b');
    CU_ASSERT(host_guest_read(top, 100 * KIB, bytes, 1) && bytes[0] == 'm');
    CU_ASSERT(host_guest_read(top, 130 * KIB, bytes, 1) && bytes[0] == 't');
    tarn_volume_unref(top);
    tarn_volume_unref(middle);
    tarn_volume_unref(base);
    end();
}

static void backing_is_shorter(void)
{
    struct tarn_error *error = NULL;
    struct tarn_volume *base;
    struct tarn_volume *top = NULL;
    char bytes[4] = "x";

    begin();
    base = host_volume(pool, "base", "raw", 128 * KIB);
    fill(base, 0, 128 * KIB, 'b');
    HOST_OK(tarn_volume_create(&top, pool,
                               host_text("<volume><name>top</name><capacity>1048576</capacity>"
                                         "<target><format type='qcow2'/></target><backingStore>"
                                         "<path>%s</path><format type='raw'/></backingStore>"
                                         "</volume>", host_path(&frame, "p/base")), 0, NULL,
                               &error));
    CU_ASSERT_STRING_EQUAL(map(top, 0, MIB), "data 1 0 128;hole 0 128 896;");
    CU_ASSERT(host_guest_read(top, 512 * KIB, bytes, 1) && bytes[0] == '\0');
    CU_ASSERT(host_guest_read(top, 128 * KIB - 1, bytes, 2));
    CU_ASSERT(bytes[0] == 'b' && bytes[1] == '\0');
    tarn_volume_unref(top);
    tarn_volume_unref(base);
    end();
}

static void bad_ranges(void)
{
    const struct tarn_image_listener listener = { .struct_size = sizeof(listener),
                                                  .extent = take_extent };
    const struct tarn_image_listener deaf = { .struct_size = sizeof(deaf) };
    struct tarn_error *error = NULL;
    struct tarn_image *image = NULL;
    struct tarn_volume *volume;

    begin();
    volume = host_volume(pool, "a", "qcow2", MIB);
    HOST_OK(tarn_volume_open(&image, volume, 0, NULL, &error));
    HOST_REFUSED(tarn_image_map(image, MIB, 1, &listener, NULL, &error), TARN_E_INVALID, "beyond");
    HOST_REFUSED(tarn_image_map(image, 1, UINT64_MAX, &listener, NULL, &error), TARN_E_INVALID,
                 "beyond");
    HOST_REFUSED(tarn_image_map(image, 0, MIB, &deaf, NULL, &error), TARN_E_INVALID,
                 "takes no extents");
    HOST_OK(tarn_image_close(image, &error));
    tarn_volume_unref(volume);
    end();
}

static struct tarn_volume *copy(struct tarn_volume *source, const char *name, const char *format)
{
    struct tarn_error *error = NULL;
    struct tarn_volume *volume = NULL;

    HOST_OK(tarn_volume_create_from(&volume, pool, host_volume_xml(name, format, 0, NULL), source,
                                    TARN_VOLUME_SHARE_NEVER, NULL, &error));
    CU_ASSERT_PTR_NOT_NULL_FATAL(volume);
    return volume;
}

static off_t taken(const char *name)
{
    struct stat known;

    CU_ASSERT_EQUAL(stat(host_path(&frame, "p/%s", name), &known), 0);
    return known.st_blocks * 512;
}

/* Holes cost nothing, and zeros that are written out are left out of the copy. */
static void copies_are_sparse(void)
{
    static const char *const formats[] = { "raw", "qcow2" };
    struct tarn_volume *source;
    unsigned from;
    unsigned to;

    begin();
    for (from = 0; from < 2; from++) {
        source = host_volume(pool, formats[from], formats[from], 64 * MIB);
        fill(source, 10 * MIB + 5, 100000, 'x');
        fill(source, 20 * MIB, MIB, '\0');
        for (to = 0; to < 2; to++) {
            const char *name = host_text("%s-%s", formats[from], formats[to]);
            struct tarn_volume *target = copy(source, name, formats[to]);

            CU_ASSERT_EQUAL(host_run("qemu-img compare -f %s -F %s %s %s", formats[from],
                                     formats[to], host_path(&frame, "p/%s", formats[from]),
                                     host_path(&frame, "p/%s", name)), 0);
            CU_ASSERT(taken(name) < 3 * (off_t)MIB);
            if (to == 1)
                CU_ASSERT(taken(name) < (off_t)MIB);
            tarn_volume_unref(target);
        }
        tarn_volume_unref(source);
    }
    end();
}

/* An overlay is copied with all that lies below it. */
static void copy_is_flat(void)
{
    struct tarn_volume *base;
    struct tarn_volume *top;
    struct tarn_volume *flat;
    struct tarn_volume_record *record = NULL;
    struct tarn_error *error = NULL;

    begin();
    base = host_volume(pool, "base", "qcow2", MIB);
    fill(base, 0, 300 * KIB, 'b');
    top = host_overlay(pool, "top", host_path(&frame, "p/base"), "qcow2");
    fill(top, 100 * KIB, 50 * KIB, 't');
    flat = copy(top, "flat", "qcow2");
    HOST_OK(tarn_volume_read(&record, flat, 0, &error));
    CU_ASSERT_PTR_NULL(record->backing_path);
    tarn_volume_record_free(record);
    CU_ASSERT_EQUAL(host_run("qemu-img compare %s %s", host_path(&frame, "p/top"),
                             host_path(&frame, "p/flat")), 0);
    tarn_volume_unref(flat);
    tarn_volume_unref(top);
    tarn_volume_unref(base);
    end();
}

static void cancel_at_once(void *arg, uint64_t done, uint64_t total)
{
    (void)done;
    (void)total;
    tarn_job_cancel(arg);
}

static void cancelled_copy(void)
{
    static const char *const formats[] = { "raw", "qcow2" };
    struct tarn_error *error = NULL;
    struct tarn_volume *source;
    struct tarn_volume *target = NULL;
    struct tarn_job *job = NULL;
    unsigned index;

    begin();
    source = host_volume(pool, "a", "raw", 64 * MIB);
    fill(source, 0, 64 * MIB, 'x');
    HOST_OK(tarn_job_new(&job, frame.context, &error));
    tarn_job_set_progress(job, cancel_at_once, job);
    for (index = 0; index < 2; index++) {
        HOST_REFUSED(tarn_volume_create_from(&target, pool,
                                             host_volume_xml("b", formats[index], 0, NULL), source,
                                             TARN_VOLUME_SHARE_NEVER, job, &error),
                     TARN_E_CANCELLED, NULL);
        CU_ASSERT_EQUAL(host_run("test \"$(ls -A %s)\" = a", host_path(&frame, "p")), 0);
    }
    tarn_job_unref(job);
    tarn_volume_unref(source);
    end();
}

struct hasty {
    struct tarn_job *job;
    unsigned extents;
};

static int cancel_by_extent(void *arg, const struct tarn_extent *extent)
{
    struct hasty *hasty = arg;

    (void)extent;
    hasty->extents++;
    tarn_job_cancel(hasty->job);
    return TARN_OK;
}

static void cancelled_map(void)
{
    struct tarn_error *error = NULL;
    struct tarn_image *image = NULL;
    struct tarn_volume *volume;
    struct hasty hasty = { NULL, 0 };
    struct tarn_image_listener listener = { .struct_size = sizeof(listener), .arg = &hasty,
                                            .extent = cancel_by_extent };
    uint64_t offset;

    begin();
    volume = host_volume(pool, "a", "qcow2", MIB);
    for (offset = 0; offset < MIB; offset += 128 * KIB)
        fill(volume, offset, 64 * KIB, 'x');
    HOST_OK(tarn_job_new(&hasty.job, frame.context, &error));
    HOST_OK(tarn_volume_open(&image, volume, 0, hasty.job, &error));
    HOST_REFUSED(tarn_image_map(image, 0, MIB, &listener, hasty.job, &error), TARN_E_CANCELLED,
                 "image-map was cancelled");
    CU_ASSERT_EQUAL(hasty.extents, 1);
    listener.extent = take_extent; /* the job and the image go on */
    told[0] = '\0';
    HOST_OK(tarn_image_map(image, 0, 128 * KIB, &listener, hasty.job, &error));
    CU_ASSERT_STRING_EQUAL(told, "data 0 0 64;hole 0 64 64;");
    HOST_OK(tarn_image_close(image, &error));
    tarn_job_unref(hasty.job);
    tarn_volume_unref(volume);
    end();
}

static void runs_of_zeros(void)
{
    unsigned char bytes[20000];
    bool zero = false;

    memset(bytes, 0, sizeof(bytes));
    CU_ASSERT_EQUAL(leading_run(bytes, sizeof(bytes), &zero), sizeof(bytes));
    CU_ASSERT_TRUE(zero);
    bytes[9000] = 1;
    CU_ASSERT_EQUAL(leading_run(bytes, sizeof(bytes), &zero), 8192);
    CU_ASSERT_TRUE(zero);
    CU_ASSERT_EQUAL(leading_run(bytes + 8192, sizeof(bytes) - 8192, &zero), 4096);
    CU_ASSERT_FALSE(zero);
    bytes[0] = 1;
    CU_ASSERT_EQUAL(leading_run(bytes, 1, &zero), 1);
    CU_ASSERT_FALSE(zero);
}

static const struct unit_test tests[] = {
    { "neighbours that are alike are one extent", merged },
    { "extents of backing stores have their depth", through_backing_stores },
    { "beyond a shorter backing store there is a hole", backing_is_shorter },
    { "ranges that are none are refused", bad_ranges },
    { "copies keep holes, and leave zeros out", copies_are_sparse },
    { "a copy of an overlay needs nothing below", copy_is_flat },
    { "a cancelled copy leaves nothing", cancelled_copy },
    { "a map is cancelled, and the image goes on", cancelled_map },
    { "zeros are found in whole blocks", runs_of_zeros },
    { NULL, NULL },
};

int main(void)
{
    return unit_main("image-map", tests);
}
