/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The options of a pool, by the table of its type's parameters:
 *
 *     <tarn:options xmlns:tarn='urn:tarn:options:1'>
 *       <tarn:option name='block-size' value='64KiB'/>
 *       <tarn:option name='token' secret='storage-token'/>
 *     </tarn:options>
 *
 * A secret is named, and never stands in the XML.
 */
#ifndef CORE_POOL_OPTIONS_H
#define CORE_POOL_OPTIONS_H

#include <stdbool.h>

#include <tarn/pool-type.h>

#include "core/xml/xml-reader.h"
#include "core/xml/xml-writer.h"

#define POOL_OPTIONS_NAMESPACE "urn:tarn:options:1"
#define POOL_OPTIONS_PREFIX "tarn"
#define POOL_OPTIONS_ELEMENT "options"

/* In the arena of the definition; arrays end with NULL. */
struct pool_options {
    const struct tarn_pool_type *type;
    const struct tarn_property *const *given;  /* as it stands there; of a secret its name */
    const struct tarn_property *const *values; /* checked, with the defaults */
};

/* TARN_E_INVALID: an unknown name, a bad value, a missing one, one given twice, a secret that
 * stands there itself. */
int pool_options_read(struct pool_options *out, const struct xml_reader *reader,
                      const xmlNode *pool, const struct tarn_pool_type *type);
/* Those of a pool that has no definition yet: the defaults alone. */
int pool_options_default(struct pool_options *out, struct arena *arena,
                         const struct tarn_pool_type *type, struct tarn_error **error);
/* The element, or nothing if none was given. */
void pool_options_write(struct xml_writer *writer, const struct pool_options *options);

/* What stands in the XML, in the form that modules read; NULL if nothing does. Of a secret: *secret
 * is set, and it is the name. */
const char *pool_options_given(const struct pool_options *options, const char *name, bool *secret);

#endif
