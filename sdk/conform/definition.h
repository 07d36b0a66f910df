/* SPDX-License-Identifier: BSD-2-Clause
 *
 * definition.h - the pool definition that a type is tried with: pool XML, read by the kit itself.
 * It comes from the key `definition` of the part's section (a file; @DIR@ in it stands for the
 * trial's folder); a type that needs no source gets one whose target is a folder of the trial.
 */
#ifndef CONFORM_DEFINITION_H
#define CONFORM_DEFINITION_H

#include <stdbool.h>

#include <tarn/define.h>
#include <tarn/param.h>

#include "conform/trial.h"

struct definition {
    struct tarn_pool_def abi; /* as a module sees it */
    struct tarn_source source;
    struct tarn_permissions permissions;
    char *xml;    /* for the core, and for tarn_host.query */
    void *doc;    /* the xmlDoc */
    bool own;     /* the storage is within the trial's folder: nobody's but the kit's */
};

/* Ends the trial as skipped where none can be had: without a configuration for a type that needs a
 * source, or for storage that is not the kit's without --destructive. */
struct definition *definition_of(struct trial *trial);

/* Sets TARN_AMEND_… parts. False for an unknown part. */
bool definition_amend(struct trial *trial, struct definition *definition, uint32_t part,
                      const char *value);
/* The text that an XPath finds, the `index`-th, in memory of the trial; or NULL. The type's own
 * namespace is bound to its prefix. */
const char *definition_query(struct trial *trial, const void *doc, const char *xpath,
                             uint32_t index);

/* --- definition-options.c --------------------------------------------------------------------- */

/* Writes what the configuration says by option.NAME into the definition's <tarn:options>. */
void definition_write_options(struct trial *trial, struct definition *definition);
/* Fails the trial for an option that the type does not declare, a value that is none, and a
 * required one that is missing. */
void definition_judge_options(struct trial *trial, const struct definition *definition);
/* What it says of a parameter, as a module gets it, in memory of the trial; or NULL. Of a secret
 * the text that [secrets] has under its name. */
const char *definition_option(struct trial *trial, const struct definition *definition,
                              const struct tarn_param *param);

#endif
