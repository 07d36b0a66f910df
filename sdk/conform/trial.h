/* SPDX-License-Identifier: BSD-2-Clause
 *
 * trial.h - a trial: one check on one part of the module, in a process of its own. So a module that
 * crashes, hangs, eats all memory or ends its process fails that check, and no other.
 */
#ifndef CONFORM_TRIAL_H
#define CONFORM_TRIAL_H

#include <stdbool.h>

#include <tarn/module.h>

#include "conform/check.h"
#include "conform/config.h"
#include "conform/options.h"
#include "conform/subject.h"

/* Given to the check; all of it lives as long as the process of the trial. */
struct trial {
    const struct check *check;
    const struct options *options;
    const struct config *config;
    const struct subject *subject;     /* NULL for CHECK_FILE, as `module` */
    const struct tarn_module *module;  /* complete: what it lacks is zero; as the next two */
    const struct tarn_pool_type *type; /* the part that is looked at; one of the two, or none */
    const struct tarn_format *format;
    const char *part;   /* "pool:drawer", "format:boxed": its section of the configuration; or "" */
    const char *folder; /* an empty folder of this trial's own, absolute */
    int report;         /* where the verdict goes */
    /* Called whenever the module asks or tells the fake host something, in the midst of an
     * operation: `volume` is the one that it looks at, or NULL. NULL = nothing. */
    void (*during)(struct trial *trial, const char *volume);
    void *during_arg;
};

/* The promise is broken: says how, and ends the process. One line, without a full stop. */
_Noreturn void trial_fail(struct trial *trial, const char *format, ...) TARN_PRINTF(2, 3);
/* It cannot be tried here: says why, and ends the process. */
_Noreturn void trial_skip(struct trial *trial, const char *format, ...) TARN_PRINTF(2, 3);
/* A line that is shown with the verdict if that is a failure. */
void trial_note(struct trial *trial, const char *format, ...) TARN_PRINTF(2, 3);

#define trial_require(trial, condition, ...) \
    do { \
        if (!(condition)) \
            trial_fail((trial), __VA_ARGS__); \
    } while (0)

/* The value of a key in the part's section of the configuration, or NULL. */
const char *trial_setting(const struct trial *trial, const char *key);
/* The same for a size in bytes: digits, and K, M or G. */
uint64_t trial_size_setting(struct trial *trial, const char *key, uint64_t absent);
/* The index-th of the words of a value, which have spaces between, or NULL. */
const char *trial_word_setting(struct trial *trial, const char *key, unsigned index);

/* `text` with the trial's folder in place of each mark. */
#define TRIAL_FOLDER_MARK "@DIR@"
char *trial_fill_in(struct trial *trial, const char *text);

/* Memory that must be there, zeroed, and is never freed: a trial is short. */
void *trial_alloc(struct trial *trial, size_t size);
/* A text in such memory. */
char *trial_text(struct trial *trial, const char *format, ...) TARN_PRINTF(2, 3);

/* --- for those who run trials ----------------------------------------------------------------- */

enum outcome { OUTCOME_PASSED, OUTCOME_FAILED, OUTCOME_SKIPPED };

struct verdict {
    enum outcome outcome;
    char *text;   /* how it failed, why it was skipped; "" if it passed */
    char *notes;  /* further lines, each ended; what the module printed among them */
    double seconds;
};

/* Runs `check` on the part; `part` is "" where the check looks at the file or the module. */
void trial_run(struct verdict *out, const struct check *check, const char *part,
               const struct options *options, const struct config *config);
void verdict_clear(struct verdict *verdict);

/* Runs a command of the configuration by sh, which is told the two folders: the trial's, and that
 * of the configuration. False with the last line that it printed in *out_text (freed with free) if
 * it ended with another status than 0. */
bool trial_command(char **out_text, const struct trial *trial, const char *command);

#endif
