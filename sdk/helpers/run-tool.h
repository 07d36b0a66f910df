/* SPDX-License-Identifier: BSD-2-Clause
 *
 * run-tool.h - running another program: without a shell, in the C locale, with no descriptor but
 * its three, in a process group of its own, as long as the call allows and no longer.
 */
#ifndef HELPERS_RUN_TOOL_H
#define HELPERS_RUN_TOOL_H

#include <stdbool.h>
#include <stddef.h>

#include <tarn/call.h>

struct tool_output {
    char *text;    /* what it wrote on stdout, with a NUL behind it */
    size_t length; /* bytes without the NUL */
};

struct tool_run {
    /* The program, looked for in /usr/sbin, /usr/bin, /sbin, /bin (not in $PATH), and its
     * arguments; ends with NULL. Nothing secret: everybody can read it in /proc. */
    const char *const *argv;
    const char *input;   /* for its stdin, or NULL: /dev/null */
    size_t input_length;
    size_t output_limit; /* bytes; more is TARN_E_INVALID; 0 = 16 MiB */
    uint32_t timeout;    /* milliseconds, besides the deadline of the call; 0 = none */
    /* Exit statuses that are no failure besides 0; bit N stands for status N. */
    uint64_t accepted;
    /* What it writes on stderr, and on stdout as well if nobody asks for *out: piece by piece, for
     * progress; NULL. */
    void (*heard)(struct tarn_call *call, const char *piece, size_t length, void *arg);
    void *arg;
};

/* Runs it to its end. TARN_OK: *out_status (may be NULL) is its exit status, *out (may be NULL)
 * what it wrote, freed with free(out->text). Otherwise the failure is recorded, with the end of its
 * stderr in the text: TARN_E_UNSUPPORTED there is no such program (and which package has it, where
 * that is known), TARN_E_TIMEOUT, TARN_E_CANCELLED (it was killed, with all its children),
 * TARN_E_IO it failed. */
int32_t tool_run(struct tarn_call *call, const struct tool_run *run, struct tool_output *out,
                 int *out_status);

/* Is the program there? */
bool tool_exists(const char *program);
/* The same, and TARN_E_UNSUPPORTED as of tool_run if it is not: for before something is
 * destroyed. */
int32_t tool_need(struct tarn_call *call, const char *program);

#endif
