/* SPDX-License-Identifier: BSD-2-Clause
 *
 * settings.h - the settings of the kit's configuration: which there are.
 */
#ifndef CONFORM_SETTINGS_H
#define CONFORM_SETTINGS_H

#include "conform/config.h"

/* False with *out_error (freed with free) if a section or key is none that a check reads. */
bool settings_known(const struct config *config, char **out_error);

#endif
