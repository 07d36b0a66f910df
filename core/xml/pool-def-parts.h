/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the files that read, amend and print pool definitions share.
 */
#ifndef CORE_POOL_DEF_PARTS_H
#define CORE_POOL_DEF_PARTS_H

#include "core/xml/pool-def.h"

/* Mount options of pools that mount something; the namespace is libvirt's. */
#define POOL_FS_NAMESPACE "http://libvirt.org/schemas/storagepool/fs/1.0"
#define POOL_FS_PREFIX "fs"

/* What makes `name` unfit for a pool or a volume, "has a slash in it", or NULL. */
const char *object_name_fault(const char *name, size_t limit);

/* TARN_OK for an absolute path, or an address with "://". */
int pool_target_check(const char *path, struct tarn_error **error);

/* TARN_OK if the type takes this source format. */
int pool_source_format_check(const struct tarn_pool_type *type, const char *format,
                             struct tarn_error **error);

#endif
