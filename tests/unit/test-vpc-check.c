/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The check and what it repairs; and images that are damaged in every way, which may be refused,
 * but never more.
 */
#include <string.h>

#include "tests/unit/test-vpc-fixture.h"

#define BLOCK ((uint64_t)16384)

#define REPAIR_ALL (TARN_CHECK_REPAIR_LEAKS | TARN_CHECK_REPAIR_ALL)

static void make_dynamic(struct image *image)
{
    struct tarn_image_spec spec = spec_blocks(8 * BLOCK, BLOCK);

    image_make(image, &vpc_format, &spec);
    CU_ASSERT_EQUAL_FATAL(image_open(image, TARN_IMAGE_OPEN_WRITE), TARN_OK);
    image_write(image, BLOCK, 2 * BLOCK, 0x21);
    image_write(image, 5 * BLOCK, BLOCK, 0x22);
    image_close(image);
}

static void make_fixed(struct image *image)
{
    struct tarn_image_spec spec = spec_of(8 * BLOCK);

    spec.subformat = "fixed";
    image_make(image, &vpc_format, &spec);
}

/* So many corruptions, of which a repair mends so many. */
static void expect(struct image *image, uint64_t corruptions, uint64_t mended)
{
    image->file->writes = 0;
    image_check(image, 0);
    CU_ASSERT_EQUAL(image->host.check.corruptions, corruptions);
    CU_ASSERT_EQUAL(image->host.finding_count, corruptions);
    CU_ASSERT_EQUAL(image->file->writes, 0);
    image_check(image, REPAIR_ALL);
    CU_ASSERT_EQUAL(image->host.check.corruptions, corruptions - mended);
    CU_ASSERT_EQUAL(image->host.check.corruptions_fixed, mended);
    image_check(image, 0);
    CU_ASSERT_EQUAL(image->host.check.corruptions, corruptions - mended);
    if (corruptions == mended) {
        CU_ASSERT_EQUAL_FATAL(image_open(image, TARN_IMAGE_OPEN_WRITE), TARN_OK);
        image_close(image);
        CU_ASSERT(image_sound(image, 0));
    }
}

static void sound(void)
{
    struct image image;

    make_dynamic(&image);
    image_check(&image, 0);
    CU_ASSERT_EQUAL(image.host.finding_count, 0);
    CU_ASSERT_EQUAL(image.host.check.total_clusters, 8);
    CU_ASSERT_EQUAL(image.host.check.allocated_clusters, 3);
    CU_ASSERT_EQUAL(image.host.check.image_end, image.file->size);
    image_free(&image);
    make_fixed(&image);
    CU_ASSERT(image_sound(&image, 0));
    CU_ASSERT_EQUAL(image.host.check.image_end, image.file->size);
    image_free(&image);
}

static void checksums(void)
{
    struct image start;
    struct image image;

    make_dynamic(&start);
    image_copy(&image, &start);
    image.file->bytes[512 + 600] ^= 1;
    expect(&image, 1, 1);
    image_free(&image);
    image_copy(&image, &start); /* both footers alike: changed by hand */
    image.file->bytes[70] ^= 1;
    image.file->bytes[image_footer(&image) + 70] ^= 1;
    expect(&image, 1, 1);
    image_free(&image);
    image_copy(&image, &start); /* both wrong and not alike: which is right? */
    image.file->bytes[70] ^= 1;
    image.file->bytes[image_footer(&image) + 71] ^= 1;
    expect(&image, 1, 0);
    image_free(&image);
    image_free(&start);
    make_fixed(&image);
    image.file->bytes[image_footer(&image) + 70] ^= 1;
    expect(&image, 1, 1);
    image_free(&image);
    make_fixed(&image); /* the size of the file says otherwise, too */
    image_put64(&image, image_footer(&image) + 48, BLOCK);
    expect(&image, 1, 0);
    image_free(&image);
}

static void copies(void)
{
    struct image start;
    struct image image;

    make_dynamic(&start);
    image_copy(&image, &start);
    memset(image.file->bytes, 0, 512);
    expect(&image, 1, 1);
    image_free(&image);
    image_copy(&image, &start);
    memset(image.file->bytes + image_footer(&image), 0, 512);
    expect(&image, 1, 1);
    image_free(&image);
    image_copy(&image, &start);
    image_put32(&image, 24, 1);
    image_seal_footer(&image, 0);
    expect(&image, 1, 1);
    image_free(&image);
    image_free(&start);
}

static void places_of_blocks(void)
{
    struct image start;
    struct image image;

    make_dynamic(&start);
    image_copy(&image, &start);
    image_put32(&image, 1536, 0xfffffffe);
    expect(&image, 1, 0);
    image_free(&image);
    image_copy(&image, &start);
    image_put32(&image, 1536, 1);
    expect(&image, 1, 0);
    image_free(&image);
    image_copy(&image, &start);
    image_put32(&image, 1536, image_get32(&image, 1536 + 4));
    expect(&image, 1, 0);
    image_free(&image);
    image_copy(&image, &start); /* a damaged table keeps what depends on it from being repaired */
    image_put32(&image, 1536, 1);
    image.file->bytes[512 + 600] ^= 1;
    expect(&image, 2, 0);
    image_free(&image);
    image_free(&start);
}

static void leaks(void)
{
    struct image image;
    uint64_t size;

    make_dynamic(&image);
    size = image.file->size;
    image_put32(&image, 1536 + 5 * 4, UINT32_MAX); /* the last one in the file */
    image_check(&image, 0);
    CU_ASSERT_EQUAL(image.host.check.leaks, 1);
    CU_ASSERT_EQUAL(image.host.check.corruptions, 0);
    image_check(&image, TARN_CHECK_REPAIR_LEAKS);
    CU_ASSERT_EQUAL(image.host.check.leaks_fixed, 1);
    CU_ASSERT_EQUAL(image.file->size, size - BLOCK - 512);
    CU_ASSERT(image_sound(&image, 0));
    image_put32(&image, 1536 + 4, UINT32_MAX); /* the first one: its place cannot be given back */
    image_check(&image, REPAIR_ALL);
    CU_ASSERT_EQUAL(image.host.check.leaks, 1);
    CU_ASSERT_EQUAL_FATAL(image_open(&image, 0), TARN_OK);
    CU_ASSERT(image_reads(&image, BLOCK, BLOCK, 0));
    CU_ASSERT(image_reads(&image, 2 * BLOCK, BLOCK, 0x21));
    CU_ASSERT(image_reads(&image, 3 * BLOCK, 5 * BLOCK, 0));
    image_free(&image);
}

static void hundreds_of_faults(void)
{
    struct tarn_image_spec spec = spec_blocks(1000 * BLOCK, BLOCK);
    struct image image;

    image_make(&image, &vpc_format, &spec);
    memset(image.file->bytes + 1536, 0x7f, 4000);
    image_check(&image, 0);
    CU_ASSERT(image.host.check.corruptions >= 1000);
    CU_ASSERT_EQUAL(image.host.finding_count, 100);
    image_free(&image);
}

/* --- any damage ------------------------------------------------------------------------------- */

/* Does all that can be done with it; whatever comes of it, it ends, and touches nothing. */
static void use(struct image *image)
{
    static uint8_t bytes[65536];
    uint64_t size = 0;

    image_probe(image);
    vpc_format.info(&image->host.call, &image->file->io);
    vpc_format.check(&image->host.call, &image->file->io, 0);
    if (image_open(image, 0) == TARN_OK) {
        CU_ASSERT_EQUAL(tarn_io_size(&image->host.call, image->disk, &size), TARN_OK);
        for (uint64_t at = 0; at < size && at < sizeof(bytes) * 4; at += sizeof(bytes))
            tarn_io_pread(&image->host.call, image->disk, bytes,
                          size - at < sizeof(bytes) ? size - at : sizeof(bytes), at);
        image_close(image);
    }
    CU_ASSERT_EQUAL(image->file->writes, 0);
}

static void cut_at_every_sector(void)
{
    struct image start;
    struct image image;

    make_dynamic(&start);
    for (uint64_t size = 0; size < start.file->size; size += 512) {
        image_of(&image, &vpc_format, start.file->bytes, size);
        use(&image);
        image_free(&image);
    }
    image_free(&start);
}

static void all_ones_anywhere(bool sealed)
{
    struct image start;
    struct image image;

    make_dynamic(&start);
    for (uint64_t at = 0; at + 8 <= 1536 + 64; at += 4) {
        image_copy(&image, &start);
        memset(image.file->bytes + at, 0xff, at % 8 == 0 ? 8 : 4);
        if (sealed) {
            memcpy(image.file->bytes + image_footer(&image), image.file->bytes, 512);
            image_seal_footer(&image, 0);
            image_seal_footer(&image, image_footer(&image));
            image_seal_header(&image);
        }
        use(&image);
        image_free(&image);
    }
    image_free(&start);
}

static void all_ones(void)
{
    all_ones_anywhere(false);
    all_ones_anywhere(true);
}

static const struct unit_test tests[] = {
    { "sound images", sound },
    { "checksums", checksums },
    { "copies of the footer", copies },
    { "places of blocks", places_of_blocks },
    { "leaks", leaks },
    { "hundreds of faults", hundreds_of_faults },
    { "cut at every sector", cut_at_every_sector },
    { "all ones in every field", all_ones },
    { NULL, NULL },
};

int main(void)
{
    return unit_main("vpc-check", tests);
}
