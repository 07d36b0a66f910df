/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * test-iso-create.c - new discs: blank, or with the files of a folder; refused with a reason where
 * they cannot be made, and never half made without a failure.
 */
#include <fcntl.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "test-iso-fixture.h"
#include "unit.h"

#define host iso_host

static const char *folder;

static struct tarn_image_spec blank_of(uint64_t capacity)
{
    return (struct tarn_image_spec){ .struct_size = sizeof(struct tarn_image_spec),
                                     .capacity = capacity };
}

static bool contains(const struct memory_io *image, const char *text)
{
    return memmem(image->bytes, image->size, text, strlen(text)) != NULL;
}

static void blank(void)
{
    struct tarn_image_spec spec = blank_of(12345);
    struct memory_io *image = memory_io_new(0);
    uint64_t measured = 0;

    CU_ASSERT_EQUAL(iso_format.measure(&host.call, &spec, &measured), TARN_OK);
    CU_ASSERT_EQUAL(measured, 12345);
    CU_ASSERT_EQUAL(iso_format.create(&host.call, &image->io, &spec), TARN_OK);
    CU_ASSERT_EQUAL(image->size, 12345);
    memory_io_free(image);
    image = memory_io_new(0);
    spec.preallocation = TARN_PREALLOC_FULL;
    CU_ASSERT_EQUAL(iso_format.create(&host.call, &image->io, &spec), TARN_OK);
    CU_ASSERT_EQUAL(image->size, 12345);
    memory_io_free(image);
    image = memory_io_new(1000); /* a device that is too small */
    image->io.flags |= TARN_IO_FIXED_SIZE;
    spec.preallocation = TARN_PREALLOC_OFF;
    CU_ASSERT_EQUAL(iso_format.create(&host.call, &image->io, &spec), TARN_E_NO_SPACE);
    fake_host_reset(&host);
    spec.capacity = 999;
    CU_ASSERT_EQUAL(iso_format.create(&host.call, &image->io, &spec), TARN_OK);
    memory_io_free(image);
}

static void from_folder(void)
{
    const struct tarn_image_spec *spec = iso_spec_from(folder, "config-2");
    struct memory_io *image = memory_io_new(0);
    uint64_t measured = 0;

    CU_ASSERT_EQUAL(iso_format.measure(&host.call, spec, &measured), TARN_OK);
    CU_ASSERT_EQUAL(iso_format.create(&host.call, &image->io, spec), TARN_OK);
    CU_ASSERT_EQUAL(image->size, measured);
    CU_ASSERT_EQUAL(memcmp(image->bytes + ISO_DESCRIPTORS + ISO_VOLUME_ID,
                           "config-2                        ", ISO_ID_LENGTH), 0);
    CU_ASSERT(contains(image, "line 199 of user-data\n"));
    CU_ASSERT(contains(image, "line 199 of sub/deep/more/gr\303\266\303\237e\n"));
    CU_ASSERT(contains(image, "gr\303\266\303\237e")); /* Rock Ridge */
    CU_ASSERT(contains(image, "cidata") == false);
    CU_ASSERT_EQUAL(iso_corruptions(image), 0);
    memory_io_free(image);
    fake_host_reset(&host);
}

/* Two images of one folder are alike but for the time. */
static void same_again(void)
{
    struct memory_io *one = memory_io_new(0);
    struct memory_io *two = memory_io_new(0);
    uint64_t others = 0;

    CU_ASSERT_EQUAL(iso_format.create(&host.call, &one->io, iso_spec_from(folder, NULL)), TARN_OK);
    CU_ASSERT_EQUAL(iso_format.create(&host.call, &two->io, iso_spec_from(folder, NULL)), TARN_OK);
    CU_ASSERT_EQUAL_FATAL(one->size, two->size);
    for (uint64_t i = 0; i < one->size; i++)
        others += one->bytes[i] != two->bytes[i];
    CU_ASSERT(others < 200);
    memory_io_free(one);
    memory_io_free(two);
}

static void sizes(void)
{
    struct tarn_image_spec spec = *iso_spec_from(folder, "cidata");
    struct memory_io *image = memory_io_new(0);
    uint64_t needed = 0;

    CU_ASSERT_EQUAL(iso_format.measure(&host.call, &spec, &needed), TARN_OK);
    spec.capacity = needed + 5000;
    CU_ASSERT_EQUAL(iso_format.create(&host.call, &image->io, &spec), TARN_OK);
    CU_ASSERT_EQUAL(image->size, needed + 5000);
    CU_ASSERT_EQUAL(iso_corruptions(image), 0);
    memory_io_free(image);
    image = memory_io_new(0);
    spec.capacity = needed - 1;
    CU_ASSERT_EQUAL(iso_format.create(&host.call, &image->io, &spec), TARN_E_NO_SPACE);
    CU_ASSERT_PTR_NOT_NULL(strstr(host.error, "needs an image of more than"));
    CU_ASSERT(image->size < needed);
    memory_io_free(image);
    fake_host_reset(&host);
}

/* Names are the same whatever the application's locale is, which stays as it was. */
static void locales(void)
{
    struct memory_io *image = memory_io_new(0);
    locale_t before = uselocale((locale_t)0);

    CU_ASSERT_STRING_EQUAL(setlocale(LC_CTYPE, NULL), "C");
    CU_ASSERT_EQUAL(iso_format.create(&host.call, &image->io, iso_spec_from(folder, NULL)),
                    TARN_OK);
    CU_ASSERT(uselocale((locale_t)0) == before);
    CU_ASSERT(memmem(image->bytes, image->size, "\0g\0r\0\xf6\0\xdf\0e", 10) != NULL);
    memory_io_free(image);
}

static void in_folder(char *path, size_t room, const char *name)
{
    snprintf(path, room, "%s/%s", folder, name);
}

static void refuse_folder(const char *from, int32_t status, const char *text)
{
    struct memory_io *image = memory_io_new(0);

    CU_ASSERT_EQUAL(iso_format.create(&host.call, &image->io, iso_spec_from(from, NULL)), status);
    if (strstr(host.error, text) == NULL) {
        printf("# %s\n", host.error);
        CU_FAIL("the error does not say why");
    }
    memory_io_free(image);
    fake_host_reset(&host);
}

static void odd_entries(void)
{
    struct memory_io *image = memory_io_new(0);
    char path[256];

    in_folder(path, sizeof(path), "pipe");
    CU_ASSERT_EQUAL(mkfifo(path, 0600), 0);
    refuse_folder(folder, TARN_E_INVALID, "pipe in the folder is no file, folder or link");
    unlink(path);
    in_folder(path, sizeof(path), "sub/\xff");
    close(open(path, O_CREAT | O_WRONLY, 0600));
    refuse_folder(folder, TARN_E_INVALID, "under sub is no UTF-8");
    unlink(path);
    in_folder(path, sizeof(path), "user-data");
    refuse_folder(path, TARN_E_NOT_FOUND, "cannot open the folder");
    in_folder(path, sizeof(path), "nothing");
    refuse_folder(path, TARN_E_NOT_FOUND, "cannot open the folder");
    /* A link is a link, wherever it leads. */
    CU_ASSERT_EQUAL(symlink("/etc/passwd", path), 0);
    CU_ASSERT_EQUAL(iso_format.create(&host.call, &image->io, iso_spec_from(folder, NULL)),
                    TARN_OK);
    CU_ASSERT(!contains(image, "root:"));
    CU_ASSERT(contains(image, "passwd"));
    CU_ASSERT_EQUAL(iso_corruptions(image), 0);
    unlink(path);
    memory_io_free(image);
}

static void depth(void)
{
    char path[1024];
    size_t length[12];
    int made = 0;

    snprintf(path, sizeof(path), "%s", folder);
    for (; made < 12; made++) {
        length[made] = strlen(path);
        strcat(path, "/d");
        CU_ASSERT_EQUAL_FATAL(mkdir(path, 0700), 0);
    }
    for (; made > 0; rmdir(path), path[length[--made]] = '\0') {
        struct memory_io *image = memory_io_new(0);

        if (made > 7) {
            refuse_folder(folder, TARN_E_INVALID, "deeper than the 8 levels");
        } else {
            CU_ASSERT_EQUAL(iso_format.create(&host.call, &image->io, iso_spec_from(folder, NULL)),
                            TARN_OK);
            CU_ASSERT_EQUAL(iso_corruptions(image), 0);
        }
        memory_io_free(image);
    }
    fake_host_reset(&host);
}

static void refuse(struct tarn_image_spec spec, const char *text)
{
    struct memory_io *image = memory_io_new(0);

    CU_ASSERT_EQUAL(iso_format.create(&host.call, &image->io, &spec), TARN_E_INVALID);
    if (strstr(host.error, text) == NULL) {
        printf("# %s\n", host.error);
        CU_FAIL("the error does not say why");
    }
    CU_ASSERT_EQUAL(image->size, 0);
    memory_io_free(image);
    fake_host_reset(&host);
}

static void refused(void)
{
    static const char *const features[] = { "x", NULL };
    struct tarn_property property = { sizeof(property), 0, "label", "x" };
    const struct tarn_property *const options[] = { &property, NULL };
    struct tarn_image_spec spec = blank_of(1000);

    refuse(blank_of(UINT64_MAX), "no iso image holds");
    spec.backing_name = "x";
    refuse(spec, "backing store");
    spec = blank_of(1000);
    spec.subformat = "x";
    refuse(spec, "subformats");
    spec = blank_of(1000);
    spec.compat = "1";
    refuse(spec, "compatibility");
    spec = blank_of(1000);
    spec.cluster_size = 2048;
    refuse(spec, "clusters");
    spec = blank_of(1000);
    spec.features = features;
    refuse(spec, "features");
    spec = blank_of(1000);
    spec.preallocation = TARN_PREALLOC_METADATA;
    refuse(spec, "metadata");
    spec = blank_of(1000);
    spec.options = options;
    refuse(spec, "no option label");
    property.name = "volume-id";
    refuse(spec, "a blank iso image has no volume-id");
    refuse(*iso_spec_from(folder, ""), "0 characters");
    refuse(*iso_spec_from(folder, "123456789012345678901234567890123"), "33 characters");
    refuse(*iso_spec_from(folder, "l\303\244bel"), "plain ASCII");
}

/* Whichever write fails, creating fails; and it can be cancelled anywhere. */
static void failing(void)
{
    int32_t status = TARN_E_IO;
    uint64_t at;

    for (at = 1; status != TARN_OK && at < 5000; at++) {
        struct memory_io *image = memory_io_new(0);

        image->fail_at = at;
        status = iso_format.create(&host.call, &image->io, iso_spec_from(folder, "cidata"));
        CU_ASSERT(status == TARN_OK || status == TARN_E_IO);
        CU_ASSERT_EQUAL(host.status, status);
        memory_io_free(image);
        fake_host_reset(&host);
    }
    CU_ASSERT(at > 2 && status == TARN_OK);
    for (at = 1, status = TARN_E_CANCELLED; status != TARN_OK && at < 5000; at++) {
        struct memory_io *image = memory_io_new(0);

        host.cancel_at = at;
        status = iso_format.create(&host.call, &image->io, iso_spec_from(folder, "cidata"));
        CU_ASSERT(status == TARN_OK || status == TARN_E_CANCELLED);
        CU_ASSERT_EQUAL(host.status, status);
        host.cancel_at = 0;
        memory_io_free(image);
        fake_host_reset(&host);
    }
    CU_ASSERT(at > 10 && status == TARN_OK);
}

/* Cancelling ends it there and then, however long the file is that is being read. */
static void cancelled_in_a_file(void)
{
    struct memory_io *image = memory_io_new(0);
    char path[256];
    int fd;

    in_folder(path, sizeof(path), "aaa");
    fd = open(path, O_CREAT | O_WRONLY, 0600);
    CU_ASSERT_EQUAL(ftruncate(fd, (off_t)1 << 40), 0);
    close(fd);
    host.cancel_at = 20;
    CU_ASSERT_EQUAL(iso_format.create(&host.call, &image->io, iso_spec_from(folder, NULL)),
                    TARN_E_CANCELLED);
    host.cancel_at = 0;
    CU_ASSERT_EQUAL(image->size, 0);
    unlink(path);
    memory_io_free(image);
    fake_host_reset(&host);
}

static const struct unit_test tests[] = {
    { "a blank disc of a size", blank },
    { "a disc from a folder, with its label to the letter", from_folder },
    { "the same folder gives the same disc", same_again },
    { "as large as needed, larger, and too small", sizes },
    { "names in any locale", locales },
    { "pipes, names and links", odd_entries },
    { "deep folders", depth },
    { "what a disc cannot be is refused", refused },
    { "every write failing, and cancelled anywhere", failing },
    { "cancelled within a file of a terabyte", cancelled_in_a_file },
    { NULL, NULL },
};

int main(int argc, char **argv)
{
    int status;

    (void)argc;
    (void)argv;
    fake_host_init(&host);
    folder = iso_folder_make();
    status = unit_main("iso-create", tests);
    iso_folder_remove();
    fake_host_clear(&host);
    return status;
}
