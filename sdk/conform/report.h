/* SPDX-License-Identifier: BSD-2-Clause
 *
 * report.h - verdicts as TAP on standard output and, if asked for, as JUnit's XML in a file.
 */
#ifndef CONFORM_REPORT_H
#define CONFORM_REPORT_H

#include <stdio.h>

#include "conform/trial.h"

struct report {
    FILE *junit; /* NULL = none */
    unsigned passed;
    unsigned failed;
    unsigned skipped;
};

/* False if the file cannot be made, which is said. */
bool report_begin(struct report *report, const struct options *options);
void report_add(struct report *report, const struct check *check, const char *part,
                const struct verdict *verdict);
/* The exit status. */
int report_end(struct report *report);

#endif
