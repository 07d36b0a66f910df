/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Sizes as people read them.
 */
#include "tools/size.h"

#include <inttypes.h>
#include <stdio.h>

const char *size_in_units(char *text, uint64_t bytes)
{
    static const char *const units[] = { "B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB" };
    double value = (double)bytes;
    size_t unit = 0;

    for (; value >= 1024 && unit + 1 < sizeof(units) / sizeof(*units); unit++)
        value /= 1024;
    snprintf(text, SIZE_TEXT, "%.2f %s", value, units[unit]);
    return text;
}

const char *size_shown(char *text, uint64_t bytes, bool plain, const char *unit)
{
    if (!plain)
        return size_in_units(text, bytes);
    snprintf(text, SIZE_TEXT, "%" PRIu64 "%s", bytes, unit);
    return text;
}
