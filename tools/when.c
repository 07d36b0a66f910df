/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Times are shown in UTC, as virsh does.
 */
#include "tools/when.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "tools/auto.h"
#include "tools/report.h"
#include "tools/text.h"

const char *when_shown(char *text, int64_t when)
{
    time_t seconds = (time_t)(when / 1000000000);
    struct tm utc;
    char day[32];

    if (when == 0 || !gmtime_r(&seconds, &utc) ||
        strftime(day, sizeof(day), "%Y-%m-%d %H:%M:%S", &utc) == 0)
        return strcpy(text, "never");
    snprintf(text, WHEN_TEXT, "%s.%03d+0000", day, (int)(when / 1000000 % 1000));
    return text;
}

void when_warn(struct tool *tool, int64_t observed)
{
    char when[WHEN_TEXT];
    AUTO(text) char *note = text_format("the storage does not answer: this is what was seen %s",
                                        when_shown(when, observed));

    report_log(tool, 2, note);
}
