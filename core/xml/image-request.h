/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What a volume's definition asks of its image beyond libvirt's vocabulary: an element of our own
 * within <target>.
 *
 *     <tarn:image xmlns:tarn='urn:tarn:image:1' subformat='streamOptimized' compress='yes'>
 *       <tarn:option name='adapter-type' value='lsilogic'/>
 *     </tarn:image>
 */
#ifndef CORE_IMAGE_REQUEST_H
#define CORE_IMAGE_REQUEST_H

#include <stdbool.h>

#include <tarn/result.h>

#include "core/xml/xml-reader.h"

#define IMAGE_NAMESPACE "urn:tarn:image:1"

struct image_request {
    const char *subformat; /* NULL = the format's default */
    bool compress;
    const struct tarn_property *const *options; /* unchecked; ends with NULL; NULL = none */
};

/* Reads it, if it is there; everything lies in the reader's arena. What it does not know in it is
 * TARN_E_INVALID. */
int image_request_read(struct image_request *out, const struct xml_reader *reader,
                       const xmlNode *target);

#endif
