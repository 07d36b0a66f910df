/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What vol-list and vol-info tell of a volume, in words and in JSON.
 */
#ifndef TOOLS_VOL_SHOW_H
#define TOOLS_VOL_SHOW_H

#include <jansson.h>

#include <tarn/tarn.h>

/* "ok", "broken-backing" */
const char *volume_status_word(uint32_t status);
/* "broken-backing (no such file)"; NULL if it is ok. Freed with free(). */
char *volume_fault(const struct tarn_volume_record *record);
json_t *volume_json(const struct tarn_volume_record *record);

#endif
