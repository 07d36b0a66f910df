/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Which bytes XML 1.0 can hold, in UTF-8.
 */
#ifndef CORE_XML_CHAR_H
#define CORE_XML_CHAR_H

#include <stddef.h>

/* The bytes of the character that `text` begins with, looking at no more than `room` (at least 1):
 * 1 to 4; 0 if it is not UTF-8 or none that XML can hold (a control character, U+FFFE, …). */
size_t xml_char_length(const char *text, size_t room);

#endif
