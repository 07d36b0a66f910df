/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Small changes to the XML that the library printed. It is well-formed, so that finding an element
 * takes no parser; nothing that was typed goes through here.
 */
#ifndef TOOLS_XML_EDIT_H
#define TOOLS_XML_EDIT_H

/* Puts `instead` (a whole element, or "" for none) in the place of the first element at `path`
 * ("volume/target/format") in *text, which is freed and set anew. Without such an element, nothing
 * changes. */
void xml_replace(char **text, const char *path, const char *instead);

#endif
