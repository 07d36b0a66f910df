/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The definition of a pool: libvirt's <pool> XML, read by what the pool type's descriptor says of
 * it, and printed again. The core knows no type by name.
 */
#ifndef CORE_POOL_DEF_H
#define CORE_POOL_DEF_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include <tarn/pool-type.h>
#include <tarn/tarn.h>

#include "core/base/arena.h"
#include "core/xml/pool-options.h"

/* A pool's name becomes a file name with ".xml" behind it. */
#define POOL_NAME_LIMIT 251u

/* Elements of other namespaces, as XML text that declares all it uses; arrays that end with
 * NULL. */
struct pool_kept {
    const char *const *in_pool;
    const char *const *in_source;
    const char *const *in_target;
};

/* Counted, and only read once it was parsed and amended: any thread may then hold a reference. */
struct pool_def {
    const struct tarn_pool_type *type;
    struct tarn_pool_def abi; /* what modules see; abi.source and the rest live in `arena` */
    struct pool_options options;
    struct pool_kept kept;
    /* Of this file's. */
    struct arena *arena;
    struct tarn_source *source;
    atomic_uint references;
};

/* Told of each element that nobody reads, in one line. */
typedef void (*pool_def_warn_fn)(void *arg, const char *text);

/* Reads a definition with all refusals and defaults. `type` is complete (struct_size covers all
 * that this ABI knows) and outlives the definition. A missing UUID is made up. Parts that the type
 * does not have are dropped, and told to `warn` (may be NULL) as unknown elements are. *out has one
 * reference. TARN_E_INVALID; TARN_E_UNSUPPORTED for what the type cannot do. The schema is not
 * consulted: see core/schema/schema.h. */
int pool_def_parse(struct pool_def **out, const struct tarn_pool_type *type, const char *xml,
                   size_t length, pool_def_warn_fn warn, void *warn_arg,
                   struct tarn_error **error);

struct pool_def *pool_def_ref(struct pool_def *def);
void pool_def_unref(struct pool_def *def);

/* Sets one part (TARN_AMEND_…, of tarn/call.h), which replaces what was read; before anybody else
 * holds a reference. The value is copied, and checked as if it had stood in the XML. */
int pool_def_amend(struct pool_def *def, uint32_t part, const char *value,
                   struct tarn_error **error);

/* The XML, with the sizes and permissions of `info` if that is not NULL, else sizes of 0 and the
 * permissions as defined; and with what is free on its devices (ends with NULL; NULL = none). Freed
 * with free(). */
int pool_def_print(char **out, const struct pool_def *def, const struct tarn_pool_info *info,
                   const struct tarn_device_extent *const *free_extents, struct tarn_error **error);

/* What can be said of a definition without its type's module. */
struct pool_head {
    const char *type;
    const char *name; /* the source's name if the pool has none */
    const char *uuid; /* normalised; NULL if there is none */
};

/* Reads no more than that, into the arena. TARN_E_INVALID if it is no pool XML, or has no usable
 * type or name, or a broken UUID. */
int pool_head_parse(struct pool_head *out, struct arena *arena, const char *xml, size_t length,
                    struct tarn_error **error);

/* TARN_OK if a pool may have this name: not empty, no "/", no control character, not "." or "..",
 * at most POOL_NAME_LIMIT bytes. */
int pool_name_check(const char *name, struct tarn_error **error);

/* In the arena: "///a//b/" becomes "/a/b"; exactly two slashes at the start stay, as does anything
 * with "://" in it. */
const char *pool_path_clean(struct arena *arena, const char *path);

#endif
