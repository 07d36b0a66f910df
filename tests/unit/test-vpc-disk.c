/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The guest's disk: bitmaps, blocks, parents, sizes; and creation.
 */
#include <string.h>

#include "tests/unit/test-vpc-fixture.h"

#define BLOCK ((uint64_t)65536)

static void make_dynamic(struct image *image, uint64_t blocks)
{
    struct tarn_image_spec spec = spec_blocks(blocks * BLOCK, BLOCK);

    image_make(image, &vpc_format, &spec);
    CU_ASSERT_EQUAL_FATAL(image_open(image, TARN_IMAGE_OPEN_WRITE), TARN_OK);
}

/* Where the block is in the file, by the table of an image as it is made here. */
static uint64_t block_at(const struct image *image, uint64_t block)
{
    return (uint64_t)image_get32(image, 1536 + block * 4) * SECTOR;
}

static void bitmaps_say_what_is_there(void)
{
    struct image image;
    uint64_t start;

    make_dynamic(&image, 4);
    image_write(&image, BLOCK + 3 * SECTOR, 2 * SECTOR, 0x11);
    image_write(&image, BLOCK + 20 * SECTOR + 7, 3, 0x22);
    CU_ASSERT_EQUAL(tarn_io_flush(&image.host.call, image.disk), TARN_OK);
    start = block_at(&image, 1);
    CU_ASSERT_EQUAL((start + SECTOR) % 4096, 0);
    CU_ASSERT_EQUAL(image.file->bytes[start], 0x18); /* the highest bit is the first sector */
    CU_ASSERT_EQUAL(image.file->bytes[start + 2], 0x08);
    CU_ASSERT_EQUAL(image_get32(&image, 1536), UINT32_MAX);
    /* What was never written is zeros, whatever is in the file. */
    memset(image.file->bytes + start + SECTOR, 0x77, SECTOR);
    CU_ASSERT(image_reads(&image, BLOCK, SECTOR, 0));
    CU_ASSERT(image_reads(&image, BLOCK + 3 * SECTOR, 2 * SECTOR, 0x11));
    CU_ASSERT(image_reads(&image, BLOCK + 20 * SECTOR + 7, 3, 0x22));
    CU_ASSERT(image_reads(&image, BLOCK + 20 * SECTOR, 7, 0));
    CU_ASSERT(image_reads(&image, 2 * BLOCK, 2 * BLOCK, 0));
    image_close(&image);
    CU_ASSERT(image_sound(&image, 0));
    image_free(&image);
}

/* QEMU ignores bitmaps, so what is erased is zeros in the file, too. */
static void erased_sectors_are_zeros_for_everybody(void)
{
    struct image image;
    uint64_t start;

    make_dynamic(&image, 2);
    image_write(&image, 0, BLOCK, 0x55);
    CU_ASSERT_EQUAL(tarn_io_zero(&image.host.call, image.disk, 8 * SECTOR, 8 * SECTOR,
                                 TARN_ZERO_MAY_UNMAP), TARN_OK);
    image_close(&image);
    start = block_at(&image, 0);
    CU_ASSERT_EQUAL(image.file->bytes[start + 1], 0);
    for (uint64_t i = 0; i < 8 * SECTOR; i++)
        CU_ASSERT_EQUAL_FATAL(image.file->bytes[start + SECTOR + 8 * SECTOR + i], 0);
    CU_ASSERT_EQUAL(image.file->bytes[start], 0xff);
    CU_ASSERT_EQUAL(image.file->bytes[start + 2], 0xff);
    image_free(&image);
}

static void damaged_places_are_never_followed(void)
{
    static const uint32_t places[] = { 0, 1, 3, 0x7fffffff, 0xfffffffe };
    struct image whole;
    struct image image;

    make_dynamic(&whole, 4);
    image_write(&whole, 0, 4 * BLOCK, 0x44);
    image_close(&whole);
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        image_copy(&image, &whole);
        image_put32(&image, 1536 + 4, places[i]);
        CU_ASSERT_EQUAL_FATAL(image_open(&image, 0), TARN_OK);
        CU_ASSERT(image_reads(&image, 0, BLOCK, 0x44));
        CU_ASSERT_FALSE(image_reads(&image, BLOCK, SECTOR, 0x44));
        CU_ASSERT_EQUAL(image.host.status, TARN_E_CORRUPT);
        image_close(&image);
        CU_ASSERT_EQUAL(image_open(&image, TARN_IMAGE_OPEN_WRITE), TARN_E_CORRUPT);
        CU_ASSERT_EQUAL(image.file->writes, 0);
        image_free(&image);
    }
    image_copy(&image, &whole); /* two blocks on each other */
    image_put32(&image, 1536 + 4, image_get32(&image, 1536) + 1);
    CU_ASSERT_EQUAL(image_open(&image, TARN_IMAGE_OPEN_WRITE), TARN_E_CORRUPT);
    image_free(&image);
    image_free(&whole);
}

/* --- differencing ----------------------------------------------------------------------------- */

static void make_pair(struct image *parent, struct image *child)
{
    make_dynamic(parent, 4);
    image_write(parent, 0, 4 * BLOCK, 0x99);
    image_close(parent);
    image_over(child, parent, BLOCK);
}

static void reads_through_its_parent(void)
{
    struct image parent;
    struct image child;

    make_pair(&parent, &child);
    CU_ASSERT_EQUAL_FATAL(image_open(&child, TARN_IMAGE_OPEN_WRITE), TARN_OK);
    CU_ASSERT(image_reads(&child, 0, 4 * BLOCK, 0x99));
    image_write(&child, SECTOR + 5, 10, 0x10);
    CU_ASSERT_EQUAL(tarn_io_zero(&child.host.call, child.disk, BLOCK, BLOCK, TARN_ZERO_MAY_UNMAP),
                    TARN_OK);
    image_close(&child);
    CU_ASSERT_EQUAL_FATAL(image_open(&child, 0), TARN_OK);
    CU_ASSERT(image_reads(&child, 0, SECTOR + 5, 0x99));
    CU_ASSERT(image_reads(&child, SECTOR + 5, 10, 0x10));
    CU_ASSERT(image_reads(&child, SECTOR + 15, BLOCK - SECTOR - 15, 0x99));
    CU_ASSERT(image_reads(&child, BLOCK, BLOCK, 0));
    CU_ASSERT(image_reads(&child, 2 * BLOCK, 2 * BLOCK, 0x99));
    image_close(&child);
    CU_ASSERT(image_sound(&child, 0));
    CU_ASSERT_EQUAL(image_probe(&child), TARN_PROBE_SURE);
    CU_ASSERT_EQUAL(vpc_format.info(&child.host.call, &child.file->io), TARN_OK);
    CU_ASSERT_STRING_EQUAL(child.host.image.info.backing_name, "parent.vhd");
    CU_ASSERT_STRING_EQUAL(child.host.image.info.backing_format, "vpc");
    CU_ASSERT_STRING_EQUAL(child.host.image.info.subformat, "differencing");
    image_free(&child);
    image_free(&parent);
}

static void without_its_parent_it_is_refused(void)
{
    struct image parent;
    struct image child;
    struct image orphan;
    struct image other;

    make_pair(&parent, &child);
    image_copy(&orphan, &child);
    CU_ASSERT_EQUAL(image_opens(&orphan), TARN_E_NOT_FOUND);
    CU_ASSERT_EQUAL(image_open(&orphan, TARN_IMAGE_OPEN_WRITE), TARN_E_NOT_FOUND);
    CU_ASSERT_EQUAL(orphan.file->writes, 0);
    /* Its map is known without the parent, its bytes are not. */
    CU_ASSERT_EQUAL_FATAL(image_open(&orphan, TARN_IMAGE_OPEN_NO_BACKING), TARN_OK);
    CU_ASSERT_FALSE(image_reads(&orphan, 0, SECTOR, 0));
    CU_ASSERT_EQUAL(orphan.host.status, TARN_E_STATE);
    image_close(&orphan);
    image_check(&orphan, 0);
    CU_ASSERT_EQUAL(orphan.host.check.errors, 1);
    /* A file with the right name and another id. */
    make_dynamic(&other, 4);
    image_close(&other);
    image_relate(&orphan, &other, "parent.vhd");
    CU_ASSERT_EQUAL(image_opens(&orphan), TARN_E_CORRUPT);
    CU_ASSERT_PTR_NOT_NULL(strstr(orphan.host.error, "unique id"));
    image_check(&orphan, 0);
    CU_ASSERT_EQUAL(orphan.host.check.corruptions, 1);
    image_free(&other);
    image_free(&orphan);
    image_free(&child);
    image_free(&parent);
}

/* Which of its names the image goes by, and that names of Windows stay text. */
static void names_of_parents(void)
{
    static const struct {
        const char *text; /* UTF-16, little end first; its code stands before it */
        const char *expected;
    } names[] = {
        { "W2ru.\\p.vhd", "p.vhd" },
        { "W2ru..\\x\\p.vhd", "../x/p.vhd" },
        { "W2ku\\srv\\p.vhd", "/srv/p.vhd" },
        { "W2kuC:\\x\\p.vhd", "C:\\x\\p.vhd" },
        { "W2ku\\\\server\\p.vhd", "\\\\server\\p.vhd" },
        { "W2ku\\\\.\\PhysicalDrive0", "\\\\.\\PhysicalDrive0" },
        { "Wi2rp.vhd", NULL },
        { "W2ru", NULL },
        { "W2rua\nb", NULL },
    };
    struct image parent;
    struct image child;

    make_pair(&parent, &child);
    memset(child.file->bytes + 512 + 64, 0, 512);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        const char *text = names[i].text + 4;
        uint64_t at = image_get64(&child, 512 + 576 + 16);
        int32_t status;

        memcpy(child.file->bytes + 512 + 576, names[i].text, 4);
        memset(child.file->bytes + at, 0, SECTOR);
        for (uint64_t k = 0; text[k] != '\0'; k++)
            child.file->bytes[at + 2 * k] = (uint8_t)text[k];
        image_put32(&child, 512 + 576 + 8, (uint32_t)(2 * strlen(text)));
        image_seal_header(&child);
        fake_host_reset(&child.host);
        status = vpc_format.info(&child.host.call, &child.file->io);
        CU_ASSERT_EQUAL(status, names[i].expected != NULL ? TARN_OK : TARN_E_CORRUPT);
        if (status == TARN_OK && names[i].expected != NULL)
            CU_ASSERT_STRING_EQUAL(child.host.image.info.backing_name, names[i].expected);
    }
    image_free(&child);
    image_free(&parent);
}

static void damaged_names(void)
{
    struct image parent;
    struct image child;
    uint64_t at;

    make_pair(&parent, &child);
    at = image_get64(&child, 512 + 576 + 16);
    image_put32(&child, (uint32_t)at, 0x00d80000); /* half of a pair */
    CU_ASSERT_EQUAL(image_opens(&child), TARN_E_CORRUPT);
    image_put64(&child, 512 + 576 + 16, UINT64_MAX - 100);
    image_seal_header(&child);
    CU_ASSERT_EQUAL(image_opens(&child), TARN_E_CORRUPT);
    image_put64(&child, 512 + 576 + 16, at);
    image_put32(&child, 512 + 576 + 8, UINT32_MAX);
    image_seal_header(&child);
    CU_ASSERT_EQUAL(image_opens(&child), TARN_E_CORRUPT);
    memset(child.file->bytes + 512 + 576, 0, 24);
    image_seal_header(&child);
    CU_ASSERT_EQUAL(image_opens(&child), TARN_OK); /* there is the name in the header */
    memset(child.file->bytes + 512 + 64, 0xd8, 512);
    image_seal_header(&child);
    CU_ASSERT_EQUAL(image_opens(&child), TARN_E_CORRUPT);
    memset(child.file->bytes + 512 + 64, 0, 512);
    image_seal_header(&child);
    CU_ASSERT_EQUAL(image_opens(&child), TARN_E_CORRUPT);
    image_free(&child);
    image_free(&parent);
}

/* --- size ------------------------------------------------------------------------------------- */

static void grows(const char *subformat)
{
    struct tarn_image_spec spec = spec_of(5 * BLOCK - SECTOR);
    struct image image;

    spec.subformat = subformat;
    spec.cluster_size = strcmp(subformat, "dynamic") == 0 ? BLOCK : 0;
    image_make(&image, &vpc_format, &spec);
    CU_ASSERT_EQUAL_FATAL(image_open(&image, TARN_IMAGE_OPEN_WRITE), TARN_OK);
    image_write(&image, 0, spec.capacity, 0x66);
    for (uint64_t size = 6; size < 400; size += 131) {
        CU_ASSERT_EQUAL(tarn_io_truncate(&image.host.call, image.disk, size * BLOCK, 0), TARN_OK);
        image_write(&image, size * BLOCK - SECTOR, SECTOR, (uint8_t)size);
    }
    CU_ASSERT_EQUAL(tarn_io_truncate(&image.host.call, image.disk, BLOCK, TARN_TRUNCATE_SHRINK),
                    TARN_E_UNSUPPORTED);
    image_close(&image);
    CU_ASSERT_EQUAL_FATAL(image_open(&image, 0), TARN_OK);
    CU_ASSERT(image_reads(&image, 0, spec.capacity, 0x66));
    CU_ASSERT(image_reads(&image, spec.capacity, BLOCK, 0));
    for (uint64_t size = 6; size < 400; size += 131)
        CU_ASSERT(image_reads(&image, size * BLOCK - SECTOR, SECTOR, (uint8_t)size));
    image_close(&image);
    CU_ASSERT(image_sound(&image, 0));
    image_free(&image);
}

static void growing(void)
{
    grows("fixed");
    grows("dynamic");
}

static void what_does_not_grow(void)
{
    struct image parent;
    struct image child;
    struct image image;

    make_pair(&parent, &child);
    CU_ASSERT_EQUAL_FATAL(image_open(&child, TARN_IMAGE_OPEN_WRITE), TARN_OK);
    CU_ASSERT_EQUAL(tarn_io_truncate(&child.host.call, child.disk, 9 * BLOCK, 0),
                    TARN_E_UNSUPPORTED);
    image_free(&child);
    image_free(&parent);
    make_dynamic(&image, 1);
    CU_ASSERT_EQUAL(tarn_io_truncate(&image.host.call, image.disk, 0xff000001 * SECTOR, 0),
                    TARN_E_INVALID);
    image_free(&image);
}

/* --- creation --------------------------------------------------------------------------------- */

static int32_t create(struct image *image, const struct tarn_image_spec *spec)
{
    image_of(image, &vpc_format, NULL, 0);
    return vpc_format.create(&image->host.call, &image->file->io, spec);
}

static void refused_specifications(void)
{
    static const struct tarn_property option = { sizeof(option), 0, "x", "y" };
    static const struct tarn_property *const options[] = { &option, NULL };
    static const char *const features[] = { "x", NULL };
    struct tarn_image_spec specs[16];
    uint32_t count = 0;
    struct image image;

    for (uint32_t i = 0; i < 16; i++)
        specs[i] = spec_of(BLOCK);
    specs[count++].capacity = 0xff000000 * SECTOR + 1;
    specs[count++].capacity = UINT64_MAX;
    specs[count++].subformat = "sparse";
    specs[count++].subformat = "differencing";
    specs[count++].compat = "1";
    specs[count++].features = features;
    specs[count++].options = options;
    specs[count++].cluster_size = 2048;
    specs[count++].cluster_size = 65537;
    specs[count++].cluster_size = (uint64_t)512 << 20;
    specs[count++].backing_format = "vpc";
    specs[count++].preallocation = 15;
    specs[count].subformat = "fixed";
    specs[count++].cluster_size = BLOCK;
    specs[count].subformat = "fixed";
    specs[count++].preallocation = TARN_PREALLOC_METADATA;
    specs[count].cluster_size = 4096;
    specs[count++].capacity = (uint64_t)1 << 40; /* a table of 1 GiB */
    for (uint32_t i = 0; i < count; i++) {
        uint64_t bytes;

        CU_ASSERT_EQUAL(create(&image, &specs[i]), TARN_E_INVALID);
        CU_ASSERT_EQUAL(image.file->writes, 0);
        CU_ASSERT_EQUAL(vpc_format.measure(&image.host.call, &specs[i], &bytes), TARN_E_INVALID);
        image_free(&image);
    }
}

static void refused_parents(void)
{
    struct tarn_image_spec spec = spec_of(4 * BLOCK);
    struct image parent;
    struct image child;

    make_dynamic(&parent, 4);
    image_close(&parent);
    image_of(&child, &vpc_format, NULL, 0);
    image_relate(&child, &parent, "parent.vhd");
    spec.backing_name = "parent.vhd";
    spec.backing_format = "raw";
    CU_ASSERT_EQUAL(vpc_format.create(&child.host.call, &child.file->io, &spec), TARN_E_INVALID);
    spec.backing_format = NULL;
    spec.capacity = 5 * BLOCK;
    CU_ASSERT_EQUAL(vpc_format.create(&child.host.call, &child.file->io, &spec), TARN_E_INVALID);
    spec.capacity = 4 * BLOCK;
    spec.preallocation = TARN_PREALLOC_FULL;
    CU_ASSERT_EQUAL(vpc_format.create(&child.host.call, &child.file->io, &spec), TARN_E_INVALID);
    spec.preallocation = TARN_PREALLOC_OFF;
    spec.backing_name = "a:b.vhd";
    CU_ASSERT_EQUAL(vpc_format.create(&child.host.call, &child.file->io, &spec), TARN_E_INVALID);
    spec.backing_name = "a\\b.vhd";
    CU_ASSERT_EQUAL(vpc_format.create(&child.host.call, &child.file->io, &spec), TARN_E_INVALID);
    spec.backing_name = "\xff\xfe.vhd";
    CU_ASSERT_EQUAL(vpc_format.create(&child.host.call, &child.file->io, &spec), TARN_E_INVALID);
    spec.backing_name = "missing.vhd";
    CU_ASSERT_EQUAL(vpc_format.create(&child.host.call, &child.file->io, &spec), TARN_E_NOT_FOUND);
    CU_ASSERT_EQUAL(child.file->writes, 0);
    image_free(&child);
    image_free(&parent);
}

static void exact_sizes(void)
{
    static const uint64_t sizes[] = { 0, 1, 511, 512, 513, 65536, 65537, 1000000, 10321920,
                                      (uint64_t)2 << 40 >> 1, 0xff000000 * SECTOR };
    struct image image;

    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        struct tarn_image_spec spec = spec_of(sizes[i]);
        uint64_t bytes = 0;

        image_make(&image, &vpc_format, &spec);
        CU_ASSERT_EQUAL(vpc_format.measure(&image.host.call, &spec, &bytes), TARN_OK);
        CU_ASSERT_EQUAL(bytes, image.file->size);
        CU_ASSERT_EQUAL(vpc_format.info(&image.host.call, &image.file->io), TARN_OK);
        CU_ASSERT_EQUAL(image.host.image.info.capacity, (sizes[i] + 511) / 512 * 512);
        CU_ASSERT(image_sound(&image, 0));
        image_free(&image);
    }
}

static void preallocated(void)
{
    static const uint32_t kinds[] = { TARN_PREALLOC_METADATA, TARN_PREALLOC_FALLOC,
                                      TARN_PREALLOC_FULL };
    struct image image;

    for (uint32_t i = 0; i < 3; i++) {
        struct tarn_image_spec spec = spec_blocks(10 * BLOCK + SECTOR, BLOCK);
        uint64_t bytes = 0;

        spec.preallocation = kinds[i];
        image_make(&image, &vpc_format, &spec);
        CU_ASSERT_EQUAL(vpc_format.measure(&image.host.call, &spec, &bytes), TARN_OK);
        CU_ASSERT(bytes >= image.file->size);
        CU_ASSERT(image_sound(&image, 0));
        CU_ASSERT_EQUAL(image.host.check.allocated_clusters, 11);
        CU_ASSERT_EQUAL_FATAL(image_open(&image, TARN_IMAGE_OPEN_WRITE), TARN_OK);
        CU_ASSERT(image_reads(&image, 0, spec.capacity, 0));
        bytes = image.file->size;
        image_write(&image, 0, spec.capacity, 1);
        image_close(&image);
        CU_ASSERT_EQUAL(image.file->size, bytes);
        image_free(&image);
    }
}

static const struct unit_test tests[] = {
    { "bitmaps say what is there", bitmaps_say_what_is_there },
    { "erased sectors are zeros for everybody", erased_sectors_are_zeros_for_everybody },
    { "damaged places are never followed", damaged_places_are_never_followed },
    { "a differencing image reads through its parent", reads_through_its_parent },
    { "without its parent it is refused", without_its_parent_it_is_refused },
    { "names of parents", names_of_parents },
    { "damaged names of parents", damaged_names },
    { "growing", growing },
    { "what does not grow", what_does_not_grow },
    { "specifications that are refused", refused_specifications },
    { "parents that are refused", refused_parents },
    { "sizes are exact", exact_sizes },
    { "preallocated dynamic images", preallocated },
    { NULL, NULL },
};

int main(void)
{
    return unit_main("vpc-disk", tests);
}
