/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Is it UTF-8? Without libxml2, which the process of an isolated module does without.
 */
#ifndef CORE_UTF8_H
#define CORE_UTF8_H

#include <stdbool.h>

/* True for text in UTF-8 as RFC 3629 has it: the shortest form, no surrogates, up to U+10FFFF. */
bool utf8_is_valid(const char *text);

#endif
