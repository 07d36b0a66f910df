/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * UUIDs as text: 36 characters, lower case, with hyphens.
 */
#ifndef CORE_UUID_TEXT_H
#define CORE_UUID_TEXT_H

#define UUID_TEXT_SIZE 37 /* with the NUL */

/* Normalises what people write: any case, with all hyphens or none, blanks around it. 0, or -1 if
 * it is no UUID. */
int uuid_text_read(char out[UUID_TEXT_SIZE], const char *text);

/* A new random one. */
void uuid_text_new(char out[UUID_TEXT_SIZE]);

#endif
