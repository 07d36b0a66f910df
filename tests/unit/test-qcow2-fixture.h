/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * test-qcow2-fixture.h - a qcow2 image in memory, for the tests of formats/qcow2.
 */
#ifndef TEST_QCOW2_FIXTURE_H
#define TEST_QCOW2_FIXTURE_H

#include "tests/unit/format-fixture.h"

#include "formats/qcow2/format.h"

/* Makes everything that the active L1 table refers to shared with a snapshot of the given name, as
 * a program that knows snapshots would: the image has no snapshot yet, one L1 cluster, 16-bit
 * refcounts and clusters of 64 KiB. */
void image_snapshot(struct image *image, const char *id, const char *name);

#endif
