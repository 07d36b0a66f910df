/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Volumes as modules would tell them, one for each thing that their XML can hold.
 */
#ifndef TESTS_SAMPLE_VOLUMES_H
#define TESTS_SAMPLE_VOLUMES_H

#include "core/xml/volume-xml.h"

/* A raw file with permissions and times. */
extern const struct volume_xml sample_raw;
/* A qcow2 image with all that images can tell, and a backing store. */
extern const struct volume_xml sample_qcow2;
/* A logical volume in three extents on two devices. */
extern const struct volume_xml sample_logical;
/* A file with a name that XML cannot hold, and nothing else known. */
extern const struct volume_xml sample_odd;

/* All of them; ends with NULL. */
extern const struct volume_xml *const sample_volumes[];

#endif
