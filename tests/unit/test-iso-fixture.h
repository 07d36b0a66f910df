/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * test-iso-fixture.h - discs in memory, and what tests do with them.
 */
#ifndef TEST_ISO_FIXTURE_H
#define TEST_ISO_FIXTURE_H

#include "fake-host.h"
#include "formats/iso/format.h"
#include "formats/iso/iso.h"
#include "memory-io.h"

extern struct fake_host iso_host;

/* A folder with files, folders and links; removed by iso_folder_remove(). */
const char *iso_folder_make(void);
void iso_folder_remove(void);

/* The creation of an image from that folder, with this label. `spec` lives as long as the program. */
const struct tarn_image_spec *iso_spec_from(const char *folder, const char *volume_id);
/* A disc with those files; memory_io_free(). Made once and copied. */
struct memory_io *iso_disc(void);
int32_t iso_probe_of(const struct memory_io *image);
/* Runs the check: how many corruptions it counts, or -1 if it fails. */
int64_t iso_corruptions(struct memory_io *image);
/* Does one of the findings hold this text? */
bool iso_found(const char *text);

#endif
