/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * One table for each structure, in the order of its members.
 */
#include "core/isolate/wire-shapes.h"

#include <tarn/module.h>

#include "core/isolate/frame.h"

#define FIELD(kind, type, member, shape) \
    { kind, offsetof(type, member), offsetof(type, member) + sizeof(((type *)NULL)->member), 0, \
      shape }
#define U32(type, member) FIELD(WIRE_U32, struct type, member, NULL)
#define U64(type, member) FIELD(WIRE_U64, struct type, member, NULL)
#define TEXT(type, member) FIELD(WIRE_TEXT, struct type, member, NULL)
#define WORD(type, member) FIELD(WIRE_WORD, struct type, member, NULL)
#define TEXTS(type, member) FIELD(WIRE_TEXTS, struct type, member, NULL)
#define ONE(type, member, shape) FIELD(WIRE_ONE, struct type, member, shape)
#define LIST(type, member, shape) FIELD(WIRE_LIST, struct type, member, shape)
#define FULL(type, member, shape) FIELD(WIRE_FULL, struct type, member, shape)
/* A pointer, and the member after or before it that holds its length. */
#define MEASURED(kind, type, member, measure, last) \
    { kind, offsetof(struct type, member), \
      offsetof(struct type, last) + sizeof(((struct type *)NULL)->last), \
      offsetof(struct type, measure), NULL }
#define HEAD(type, member, measure) MEASURED(WIRE_HEAD, type, member, measure, measure)

#define SHAPE(name, type, ...) \
    static const struct wire_field name##_fields[] = { __VA_ARGS__ }; \
    const struct wire_shape shape_##name = { \
        sizeof(struct type), sizeof(name##_fields) / sizeof(name##_fields[0]), name##_fields \
    }
/* One that is only part of others. */
#define PART(name, type, ...) \
    static const struct wire_field name##_fields[] = { __VA_ARGS__ }; \
    static const struct wire_shape shape_##name = { \
        sizeof(struct type), sizeof(name##_fields) / sizeof(name##_fields[0]), name##_fields \
    }

/* --- definitions ------------------------------------------------------------------------------ */

PART(permissions, tarn_permissions,
     U32(tarn_permissions, mode), U32(tarn_permissions, owner), U32(tarn_permissions, group),
     TEXT(tarn_permissions, label));
PART(source_host, tarn_source_host, U32(tarn_source_host, port), TEXT(tarn_source_host, name));
PART(source_device, tarn_source_device,
     U32(tarn_source_device, part_separator), TEXT(tarn_source_device, path));
PART(source_auth, tarn_source_auth,
     TEXT(tarn_source_auth, type), TEXT(tarn_source_auth, username),
     TEXT(tarn_source_auth, secret_usage), TEXT(tarn_source_auth, secret_uuid));

SHAPE(source, tarn_source,
      FULL(tarn_source, hosts, &shape_source_host),
      FULL(tarn_source, devices, &shape_source_device), TEXT(tarn_source, dir),
      TEXT(tarn_source, name), TEXT(tarn_source, format), TEXT(tarn_source, initiator_iqn),
      ONE(tarn_source, auth, &shape_source_auth), TEXT(tarn_source, protocol_version),
      TEXT(tarn_source, vendor), TEXT(tarn_source, product));
SHAPE(pool_def, tarn_pool_def,
      U32(tarn_pool_def, cow), TEXT(tarn_pool_def, type), TEXT(tarn_pool_def, name),
      TEXT(tarn_pool_def, uuid), ONE(tarn_pool_def, source, &shape_source),
      TEXT(tarn_pool_def, target_path), ONE(tarn_pool_def, permissions, &shape_permissions),
      TEXTS(tarn_pool_def, mount_options));
SHAPE(volume_def, tarn_volume_def,
      U32(tarn_volume_def, nocow), TEXT(tarn_volume_def, name), TEXT(tarn_volume_def, format),
      U64(tarn_volume_def, capacity), U64(tarn_volume_def, allocation),
      ONE(tarn_volume_def, permissions, &shape_permissions), TEXT(tarn_volume_def, backing_path),
      TEXT(tarn_volume_def, backing_format), TEXT(tarn_volume_def, compat),
      U64(tarn_volume_def, cluster_size), TEXTS(tarn_volume_def, features));
SHAPE(container_spec, tarn_container_spec,
      U32(tarn_container_spec, nocow), TEXT(tarn_container_spec, name),
      TEXT(tarn_container_spec, format), U64(tarn_container_spec, size),
      U64(tarn_container_spec, capacity), U64(tarn_container_spec, allocation),
      ONE(tarn_container_spec, permissions, &shape_permissions),
      TEXT(tarn_container_spec, clone_of));
SHAPE(property, tarn_property, WORD(tarn_property, name), WORD(tarn_property, value));
SHAPE(image_spec, tarn_image_spec,
      U32(tarn_image_spec, preallocation), U64(tarn_image_spec, capacity),
      U64(tarn_image_spec, allocation), TEXT(tarn_image_spec, backing_name),
      TEXT(tarn_image_spec, backing_format), TEXT(tarn_image_spec, subformat),
      TEXT(tarn_image_spec, compat), U64(tarn_image_spec, cluster_size),
      TEXTS(tarn_image_spec, features), LIST(tarn_image_spec, options, &shape_property));
SHAPE(image_open, tarn_image_open,
      U32(tarn_image_open, flags), TEXT(tarn_image_open, snapshot));
SHAPE(probe, tarn_probe,
      HEAD(tarn_probe, head, head_length), HEAD(tarn_probe, tail, tail_length),
      U64(tarn_probe, size));

/* --- results ---------------------------------------------------------------------------------- */

SHAPE(identity, tarn_identity,
      U64(tarn_identity, device), U64(tarn_identity, inode), U64(tarn_identity, size),
      U64(tarn_identity, mtime), U64(tarn_identity, ctime));
SHAPE(extent, tarn_extent,
      U32(tarn_extent, kind), U32(tarn_extent, flags), U32(tarn_extent, depth),
      U64(tarn_extent, offset), U64(tarn_extent, length), U64(tarn_extent, host_offset));
SHAPE(device_extent, tarn_device_extent,
      WORD(tarn_device_extent, device), TEXT(tarn_device_extent, kind),
      U64(tarn_device_extent, start), U64(tarn_device_extent, end));
SHAPE(volume_info, tarn_volume_info,
      U32(tarn_volume_info, status), TEXT(tarn_volume_info, name), TEXT(tarn_volume_info, key),
      TEXT(tarn_volume_info, path), WORD(tarn_volume_info, type),
      TEXT(tarn_volume_info, status_text), TEXT(tarn_volume_info, format),
      TEXT(tarn_volume_info, mark), U64(tarn_volume_info, capacity), U64(tarn_volume_info, allocation),
      U64(tarn_volume_info, physical),
      ONE(tarn_volume_info, permissions, &shape_permissions),
      U64(tarn_volume_info, atime), U64(tarn_volume_info, mtime), U64(tarn_volume_info, ctime),
      U64(tarn_volume_info, btime), ONE(tarn_volume_info, identity, &shape_identity),
      LIST(tarn_volume_info, extents, &shape_device_extent),
      TEXT(tarn_volume_info, backing_path), TEXT(tarn_volume_info, backing_format),
      HEAD(tarn_volume_info, head, head_length));
SHAPE(pool_info, tarn_pool_info,
      U32(tarn_pool_info, state), TEXT(tarn_pool_info, state_text),
      U64(tarn_pool_info, capacity), U64(tarn_pool_info, allocation),
      U64(tarn_pool_info, available), ONE(tarn_pool_info, permissions, &shape_permissions),
      LIST(tarn_pool_info, properties, &shape_property));
SHAPE(capability, tarn_capability,
      U32(tarn_capability, support), WORD(tarn_capability, operation),
      TEXT(tarn_capability, reason), U64(tarn_capability, minimum),
      U64(tarn_capability, maximum), U64(tarn_capability, granularity));
PART(image_file, tarn_image_file, WORD(tarn_image_file, role), WORD(tarn_image_file, name));
SHAPE(image_info, tarn_image_info,
      U32(tarn_image_info, flags), U64(tarn_image_info, capacity),
      U64(tarn_image_info, cluster_size), TEXT(tarn_image_info, subformat),
      TEXT(tarn_image_info, compat), TEXTS(tarn_image_info, features),
      TEXT(tarn_image_info, backing_name), TEXT(tarn_image_info, backing_format),
      TEXT(tarn_image_info, encryption), TEXT(tarn_image_info, compression),
      TEXT(tarn_image_info, creator), LIST(tarn_image_info, files, &shape_image_file),
      LIST(tarn_image_info, properties, &shape_property));
SHAPE(snapshot, tarn_snapshot,
      WORD(tarn_snapshot, id), WORD(tarn_snapshot, name), TEXT(tarn_snapshot, parent),
      U64(tarn_snapshot, capacity), U64(tarn_snapshot, state_size),
      U64(tarn_snapshot, created));
SHAPE(finding, tarn_finding,
      U32(tarn_finding, kind), U32(tarn_finding, repaired), U64(tarn_finding, offset),
      U64(tarn_finding, length), WORD(tarn_finding, text));
SHAPE(check_result, tarn_check_result,
      U64(tarn_check_result, leaks), U64(tarn_check_result, corruptions),
      U64(tarn_check_result, errors), U64(tarn_check_result, leaks_fixed),
      U64(tarn_check_result, corruptions_fixed), U64(tarn_check_result, total_clusters),
      U64(tarn_check_result, allocated_clusters), U64(tarn_check_result, compressed_clusters),
      U64(tarn_check_result, fragmented_clusters), U64(tarn_check_result, image_end));

/* --- descriptors ------------------------------------------------------------------------------ */

PART(param, tarn_param,
     U32(tarn_param, type), U32(tarn_param, flags), WORD(tarn_param, name),
     TEXT(tarn_param, summary), TEXT(tarn_param, default_value), TEXTS(tarn_param, choices),
     U64(tarn_param, minimum), U64(tarn_param, maximum));
PART(magic, tarn_magic,
     U64(tarn_magic, offset), MEASURED(WIRE_BYTES, tarn_magic, bytes, length, bytes));
SHAPE(pool_type, tarn_pool_type,
      U32(tarn_pool_type, flags), WORD(tarn_pool_type, name), TEXT(tarn_pool_type, summary),
      U32(tarn_pool_type, source_parts), U32(tarn_pool_type, source_required),
      TEXTS(tarn_pool_type, source_formats), TEXT(tarn_pool_type, default_source_format),
      TEXTS(tarn_pool_type, volume_formats), TEXT(tarn_pool_type, default_volume_format),
      TEXT(tarn_pool_type, xml_namespace), TEXT(tarn_pool_type, xml_prefix),
      TEXT(tarn_pool_type, schema), LIST(tarn_pool_type, params, &shape_param));
SHAPE(format, tarn_format,
      U32(tarn_format, capabilities), WORD(tarn_format, name), TEXT(tarn_format, summary),
      LIST(tarn_format, magics, &shape_magic), U64(tarn_format, head_needed),
      U64(tarn_format, tail_needed), LIST(tarn_format, params, &shape_param));
SHAPE(module, tarn_module,
      U32(tarn_module, abi_version), WORD(tarn_module, name), TEXT(tarn_module, version),
      TEXT(tarn_module, summary), TEXT(tarn_module, licence), U32(tarn_module, threads),
      TEXT(tarn_module, lock_domain), LIST(tarn_module, params, &shape_param));

/* --- the whole -------------------------------------------------------------------------------- */

static uint64_t mix(uint64_t hash, uint64_t value)
{
    return (hash ^ value) * UINT64_C(0x100000001b3); /* as FNV does */
}

static uint64_t mix_shape(uint64_t hash, const struct wire_shape *shape)
{
    size_t i;

    hash = mix(hash, shape->size);
    for (i = 0; i < shape->count; i++) {
        const struct wire_field *field = &shape->fields[i];

        hash = mix(hash, (uint64_t)field->kind << 32 | field->offset);
        if (field->shape != NULL)
            hash = mix_shape(hash, field->shape);
    }
    return hash;
}

uint64_t wire_fingerprint(void)
{
    static const struct wire_shape *const shapes[] = {
        &shape_pool_def,   &shape_volume_def,    &shape_container_spec, &shape_image_spec,
        &shape_image_open, &shape_probe,         &shape_volume_info,    &shape_pool_info,
        &shape_source,     &shape_device_extent, &shape_image_info,     &shape_snapshot,
        &shape_finding,    &shape_check_result,  &shape_identity,       &shape_extent,
        &shape_module,     &shape_pool_type,     &shape_format,         &shape_capability,
    };
    /* The last of each group: a message that comes between moves it. */
    static const uint32_t messages[] = { FRAME_EXTENTS, FRAME_IMAGE_CHECK,
                                         FRAME_EMIT_CHANGED_WAIT, FRAME_EMIT_CHECK };
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    size_t i;

    for (i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++)
        hash = mix_shape(hash, shapes[i]);
    for (i = 0; i < sizeof(messages) / sizeof(messages[0]); i++)
        hash = mix(hash, messages[i]);
    return hash;
}
