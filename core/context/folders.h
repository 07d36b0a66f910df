/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Where a context keeps and finds its files. All absolute; all made by folders_init except the two
 * that the installation brings.
 */
#ifndef CORE_FOLDERS_H
#define CORE_FOLDERS_H

#include <tarn/tarn.h>

struct folders {
    char *pools;         /* definitions: config/pools/NAME.xml */
    char *autostart;     /* config/autostart/NAME.xml -> ../pools/NAME.xml */
    char *own_plugins;   /* config/plugins.d: the administrator's .conf files, mask the installed */
    char *records;       /* state/volumes/POOL/NAME: what was decided about a volume */
    char *active;        /* run/pools/NAME.xml: the definition of an active pool */
    char *lock;          /* run/lock: the file whose bytes processes lock against each other */
    char *plugins;       /* installed .conf files */
    char *modules;       /* installed .so files */
};

int folders_init(struct folders *folders, const struct tarn_context_options *options,
                 struct tarn_error **error);
void folders_clear(struct folders *folders);

#endif
