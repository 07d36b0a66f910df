/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * exercise.h - everything that a format does with an image, done to bytes from anybody.
 */
#ifndef TESTS_FUZZ_EXERCISE_H
#define TESTS_FUZZ_EXERCISE_H

#include <stddef.h>
#include <stdint.h>

#include <tarn/module.h>

/* Probes, describes, checks, maps, reads, writes and repairs an image of these bytes. Every
 * operation may refuse it. Ends the program if one reads what it should not, takes more than its
 * share of memory operations, or answers what no caller could use. */
void exercise(const struct tarn_format *format, const uint8_t *bytes, size_t size);

#endif
