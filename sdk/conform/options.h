/* SPDX-License-Identifier: BSD-2-Clause
 *
 * options.h - the command line of tarn-conform.
 */
#ifndef CONFORM_OPTIONS_H
#define CONFORM_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct options {
    const char *module; /* absolute path of the .so */
    const char *conf;   /* of its .conf: --conf, or the file of its name beside it; NULL = none */
    const char *config; /* of the kit's own configuration, or NULL */
    const char *const *only; /* patterns; ends with NULL */
    const char *junit;  /* file, or NULL */
    bool list;          /* tell the checks, try nothing */
    bool matrix;        /* what the module can do, in place of TAP */
    bool destructive;   /* what is configured may be overwritten */
    double patience;    /* every limit of time is multiplied by this */
};

/* True if the program shall go on; else *status is its exit status, and all is said. */
bool options_read(struct options *out, int *status, int argc, char **argv);
/* Is a check of this name on this part among those asked for? A pattern is a shell pattern of a
 * check ("format/ *"), of a part ("pool:drawer"), or of both with a space between them. */
bool options_want(const struct options *options, const char *check, const char *part);
bool options_fits(const char *pattern, const char *check, const char *part);
void options_clear(struct options *options);

#endif
