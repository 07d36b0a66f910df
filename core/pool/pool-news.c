/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What was done in a pool, for the listeners in other processes: run/news/NAME, a line for each deed,
 * each added by one write.
 *
 *     CONTEXT ⇥ KIND ⇥ volume ⇥ text
 *
 * Storage that can be watched tells what becomes of its volumes itself; of it there is here only what
 * modules notice. A file that got long begins anew: who has not read it to its end then looks at
 * everything instead.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/field-text.h"
#include "core/context/event.h"
#include "core/pool/observe.h"
#include "core/pool/pool.h"

#define NEWS_LIMIT 65536

enum { FROM, KIND, VOLUME, TEXT, FIELDS };

static int open_news(const struct tarn_pool *pool, int flags)
{
    char path[4096];
    int length = snprintf(path, sizeof(path), "%s/%s", pool->context->folders.news, pool->name);

    if (length < 0 || (size_t)length >= sizeof(path))
        return -1;
    return open(path, flags | O_CLOEXEC | O_NOFOLLOW, 0600);
}

/* --- telling ---------------------------------------------------------------------------------- */

static bool is_of_volumes(uint32_t kind)
{
    return kind == TARN_EVENT_VOLUME_ADDED || kind == TARN_EVENT_VOLUME_CHANGED ||
           kind == TARN_EVENT_VOLUME_REMOVED;
}

static bool can_be_watched(const struct pool_session *session)
{
    return session->type.type->watch_open != NULL;
}

static bool append(int fd, const struct field_text *line)
{
    struct stat known;

    if (fstat(fd, &known) == 0 && known.st_size > NEWS_LIMIT && ftruncate(fd, 0) < 0)
        return false;
    return write(fd, line->bytes, line->length) == (ssize_t)line->length;
}

void pool_news_tell(struct tarn_pool *pool, const struct pool_session *session, uint32_t kind,
                    const char *volume, const char *text)
{
    struct field_text line = { 0 };
    char number[16];
    int fd;

    if (is_of_volumes(kind) && can_be_watched(session))
        return;
    snprintf(number, sizeof(number), "%" PRIu32, kind);
    field_text_put(&line, pool->context->id, strlen(pool->context->id));
    field_text_field(&line, number);
    field_text_field(&line, volume);
    field_text_field(&line, text);
    field_text_put(&line, "\n", 1);
    fd = line.failed ? -1 : open_news(pool, O_WRONLY | O_APPEND | O_CREAT);
    if (fd < 0 || !append(fd, &line))
        context_log(pool->context, TARN_LOG_DEBUG, "other processes do not hear of pool %s: %s",
                    pool->name, line.failed ? "no memory" : strerror(errno));
    if (fd >= 0)
        close(fd);
    free(line.bytes);
}

void pool_news_drop(struct tarn_pool *pool)
{
    char path[4096];
    int length = snprintf(path, sizeof(path), "%s/%s", pool->context->folders.news, pool->name);

    if (length > 0 && (size_t)length < sizeof(path))
        unlink(path); /* mostly there is none */
}

/* --- hearing ---------------------------------------------------------------------------------- */

struct hearing {
    struct tarn_pool *pool;
    struct pool_session *session;
    struct operation *operation;
};

static void hear_notice(const struct hearing *hearing, uint32_t kind, const char *volume,
                        const char *text)
{
    const char *uuid = hearing->session->def->abi.uuid;

    if (kind == TARN_EVENT_VOLUME_MOVED && volume != NULL && text != NULL)
        pool_rename_known(hearing->pool, text, volume);
    if (kind == TARN_EVENT_POOL_WATERMARK || kind == TARN_EVENT_POOL_REPAIRED ||
        kind == TARN_EVENT_VOLUME_MOVED)
        event_add(hearing->pool->context, kind, hearing->pool->name, uuid, volume, text);
}

static void hear_of_volume(const struct hearing *hearing, uint32_t kind, const char *volume)
{
    struct volume_entry *entry = NULL;

    if (kind != TARN_EVENT_VOLUME_REMOVED)
        pool_observe_one(&entry, hearing->pool, hearing->session, hearing->operation, volume, NULL);
    else if (inventory_remove(hearing->pool->inventory, volume, 0))
        tell_volume(hearing->pool, TARN_EVENT_VOLUME_REMOVED, volume);
    volume_entry_unref(entry);
}

static void hear_line(const struct hearing *hearing, char *line)
{
    char *fields[FIELDS];
    const char *volume;
    size_t count = 0;
    uint32_t kind;

    while (count < FIELDS && (fields[count] = strsep(&line, "\t")) != NULL)
        count++;
    if (count < FIELDS || strcmp(fields[FROM], hearing->pool->context->id) == 0)
        return;
    kind = (uint32_t)strtoul(fields[KIND], NULL, 10);
    volume = field_text_read(fields[VOLUME]);
    if (is_of_volumes(kind) && volume != NULL)
        hear_of_volume(hearing, kind, volume);
    else
        hear_notice(hearing, kind, volume, field_text_read(fields[TEXT]));
}

/* What was read may end in the middle of a line, whose rest is for the next time. */
static void hear_lines(const struct hearing *hearing, char *text, size_t length)
{
    char *end = memrchr(text, '\n', length);
    char *line;

    if (end == NULL)
        return;
    *end = '\0';
    hearing->pool->news_heard += end - text + 1;
    while ((line = strsep(&text, "\n")) != NULL)
        hear_line(hearing, line);
}

static void hear_file(const struct hearing *hearing, int fd)
{
    struct tarn_pool *pool = hearing->pool;
    struct stat known;
    char *text = NULL;
    ssize_t length;

    if (fstat(fd, &known) < 0)
        return;
    if (known.st_size < pool->news_heard) {
        pool->news_heard = known.st_size;
        pool_observe_all(pool, hearing->session, hearing->operation, NULL);
        return;
    }
    if (known.st_size > pool->news_heard)
        text = malloc((size_t)(known.st_size - pool->news_heard));
    if (text == NULL)
        return;
    length = pread(fd, text, (size_t)(known.st_size - pool->news_heard), pool->news_heard);
    if (length > 0)
        hear_lines(hearing, text, (size_t)length);
    free(text);
}

void pool_news_hear(struct tarn_pool *pool, struct pool_session *session,
                    struct operation *operation)
{
    const struct hearing hearing = { pool, session, operation };
    int fd = open_news(pool, O_RDONLY);

    if (fd < 0) {
        pool->news_heard = 0;
        return;
    }
    hear_file(&hearing, fd);
    close(fd);
}

void pool_news_skip(struct tarn_pool *pool)
{
    int fd = open_news(pool, O_RDONLY);
    struct stat known;

    pool->news_heard = fd >= 0 && fstat(fd, &known) == 0 ? known.st_size : 0;
    if (fd >= 0)
        close(fd);
}
