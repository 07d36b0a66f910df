/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * fs.h - what the files of the module "fs" share among themselves.
 */
#ifndef MODULES_FS_FS_H
#define MODULES_FS_FS_H

#include <limits.h>
#include <stdbool.h>

#include <tarn/module.h>

#include "helpers/mounted-volumes.h"

/* --- filesystems (formats.c) ------------------------------------------------------------------ */

#define FS_AUTO "auto"
#define FS_MAKE_ARGUMENTS 8

struct fs_format {
    const char *name;    /* <format type=> */
    const char *found;   /* libblkid's word for it; NULL: it knows none */
    const char *inside;  /* the partition table in which the kernel looks for it by itself; NULL */
    const char *kernel;  /* the type for mount(2) */
    const char *options; /* that every mount of it needs; NULL */
    const char *maker;   /* the program that makes one; NULL: none can be made, */
    const char *why_not; /* for this reason */
    const char *arguments[FS_MAKE_ARGUMENTS]; /* of the maker, before the device; ends with NULL */
};

/* The names, FS_AUTO first; ends with NULL. */
extern const char *const fs_format_names[];
/* NULL if there is none of that name. */
const struct fs_format *fs_format_named(const char *name);
/* The one that libblkid calls so, or NULL. */
const struct fs_format *fs_format_found(const char *word);

/* --- the device (device.c, in-use.c) ---------------------------------------------------------- */

/* "UUID=…" and its like, which name what a device carries, not the device? */
bool fs_device_is_tag(const char *device);
/* Could it be a device at all: an absolute path or a tag? */
bool fs_device_is_named(const char *device);
/* Its name without links, from /dev alone: nothing is opened. False if there is no such device. */
bool fs_device_resolve(const char *device, char out[PATH_MAX]);
/* The same; TARN_E_NOT_FOUND. */
int32_t fs_device_need(struct tarn_call *call, const char *device, char out[PATH_MAX]);
/* TARN_E_BUSY, and by whom, if the device or file is mounted or held by anything. */
int32_t fs_device_need_unused(struct tarn_call *call, const char *path);

/* --- what it carries (recognise.c) ------------------------------------------------------------ */

struct fs_found {
    char kernel[32];  /* the type for mount(2) */
    char options[64]; /* that its mount needs; "" */
    char uuid[64];    /* "" if it has none */
};

/* Looks for a filesystem of the format called `wanted`; for FS_AUTO, for the only one that is
 * there. TARN_E_INVALID, and what is there instead. */
int32_t fs_recognise(struct tarn_call *call, const char *path, const char *wanted,
                     struct fs_found *out);

/* --- making one (make.c, progress.c) ---------------------------------------------------------- */

/* For tarn_pool_type.build, with the flags that concern the device. */
int32_t fs_make(struct tarn_call *call, const char *device, uint32_t flags);

/* What mke2fs tells of its progress, read piece by piece; zeroed to begin with. */
struct fs_progress {
    char line[128];
    size_t length;
    uint64_t told; /* of FS_PROGRESS_TOTAL */
};

#define FS_PROGRESS_TOTAL 1000

/* For tool_run.heard; `arg` is a struct fs_progress. */
void fs_progress_heard(struct tarn_call *call, const char *piece, size_t length, void *arg);

/* --- the handle ------------------------------------------------------------------------------- */

struct fs_pool {
    struct mounted_volumes mounted; /* first */
    char *device;                   /* as the definition names it */
};

/* <source><device>, of which define has seen to that there is one. */
const char *fs_device_of(const struct tarn_call *call);

#endif
