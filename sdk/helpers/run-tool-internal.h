/* SPDX-License-Identifier: BSD-2-Clause
 *
 * run-tool-internal.h - what the run-tool*.c files share among themselves.
 */
#ifndef HELPERS_RUN_TOOL_INTERNAL_H
#define HELPERS_RUN_TOOL_INTERNAL_H

#include <limits.h>
#include <sys/types.h>

#include "helpers/run-tool.h"

#define TOOL_TAIL_SIZE 512 /* what is kept of the end of its stderr, with a NUL */

/* --- the running program (run-tool-child.c) --------------------------------------------------- */

struct tool_child {
    pid_t pid;
    int pidfd;  /* polls readable once it has ended */
    int output; /* our ends of its pipes, which do not block */
    int errors;
};

/* Where the program is, or false. */
bool tool_locate(const char *program, char out[PATH_MAX]);
/* Starts it. 0 or an errno. */
int tool_child_start(struct tool_child *child, const char *path, const struct tool_run *run);
/* Ends it with all its children, asking first. False if it hangs where no signal reaches it. */
bool tool_child_stop(const struct tool_child *child);
/* For a child that has ended: ends its children too, and takes its status, as of waitpid(2). 0 or
 * an errno. */
int tool_child_collect(const struct tool_child *child, int *out_wait_status);
/* For one that would not end: somebody takes its status when it does. */
void tool_child_abandon(const struct tool_child *child);
/* Closes the descriptors. */
void tool_child_close(struct tool_child *child);

/* --- what it says (run-tool-listen.c) --------------------------------------------------------- */

struct tool_ear {
    struct tarn_call *call;
    const struct tool_run *run;
    bool keep;     /* its stdout is asked for */
    bool overflow; /* there was more of it than is allowed, or than there is memory for */
    char *text;    /* of its stdout */
    size_t length, room;
    char tail[TOOL_TAIL_SIZE]; /* of its stderr, the last bytes */
    size_t tail_length;
    char said[2 * TOOL_TAIL_SIZE]; /* that as one line */
};

/* Takes what is in the pipe; closes *fd and makes it -1 at its end. */
void tool_listen_output(struct tool_ear *ear, int *fd);
void tool_listen_errors(struct tool_ear *ear, int *fd);
/* The tail as one line; lives as long as the ear. */
const char *tool_last_words(struct tool_ear *ear);

/* --- which package has it (run-tool-package.c) ------------------------------------------------ */

/* The Debian package of a program that tarn's own modules use, or NULL. */
const char *tool_package(const char *program);

#endif
