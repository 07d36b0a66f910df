/* SPDX-License-Identifier: BSD-2-Clause
 *
 * pool-settings.c - see pool-settings.h.
 */
#include "conform/pool-settings.h"

#include <string.h>

#define USUAL_SIZE ((uint64_t)1 << 20)

bool pool_builds(const struct trial *trial)
{
    const char *how = trial_setting(trial, "build");

    return trial->type->build != NULL && (how == NULL || strcmp(how, "no") != 0);
}

uint32_t pool_build_flags(struct trial *trial)
{
    const char *how = trial_setting(trial, "build");

    if (how == NULL || strcmp(how, "plain") == 0)
        return 0;
    if (strcmp(how, "overwrite") == 0)
        return TARN_BUILD_OVERWRITE;
    if (strcmp(how, "no-overwrite") == 0)
        return TARN_BUILD_NO_OVERWRITE;
    trial_fail(trial, "[%s] build = %s: write plain, overwrite, no-overwrite or no", trial->part,
               how);
}

uint64_t pool_volume_size(struct trial *trial)
{
    return trial_size_setting(trial, "volume-size", USUAL_SIZE);
}

const char *pool_volume_name(struct trial *trial, unsigned number)
{
    const char *name = trial_word_setting(trial, "volume-names", number - 1);
    const char *names = trial_setting(trial, "volume-names");

    if (name != NULL)
        return name;
    trial_require(trial, names == NULL, "[%s] volume-names = %s: the kit needs %u of them or more",
                  trial->part, names, number);
    return trial->type->flags & TARN_POOL_NAMES_VOLUMES ? "" : trial_text(trial, "kit-%u", number);
}
