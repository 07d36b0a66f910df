/* SPDX-License-Identifier: BSD-2-Clause
 *
 * abilities.h - what a part of a module declares that it can do, in words for people: those of tarn
 * type-list and format-list, and of the kit's matrix.
 */
#ifndef TARN_ABILITIES_H
#define TARN_ABILITIES_H

#include <stdbool.h>
#include <stddef.h>

#include <tarn/module.h>

#define ABILITIES_MOST 24

struct abilities {
    const char *words[ABILITIES_MOST + 1]; /* ends with NULL */
    size_t count;
};

static inline void ability_add(struct abilities *to, bool able, const char *word)
{
    if (able && to->count < ABILITIES_MOST)
        to->words[to->count++] = word;
}

/* Of a complete pool type. *to is zeroed before. */
static inline void abilities_of_type(struct abilities *to, const struct tarn_pool_type *type)
{
    ability_add(to, type->find_sources != NULL, "find-sources");
    ability_add(to, type->build != NULL, "build");
    ability_add(to, type->start != NULL, "start");
    ability_add(to, type->stop != NULL, "stop");
    ability_add(to, type->remove != NULL, "delete");
    ability_add(to, type->watch_open != NULL, "watch");
    ability_add(to, type->volume_allocate != NULL, "create");
    ability_add(to, type->volume_clone != NULL, "clone");
    ability_add(to, type->volume_open != NULL, "open");
    ability_add(to, type->volume_delete != NULL, "delete-volume");
    /* A container that grows as it is written needs no operation of the type's own for it. */
    ability_add(to, type->volume_resize != NULL || (type->volume_open != NULL &&
                                                    !(type->flags & TARN_POOL_SIZED_CONTAINERS)),
                "resize");
    ability_add(to, (type->flags & TARN_POOL_SNAPSHOTS) != 0, "snapshots");
}

/* Of a complete format. *to is zeroed before. */
static inline void abilities_of_format(struct abilities *to, const struct tarn_format *format)
{
    static const struct {
        uint32_t capability;
        const char *word;
    } known[] = {
        { TARN_FORMAT_PROBE, "probe" },       { TARN_FORMAT_READ, "read" },
        { TARN_FORMAT_WRITE, "write" },       { TARN_FORMAT_CREATE, "create" },
        { TARN_FORMAT_GROW, "grow" },         { TARN_FORMAT_SHRINK, "shrink" },
        { TARN_FORMAT_CHECK, "check" },       { TARN_FORMAT_REPAIR, "repair" },
        { TARN_FORMAT_MAP, "map" },           { TARN_FORMAT_BACKING, "backing" },
        { TARN_FORMAT_COMPRESS, "compress" }, { TARN_FORMAT_TRANSPARENT, "transparent" },
    };
    const uint32_t rewritten = TARN_FORMAT_CREATE | TARN_FORMAT_WRITE;

    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        ability_add(to, (format->capabilities & known[i].capability) != 0, known[i].word);
    ability_add(to, (format->capabilities & TARN_FORMAT_FILL) != 0 ||
                        (format->capabilities & rewritten) == rewritten, "convert");
}

#endif
