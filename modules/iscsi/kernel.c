/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * kernel.c - the pool type "iscsi": the logical units of a target as block devices of this machine.
 */
#include "kernel.h"

#include <string.h>

#include "iscsi.h"

static const char schema[] =
    "<grammar xmlns='http://relaxng.org/ns/structure/1.0'"
    " datatypeLibrary='http://www.w3.org/2001/XMLSchema-datatypes'>" ISCSI_SCHEMA_OWN
    "</grammar>";

/* It becomes an argument, and the name of a folder. A target need not have a proper name. */
static bool is_target(const char *name)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                  "0123456789.:_-";

    return name[0] != '-' && name[0] != '.' && name[0] != '\0' &&
           name[strspn(name, allowed)] == '\0';
}

static int32_t define(struct tarn_call *call)
{
    const struct tarn_source *source = call->pool->source;
    int32_t status = iscsi_define(call);

    if (status != TARN_OK)
        return status;
    if (!iscsi_is_name(source->devices[0]->path) && !is_target(source->devices[0]->path))
        return tarn_fail(call, TARN_E_INVALID, 0,
                         "the pool \"%s\" has the target \"%.240s\": name it as it names itself, "
                         "such as iqn.2013-06.com.example:disk", call->pool->name,
                         source->devices[0]->path);
    return TARN_OK;
}

const struct tarn_pool_type iscsi_kernel_type = {
    .struct_size = sizeof(iscsi_kernel_type),
    .flags = TARN_POOL_TARGET_REQUIRED | TARN_POOL_SIZED_CONTAINERS | TARN_POOL_IMAGES |
             TARN_POOL_BYTES,
    .name = "iscsi",
    .summary = "the logical units of an iSCSI target, as disks of this machine",
    .source_parts = ISCSI_SOURCE_PARTS,
    .source_required = TARN_SOURCE_HOST | TARN_SOURCE_DEVICE,
    .default_volume_format = ISCSI_VOLUME_FORMAT,
    .schema = schema,
    .xml_namespace = ISCSI_XML_NAMESPACE,
    .xml_prefix = ISCSI_XML_PREFIX,

    .define = define,
    .claims = iscsi_claims,
    .find_sources = iscsi_find_sources,

    .open = kernel_open,
    .close = kernel_close,
    .check = kernel_check,
    .start = kernel_start,
    .stop = kernel_stop,

    .capabilities = iscsi_capabilities,
    .info = kernel_info,
    .refresh = kernel_refresh,
    .volume_lookup = kernel_volume_lookup,

    .volume_name_check = iscsi_volume_name_check,
    .volume_open = kernel_volume_open,
};
