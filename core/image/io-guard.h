/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A byte store of a module that does not take calls from several threads: each use of it enters the
 * module first. So the thread model holds for what a module gives away, too.
 */
#ifndef CORE_IO_GUARD_H
#define CORE_IO_GUARD_H

#include <tarn/io.h>

#include "core/base/error.h"
#include "core/registry/module.h"

/* Wraps *io where its module asks for that, else leaves it as it is. On failure *io is still the
 * caller's, unwrapped. */
int io_guard(struct tarn_io **io, struct module *module, struct tarn_error **error);

#endif
