/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Where a new partition goes: the best fit among the gaps, aligned.
 */
#include "place.h"

#define MIB ((uint64_t)1024 * 1024)

/* Nothing beyond is a transfer size, and what is no multiple of a page is a lie that some USB
 * bridges tell (65535 sectors). */
#define OPTIMAL_MAX ((uint64_t)1024 * MIB)
#define PAGE 4096u

static uint64_t round_up(uint64_t value, uint64_t grain)
{
    uint64_t rest = value % grain;

    return rest == 0 ? value : value + (grain - rest);
}

struct grain grain_of(const struct table *table, uint64_t optimal, uint64_t offset)
{
    if (table->label->cylinders && table->cylinder > 0)
        return (struct grain){ table->cylinder, 0, table->cylinder };
    if (optimal == 0 || optimal > OPTIMAL_MAX || optimal % PAGE != 0)
        optimal = MIB;
    if (offset >= PAGE || offset % table->sector != 0)
        offset = 0;
    return (struct grain){ round_up(MIB, optimal) / table->sector, offset / table->sector, 1 };
}

struct gap place_usable(const struct gap *gap, const struct grain *grain)
{
    uint64_t first = gap->start + (gap->logical ? 1 : 0);
    uint64_t above = first > grain->offset ? first - grain->offset : 0;
    struct gap usable = *gap;

    usable.start = round_up(above, grain->start) + grain->offset;
    if (usable.start >= gap->end)
        usable.end = usable.start;
    else
        usable.end = usable.start + (gap->end - usable.start) / grain->length * grain->length;
    return usable;
}

bool place_find(const struct gap *gaps, size_t count, bool logical, const struct grain *grain,
                uint64_t length, struct gap *out, uint64_t *out_largest)
{
    uint64_t wanted = round_up(length, grain->length);
    uint64_t best = 0;
    bool found = false;
    size_t i;

    *out_largest = 0;
    for (i = 0; i < count; i++) {
        struct gap usable = place_usable(&gaps[i], grain);
        uint64_t room = usable.end - usable.start;

        if (gaps[i].logical != logical)
            continue;
        if (room > *out_largest)
            *out_largest = room;
        if (room < wanted || wanted == 0 || (found && room >= best))
            continue;
        found = true;
        best = room;
        *out = (struct gap){ usable.start, usable.start + wanted, logical };
    }
    return found;
}

size_t place_cut(struct gap *gaps, size_t count, uint64_t start, uint64_t end)
{
    size_t i;

    for (i = 0; i < count; i++) {
        struct gap whole = gaps[i];

        if (end <= whole.start || start >= whole.end)
            continue;
        gaps[i].end = start > whole.start ? start : whole.start;
        if (end < whole.end) /* of one gap only: the range is one piece */
            gaps[count++] = (struct gap){ end, whole.end, whole.logical };
    }
    return count;
}

uint64_t place_limit(const struct gap *gaps, size_t count, bool logical, uint64_t end)
{
    size_t i;

    for (i = 0; i < count; i++)
        if (gaps[i].logical == logical && gaps[i].start == end)
            return gaps[i].end;
    return end;
}
