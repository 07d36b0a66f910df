/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * seal.h - makes the checksums of a mutated image right again: behind a wrong one a format never
 * looks, and a mutation would be wasted.
 */
#ifndef TESTS_FUZZ_SEAL_H
#define TESTS_FUZZ_SEAL_H

#include <stddef.h>
#include <stdint.h>

/* Seals the image in place, if its format has checksums that openers verify. */
void seal(const char *format, uint8_t *bytes, size_t size);

#endif
