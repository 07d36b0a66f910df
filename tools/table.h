/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Tables and rows as virsh prints them, so that scripts that read virsh's read tarn's.
 */
#ifndef TOOLS_TABLE_H
#define TOOLS_TABLE_H

#include <stdbool.h>
#include <stddef.h>

struct table;

/* A table with these headings, a list that ends with NULL. */
struct table *table_new(const char *const *headings);
/* Appends a row: as many cells as there are headings, NULL shown as "-". Text is copied. */
void table_row(struct table *table, const char *const *cells);
/* Prints headings (not if `quiet`) and rows to stdout. */
void table_print(const struct table *table, bool quiet);
void table_free(struct table *table);
void table_drop(struct table **table);

/* Prints "Label:          text", the text in column 16. */
void row_print(const char *label, const char *text);

#endif
