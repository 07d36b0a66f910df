/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * How each structure of the module ABI crosses: the one place to extend when one of them grows.
 * test-isolate-wire fails as long as a member is forgotten.
 */
#ifndef CORE_ISOLATE_WIRE_SHAPES_H
#define CORE_ISOLATE_WIRE_SHAPES_H

#include "core/isolate/wire.h"

/* Definitions and requests, to the module. */
extern const struct wire_shape shape_pool_def;
extern const struct wire_shape shape_volume_def;
extern const struct wire_shape shape_container_spec;
extern const struct wire_shape shape_image_spec;
extern const struct wire_shape shape_image_open;
extern const struct wire_shape shape_probe;
extern const struct wire_shape shape_property;

/* Results, from it. */
extern const struct wire_shape shape_volume_info; /* without `io` */
extern const struct wire_shape shape_pool_info;
extern const struct wire_shape shape_source;
extern const struct wire_shape shape_device_extent;
extern const struct wire_shape shape_image_info;
extern const struct wire_shape shape_snapshot;
extern const struct wire_shape shape_capability;
extern const struct wire_shape shape_finding;
extern const struct wire_shape shape_check_result;
extern const struct wire_shape shape_identity;
extern const struct wire_shape shape_extent;

/* Descriptors, from it: without their functions, see descriptor-wire.h. */
extern const struct wire_shape shape_module;
extern const struct wire_shape shape_pool_type;
extern const struct wire_shape shape_format;

/* Of all shapes and all messages: two builds that have it alike understand each other. */
uint64_t wire_fingerprint(void);

#endif
