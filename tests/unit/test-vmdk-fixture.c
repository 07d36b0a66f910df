/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * test-vmdk-fixture.c - see test-vmdk-fixture.h.
 */
#include "tests/unit/test-vmdk-fixture.h"

#include <stdlib.h>
#include <string.h>

#include "helpers/le.h"
#include "tests/unit/disk-bytes.h"

struct tarn_image_spec spec_of(uint64_t capacity, const char *subformat)
{
    return (struct tarn_image_spec){ .struct_size = sizeof(struct tarn_image_spec),
                                     .capacity = capacity, .subformat = subformat };
}

/* --- files ------------------------------------------------------------------------------------ */

struct memory_io *image_find_file(struct image *image, const char *name)
{
    for (uint32_t i = 0; i < image->more_count; i++)
        if (strcmp(image->more[i].name, name) == 0)
            return image->more[i].file;
    return NULL;
}

struct memory_io *image_add_file(struct image *image, const char *name, const void *bytes,
                                 uint64_t length)
{
    struct named_file *entry = &image->more[image->more_count++];

    if (image->more_count > MOST_FILES)
        exit(99);
    snprintf(entry->name, sizeof(entry->name), "%s", name);
    entry->file = bytes != NULL ? memory_io_of(bytes, length) : memory_io_new(length);
    entry->file->keep = true;
    return entry->file;
}

static int32_t open_related(struct tarn_call *call, const struct fake_question *question,
                            struct tarn_io **out, void *arg)
{
    struct tarn_image_open how = { sizeof(how), 0, NULL };
    struct memory_io *file = image_find_file(arg, question->name);

    if (file == NULL)
        return tarn_fail(call, TARN_E_NOT_FOUND, 0, "the test has no file %s", question->name);
    if (question->role == TARN_RELATED_BACKING)
        return vmdk_format.open(call, &file->io, &how, out);
    *out = &file->io;
    return TARN_OK;
}

/* "disk.vmdk" is the image's name here. */
static int32_t create_related(struct tarn_call *call, const char *suffix, uint64_t size,
                              const char **out_name, struct tarn_io **out, void *arg)
{
    struct image *image = arg;
    char name[64];

    (void)call;
    snprintf(name, sizeof(name), "disk%s", suffix);
    *out = &image_add_file(image, name, NULL, size)->io;
    *out_name = image->more[image->more_count - 1].name;
    return TARN_OK;
}

static void set_up(struct image *image)
{
    fake_host_init(&image->host);
    image->host.related_default = open_related;
    image->host.related_default_arg = image;
    image->host.create_related = create_related;
    image->host.create_related_arg = image;
}

/* --- its life --------------------------------------------------------------------------------- */

void image_of(struct image *image, const void *bytes, uint64_t length)
{
    memset(image, 0, sizeof(*image));
    set_up(image);
    image->file = memory_io_of(bytes, length);
    image->file->keep = true;
}

void image_of_text(struct image *image, const char *text)
{
    image_of(image, text, strlen(text));
}

void image_make(struct image *image, const struct tarn_image_spec *spec)
{
    int32_t status;

    image_of(image, NULL, 0);
    status = vmdk_format.create(&image->host.call, &image->file->io, spec);
    if (status != TARN_OK)
        printf("# %s\n", image->host.error);
    CU_ASSERT_EQUAL_FATAL(status, TARN_OK);
}

void image_copy(struct image *to, const struct image *from)
{
    image_of(to, from->file->bytes, from->file->size);
    for (uint32_t i = 0; i < from->more_count; i++)
        image_add_file(to, from->more[i].name, from->more[i].file->bytes,
                       from->more[i].file->size);
}

void image_drop(struct image *image)
{
    if (image->disk != NULL)
        tarn_io_close(&image->host.call, image->disk);
    image->disk = NULL;
}

void image_free(struct image *image)
{
    image_drop(image);
    for (uint32_t i = 0; i < image->more_count; i++)
        memory_io_free(image->more[i].file);
    memory_io_free(image->file);
    fake_host_clear(&image->host);
}

int32_t image_open(struct image *image, uint32_t flags)
{
    struct tarn_image_open how = { sizeof(how), flags, NULL };

    return vmdk_format.open(&image->host.call, &image->file->io, &how, &image->disk);
}

void image_close(struct image *image)
{
    struct tarn_io *disk = image->disk;

    image->disk = NULL;
    CU_ASSERT_EQUAL_FATAL(tarn_io_close(&image->host.call, disk), TARN_OK);
}

/* --- its bytes -------------------------------------------------------------------------------- */

void image_write(struct image *image, uint64_t offset, uint64_t length, uint8_t byte)
{
    CU_ASSERT_EQUAL(disk_put(&image->host.call, image->disk, offset, length, byte), TARN_OK);
}

bool image_reads(struct image *image, uint64_t offset, uint64_t length, uint8_t byte)
{
    return disk_holds(&image->host.call, image->disk, offset, length, byte);
}

void image_check(struct image *image, uint32_t flags)
{
    fake_host_reset(&image->host);
    CU_ASSERT_EQUAL_FATAL(vmdk_format.check(&image->host.call, &image->file->io, flags), TARN_OK);
    CU_ASSERT_EQUAL(image->host.checks, 1);
}

bool image_sound(struct image *image, uint64_t leaks)
{
    image_check(image, 0);
    return image->host.check.corruptions == 0 && image->host.check.errors == 0 &&
           image->host.check.leaks == leaks;
}

void image_make_cowd(struct image *image, uint32_t sectors, uint32_t grain)
{
    uint32_t count = (sectors + 4096 * grain - 1) / (4096 * grain);
    uint32_t used = 4 + (count * 4 + 511) / 512;
    const uint32_t fields[] = { 1, 3, sectors, grain, 4, count, used };
    struct memory_io *file;
    char text[256];

    snprintf(text, sizeof(text), "# Disk DescriptorFile\nversion=1\nCID=12345678\n"
             "parentCID=ffffffff\ncreateType=\"vmfsSparse\"\nRW %u VMFSSPARSE \"delta.vmdk\"\n\n"
             "# the end of a descriptor\n", sectors);
    image_of_text(image, text);
    file = image_add_file(image, "delta.vmdk", NULL, (uint64_t)used * 512);
    memcpy(file->bytes, "COWD", 4);
    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
        le32_store(file->bytes + 4 + i * 4, fields[i]);
}
