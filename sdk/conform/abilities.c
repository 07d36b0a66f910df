/* SPDX-License-Identifier: BSD-2-Clause
 *
 * abilities.c - see abilities.h.
 */
#include "conform/abilities.h"

#include <stdbool.h>
#include <stddef.h>

static void say_if(FILE *to, bool able, const char *word)
{
    if (able)
        fprintf(to, " %s", word);
}

void abilities_print_type(FILE *to, const struct tarn_pool_type *type)
{
    say_if(to, type->find_sources != NULL, "find-sources");
    say_if(to, type->build != NULL, "build");
    say_if(to, type->start != NULL, "start");
    say_if(to, type->stop != NULL, "stop");
    say_if(to, type->remove != NULL, "delete");
    say_if(to, type->watch_open != NULL, "watch");
    say_if(to, type->volume_allocate != NULL, "create");
    say_if(to, type->volume_clone != NULL, "clone");
    say_if(to, type->volume_open != NULL, "open");
    say_if(to, type->volume_delete != NULL, "delete-volume");
    /* A container that grows as it is written needs no operation of the type's own for it. */
    say_if(to, type->volume_resize != NULL || (type->volume_open != NULL &&
                                               !(type->flags & TARN_POOL_SIZED_CONTAINERS)),
           "resize");
    say_if(to, type->flags & TARN_POOL_SNAPSHOTS, "snapshots");
}

void abilities_print_format(FILE *to, const struct tarn_format *format)
{
    static const struct {
        uint32_t capability;
        const char *word;
    } words[] = {
        { TARN_FORMAT_PROBE, "probe" },       { TARN_FORMAT_READ, "read" },
        { TARN_FORMAT_WRITE, "write" },       { TARN_FORMAT_CREATE, "create" },
        { TARN_FORMAT_GROW, "grow" },         { TARN_FORMAT_SHRINK, "shrink" },
        { TARN_FORMAT_CHECK, "check" },       { TARN_FORMAT_REPAIR, "repair" },
        { TARN_FORMAT_MAP, "map" },           { TARN_FORMAT_BACKING, "backing" },
        { TARN_FORMAT_COMPRESS, "compress" }, { TARN_FORMAT_TRANSPARENT, "transparent" },
    };
    const uint32_t rewritten = TARN_FORMAT_CREATE | TARN_FORMAT_WRITE;

    for (size_t index = 0; index < sizeof(words) / sizeof(words[0]); index++)
        say_if(to, format->capabilities & words[index].capability, words[index].word);
    say_if(to, (format->capabilities & TARN_FORMAT_FILL) != 0 ||
                   (format->capabilities & rewritten) == rewritten, "convert");
}
