/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Writing <volume>, in libvirt's order.
 */
#include "core/xml/volume-xml.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/xml/permissions-xml.h"
#include "core/xml/xml-writer.h"

#define NANOSECONDS 1000000000

/* Neighbours on the same device share one <device>. */
static void write_extents(struct xml_writer *writer,
                          const struct tarn_device_extent *const *extents)
{
    const char *device = NULL;

    if (extents == NULL || *extents == NULL)
        return;
    xml_open(writer, "source");
    for (; *extents != NULL; extents++) {
        if (device == NULL || strcmp(device, (*extents)->device) != 0) {
            if (device != NULL)
                xml_close(writer);
            device = (*extents)->device;
            xml_open(writer, "device");
            xml_attribute(writer, "path", device);
        }
        xml_open(writer, "extent");
        xml_attribute_number(writer, "start", (*extents)->start);
        xml_attribute_number(writer, "end", (*extents)->end);
        xml_close(writer);
    }
    xml_close(writer);
    xml_close(writer);
}

static void write_sizes(struct xml_writer *writer, const struct volume_xml *volume)
{
    const struct tarn_volume_info *info = volume->info;

    xml_size_element(writer, "capacity", "bytes",
                     volume->image != NULL ? volume->image->capacity : info->capacity);
    xml_size_element(writer, "allocation", "bytes", info->allocation);
    if (info->physical != 0)
        xml_size_element(writer, "physical", "bytes", info->physical);
}

static void write_time(struct xml_writer *writer, const char *name, int64_t when)
{
    char text[48];

    if (when <= 0)
        return;
    if (when % NANOSECONDS == 0)
        snprintf(text, sizeof(text), "%" PRId64, when / NANOSECONDS);
    else
        snprintf(text, sizeof(text), "%" PRId64 ".%09" PRId64, when / NANOSECONDS,
                 when % NANOSECONDS);
    xml_text_element(writer, name, text);
}

static void write_times(struct xml_writer *writer, const struct tarn_volume_info *info)
{
    if (info->atime <= 0 && info->mtime <= 0 && info->ctime <= 0 && info->btime <= 0)
        return;
    xml_open(writer, "timestamps");
    write_time(writer, "atime", info->atime);
    write_time(writer, "mtime", info->mtime);
    write_time(writer, "ctime", info->ctime);
    write_time(writer, "btime", info->btime);
    xml_close(writer);
}

/* The image's own words are those of its format; these are libvirt's. */
static void write_encryption(struct xml_writer *writer, const char *encryption)
{
    if (encryption != NULL)
        xml_value_element(writer, "encryption", "format",
                          strcmp(encryption, "aes") == 0 ? "qcow" : encryption);
}

/* A module names the features: only what can be an element's name becomes one. */
static int is_element_name(const char *name)
{
    static const char rest[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789-";
    const size_t first = sizeof("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_") - 1;

    return *name != '\0' && memchr(rest, *name, first) != NULL &&
           name[strspn(name, rest)] == '\0';
}

static void write_features(struct xml_writer *writer, const char *const *features)
{
    if (features == NULL)
        return;
    xml_open(writer, "features");
    for (; *features != NULL; features++)
        if (is_element_name(*features))
            xml_empty_element(writer, *features);
    xml_close(writer);
}

static void write_image(struct xml_writer *writer, const struct tarn_image_info *image)
{
    if (image == NULL)
        return;
    write_encryption(writer, image->encryption);
    xml_text_element(writer, "compat", image->compat);
    if (image->cluster_size != 0)
        xml_size_element(writer, "clusterSize", "B", image->cluster_size);
    write_features(writer, image->features);
}

static void write_target(struct xml_writer *writer, const struct volume_xml *volume)
{
    xml_open(writer, "target");
    xml_text_element(writer, "path", volume->info->path);
    xml_value_element(writer, "format", "type", volume->format);
    permissions_write(writer, volume->info->permissions);
    write_times(writer, volume->info);
    write_image(writer, volume->image);
    xml_close_wide(writer);
}

static void write_backing(struct xml_writer *writer, const struct volume_xml *volume)
{
    if (volume->backing_path == NULL)
        return;
    xml_open(writer, "backingStore");
    xml_text_element(writer, "path", volume->backing_path);
    xml_value_element(writer, "format", "type", volume->backing_format);
    xml_close(writer);
}

int volume_xml_print(char **out, const struct volume_xml *volume, struct tarn_error **error)
{
    const struct tarn_volume_info *info = volume->info;
    struct xml_writer *writer = xml_writer_new();

    xml_open(writer, "volume");
    if (info->type != NULL)
        xml_attribute(writer, "type", info->type);
    xml_text_element(writer, "name", info->name);
    xml_text_element(writer, "key", info->key != NULL ? info->key : info->path);
    write_extents(writer, info->extents);
    write_sizes(writer, volume);
    write_target(writer, volume);
    write_backing(writer, volume);
    xml_close(writer);
    return xml_writer_end(out, writer, error);
}
