/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Variables that give back what they hold when they go out of scope: AUTO(pool) for
 * `struct tarn_pool *`, and so on.
 */
#ifndef TOOLS_AUTO_H
#define TOOLS_AUTO_H

#include <stdlib.h>

#include <tarn/tarn.h>

#define AUTO(what) __attribute__((__cleanup__(what##_drop)))

#define AUTO_DROP(what, type, give_back) \
    static inline void what##_drop(type *variable) \
    { \
        if (*variable) \
            give_back(*variable); \
    }

AUTO_DROP(text, char *, free)
AUTO_DROP(pool, struct tarn_pool *, tarn_pool_unref)
AUTO_DROP(pool_list, struct tarn_pool **, tarn_pool_list_free)
AUTO_DROP(pool_record, struct tarn_pool_record *, tarn_pool_record_free)
AUTO_DROP(volume, struct tarn_volume *, tarn_volume_unref)
AUTO_DROP(volume_list, struct tarn_volume **, tarn_volume_list_free)
AUTO_DROP(volume_record, struct tarn_volume_record *, tarn_volume_record_free)
AUTO_DROP(module_list, struct tarn_module_record **, tarn_module_list_free)
AUTO_DROP(module_record, struct tarn_module_record *, tarn_module_record_free)
AUTO_DROP(capability_list, struct tarn_capability_record **, tarn_capability_list_free)

#endif
