/* SPDX-License-Identifier: BSD-2-Clause
 *
 * core-frame.h - the real core with the module in it: a context of its own below the trial's
 * folder, in which the module stands beside those that are installed, and before one of its own
 * name.
 */
#ifndef CONFORM_CORE_FRAME_H
#define CONFORM_CORE_FRAME_H

#include <tarn/tarn.h>

#include "conform/trial.h"

/* core_open flags */
#define CORE_ISOLATED 0x01u /* the module runs in a process of its own */
#define CORE_WITHOUT  0x02u /* without the module: only those that are installed */

/* Any number at a time: contexts of one trial share their definitions, as two processes do. The
 * installed modules are those of TARN_MODULE_DIR and TARN_PLUGINS_DIR, or the library's. Fails the
 * trial if it cannot be opened. */
struct tarn_context *core_open(struct trial *trial, uint32_t flags);
/* The trial fails with the error's text, unless it is NULL; frees it. `what` is the operation. */
void core_must(struct trial *trial, int status, struct tarn_error *error, const char *what);
/* The name under which the core knows the module. */
const char *core_module_name(const struct trial *trial);

#endif
