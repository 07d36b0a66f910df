/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * formats/vmdk/descriptor.c, header.c, head.c, probe.c, info.c, edit.c: what an image says of
 * itself, and how its descriptor changes.
 */
#include <stdlib.h>
#include <string.h>

#include "tests/unit/test-vmdk-fixture.h"

#include "helpers/le.h"

static int32_t probe(const void *head, uint64_t length)
{
    struct tarn_probe what = { sizeof(what), 0, head, length, head, length, length };

    return vmdk_format.probe(&what);
}

static int32_t probe_text(const char *text)
{
    return probe(text, strlen(text));
}

static void probe_knows_descriptors(void)
{
    CU_ASSERT_EQUAL(probe_text("# Disk DescriptorFile\nversion=1\nCID=1\n"), TARN_PROBE_SURE);
    CU_ASSERT_EQUAL(probe_text("#Disk Descriptor File\r\nCID = 12\r\n"), TARN_PROBE_SURE);
    CU_ASSERT_EQUAL(probe_text("\n \n# disk descriptorfile \nversion=3 \n"), TARN_PROBE_SURE);
    CU_ASSERT_EQUAL(probe_text("version=1\nCID=1\ncreateType=\"vmfs\"\n"), TARN_PROBE_SURE);
    CU_ASSERT_EQUAL(probe_text("# a\nversion = 1\nx=1\ncreateType=\"vmfs\""), TARN_PROBE_SURE);
    CU_ASSERT_EQUAL(probe_text("# Disk DescriptorFile\n"), TARN_PROBE_NO);
    CU_ASSERT_EQUAL(probe_text("version=1\nCID=1\n"), TARN_PROBE_NO);
    CU_ASSERT_EQUAL(probe_text("name=1\ncreateType=\"vmfs\"\n"), TARN_PROBE_NO);
    CU_ASSERT_EQUAL(probe_text("#!/bin/sh\nversion=1\necho\n"), TARN_PROBE_NO);
    CU_ASSERT_EQUAL(probe_text("\n\n\n"), TARN_PROBE_NO);
    CU_ASSERT_EQUAL(probe_text(""), TARN_PROBE_NO);
    CU_ASSERT_EQUAL(probe("# Disk DescriptorFile\n\0version=1\n", 33), TARN_PROBE_NO);
}

static void probe_knows_extents(void)
{
    struct tarn_image_spec spec = spec_of(1000448, NULL);
    uint8_t bytes[2048] = { 0 };
    struct image image;

    image_make(&image, &spec);
    for (uint64_t length = 0; length < 512; length++)
        CU_ASSERT_EQUAL(probe(image.file->bytes, length), TARN_PROBE_NO);
    CU_ASSERT_EQUAL(probe(image.file->bytes, 512), TARN_PROBE_SURE);
    image.file->bytes[4] = 9;
    CU_ASSERT_EQUAL(probe(image.file->bytes, 512), TARN_PROBE_MAGIC);
    image_free(&image);
    image_make_cowd(&image, 1000, 1);
    CU_ASSERT_EQUAL(probe(image.more[0].file->bytes, 2048), TARN_PROBE_SURE);
    CU_ASSERT_EQUAL(probe(image.more[0].file->bytes, 2047), TARN_PROBE_NO);
    image_free(&image);
    le64_store(bytes, 0xcafebabe);
    CU_ASSERT_EQUAL(probe(bytes, 512), TARN_PROBE_MAGIC);
}

static void info(struct image *image, int32_t expected)
{
    fake_host_reset(&image->host);
    CU_ASSERT_EQUAL_FATAL(vmdk_format.info(&image->host.call, &image->file->io), expected);
}

static void info_reads_little_and_opens_nothing(void)
{
    static const char *const subformats[] = { "monolithicSparse", "monolithicFlat",
                                              "twoGbMaxExtentSparse", "streamOptimized", "vmfs" };

    for (size_t i = 0; i < sizeof(subformats) / sizeof(subformats[0]); i++) {
        struct tarn_image_spec spec = spec_of(1000448, subformats[i]);
        bool whole = i == 0 || i == 3;
        struct image image;

        image_make(&image, &spec);
        image.file->reads = 0;
        info(&image, TARN_OK);
        CU_ASSERT_EQUAL(image.file->reads, 2);
        CU_ASSERT_EQUAL(image.host.related_asked, 0);
        CU_ASSERT_EQUAL(image.host.image.info.capacity, 1000448);
        CU_ASSERT_STRING_EQUAL(image.host.image.info.subformat, subformats[i]);
        CU_ASSERT_EQUAL(image.host.image.info.cluster_size, whole ? 65536 : 0);
        CU_ASSERT_PTR_NULL(image.host.image.info.backing_name);
        CU_ASSERT((image.host.image.file_list[0] == NULL) == whole);
        image_free(&image);
    }
}

static void info_tells_the_parent(void)
{
    struct image image;

    image_of_text(&image, "# Disk DescriptorFile\nversion=1\nCID=0000000a\nparentCID=0000000b\n"
                          "createType=\"vmfsSparse\"\nparentFileNameHint=\"../x y.vmdk\"\n"
                          "RW 20 VMFSSPARSE \"x-delta.vmdk\"\nddb.longContentID = \"1\"\n");
    info(&image, TARN_OK);
    CU_ASSERT_STRING_EQUAL(image.host.image.info.backing_name, "../x y.vmdk");
    CU_ASSERT_STRING_EQUAL(image.host.image.info.backing_format, "vmdk");
    CU_ASSERT_STRING_EQUAL(image.host.image.info.creator, "VMware");
    CU_ASSERT_STRING_EQUAL(fake_host_property(&image.host, "cid"), "0000000a");
    CU_ASSERT_STRING_EQUAL(fake_host_property(&image.host, "parent-cid"), "0000000b");
    CU_ASSERT_EQUAL(image.host.related_asked, 0);
    image_free(&image);
}

/* Every field of the header in turn is all ones: nothing crashes, and nothing large is taken. */
static void all_ones(void)
{
    static const struct {
        uint32_t offset;
        uint32_t length;
    } fields[] = { { 4, 4 }, { 8, 4 }, { 12, 8 }, { 20, 8 }, { 28, 8 }, { 36, 8 }, { 44, 4 },
                   { 48, 8 }, { 56, 8 }, { 64, 8 }, { 72, 1 }, { 73, 4 }, { 77, 2 } };
    struct tarn_image_spec spec = spec_of(1000448, NULL);

    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
        struct image image;
        uint8_t bytes[600];

        image_make(&image, &spec);
        memset(image.file->bytes + fields[i].offset, 0xff, fields[i].length);
        vmdk_format.info(&image.host.call, &image.file->io);
        vmdk_format.check(&image.host.call, &image.file->io, 0);
        fake_host_reset(&image.host);
        if (image_open(&image, TARN_IMAGE_OPEN_WRITE) == TARN_OK) {
            CU_ASSERT_EQUAL(fields[i].offset, 72); /* the mark of an unclean end */
            CU_ASSERT_EQUAL(tarn_io_pread(&image.host.call, image.disk, bytes, 600, 1000), TARN_OK);
        }
        image_free(&image);
    }
}

/* --- the descriptor's changes ----------------------------------------------------------------- */

static void text_is(const struct image *image, const char *text)
{
    CU_ASSERT_EQUAL(image->file->size, strlen(text));
    CU_ASSERT(memcmp(image->file->bytes, text, strlen(text)) == 0);
}

#define HEAD "# Disk DescriptorFile\nversion=1\nparentCID=ffffffff\ncreateType=\"monolithicFlat\"\n"

static void flat(struct image *image, const char *text)
{
    image_of_text(image, text);
    image_add_file(image, "a", NULL, 4608);
    CU_ASSERT_EQUAL_FATAL(image_open(image, TARN_IMAGE_OPEN_WRITE), TARN_OK);
}

static void a_longer_number_takes_room_from_a_comment(void)
{
    struct image image;

    flat(&image, HEAD "RW 9 FLAT \"a\" 0\n# some comment\nddb.x=1\n");
    CU_ASSERT_EQUAL(tarn_io_truncate(&image.host.call, image.disk, 5120, 0), TARN_OK);
    text_is(&image, HEAD "RW 10 FLAT \"a\" 0\n#some comment\nddb.x=1\n");
    CU_ASSERT_EQUAL(tarn_io_truncate(&image.host.call, image.disk, 512000, 0), TARN_OK);
    text_is(&image, HEAD "RW 1000 FLAT \"a\" 0\n#me comment\nddb.x=1\n");
    CU_ASSERT_EQUAL(image.more[0].file->size, 512000);
    image_close(&image);
    CU_ASSERT(image_sound(&image, 0));
    image_free(&image);
    flat(&image, HEAD "RW 9 FLAT \"a\" 0\r\n\n\n#\nddb.x=1\n");
    CU_ASSERT_EQUAL(tarn_io_truncate(&image.host.call, image.disk, 5120, 0), TARN_OK);
    text_is(&image, HEAD "RW 10 FLAT \"a\" 0\r\n\n#\nddb.x=1\n");
    image_free(&image);
}

static void without_room_nothing_changes(void)
{
    static const char text[] = HEAD "RW 9 FLAT \"a\" 0\nddb.x=1\n#\n";
    struct image image;
    char far[1024];

    flat(&image, text);
    CU_ASSERT_EQUAL(tarn_io_truncate(&image.host.call, image.disk, 5120, 0), TARN_E_UNSUPPORTED);
    text_is(&image, text);
    CU_ASSERT_EQUAL(image.more[0].file->size, 4608);
    image_close(&image);
    image_free(&image);
    /* The number is in one sector, the comment in the next. */
    snprintf(far, sizeof(far), HEAD "%*s\nRW 9 FLAT \"a\" 0\n# some comment\n",
             512 - (int)strlen(HEAD) - 10, "#");
    for (char *at = far + strlen(HEAD); *at == ' '; at++)
        *at = '#';
    flat(&image, far);
    CU_ASSERT_EQUAL(tarn_io_truncate(&image.host.call, image.disk, 5120, 0), TARN_E_UNSUPPORTED);
    text_is(&image, far);
    image_free(&image);
}

static void growing_hides_what_the_file_held(void)
{
    struct image image;

    flat(&image, HEAD "RW 4 FLAT \"a\" 1\n");
    memset(image.more[0].file->bytes, 0x77, 4608);
    CU_ASSERT_EQUAL(tarn_io_truncate(&image.host.call, image.disk, 9 * 512, 0), TARN_OK);
    CU_ASSERT(image_reads(&image, 0, 2048, 0x77));
    CU_ASSERT(image_reads(&image, 2048, 5 * 512, 0));
    image_free(&image);
}

static void a_content_id_keeps_its_digits(void)
{
    struct image image;

    flat(&image, HEAD "CID=abc\nRW 9 FLAT \"a\" 0\n");
    CU_ASSERT(memcmp(image.file->bytes + strlen(HEAD), "CID=abc\n", 8) == 0);
    image_write(&image, 100, 100, 1);
    CU_ASSERT(memcmp(image.file->bytes + strlen(HEAD), "CID=abc\n", 8) != 0);
    CU_ASSERT(memcmp(image.file->bytes + strlen(HEAD), "CID=", 4) == 0);
    CU_ASSERT_EQUAL(image.file->bytes[strlen(HEAD) + 7], '\n');
    image.file->writes = 0; /* only the first write changes it */
    image_write(&image, 300, 100, 1);
    CU_ASSERT_EQUAL(image.file->writes, 0);
    image_close(&image);
    info(&image, TARN_OK);
    image_free(&image);
}

static void our_own_descriptors_have_room(void)
{
    static const char *const subformats[] = { "monolithicSparse", "monolithicFlat", "vmfs",
                                              "twoGbMaxExtentSparse", "twoGbMaxExtentFlat" };

    for (size_t i = 0; i < sizeof(subformats) / sizeof(subformats[0]); i++) {
        struct tarn_image_spec spec = spec_of(512, subformats[i]);
        struct image image;

        image_make(&image, &spec);
        CU_ASSERT_EQUAL_FATAL(image_open(&image, TARN_IMAGE_OPEN_WRITE), TARN_OK);
        for (uint64_t size = 1024; size < (uint64_t)1 << 28; size *= 8)
            CU_ASSERT_EQUAL(tarn_io_truncate(&image.host.call, image.disk, size, 0), TARN_OK);
        image_close(&image);
        CU_ASSERT(image_sound(&image, 0));
        image_free(&image);
    }
}

static const struct unit_test tests[] = {
    { "probe knows descriptors", probe_knows_descriptors },
    { "probe knows extents", probe_knows_extents },
    { "info reads little and opens nothing", info_reads_little_and_opens_nothing },
    { "info tells the parent", info_tells_the_parent },
    { "all ones in every field", all_ones },
    { "a longer number takes room from a comment", a_longer_number_takes_room_from_a_comment },
    { "without room nothing changes", without_room_nothing_changes },
    { "growing hides what the file held", growing_hides_what_the_file_held },
    { "a content ID keeps its digits", a_content_id_keeps_its_digits },
    { "our own descriptors have room for growth", our_own_descriptors_have_room },
    { NULL, NULL },
};

int main(void)
{
    return unit_main("vmdk-header", tests);
}
