/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * formats/raw
 */
#include <errno.h>
#include <string.h>

#include "formats/raw/raw.h"
#include "tests/unit/fake-host.h"
#include "tests/unit/memory-io.h"
#include "tests/unit/unit.h"

struct raw {
    struct fake_host host;
    struct memory_io *file;
    uint64_t reserved; /* what was asked of `allocate` */
};

static struct raw *current;

static int32_t count_allocate(struct tarn_call *call, struct tarn_io *io, uint64_t offset,
                              uint64_t length)
{
    (void)call;
    (void)io;
    CU_ASSERT_EQUAL(offset, 0);
    current->reserved += length;
    return TARN_OK;
}

static void setup(struct raw *raw, uint64_t size)
{
    memset(raw, 0, sizeof(*raw));
    fake_host_init(&raw->host);
    raw->file = memory_io_new(size);
    raw->file->keep = true;
    raw->file->io.allocate = count_allocate;
    current = raw;
}

static void teardown(struct raw *raw)
{
    memory_io_free(raw->file);
    fake_host_clear(&raw->host);
}

static int32_t create(struct raw *raw, const struct tarn_image_spec *spec)
{
    return raw_format.create(&raw->host.call, &raw->file->io, spec);
}

static struct tarn_image_spec spec_of(uint64_t capacity)
{
    return (struct tarn_image_spec){ .struct_size = sizeof(struct tarn_image_spec),
                                     .capacity = capacity };
}

static void a_sparse_image_is_one_truncate(void)
{
    struct tarn_image_spec spec = spec_of(1000003);
    struct raw raw;

    setup(&raw, 0);
    CU_ASSERT_EQUAL(create(&raw, &spec), TARN_OK);
    CU_ASSERT_EQUAL(raw.file->size, 1000003);
    CU_ASSERT_EQUAL(raw.file->operations, 1);
    CU_ASSERT_EQUAL(raw.reserved, 0);
    teardown(&raw);
}

static void a_part_can_be_reserved(void)
{
    struct tarn_image_spec spec = spec_of(1000000);
    struct raw raw;

    spec.allocation = 300000;
    setup(&raw, 0);
    CU_ASSERT_EQUAL(create(&raw, &spec), TARN_OK);
    CU_ASSERT_EQUAL(raw.reserved, 300000);
    teardown(&raw);
    spec.allocation = 5000000; /* never more than the disk */
    setup(&raw, 0);
    CU_ASSERT_EQUAL(create(&raw, &spec), TARN_OK);
    CU_ASSERT_EQUAL(raw.reserved, 1000000);
    CU_ASSERT_EQUAL(raw.file->size, 1000000);
    teardown(&raw);
}

static void a_store_that_cannot_reserve_is_written(void)
{
    struct tarn_image_spec spec = spec_of(1000000);
    struct raw raw;

    spec.allocation = 300000;
    setup(&raw, 0);
    raw.file->io.allocate = NULL;
    CU_ASSERT_EQUAL(create(&raw, &spec), TARN_OK);
    CU_ASSERT_EQUAL(raw.file->writes, 2); /* of 256 KiB at most */
    teardown(&raw);
}

static void full_preallocation_writes_all(void)
{
    struct tarn_image_spec spec = spec_of(1000000);
    struct raw raw;

    spec.preallocation = TARN_PREALLOC_FULL;
    setup(&raw, 0);
    CU_ASSERT_EQUAL(create(&raw, &spec), TARN_OK);
    CU_ASSERT_EQUAL(raw.file->writes, 4);
    CU_ASSERT_EQUAL(raw.file->size, 1000000);
    teardown(&raw);
}

static void what_raw_has_not_is_refused(void)
{
    const char *const features[] = { "lazy_refcounts", NULL };
    struct tarn_image_spec spec[6];
    struct raw raw;

    for (int i = 0; i < 6; i++)
        spec[i] = spec_of(1000);
    spec[0].backing_name = "base";
    spec[1].preallocation = TARN_PREALLOC_METADATA;
    spec[2].cluster_size = 65536;
    spec[3].features = features;
    spec[4].compat = "1.1";
    spec[5].capacity = UINT64_MAX;
    for (int i = 0; i < 6; i++) {
        setup(&raw, 0);
        CU_ASSERT_EQUAL(create(&raw, &spec[i]), TARN_E_INVALID);
        CU_ASSERT_EQUAL(raw.file->operations, 0);
        teardown(&raw);
    }
}

static void a_device_must_be_large_enough(void)
{
    struct tarn_image_spec spec = spec_of(1000);
    struct raw raw;

    setup(&raw, 2000);
    raw.file->io.flags |= TARN_IO_FIXED_SIZE;
    CU_ASSERT_EQUAL(create(&raw, &spec), TARN_OK);
    CU_ASSERT_EQUAL(raw.file->size, 2000);
    spec.capacity = 2001;
    CU_ASSERT_EQUAL(create(&raw, &spec), TARN_E_NO_SPACE);
    teardown(&raw);
}

static void info_is_the_size(void)
{
    struct raw raw;

    setup(&raw, 12345);
    CU_ASSERT_EQUAL(raw_format.info(&raw.host.call, &raw.file->io), TARN_OK);
    CU_ASSERT_EQUAL(raw.host.image.info.capacity, 12345);
    CU_ASSERT_PTR_NULL(raw.host.image.info.backing_name);
    CU_ASSERT_EQUAL(raw.file->reads, 0);
    teardown(&raw);
}

static void an_open_image_passes_everything_on(void)
{
    struct tarn_image_open how = { sizeof(how), TARN_IMAGE_OPEN_WRITE, NULL };
    struct tarn_call *call;
    struct tarn_io *disk;
    struct raw raw;
    char bytes[3];
    uint64_t size;

    setup(&raw, 1000);
    raw.file->io.fd = 77;
    call = &raw.host.call;
    CU_ASSERT_EQUAL_FATAL(raw_format.open(call, &raw.file->io, &how, &disk), TARN_OK);
    CU_ASSERT_EQUAL(disk->fd, 77);
    CU_ASSERT_EQUAL(tarn_io_pwrite(call, disk, "abc", 3, 500), TARN_OK);
    CU_ASSERT_EQUAL(tarn_io_pread(call, disk, bytes, 3, 500), TARN_OK);
    CU_ASSERT(memcmp(bytes, "abc", 3) == 0);
    CU_ASSERT_EQUAL(tarn_io_truncate(call, disk, 2000, 0), TARN_OK);
    CU_ASSERT_EQUAL(tarn_io_size(call, disk, &size), TARN_OK);
    CU_ASSERT_EQUAL(size, 2000);
    CU_ASSERT_EQUAL(tarn_io_truncate(call, disk, 100, 0), TARN_E_INVALID);
    CU_ASSERT_EQUAL(tarn_io_truncate(call, disk, 100, TARN_TRUNCATE_SHRINK), TARN_OK);
    CU_ASSERT_EQUAL(tarn_io_flush(call, disk), TARN_OK);
    CU_ASSERT_EQUAL(raw.file->flushes, 1);
    CU_ASSERT_EQUAL(tarn_io_close(call, disk), TARN_OK);
    teardown(&raw);
}

static int32_t tell_identity(struct tarn_call *call, struct tarn_io *io, struct tarn_identity *out)
{
    (void)call;
    (void)io;
    out->inode = 4711;
    return TARN_OK;
}

/* Whoever compares a backing store with what was recorded of it asks the disk. */
static void the_disk_is_its_container(void)
{
    struct tarn_image_open how = { sizeof(how), 0, NULL };
    struct tarn_identity identity;
    struct tarn_call *call;
    struct tarn_io *disk;
    struct raw raw;

    setup(&raw, 1000);
    call = &raw.host.call;
    CU_ASSERT_EQUAL_FATAL(raw_format.open(call, &raw.file->io, &how, &disk), TARN_OK);
    CU_ASSERT_EQUAL(tarn_io_identity(call, disk, &identity), TARN_OK);
    CU_ASSERT_EQUAL(identity.inode, 0);
    raw.file->io.identity = tell_identity;
    CU_ASSERT_EQUAL(tarn_io_identity(call, disk, &identity), TARN_OK);
    CU_ASSERT_EQUAL(identity.inode, 4711);
    CU_ASSERT_EQUAL(tarn_io_close(call, disk), TARN_OK);
    teardown(&raw);
}

static void a_reader_cannot_write(void)
{
    struct tarn_image_open how = { sizeof(how), 0, NULL };
    struct tarn_io *disk;
    struct raw raw;

    setup(&raw, 1000);
    CU_ASSERT_EQUAL_FATAL(raw_format.open(&raw.host.call, &raw.file->io, &how, &disk), TARN_OK);
    CU_ASSERT_EQUAL(tarn_io_pwrite(&raw.host.call, disk, "abc", 3, 0), TARN_E_UNSUPPORTED);
    CU_ASSERT_EQUAL(tarn_io_zero(&raw.host.call, disk, 0, 10, 0), TARN_E_UNSUPPORTED);
    CU_ASSERT_EQUAL(tarn_io_close(&raw.host.call, disk), TARN_OK);
    how.flags = TARN_IMAGE_OPEN_WRITE;
    raw.file->io.flags = 0;
    CU_ASSERT_EQUAL(raw_format.open(&raw.host.call, &raw.file->io, &how, &disk), TARN_E_ACCESS);
    teardown(&raw);
}

static const struct unit_test tests[] = {
    { "a sparse image is one truncate", a_sparse_image_is_one_truncate },
    { "a part can be reserved", a_part_can_be_reserved },
    { "a store that cannot reserve is written", a_store_that_cannot_reserve_is_written },
    { "full preallocation writes all", full_preallocation_writes_all },
    { "what raw has not is refused", what_raw_has_not_is_refused },
    { "a device must be large enough", a_device_must_be_large_enough },
    { "info is the size", info_is_the_size },
    { "an open image passes everything on", an_open_image_passes_everything_on },
    { "the disk is its container", the_disk_is_its_container },
    { "a reader cannot write", a_reader_cannot_write },
    { NULL, NULL },
};

int main(void)
{
    return unit_main("raw", tests);
}
