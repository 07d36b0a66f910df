/* SPDX-License-Identifier: BSD-2-Clause
 *
 * abilities.h - what a part declares that it can do, in the words of tarn type-list and
 * format-list.
 */
#ifndef CONFORM_ABILITIES_H
#define CONFORM_ABILITIES_H

#include <stdio.h>

#include <tarn/module.h>

/* Words with a space before each. */
void abilities_print_type(FILE *to, const struct tarn_pool_type *type);
void abilities_print_format(FILE *to, const struct tarn_format *format);

#endif
