/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * <permissions> of a pool's or a volume's target.
 */
#ifndef CORE_PERMISSIONS_XML_H
#define CORE_PERMISSIONS_XML_H

#include <tarn/define.h>

#include "core/xml/xml-reader.h"
#include "core/xml/xml-writer.h"

/* Reads the <permissions> in `target` (NULL = absent); what is missing is "unset". */
int permissions_read(struct tarn_permissions *out, const struct xml_reader *reader,
                     const xmlNode *target);
/* Writes what is set; nothing if nothing is, or for NULL. */
void permissions_write(struct xml_writer *writer, const struct tarn_permissions *permissions);

#endif
