/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Where a context keeps and finds its files. All absolute; all made by folders_init except those
 * that the installation and the administrator bring.
 */
#ifndef CORE_FOLDERS_H
#define CORE_FOLDERS_H

#include <tarn/tarn.h>

struct folders {
    char *pools;         /* definitions: config/pools/NAME.xml */
    char *autostart;     /* config/autostart/NAME.xml -> ../pools/NAME.xml */
    char *own_plugins;   /* config/plugins.d: the administrator's .conf files, mask the installed */
    char *secrets;       /* config/secrets/NAME: the administrator's, each with mode 0600 */
    char *records;       /* state/volumes/POOL/NAME: what was decided about a volume */
    char *marks;         /* state/pools/NAME: what the pool's storage says it is */
    char *active;        /* run/pools/NAME.xml: the definition of an active pool */
    char *reasons;       /* run/reasons/NAME: why the pool is not active, although it should be */
    char *seen;          /* run/seen/NAME: what was last seen of storage that may not answer */
    char *news;          /* run/news/NAME: what processes did in the pool, for those that listen */
    char *lock;          /* run/lock: the file whose bytes processes lock against each other */
    char *plugins;       /* installed .conf files */
    char *modules;       /* installed .so files */
    char *module_host;   /* the program that isolated modules run in */
};

int folders_init(struct folders *folders, const struct tarn_context_options *options,
                 struct tarn_error **error);
void folders_clear(struct folders *folders);

#endif
