/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The keys of a .conf: which there are, and what each may hold. For plugin-conf.c, which reads the
 * file.
 */
#ifndef CORE_PLUGIN_CONF_KEYS_H
#define CORE_PLUGIN_CONF_KEYS_H

#include "core/registry/plugin-conf.h"

#define PLUGIN_MOST_PROVIDES 64u
#define PLUGIN_MOST_OPTIONS 256u

/* What a section of free keys holds. */
struct plugin_section {
    struct tarn_property keys[PLUGIN_MOST_OPTIONS];
    size_t count;
};

/* A .conf while it is read; begun as zeros with `conf`, `modules` and `text`. */
struct plugin_reading {
    struct plugin_conf *conf;
    const char *modules;
    const char *text; /* what is not read yet */
    unsigned line;    /* the one that inih got last, from 1 */
    bool indented;    /* it begins with a blank */
    unsigned seen;    /* bits of the keys of [module] that were there */
    const char *provides[PLUGIN_MOST_PROVIDES + 1];
    struct plugin_section options;
    struct plugin_section environment;
};

/* An inih handler: takes one key into the reading, whose conf gets the error if it cannot. */
int plugin_key_take(void *reading, const char *section, const char *name, const char *value);
/* After the last: is everything there that must be, and for this ABI? */
int plugin_keys_check(struct plugin_reading *reading);

/* Keeps an error that begins with file and line; answers 0, as an inih handler does. */
int conf_wrong(struct plugin_reading *reading, const char *format, ...)
    TARN_PRINTF(2, 3);

#endif
