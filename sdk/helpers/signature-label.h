/* SPDX-License-Identifier: BSD-2-Clause
 *
 * signature-label.h - the partition tables that libblkid does not look for: those of Amigas, and of
 * BSD where it has the whole disk.
 */
#ifndef HELPERS_SIGNATURE_LABEL_H
#define HELPERS_SIGNATURE_LABEL_H

#include <stdbool.h>

#include "helpers/signature.h"

/* The first one that is there, or false. */
bool signature_label_find(int fd, struct signature *out);
/* Removes its magic; false with errno. */
bool signature_label_wipe(int fd, const struct signature *found);

#endif
