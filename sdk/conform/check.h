/* SPDX-License-Identifier: BSD-2-Clause
 *
 * check.h - a check: one promise of a module, and the function that tries to break it. The checks
 * of a group stand in a table of their own file; groups.c lists the tables.
 */
#ifndef CONFORM_CHECK_H
#define CONFORM_CHECK_H

#include <stdint.h>

struct trial;

/* What a check looks at: it is run once for each of these. */
enum check_of {
    CHECK_FILE,      /* the .so, unopened */
    CHECK_MODULE,    /* the module, opened */
    CHECK_POOL_TYPE, /* each of its pool types */
    CHECK_FORMAT,    /* each of its formats */
    CHECK_PART,      /* each pool type and each format */
};

struct check {
    const char *name;    /* "format/round-trip": group and name, as --only takes them */
    const char *promise; /* what is true of a module that passes, for people */
    enum check_of of;
    uint32_t seconds;    /* it may take so long; 0 = CHECK_SECONDS */
    void (*run)(struct trial *trial); /* returns if the promise held; else trial_fail, trial_skip */
};

#define CHECK_SECONDS 60u

/* Ends with NULL, as each table does. */
extern const struct check *const check_groups[];

/* The tables; each ends with a check without a name. */
extern const struct check lint_checks[];
extern const struct check hygiene_checks[];
extern const struct check thread_checks[];
extern const struct check format_checks[];
extern const struct check format_fault_checks[];
extern const struct check pool_checks[];
extern const struct check pool_fault_checks[];
extern const struct check core_checks[];

#endif
