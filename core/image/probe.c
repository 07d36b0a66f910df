/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Magics are data, so most containers are judged by a few comparisons within the bytes that were
 * read anyway. Formats that look further (at the end, or beyond the first page) cost another read
 * only when nothing nearer was sure, and then only of the places where their magics would be: what
 * they want to see besides is read when one of those is there.
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

static int32_t confidence(const struct format_ref *candidate, const struct window *window,
                          const struct probe_subject *subject)
{
    const struct probe_question question = {
        .probe = { .struct_size = sizeof(question.probe),
                   .head = window->head,
                   .head_length = window->head_length,
                   .tail = window->tail,
                   .tail_length = window->tail_length,
                   .size = window->size },
        .module = candidate->module,
        .operation = subject->call->operation,
    };
    int32_t result;

    if (candidate->format->probe == NULL || !any_magic(candidate->format, window))
        return TARN_PROBE_NO;
    module_enter(candidate->module);
    result = candidate->format->probe(&question.probe);
    module_leave(candidate->module);
    return result;
}

/* Does the format want to see more than was read? */
static bool looks_further(const struct tarn_format *format, const struct probe_subject *subject)
{
    return format->probe != NULL &&
           (format->tail_needed > 0 ||
            (format->head_needed > subject->head_length && subject->size > subject->head_length));
}

/* What a format says that has not seen all it wants counts only if it is sure. */
static int32_t best_match(const struct format_ref **best, const struct format_ref *all,
                          const struct probe_subject *subject)
{
    const struct window near = { subject->head, subject->head_length, NULL, 0, subject->size };
    const struct format_ref *candidate;
    int32_t most = TARN_PROBE_NO;

    for (candidate = all; candidate->format != NULL; candidate++) {
        int32_t sure = confidence(candidate, &near, subject);

        if (sure < TARN_PROBE_SURE && subject->io != NULL &&
            looks_further(candidate->format, subject))
            continue;
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

/* --- the second look -------------------------------------------------------------------------- */

/* As much as is read for the sake of one magic; half of it is seen from any place on. */
#define PIECE 1024u
/* What nearly all formats that look at the end want to see of it. */
#define END 512u

struct piece {
    uint64_t offset;
    uint64_t length;
    unsigned char bytes[PIECE];
};

/* A second look at a container. Pieces stay until another is wanted, since several formats look at
 * the same places. */
struct look {
    const struct probe_subject *subject;
    struct piece end;
    struct piece elsewhere;
};

static int bring(struct look *look, void *to, uint64_t offset, uint64_t length)
{
    const struct probe_subject *subject = look->subject;

    if (offset <= subject->head_length && length <= subject->head_length - offset) {
        if (length > 0)
            memcpy(to, (const unsigned char *)subject->head + offset, length);
        return TARN_OK;
    }
    return tarn_io_pread(&subject->call->abi, subject->io, to, length, offset);
}

static int bring_piece(struct look *look, struct piece *piece, uint64_t offset, uint64_t length)
{
    int status;

    if (piece->offset <= offset && offset + length <= piece->offset + piece->length)
        return TARN_OK;
    piece->offset = piece == &look->end ? offset : offset / (PIECE / 2) * (PIECE / 2);
    piece->length = look->subject->size - piece->offset;
    if (piece->length > PIECE)
        piece->length = PIECE;
    status = bring(look, piece->bytes, piece->offset, piece->length);
    if (status != TARN_OK)
        piece->length = 0;
    return status;
}

/* The bytes of a range that lies within the container and is not longer than half a piece. */
static int see(const unsigned char **out, struct look *look, uint64_t offset, uint64_t length)
{
    uint64_t size = look->subject->size;
    uint64_t end = size < END ? 0 : size - END;
    struct piece *piece = offset >= end ? &look->end : &look->elsewhere;
    int status = offset >= end ? bring_piece(look, piece, end, size - end)
                               : bring_piece(look, piece, offset, length);

    if (status == TARN_OK)
        *out = piece->bytes + (offset - piece->offset);
    return status;
}

/* Of a magic that is longer than half a piece the beginning has to do for the time being. */
static int magic_is_there(bool *out, struct look *look, const struct tarn_magic *magic)
{
    uint64_t size = look->subject->size;
    uint64_t length = magic->length < PIECE / 2 ? magic->length : PIECE / 2;
    uint64_t offset = (uint64_t)magic->offset;
    const unsigned char *bytes = NULL;
    int status;

    *out = false;
    if (magic->offset < 0 && 0 - offset > size)
        return TARN_OK;
    if (magic->offset < 0)
        offset = size - (0 - offset);
    if (offset > size || magic->length > size - offset)
        return TARN_OK;
    status = see(&bytes, look, offset, length);
    *out = status == TARN_OK && memcmp(bytes, magic->bytes, length) == 0;
    return status;
}

static int any_magic_is_there(bool *out, struct look *look, const struct tarn_format *format)
{
    const struct tarn_magic *const *magic = format->magics;
    int status = TARN_OK;

    *out = magic == NULL;
    for (; magic != NULL && *magic != NULL && !*out && status == TARN_OK; magic++)
        status = magic_is_there(out, look, *magic);
    return status;
}

/* Shows the format what it wants to see. What does not fit into a piece goes into *out_buffer. */
static int show(struct window *out, unsigned char **out_buffer, struct look *look,
                const struct tarn_format *format, struct tarn_error **error)
{
    const struct probe_subject *subject = look->subject;
    uint64_t size = subject->size;
    uint64_t head = format->head_needed < size ? format->head_needed : size;
    uint64_t tail = format->tail_needed < size ? format->tail_needed : size;
    int status = TARN_OK;

    *out = (struct window){ subject->head, subject->head_length, NULL, tail, size };
    if (head > subject->head_length || tail > END) {
        *out_buffer = malloc(head + tail + 1);
        if (*out_buffer == NULL)
            return error_set(error, TARN_E_INTERNAL, 0, "no memory to probe a format");
    }
    if (head > subject->head_length) {
        out->head = *out_buffer;
        out->head_length = head;
        status = bring(look, *out_buffer, 0, head);
    }
    if (tail <= END)
        return status == TARN_OK && tail > 0 ? see(&out->tail, look, size - tail, tail) : status;
    out->tail = *out_buffer + head;
    return status == TARN_OK ? bring(look, *out_buffer + head, size - tail, tail) : status;
}

static int look_again(int32_t *out_sure, struct look *look, const struct format_ref *candidate,
                      struct tarn_error **error)
{
    unsigned char *buffer = NULL;
    struct window window;
    bool worth = false;
    int status = any_magic_is_there(&worth, look, candidate->format);

    *out_sure = TARN_PROBE_NO;
    if (status != TARN_OK || !worth)
        return status;
    status = show(&window, &buffer, look, candidate->format, error);
    if (status == TARN_OK)
        *out_sure = confidence(candidate, &window, look->subject);
    free(buffer);
    return status;
}

static int look_wider(const struct format_ref **best, int32_t most, const struct format_ref *all,
                      const struct probe_subject *subject, struct tarn_error **error)
{
    struct look look;
    int status = TARN_OK;

    look.subject = subject;
    look.end.offset = look.end.length = 0;
    look.elsewhere.offset = look.elsewhere.length = 0;
    for (; status == TARN_OK && all->format != NULL; all++) {
        int32_t sure;

        if (!looks_further(all->format, subject))
            continue;
        status = look_again(&sure, &look, all, error);
        if (status == TARN_OK && sure > most) {
            most = sure;
            *best = all;
        }
    }
    return status;
}

/* --- the whole -------------------------------------------------------------------------------- */

int probe_format(struct format_ref *out, struct registry *registry,
                 const struct probe_subject *subject, struct tarn_error **error)
{
    const struct format_ref *all = NULL;
    const struct format_ref *best = NULL;
    int32_t sure = TARN_PROBE_NO;
    int status = registry_formats(&all, registry, error);

    if (status == TARN_OK)
        sure = best_match(&best, all, subject);
    if (status == TARN_OK && sure < TARN_PROBE_SURE && subject->io != NULL)
        status = look_wider(&best, sure, all, subject, error);
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
