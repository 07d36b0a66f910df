/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * <storagepoolCapabilities>: which pool types there are, with which formats.
 */
#ifndef CORE_CAPABILITIES_XML_H
#define CORE_CAPABILITIES_XML_H

#include <tarn/pool-type.h>
#include <tarn/tarn.h>

struct pool_capability {
    const char *name;                  /* of the pool type */
    const struct tarn_pool_type *type; /* complete; NULL = its module cannot be used */
};

/* `list` ends with an entry whose name is NULL; `image_formats`, the names of all volume formats,
 * with NULL. Freed with free(). */
int capabilities_xml_print(char **out, const struct pool_capability *list,
                           const char *const *image_formats, struct tarn_error **error);

#endif
