/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * load-format.h - a format without the core, out of the module that was built.
 */
#ifndef LOAD_FORMAT_H
#define LOAD_FORMAT_H

#include <tarn/module.h>

/* The format of the module of that name in the folder TARN_MODULE_DIR; the program ends with a
 * message if there is none. */
const struct tarn_format *load_format(const char *name);

#endif
