/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * <source> of a pool: read and written, alone (for discovery) or within <pool>.
 */
#ifndef CORE_SOURCE_XML_H
#define CORE_SOURCE_XML_H

#include <stddef.h>

#include <tarn/define.h>
#include <tarn/tarn.h>

#include "core/base/arena.h"

struct xml_reader;
struct xml_writer;
struct _xmlNode;

/* Reads a <source> document; every part is optional and of any value. *out lives in the arena.
 * TARN_E_INVALID with the line. */
int source_xml_parse(const struct tarn_source **out, struct arena *arena, const char *xml,
                     size_t length, struct tarn_error **error);

/* <sources> with a <source> for each of `list`, which ends with NULL. Freed with free(). */
int source_xml_print_list(char **out, const struct tarn_source *const *list,
                          struct tarn_error **error);

/* A copy of what a module told, complete whatever the size of its structures; NULL without
 * memory. */
const struct tarn_source *source_copy(struct arena *arena, const struct tarn_source *from);

/* For pool definitions: reads all parts of the <source> at `node` (NULL = absent) into *out, whose
 * members then live in the reader's arena. */
int source_xml_read(struct tarn_source *out, struct xml_reader *reader,
                    const struct _xmlNode *node);
/* Writes <source>, with the elements `kept` (XML text; ends with NULL; NULL = none) at the end. */
void source_xml_write(struct xml_writer *writer, const struct tarn_source *source,
                      const struct tarn_device_extent *const *free_extents,
                      const char *const *kept);

#endif
