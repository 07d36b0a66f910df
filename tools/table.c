/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Tables and rows as virsh prints them.
 */
#include "tools/table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/text.h"

struct table {
    size_t columns;
    size_t count; /* of cells, the headings among them */
    size_t *widths;
    char **cells;
};

void table_row(struct table *table, const char *const *cells)
{
    table->cells = must_grow(table->cells,
                             (table->count + table->columns) * sizeof(*table->cells));
    for (size_t i = 0; i < table->columns; i++) {
        char *shown = text_shown(cells[i] ? cells[i] : "-");
        size_t width = text_width(shown);
        if (width > table->widths[i])
            table->widths[i] = width;
        table->cells[table->count++] = shown;
    }
}

struct table *table_new(const char *const *headings)
{
    struct table *table = must_alloc(sizeof(*table));

    while (headings[table->columns])
        table->columns++;
    table->widths = must_alloc(table->columns * sizeof(*table->widths));
    table_row(table, headings);
    return table;
}

static void print_row(const struct table *table, char *const *cells)
{
    for (size_t i = 0; i < table->columns; i++) {
        int gap = i + 1 < table->columns ? (int)(table->widths[i] - text_width(cells[i])) + 2 : 0;
        printf(" %s%*s", cells[i], gap, "");
    }
    putchar('\n');
}

static void print_rule(const struct table *table)
{
    for (size_t i = 0; i < table->columns; i++)
        for (size_t j = 0; j < table->widths[i] + 3; j++)
            putchar('-');
    putchar('\n');
}

void table_print(const struct table *table, bool quiet)
{
    if (!quiet) {
        print_row(table, table->cells);
        print_rule(table);
    }
    for (size_t i = table->columns; i < table->count; i += table->columns)
        print_row(table, table->cells + i);
}

void table_free(struct table *table)
{
    if (!table)
        return;
    for (size_t i = 0; i < table->count; i++)
        free(table->cells[i]);
    free(table->cells);
    free(table->widths);
    free(table);
}

void table_drop(struct table **table)
{
    table_free(*table);
}

void row_print(const char *label, const char *text)
{
    char *shown = text_shown(text);
    int gap = 15 - (int)text_width(label) - 1;
    printf("%s:%*s %s\n", label, gap > 0 ? gap : 0, "", shown);
    free(shown);
}
