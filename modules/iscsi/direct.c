/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * direct.c - the pool type "iscsi-direct": the logical units of a target, without the kernel's
 * initiator and without root. Nothing is kept between two operations but what the definition says:
 * each logs in, and out again.
 */
#include "direct.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const char schema[] =
    "<grammar xmlns='http://relaxng.org/ns/structure/1.0' xmlns:tarn='urn:tarn:schema'"
    " datatypeLibrary='http://www.w3.org/2001/XMLSchema-datatypes'>"
    "<define name='value.device' tarn:says='the name of a target, such as"
    " iqn.2013-06.com.example:disk'>"
    "<choice><ref name='value.iqn'/>"
    "<data type='string'><param name='pattern'>(eui|naa)\\.[0-9a-fA-F]{16,32}</param></data>"
    "</choice></define>" ISCSI_SCHEMA_OWN "</grammar>";

static int32_t define(struct tarn_call *call)
{
    const struct tarn_source *source = call->pool->source;
    int32_t status = iscsi_define(call);

    if (status != TARN_OK)
        return status;
    if (!iscsi_is_name(source->devices[0]->path))
        return tarn_fail(call, TARN_E_INVALID, 0,
                         "the pool \"%s\" has the target \"%s\": name it as it names itself, such "
                         "as iqn.2013-06.com.example:disk", call->pool->name,
                         source->devices[0]->path);
    return TARN_OK;
}

/* --- the pool ---------------------------------------------------------------------------------- */

static int32_t pool_open(struct tarn_call *call, void **out_pool)
{
    struct target *target = calloc(1, sizeof(*target));
    int32_t status;

    if (target == NULL)
        return tarn_fail(call, TARN_E_INTERNAL, ENOMEM, "no memory to open a pool");
    status = target_read(call, target);
    if (status == TARN_OK)
        *out_pool = target;
    else
        free(target);
    return status;
}

static void pool_close(void *pool)
{
    if (pool != NULL)
        target_clear(pool);
    free(pool);
}

/* Nothing has to be made available: the refresh that follows tells whether we are let in. */
static int32_t start(struct tarn_call *call, void *pool)
{
    (void)call;
    (void)pool;
    return TARN_OK;
}

static int32_t stop(struct tarn_call *call, void *pool, uint32_t flags)
{
    (void)call;
    (void)pool;
    (void)flags;
    return TARN_OK;
}

const struct tarn_pool_type iscsi_direct_type = {
    .struct_size = sizeof(iscsi_direct_type),
    .flags = TARN_POOL_NO_TARGET | TARN_POOL_SIZED_CONTAINERS | TARN_POOL_IMAGES |
             TARN_POOL_BYTES,
    .name = "iscsi-direct",
    .summary = "the logical units of an iSCSI target, without the kernel",
    .source_parts = ISCSI_SOURCE_PARTS,
    .source_required = TARN_SOURCE_HOST | TARN_SOURCE_DEVICE | TARN_SOURCE_INITIATOR,
    .default_volume_format = ISCSI_VOLUME_FORMAT,
    .schema = schema,
    .xml_namespace = ISCSI_XML_NAMESPACE,
    .xml_prefix = ISCSI_XML_PREFIX,

    .define = define,
    .claims = iscsi_claims,
    .find_sources = iscsi_find_sources,

    .open = pool_open,
    .close = pool_close,
    .start = start,
    .stop = stop,

    .capabilities = iscsi_capabilities,
    .info = direct_info,
    .refresh = direct_refresh,
    .volume_lookup = direct_volume_lookup,

    .volume_name_check = iscsi_volume_name_check,
    .volume_open = direct_volume_open,
};
