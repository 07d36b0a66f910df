/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Descriptors of pool types, as far as definitions need them: those that libvirt's documents are
 * about, so that the core's tests need no module.
 */
#ifndef TESTS_SAMPLE_TYPES_H
#define TESTS_SAMPLE_TYPES_H

#include <tarn/pool-type.h>

/* Ends with NULL: dir, fs, netfs, logical, disk, iscsi, iscsi-direct. */
extern const struct tarn_pool_type *const sample_types[];

/* Image formats, for capabilities; ends with NULL. */
extern const char *const sample_image_formats[];

/* NULL if there is none of this name. */
const struct tarn_pool_type *sample_type(const char *name);

#endif
