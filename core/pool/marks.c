/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Records of marks as files of a few lines, the first of which says whose they are:
 *
 *     pool 4e6f2c6a-… source 9c0d3a5be2f41877
 *     filesystem 1f0e8a4c-…
 */
#include "core/pool/marks.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/error.h"
#include "core/base/persist.h"

#define RECORD_LIMIT (16u << 20) /* a mark for each unit of a target that has very many */
#define WORD_LIMIT 1024u
#define OWNER_SIZE 80

/* --- in memory -------------------------------------------------------------------------------- */

static void mark_free(struct mark *mark)
{
    if (mark == NULL)
        return;
    free(mark->kind);
    free(mark->id);
    free(mark);
}

void marks_clear(struct marks *marks)
{
    struct mark *mark;
    struct mark *next;

    HASH_ITER(hh, marks->table, mark, next) {
        HASH_DEL(marks->table, mark);
        mark_free(mark);
    }
}

void marks_free(struct marks *marks)
{
    if (marks != NULL)
        marks_clear(marks);
    free(marks);
}

static struct mark *find(const struct marks *marks, const char *kind)
{
    struct mark *mark;

    HASH_FIND_STR(marks->table, kind, mark);
    return mark;
}

const char *marks_find(const struct marks *marks, const char *kind)
{
    const struct mark *mark = find(marks, kind);

    return mark != NULL ? mark->id : NULL;
}

/* A kind is a word, an id may hold spaces; neither a control character. */
static bool fits(const char *text, bool spaces)
{
    const char *at;

    for (at = text; *at != '\0'; at++)
        if ((unsigned char)*at < ' ' || *at == 0x7f || (*at == ' ' && !spaces))
            return false;
    return at != text && (size_t)(at - text) <= WORD_LIMIT;
}

static int add(struct marks *marks, const char *kind, const char *id)
{
    struct mark *mark = calloc(1, sizeof(*mark));

    if (mark != NULL) {
        mark->kind = strdup(kind);
        mark->id = strdup(id);
    }
    if (mark == NULL || mark->kind == NULL || mark->id == NULL) {
        mark_free(mark);
        return TARN_E_INTERNAL;
    }
    HASH_ADD_KEYPTR(hh, marks->table, mark->kind, strlen(mark->kind), mark);
    return TARN_OK;
}

int marks_put(struct marks *marks, const char *kind, const char *id, struct tarn_error **error)
{
    struct mark *mark;
    char *copy;

    if (!fits(kind, false) || !fits(id, true))
        return error_set(error, TARN_E_INVALID, 0,
                         "the storage cannot be recognised by \"%s\" \"%s\": both need be short "
                         "lines of text", kind, id);
    mark = find(marks, kind);
    copy = mark != NULL ? strdup(id) : NULL;
    if (mark != NULL && copy != NULL) {
        free(mark->id);
        mark->id = copy;
        return TARN_OK;
    }
    if (mark == NULL && add(marks, kind, id) == TARN_OK)
        return TARN_OK;
    return error_set(error, TARN_E_INTERNAL, 0, "no memory to keep what a storage is");
}

/* --- whose they are --------------------------------------------------------------------------- */

/* 64-bit FNV-1a, as for locks; 0xff ends a part, since no UTF-8 text has it. */
static uint64_t hash_add(uint64_t hash, const char *text)
{
    for (; text != NULL && *text != '\0'; text++)
        hash = (hash ^ (unsigned char)*text) * UINT64_C(0x100000001b3);
    return (hash ^ 0xff) * UINT64_C(0x100000001b3);
}

/* Where the storage is. How it is spoken to (format, protocol, user) may change under it. */
static uint64_t hash_source(const struct tarn_pool_def *def)
{
    const struct tarn_source *source = def->source;
    uint64_t hash = hash_add(UINT64_C(0xcbf29ce484222325), def->type);
    size_t index;

    for (index = 0; source->hosts[index] != NULL; index++)
        hash = hash_add(hash, source->hosts[index]->name);
    for (index = 0; source->devices[index] != NULL; index++)
        hash = hash_add(hash, source->devices[index]->path);
    return hash_add(hash_add(hash, source->dir), source->name);
}

static void owner_line(char out[OWNER_SIZE], const struct tarn_pool_def *def)
{
    snprintf(out, OWNER_SIZE, "pool %s source %016" PRIx64 "\n", def->uuid, hash_source(def));
}

/* --- the file --------------------------------------------------------------------------------- */

/* Each line is "KIND ID"; the text is taken apart in place. */
static int parse(struct marks *out, char *lines, struct tarn_error **error)
{
    while (*lines != '\0') {
        char *end = strchr(lines, '\n');
        char *space = strchr(lines, ' ');
        int status;

        if (end == NULL || space == NULL || space > end)
            return TARN_E_CORRUPT;
        *end = *space = '\0';
        status = marks_put(out, lines, space + 1, error);
        if (status != TARN_OK)
            return status;
        lines = end + 1;
    }
    return TARN_OK;
}

int marks_read(struct marks *out, struct tarn_context *context, const struct tarn_pool_def *def,
               struct tarn_error **error)
{
    const char *folder = context->folders.marks;
    struct tarn_error *why = NULL;
    char owner[OWNER_SIZE];
    char *text = NULL;
    size_t length;
    int status = persist_read(&text, &length, folder, def->name, RECORD_LIMIT, &why);

    memset(out, 0, sizeof(*out));
    if (status == TARN_E_NOT_FOUND) {
        tarn_error_free(why);
        return TARN_OK;
    }
    if (status != TARN_OK)
        return why != NULL ? error_pass(error, why) : status;
    owner_line(owner, def);
    if (strncmp(text, "pool ", 5) != 0 || strchr(text, '\n') == NULL)
        status = TARN_E_CORRUPT;
    else if (strncmp(text, owner, strlen(owner)) == 0)
        status = parse(out, text + strlen(owner), NULL);
    free(text);
    if (status == TARN_OK)
        return TARN_OK;
    marks_clear(out);
    return error_set(error, TARN_E_CORRUPT, 0,
                     "the record %s/%s of what the storage of the pool is, is damaged: see that it "
                     "is the right storage, and start the pool with --adopt", folder, def->name);
}

int marks_write(struct tarn_context *context, const struct tarn_pool_def *def,
                const struct marks *marks, struct tarn_error **error)
{
    char owner[OWNER_SIZE];
    char *text = NULL;
    size_t length = 0;
    const struct mark *mark;
    FILE *stream = open_memstream(&text, &length);
    int status;

    owner_line(owner, def);
    if (stream != NULL)
        fputs(owner, stream);
    for (mark = marks->table; stream != NULL && mark != NULL; mark = mark->hh.next)
        fprintf(stream, "%s %s\n", mark->kind, mark->id);
    if (stream == NULL || fclose(stream) != 0)
        status = error_set(error, TARN_E_INTERNAL, 0, "no memory to keep what a storage is");
    else
        status = persist_write(context->folders.marks, def->name, text, length, error);
    free(text);
    return status;
}

int marks_forget(struct tarn_context *context, const char *pool, struct tarn_error **error)
{
    struct tarn_error *why = NULL;
    int status = persist_remove(context->folders.marks, pool, &why);

    if (status != TARN_OK && status != TARN_E_NOT_FOUND && why != NULL)
        return error_pass(error, why);
    tarn_error_free(why);
    return status == TARN_E_NOT_FOUND ? TARN_OK : status;
}
