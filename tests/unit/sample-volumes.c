/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The volumes' parts.
 */
#include "tests/unit/sample-volumes.h"

#define GIB (UINT64_C(1) << 30)

static const struct tarn_permissions permissions = {
    .struct_size = sizeof(permissions),
    .mode = 0600,
    .owner = 107,
    .group = 107,
    .label = "system_u:object_r:virt_image_t:s0",
};

static const struct tarn_volume_info raw_info = {
    .struct_size = sizeof(raw_info),
    .name = "<sparse>.img",
    .path = "/srv/images/<sparse>.img",
    .type = "file",
    .capacity = 10 * GIB,
    .allocation = 4096,
    .physical = 10 * GIB,
    .permissions = &permissions,
    .atime = INT64_C(1341933637273190990),
    .mtime = INT64_C(1341930622000000000),
    .ctime = INT64_C(1341930622047245868),
};
const struct volume_xml sample_raw = { .info = &raw_info, .format = "raw" };

static const struct tarn_volume_info qcow2_info = {
    .struct_size = sizeof(qcow2_info),
    .name = "overlay.qcow2",
    .key = "images/overlay",
    .path = "/srv/images/overlay.qcow2",
    .type = "file",
    .capacity = 200704,
    .allocation = 200704,
    .physical = 197120,
    .btime = INT64_C(1500000000000000001),
};
static const char *const qcow2_features[] = { "lazy_refcounts", "extended_l2", NULL };
static const struct tarn_image_info qcow2_image = {
    .struct_size = sizeof(qcow2_image),
    .capacity = 5 * GIB,
    .cluster_size = 131072,
    .compat = "1.1",
    .features = qcow2_features,
    .encryption = "luks",
};
const struct volume_xml sample_qcow2 = {
    .info = &qcow2_info,
    .image = &qcow2_image,
    .format = "qcow2",
    .backing_path = "/srv/images/base & co.img",
    .backing_format = "raw",
};

static const struct tarn_device_extent extents[] = {
    { .struct_size = sizeof(extents[0]), .device = "/dev/sda1", .start = 0, .end = GIB },
    { .struct_size = sizeof(extents[0]), .device = "/dev/sda1", .start = 2 * GIB, .end = 3 * GIB },
    { .struct_size = sizeof(extents[0]), .device = "/dev/sdb1", .start = GIB, .end = 2 * GIB },
};
static const struct tarn_device_extent *const extent_list[] = { &extents[0], &extents[1],
                                                                &extents[2], NULL };
static const struct tarn_volume_info logical_info = {
    .struct_size = sizeof(logical_info),
    .name = "swap",
    .key = "QImvFh-1Yqz-kSeH-gFvU-hQ9V-zqT3-ZlCmvs",
    .path = "/dev/vg0/swap",
    .type = "block",
    .capacity = 3 * GIB,
    .allocation = 3 * GIB,
    .physical = 3 * GIB,
    .extents = extent_list,
};
const struct volume_xml sample_logical = { .info = &logical_info };

static const struct tarn_volume_info odd_info = {
    .struct_size = sizeof(odd_info),
    .name = "tab\tbell\x07" "byte\xff",
    .path = "/srv/images/tab\tbell\x07" "byte\xff",
    .type = "file",
    .mtime = -1,
};
const struct volume_xml sample_odd = { .info = &odd_info, .format = "raw" };

const struct volume_xml *const sample_volumes[] = { &sample_raw, &sample_qcow2, &sample_logical,
                                                    &sample_odd, NULL };
