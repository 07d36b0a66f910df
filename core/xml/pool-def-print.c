/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Writing <pool>, in libvirt's order.
 */
#include "core/xml/pool-def.h"

#include "core/xml/permissions-xml.h"
#include "core/xml/pool-def-parts.h"
#include "core/xml/source-xml.h"
#include "core/xml/xml-writer.h"

static void write_kept(struct xml_writer *writer, const char *const *kept)
{
    for (; kept != NULL && *kept != NULL; kept++)
        xml_raw_element(writer, *kept);
}

static void write_sizes(struct xml_writer *writer, const struct tarn_pool_info *info)
{
    xml_size_element(writer, "capacity", "bytes", info != NULL ? info->capacity : 0);
    xml_size_element(writer, "allocation", "bytes", info != NULL ? info->allocation : 0);
    xml_size_element(writer, "available", "bytes", info != NULL ? info->available : 0);
}

static void write_features(struct xml_writer *writer, uint32_t cow)
{
    if (cow == 0)
        return;
    xml_open(writer, "features");
    xml_value_element(writer, "cow", "state", cow == 1 ? "yes" : "no");
    xml_close(writer);
}

static void write_target(struct xml_writer *writer, const struct pool_def *def,
                         const struct tarn_pool_info *info)
{
    int from_info = info != NULL && info->permissions != NULL;

    if (def->type->flags & TARN_POOL_NO_TARGET)
        return;
    xml_open(writer, "target");
    xml_text_element(writer, "path", def->abi.target_path);
    permissions_write(writer, from_info ? info->permissions : def->abi.permissions);
    write_kept(writer, def->kept.in_target);
    xml_close_wide(writer);
}

static void write_mount_options(struct xml_writer *writer, const char *const *options)
{
    if (*options == NULL)
        return;
    xml_open(writer, POOL_FS_PREFIX ":mount_opts");
    for (; *options != NULL; options++)
        xml_value_element(writer, POOL_FS_PREFIX ":option", "name", *options);
    xml_close(writer);
}

int pool_def_print(char **out, const struct pool_def *def, const struct tarn_pool_info *info,
                   const struct tarn_device_extent *const *free_extents, struct tarn_error **error)
{
    struct xml_writer *writer = xml_writer_new();

    xml_open(writer, "pool");
    xml_attribute(writer, "type", def->abi.type);
    if (*def->abi.mount_options != NULL)
        xml_attribute(writer, "xmlns:" POOL_FS_PREFIX, POOL_FS_NAMESPACE);
    xml_text_element(writer, "name", def->abi.name);
    xml_text_element(writer, "uuid", def->abi.uuid);
    write_sizes(writer, info);
    write_features(writer, def->abi.cow);
    source_xml_write(writer, def->abi.source, free_extents, def->kept.in_source);
    write_target(writer, def, info);
    write_mount_options(writer, def->abi.mount_options);
    pool_options_write(writer, &def->options);
    write_kept(writer, def->kept.in_pool);
    xml_close(writer);
    return xml_writer_end(out, writer, error);
}
