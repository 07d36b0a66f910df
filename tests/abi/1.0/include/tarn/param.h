/* SPDX-License-Identifier: BSD-2-Clause
 *
 * tarn/param.h - typed parameters: of a module in [options] of its .conf, of a pool type in
 * <tarn:options> of each pool, of a format with each image. The host parses, checks and fills in
 * defaults; the module reads text that is valid.
 */
#ifndef TARN_PARAM_H
#define TARN_PARAM_H

#include <tarn/abi.h>

/* tarn_param.type; the gaps are for later */
#define TARN_PARAM_STRING  10u
#define TARN_PARAM_PATH    20u /* absolute */
#define TARN_PARAM_BYTES   30u /* a size with an optional unit; given to the module in bytes */
#define TARN_PARAM_INTEGER 40u /* decimal, signed 64 bits */
#define TARN_PARAM_BOOLEAN 50u /* "yes" or "no" */
#define TARN_PARAM_ENUM    60u /* one of `choices` */

/* tarn_param.flags */
#define TARN_PARAM_REQUIRED 0x00000001u
/* Never printed, never logged. The XML of a pool does not hold it but names it, and
 * tarn_host.option gives its text; [options] of a .conf, which is for root alone, holds it. */
#define TARN_PARAM_SECRET   0x00000002u

struct tarn_param {
    uint32_t struct_size;
    uint32_t type;
    uint32_t flags;
    uint32_t reserved;
    const char *name;           /* lower case, digits, hyphens */
    const char *summary;        /* one line for people */
    const char *default_value;  /* NULL = none */
    const char *const *choices; /* for TARN_PARAM_ENUM; ends with NULL */
    int64_t minimum;            /* for BYTES and INTEGER, if minimum < maximum */
    int64_t maximum;
};

#endif
