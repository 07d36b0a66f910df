/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See assignment.h.
 */
#include "tools/assignment.h"

#include <string.h>

#include "tools/text.h"

int assignments_check(struct tool *tool, const struct args *args, const char *option)
{
    size_t position = 0;

    for (const char *text; (text = args_each(args, option, &position));) {
        const char *equals = strchr(text, '=');

        if (!equals || equals == text)
            return tool_wrong(tool, "--%s '%s' is no NAME=VALUE: see 'tarn help %s'", option, text,
                              args->command->name);
    }
    return TARN_OK;
}

char *assignment_name(const char *text)
{
    return text_format("%.*s", (int)strcspn(text, "="), text);
}

const char *assignment_value(const char *text)
{
    return strchr(text, '=') + 1;
}
