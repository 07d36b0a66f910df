/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A module's descriptor across processes. Of its functions only which there are is told: here they
 * become those of a proxy.
 */
#ifndef CORE_ISOLATE_DESCRIPTOR_WIRE_H
#define CORE_ISOLATE_DESCRIPTOR_WIRE_H

#include <tarn/module.h>

#include "core/isolate/wire.h"

/* `module` is complete, as descriptor_read makes it. */
void descriptor_put(struct wire_writer *writer, const struct tarn_module *module);

/* What stands for the functions. */
struct descriptor_proxies {
    const struct tarn_pool_type *pool_type;
    void (*format)(struct tarn_format *out, size_t number);
    size_t most_formats;
};

/* Texts stay where the reader's bytes are. NULL, and reader->failed, if it is no descriptor. */
const struct tarn_module *descriptor_get(struct wire_reader *reader,
                                         const struct descriptor_proxies *proxies);

#endif
