/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The frame of a CUnit program: a table of named tests, run one by one, one line each.
 *
 *     static const struct unit_test tests[] = {
 *         { "a size without a unit is in bytes", plain_number },
 *         { NULL, NULL },
 *     };
 *     int main(int argc, char **argv) { return unit_main("size", tests); }
 */
#ifndef TESTS_UNIT_H
#define TESTS_UNIT_H

#include <CUnit/CUnit.h>

struct unit_test {
    const char *name;
    void (*run)(void);
};

/* Runs them all; prints "ok N - suite: name", or "not ok …" and what failed, "# SKIP reason" for
 * those that called unit_skip. 0 if none failed, else 1: to be returned from main. */
int unit_main(const char *suite, const struct unit_test *tests);

/* Marks the running test as skipped; it returns next. In CI (CI=true) a skip is a failure. */
void unit_skip(const char *reason);

#endif
