/* SPDX-License-Identifier: BSD-2-Clause
 *
 * groups.c - the groups of checks, in the order in which they are run.
 */
#include <stddef.h>

#include "conform/check.h"

const struct check *const check_groups[] = {
    lint_checks,   hygiene_checks, thread_checks,     format_checks, format_fault_checks,
    pool_checks,   pool_fault_checks, core_checks, NULL,
};
