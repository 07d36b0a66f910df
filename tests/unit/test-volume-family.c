/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Images in several files: made together, or not at all; named by one, and gone with it. The format
 * is that of tests/fixtures/pieces.c.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/unit/host-frame.h"

#define MIB (UINT64_C(1) << 20)
#define HALF (MIB / 2)

static struct host_frame frame;
static struct tarn_pool *pool;
static struct tarn_error *error;

static void begin(void)
{
    host_prepare(&frame);
    host_fixture(&frame, "pieces", "format:pieces", NULL);
    frame.context = host_context(&frame);
    pool = host_pool(&frame, frame.context, "p");
}

static void end(void)
{
    tarn_pool_unref(pool);
    host_close(&frame);
}

static void again(void)
{
    HOST_OK(tarn_pool_stop(pool, 0, NULL, &error));
    HOST_OK(tarn_pool_start(pool, 0, NULL, &error));
}

static bool file_is_there(const char *name)
{
    return host_exists(host_path(&frame, "p/%s", name));
}

static const char *record_of(const char *name)
{
    return host_path(&frame, "var/lib/tarn/volumes/p/%s", name);
}

/* Guest's bytes on both sides of the seam. */
static void write_content(struct tarn_volume *volume)
{
    CU_ASSERT(host_guest_write(volume, HALF - 4, "contents", 8));
}

static bool has_content(struct tarn_volume *volume)
{
    char bytes[8];

    return host_guest_read(volume, HALF - 4, bytes, 8) && memcmp(bytes, "contents", 8) == 0;
}

static struct tarn_volume *made(const char *name)
{
    struct tarn_volume *volume = host_volume(pool, name, "pieces", MIB);

    CU_ASSERT_PTR_NOT_NULL_FATAL(volume);
    write_content(volume);
    return volume;
}

static void made_together(void)
{
    struct tarn_volume *volume;

    begin();
    volume = made("disk.pieces");
    CU_ASSERT(file_is_there("disk-1.pieces"));
    CU_ASSERT(file_is_there("disk-2.pieces"));
    CU_ASSERT_EQUAL(host_count(pool), 3);
    CU_ASSERT(has_content(volume));
    CU_ASSERT_EQUAL(host_run("grep -q 'file disk-2.pieces' %s", record_of("disk.pieces")), 0);
    CU_ASSERT_NOT_EQUAL(host_run("grep -q pending %s", record_of("disk.pieces")), 0);
    tarn_volume_unref(volume);
    volume = made("plain");
    CU_ASSERT(file_is_there("plain-1.pieces"));
    tarn_volume_unref(volume);
    end();
}

/* `options` is what stands within our own element. */
static void refused_as_a_whole(const char *options, int status, const char *because)
{
    struct tarn_volume *volume = NULL;
    int before = host_count(pool);
    const char *xml = host_text("<volume><name>disk.pieces</name><capacity>1048576</capacity>"
                                "<target><format type='pieces'/>"
                                "<t:image xmlns:t='urn:tarn:image:1'>%s</t:image></target>"
                                "</volume>", options);

    HOST_REFUSED(tarn_volume_create(&volume, pool, xml, TARN_DEFINE_VALIDATE, NULL, &error),
                 status, because);
    CU_ASSERT_EQUAL(host_count(pool), before);
    CU_ASSERT_FALSE(file_is_there("disk.pieces"));
    CU_ASSERT_FALSE(host_exists(record_of("disk.pieces")));
    CU_ASSERT_NOT_EQUAL(host_run("ls -A %s | grep -q '^.tarn'", host_path(&frame, "p")), 0);
}

static void all_or_nothing(void)
{
    begin();
    refused_as_a_whole("<t:option name='fail' value='yes'/>", TARN_E_IO,
                       "it was asked to fail");
    refused_as_a_whole("<t:option name='fail' value='perhaps'/>", TARN_E_INVALID, "fail");
    refused_as_a_whole("<t:option name='fall' value='yes'/>", TARN_E_INVALID, "fall");
    host_write(host_path(&frame, "p/disk-2.pieces"), "mine", 4);
    refused_as_a_whole("", TARN_E_EXISTS, "disk-2.pieces");
    CU_ASSERT_FALSE(file_is_there("disk-1.pieces"));
    CU_ASSERT_EQUAL(host_run("grep -q mine %s", host_path(&frame, "p/disk-2.pieces")), 0);
    end();
}

static struct tarn_volume *looked_up(const char *name)
{
    struct tarn_volume *volume = NULL;

    HOST_OK(tarn_volume_lookup(&volume, pool, name, &error));
    CU_ASSERT_PTR_NOT_NULL_FATAL(volume);
    return volume;
}

static void gone_together(void)
{
    struct tarn_volume *volume;
    struct tarn_volume *piece;

    begin();
    host_write(host_path(&frame, "p/other"), "other", 5);
    volume = made("disk.pieces");
    piece = looked_up("disk-1.pieces");
    HOST_REFUSED(tarn_volume_delete(piece, 0, NULL, &error), TARN_E_BUSY, "disk.pieces");
    HOST_OK(tarn_volume_delete(volume, 0, NULL, &error));
    CU_ASSERT_EQUAL(host_count(pool), 1);
    CU_ASSERT_FALSE(host_exists(record_of("disk.pieces")));
    tarn_volume_unref(piece);
    tarn_volume_unref(volume);
    volume = made("disk.pieces");
    piece = looked_up("disk-1.pieces");
    HOST_OK(tarn_volume_delete(piece, TARN_VOLUME_DELETE_FORCE, NULL, &error));
    HOST_OK(tarn_volume_delete(volume, 0, NULL, &error)); /* what is missing is no obstacle */
    CU_ASSERT_EQUAL(host_count(pool), 1);
    tarn_volume_unref(piece);
    tarn_volume_unref(volume);
    end();
}

static struct tarn_volume *copied(struct tarn_volume *source, const char *name,
                                  const char *format)
{
    struct tarn_volume *copy = NULL;

    HOST_OK(tarn_volume_create_from(&copy, pool, host_volume_xml(name, format, 0, NULL), source, 0,
                                    NULL, &error));
    CU_ASSERT_PTR_NOT_NULL_FATAL(copy);
    return copy;
}

/* Never the bytes of the file that names the others. */
static void copied_by_content(void)
{
    struct tarn_volume *source;
    struct tarn_volume *copy = NULL;

    begin();
    source = made("disk.pieces");
    HOST_REFUSED(tarn_volume_create_from(&copy, pool, host_volume_xml("copy", "pieces", 0, NULL),
                                         source, TARN_VOLUME_SHARE_REQUIRE, NULL, &error),
                 TARN_E_UNSUPPORTED, "cannot be shared");
    copy = copied(source, "copy", "pieces");
    HOST_OK(tarn_volume_delete(source, 0, NULL, &error));
    CU_ASSERT(has_content(copy));
    CU_ASSERT(file_is_there("copy-2.pieces"));
    tarn_volume_unref(source);
    source = copy;
    copy = copied(source, "flat", "raw");
    CU_ASSERT(has_content(copy));
    tarn_volume_unref(source);
    source = copy;
    copy = copied(source, "back", "pieces");
    CU_ASSERT(has_content(copy));
    tarn_volume_unref(copy);
    tarn_volume_unref(source);
    end();
}

static void resized(void)
{
    struct tarn_volume *volume;
    struct tarn_volume_record *record = NULL;
    struct tarn_image *image = NULL;
    uint64_t size = 0;

    begin();
    volume = made("disk.pieces");
    HOST_OK(tarn_volume_resize(volume, 2 * MIB, 0, NULL, &error));
    HOST_OK(tarn_volume_open(&image, volume, 0, NULL, &error));
    HOST_OK(tarn_image_size(&size, image, &error));
    HOST_OK(tarn_image_close(image, &error));
    CU_ASSERT_EQUAL(size, 2 * MIB);
    CU_ASSERT(has_content(volume));
    /* It does not promise to shrink, and says itself why it cannot. */
    HOST_REFUSED(tarn_volume_resize(volume, 1024, TARN_VOLUME_RESIZE_SHRINK, NULL, &error),
                 TARN_E_UNSUPPORTED, "the first piece keeps its size");
    HOST_OK(tarn_volume_read(&record, volume, 0, &error));
    CU_ASSERT_EQUAL(record->status, TARN_VOLUME_OK);
    tarn_volume_record_free(record);
    HOST_REFUSED(tarn_volume_wipe(volume, "zero", NULL, &error), TARN_E_UNSUPPORTED,
                 "disk-1.pieces");
    CU_ASSERT(has_content(volume));
    tarn_volume_unref(volume);
    end();
}

/* --- checking --------------------------------------------------------------------------------- */

static uint64_t corruptions, fixed;

static int take_check(void *arg, const struct tarn_check_result *result)
{
    (void)arg;
    corruptions = result->corruptions;
    fixed = result->corruptions_fixed;
    return TARN_OK;
}

static void checked(void)
{
    const struct tarn_image_listener listener = { .struct_size = sizeof(listener),
                                                  .checked = take_check };
    struct tarn_volume *volume;

    begin();
    volume = made("disk.pieces");
    HOST_OK(tarn_volume_check(volume, 0, &listener, NULL, &error));
    CU_ASSERT(corruptions == 0 && fixed == 0);
    CU_ASSERT_EQUAL(truncate(host_path(&frame, "p/disk-2.pieces"), 100), 0);
    HOST_OK(tarn_volume_check(volume, 0, &listener, NULL, &error));
    CU_ASSERT(corruptions == 1 && fixed == 0);
    HOST_OK(tarn_volume_check(volume, TARN_IMAGE_REPAIR_ALL, &listener, NULL, &error));
    CU_ASSERT(corruptions == 0 && fixed == 1);
    CU_ASSERT(has_content(volume));
    CU_ASSERT_EQUAL(unlink(host_path(&frame, "p/disk-2.pieces")), 0);
    HOST_REFUSED(tarn_volume_check(volume, 0, &listener, NULL, &error), TARN_E_NOT_FOUND,
                 "disk-2.pieces");
    tarn_volume_unref(volume);
    end();
}

/* --- what kills and other people do ----------------------------------------------------------- */

/* As a kill leaves it: the files are published, the volume is not, and the record says so. */
static void leave_half(bool pending)
{
    struct tarn_volume *volume = made("disk.pieces");

    tarn_volume_unref(volume);
    if (pending)
        CU_ASSERT_EQUAL(host_run("sed -i 's/^format pieces/&\\npending/' %s",
                                 record_of("disk.pieces")), 0);
    CU_ASSERT_EQUAL(unlink(host_path(&frame, "p/disk.pieces")), 0);
}

static void recovered(void)
{
    struct tarn_volume *volume;

    begin();
    leave_half(true);
    again();
    CU_ASSERT_EQUAL(host_count(pool), 0);
    CU_ASSERT_FALSE(host_exists(record_of("disk.pieces")));
    /* Somebody moved the volume away, and may bring it back: its files stay. */
    leave_half(false);
    again();
    CU_ASSERT_EQUAL(host_count(pool), 2);
    CU_ASSERT_EQUAL(host_run("rm %s/*", host_path(&frame, "p")), 0);
    /* Killed after the last of it: it is there, so it stays, and is a volume like any other. */
    volume = made("disk.pieces");
    CU_ASSERT_EQUAL(host_run("sed -i 's/^format pieces/&\\npending/' %s",
                             record_of("disk.pieces")), 0);
    again();
    CU_ASSERT(has_content(volume));
    CU_ASSERT_EQUAL(unlink(host_path(&frame, "p/disk.pieces")), 0);
    again();
    CU_ASSERT_EQUAL(host_count(pool), 2);
    tarn_volume_unref(volume);
    end();
}

/* Whose format is only probed: it is listed, and its other files are a matter of the policy. */
static void brought_along(void)
{
    struct tarn_image *image = NULL;
    struct tarn_volume *volume;

    begin();
    volume = made("disk.pieces");
    CU_ASSERT_EQUAL(unlink(record_of("disk.pieces")), 0);
    CU_ASSERT_EQUAL(host_count(pool), 3);
    HOST_REFUSED(tarn_volume_open(&image, volume, 0, NULL, &error), TARN_E_ACCESS,
                 "disk-1.pieces");
    tarn_volume_unref(volume);
    tarn_pool_unref(pool);
    frame.follow = TARN_FOLLOW_POOL;
    host_reopen(&frame);
    HOST_OK(tarn_pool_lookup(&pool, frame.context, "p", &error));
    volume = looked_up("disk.pieces");
    CU_ASSERT(has_content(volume));
    /* Files that tarn did not make with it do not go with it. */
    HOST_OK(tarn_volume_delete(volume, 0, NULL, &error));
    CU_ASSERT_EQUAL(host_count(pool), 2);
    tarn_volume_unref(volume);
    end();
}

/* --- outside of pools ------------------------------------------------------------------------- */

static int convert(const char *source, const char *target, const char *format,
                   const char *const *options)
{
    const struct tarn_conversion conversion = {
        .struct_size = sizeof(conversion), .source_path = host_path(&frame, "%s", source),
        .source_format = strstr(source, ".pieces") != NULL ? "pieces" : "raw",
        .target_path = host_path(&frame, "%s", target), .target_format = format,
        .options = options,
    };

    return tarn_image_convert(frame.context, &conversion, NULL, &error);
}

static void converted(void)
{
    static const char *const failing[] = { "fail=yes", NULL };

    begin();
    CU_ASSERT_EQUAL(host_run("mkdir %s && head -c 1048576 /dev/urandom >%s",
                             host_path(&frame, "out"), host_path(&frame, "source")), 0);
    HOST_REFUSED(convert("source", "out/disk.pieces", "pieces", failing), TARN_E_IO, "asked to");
    CU_ASSERT_EQUAL(host_run("rmdir %s && mkdir %s", host_path(&frame, "out"),
                             host_path(&frame, "out")), 0);
    HOST_OK(convert("source", "out/disk.pieces", "pieces", NULL));
    CU_ASSERT_EQUAL(host_run("cat %s %s | cmp - %s", host_path(&frame, "out/disk-1.pieces"),
                             host_path(&frame, "out/disk-2.pieces"), host_path(&frame, "source")),
                    0);
    CU_ASSERT_EQUAL(unlink(host_path(&frame, "out/disk.pieces")), 0);
    CU_ASSERT_EQUAL(unlink(host_path(&frame, "out/disk-1.pieces")), 0);
    HOST_REFUSED(convert("source", "out/disk.pieces", "pieces", NULL), TARN_E_EXISTS,
                 "disk-2.pieces");
    CU_ASSERT_FALSE(host_exists(host_path(&frame, "out/disk-1.pieces")));
    end();
}

static const struct unit_test tests[] = {
    { "an image and its further files are made together", made_together },
    { "or none of them is", all_or_nothing },
    { "they go together, and none by itself", gone_together },
    { "copies have files of their own", copied_by_content },
    { "changing the capacity reaches them, wiping does not", resized },
    { "a check sees them, and repairs them if it is asked to", checked },
    { "the next start ends what was left half made, and nothing else", recovered },
    { "further files that tarn did not make are a matter of the policy", brought_along },
    { "converting outside of pools makes all of them or none", converted },
    { NULL, NULL },
};

int main(void)
{
    return unit_main("volume-family", tests);
}
