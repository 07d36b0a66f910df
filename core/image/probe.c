/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Magics are data, so most containers are judged by a few comparisons within the bytes that were
 * read anyway; only formats that look further (at the end, or beyond the first page) cost another
 * read, and only when nothing nearer was sure.
 */
#include "core/image/probe.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

struct window {
    const unsigned char *head;
    uint64_t head_length;
    const unsigned char *tail;
    uint64_t tail_length;
    uint64_t size;
};

static bool magic_matches(const struct tarn_magic *magic, const struct window *window)
{
    uint64_t offset = (uint64_t)magic->offset;

    if (magic->offset >= 0)
        return offset <= window->head_length && magic->length <= window->head_length - offset &&
               memcmp(window->head + offset, magic->bytes, magic->length) == 0;
    offset = 0 - offset; /* from the end */
    return offset <= window->tail_length && magic->length <= offset &&
           memcmp(window->tail + window->tail_length - offset, magic->bytes, magic->length) == 0;
}

static bool any_magic(const struct tarn_format *format, const struct window *window)
{
    const struct tarn_magic *const *magic = format->magics;

    if (magic == NULL)
        return true;
    for (; *magic != NULL; magic++)
        if (magic_matches(*magic, window))
            return true;
    return false;
}

static int32_t confidence(const struct format_ref *candidate, const struct window *window)
{
    const struct tarn_probe probe = {
        .struct_size = sizeof(probe),
        .head = window->head,
        .head_length = window->head_length,
        .tail = window->tail,
        .tail_length = window->tail_length,
        .size = window->size,
    };
    int32_t result;

    if (candidate->format->probe == NULL || !any_magic(candidate->format, window))
        return TARN_PROBE_NO;
    module_enter(candidate->module);
    result = candidate->format->probe(&probe);
    module_leave(candidate->module);
    return result;
}

static int32_t best_match(const struct format_ref **best, const struct format_ref *all,
                          const struct window *window)
{
    const struct format_ref *candidate;
    int32_t most = TARN_PROBE_NO;

    for (candidate = all; candidate->format != NULL; candidate++) {
        int32_t sure = confidence(candidate, window);

        if (sure > most) {
            most = sure;
            *best = candidate;
        }
    }
    return most;
}

static const struct format_ref *transparent(const struct format_ref *all)
{
    for (; all->format != NULL; all++)
        if ((all->format->capabilities & TARN_FORMAT_TRANSPARENT) &&
            !(all->format->capabilities & TARN_FORMAT_PROBE))
            return all;
    return NULL;
}

static void widest_needs(uint64_t *head, uint64_t *tail, const struct format_ref *all)
{
    *head = PROBE_HEAD;
    *tail = 0;
    for (; all->format != NULL; all++) {
        if (all->format->head_needed > *head)
            *head = all->format->head_needed;
        if (all->format->tail_needed > *tail)
            *tail = all->format->tail_needed;
    }
    *head = *head < PROBE_LIMIT ? *head : PROBE_LIMIT;
    *tail = *tail < PROBE_LIMIT ? *tail : PROBE_LIMIT;
}

/* The second look, with all that any format asks for. */
static int look_wider(const struct format_ref **best, const struct format_ref *all,
                      const struct probe_subject *subject, struct tarn_error **error)
{
    struct window wide = { .size = subject->size };
    unsigned char *bytes;
    int status = TARN_OK;

    widest_needs(&wide.head_length, &wide.tail_length, all);
    if (wide.head_length <= subject->head_length && wide.tail_length == 0)
        return TARN_OK;
    if (wide.head_length > subject->size)
        wide.head_length = subject->size;
    if (wide.tail_length > subject->size)
        wide.tail_length = subject->size;
    bytes = malloc(wide.head_length + wide.tail_length + 1);
    if (bytes == NULL)
        return error_set(error, TARN_E_INTERNAL, 0, "no memory to probe a format");
    wide.head = bytes;
    wide.tail = bytes + wide.head_length;
    status = tarn_io_pread(&subject->call->abi, subject->io, bytes, wide.head_length, 0);
    if (status == TARN_OK)
        status = tarn_io_pread(&subject->call->abi, subject->io, bytes + wide.head_length,
                               wide.tail_length, wide.size - wide.tail_length);
    if (status == TARN_OK)
        best_match(best, all, &wide);
    free(bytes);
    return status;
}

int probe_format(struct format_ref *out, struct registry *registry,
                 const struct probe_subject *subject, struct tarn_error **error)
{
    const struct window near = { subject->head, subject->head_length, NULL, 0, subject->size };
    const struct format_ref *all = NULL;
    const struct format_ref *best = NULL;
    int status = registry_formats(&all, registry, error);

    if (status == TARN_OK && best_match(&best, all, &near) < TARN_PROBE_SURE &&
        subject->io != NULL)
        status = look_wider(&best, all, subject, error);
    if (status != TARN_OK)
        return status;
    if (best == NULL)
        best = transparent(all);
    if (best == NULL)
        return error_set(error, TARN_E_NO_MODULE, 0,
                         "the bytes are of no format that a module knows: enable one that takes "
                         "any bytes, such as raw");
    *out = *best;
    return TARN_OK;
}
