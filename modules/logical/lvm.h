/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * lvm.h - running the program lvm.
 */
#ifndef LOGICAL_LVM_H
#define LOGICAL_LVM_H

#include "helpers/run-tool.h"
#include "logical.h"

/* A command line in the making. */
struct lvm_line {
    char **words;
    size_t count;
    bool failed; /* no memory */
};

/* Begins with what all commands of the pool (or, NULL, of none) share: the devices that may be
 * looked at, and settings that must not be the machine's. */
void lvm_begin(struct lvm_line *line, const struct logical *pool, const char *command);
/* For a command that changes something. */
void lvm_begin_change(struct lvm_line *line, const struct logical *pool, const char *command);
void lvm_word(struct lvm_line *line, const char *format, ...) TARN_PRINTF(2, 3);
void lvm_words(struct lvm_line *line, const char *const *words); /* ends with NULL */

/* Runs it and ends the line. *out (may be NULL) is what it wrote. Bit N of `accepted`: exit status
 * N is no failure; *out_status (may be NULL) tells it. */
int32_t lvm_run(struct tarn_call *call, struct lvm_line *line, uint64_t accepted,
                struct tool_output *out, int *out_status);

/* For a line that is not run after all. */
void lvm_end(struct lvm_line *line);

/* lvm's exit status for a command that failed, at least in part. */
#define LVM_FAILED 5

#endif
