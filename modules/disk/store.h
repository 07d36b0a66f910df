/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * store.h - what was changed in a scratch goes to the disk.
 */
#ifndef DISK_STORE_H
#define DISK_STORE_H

#include "gpt.h"
#include "label.h"
#include "scratch.h"

/* Sectors that differ, together with what was there. */
struct change {
    uint64_t offset; /* bytes */
    uint64_t length;
    unsigned step;   /* those of a lower one are on the disk before a higher one is begun */
    uint8_t *before;
    uint8_t *after;
};

struct changes {
    struct change *list; /* in the order in which they are written */
    size_t count;
    size_t room;
};

/* Finds what differs between the scratch and the disk, and the order: `label` is the new table's,
 * `gpt` how the old one was. */
int32_t changes_find(struct tarn_call *call, struct changes *changes, struct scratch *scratch,
                     const struct label *label, const struct gpt_state *gpt);
void changes_clear(struct changes *changes);

/* Writes them. Each step is durable before the next; killed at any moment, what is read afterwards
 * is the old table or the new one. On failure what was written is taken back. */
int32_t changes_store(struct tarn_call *call, const struct changes *changes,
                      const struct scratch *scratch);
/* Writes what was there before, as far as the disk lets us. */
void changes_take_back(const struct changes *changes, const struct scratch *scratch);

#endif
