/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Records of volumes as files of a few lines:
 *
 *     format vmdk
 *     key nTWmUn-0D5R-yc3F-gTGx-jHd4-V6wV-fKbbJ2
 *     pending
 *     file disk-flat.vmdk
 *     backing-format raw
 *     backing /srv/images/base.raw
 *
 * The path is last and ends with the file, since it may hold anything but NUL.
 */
#include "core/volume/record.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/persist.h"
#include "sdk/helpers/errno-status.h"

/* Holds the names of as many files as a disk of 64 TiB has in pieces of 2 GiB. */
#define RECORD_LIMIT (4u << 20)

static char *folder_of(struct tarn_context *context, const char *pool)
{
    char *folder = NULL;

    return asprintf(&folder, "%s/%s", context->folders.records, pool) < 0 ? NULL : folder;
}

static int no_memory(struct tarn_error **error)
{
    return error_set(error, TARN_E_INTERNAL, 0, "no memory for the record of a volume");
}

/* --- reading ---------------------------------------------------------------------------------- */

/* If the text at *cursor begins with `keyword`, what follows up to `end` ('\n', or '\0' = all), and
 * *cursor moves behind it. */
static char *take_line(const char **cursor, const char *keyword, char end)
{
    size_t length = strlen(keyword);
    const char *value = *cursor + length;
    const char *stop;

    if (strncmp(*cursor, keyword, length) != 0)
        return NULL;
    stop = strchr(value, end);
    if (stop == NULL)
        return NULL;
    *cursor = end == '\0' ? stop : stop + 1;
    return strndup(value, (size_t)(stop - value));
}

/* Makes `name` the last of the record's files, and takes it over. */
static int add_file(struct volume_record *record, char *name)
{
    char **grown = reallocarray(record->files, record->file_count + 1, sizeof(*grown));

    if (grown == NULL) {
        free(name);
        return TARN_E_INTERNAL;
    }
    record->files = grown;
    record->files[record->file_count++] = name;
    return TARN_OK;
}

static int parse(struct volume_record *out, const char *text)
{
    const char *cursor = text;
    char *line;

    out->format = take_line(&cursor, "format ", '\n');
    out->key = take_line(&cursor, "key ", '\n');
    line = take_line(&cursor, "pending", '\n');
    out->pending = line != NULL;
    free(line);
    while ((line = take_line(&cursor, "file ", '\n')) != NULL)
        if (add_file(out, line) != TARN_OK)
            return TARN_E_INTERNAL;
    out->backing_format = take_line(&cursor, "backing-format ", '\n');
    out->backing_path = take_line(&cursor, "backing ", '\0');
    return out->format != NULL && *cursor == '\0' ? TARN_OK : TARN_E_CORRUPT;
}

int record_read(struct volume_record *out, struct tarn_context *context, const char *pool,
                const char *volume, struct tarn_error **error)
{
    struct tarn_error *why = NULL;
    char *folder = folder_of(context, pool);
    char *text = NULL;
    size_t length;
    int status;

    memset(out, 0, sizeof(*out));
    if (folder == NULL)
        return no_memory(error);
    status = persist_read(&text, &length, folder, volume, RECORD_LIMIT, &why);
    if (status == TARN_E_NOT_FOUND) {
        tarn_error_free(why);
        status = TARN_OK;
    } else if (status != TARN_OK && why != NULL) {
        error_pass(error, why);
    } else if (parse(out, text) != TARN_OK) {
        record_clear(out);
        status = error_set(error, TARN_E_CORRUPT, 0,
                           "the record %s/%s of a volume is damaged: remove it to have the "
                           "volume's format probed", folder, volume);
    }
    free(text);
    free(folder);
    return status;
}

void record_clear(struct volume_record *record)
{
    free(record->format);
    free(record->key);
    free(record->backing_format);
    free(record->backing_path);
    while (record->file_count > 0)
        free(record->files[--record->file_count]);
    free(record->files);
    memset(record, 0, sizeof(*record));
}

void record_hold_to(struct volume_record *record, const char *key)
{
    if (record->key != NULL && strcmp(record->key, key) != 0)
        record_clear(record);
}

bool record_any(struct tarn_context *context, const char *pool)
{
    char *folder = folder_of(context, pool);
    DIR *listing = folder != NULL ? opendir(folder) : NULL;
    struct dirent *entry;
    bool any = false;

    free(folder);
    if (listing == NULL)
        return false;
    while (!any && (entry = readdir(listing)) != NULL)
        any = strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
    closedir(listing);
    return any;
}

/* --- writing ---------------------------------------------------------------------------------- */

static void print(FILE *to, const struct volume_record *record)
{
    size_t i;

    fprintf(to, "format %s\n", record->format);
    if (record->key != NULL)
        fprintf(to, "key %s\n", record->key);
    if (record->pending)
        fputs("pending\n", to);
    for (i = 0; i < record->file_count; i++)
        fprintf(to, "file %s\n", record->files[i]);
    if (record->backing_path != NULL)
        fprintf(to, "backing-format %s\nbacking %s", record->backing_format,
                record->backing_path);
}

int record_write(struct tarn_context *context, const char *pool, const char *volume,
                 const struct volume_record *record, struct tarn_error **error)
{
    char *folder = folder_of(context, pool);
    FILE *stream;
    char *text = NULL;
    size_t length = 0;
    int status;

    if (folder == NULL)
        return no_memory(error);
    if (mkdir(folder, 0755) < 0 && errno != EEXIST) {
        status = error_set(error, status_from_errno(errno), errno, "cannot make the folder %s",
                           folder);
        free(folder);
        return status;
    }
    stream = open_memstream(&text, &length);
    if (stream != NULL)
        print(stream, record);
    if (stream == NULL || fclose(stream) != 0)
        status = no_memory(error);
    else
        status = persist_write(folder, volume, text, length, error);
    free(text);
    free(folder);
    return status;
}

int record_move(struct tarn_context *context, const char *pool, const char *from, const char *to,
                struct tarn_error **error)
{
    struct volume_record record;
    int status = record_read(&record, context, pool, from, error);

    if (status == TARN_OK && record.format != NULL)
        status = record_write(context, pool, to, &record, error);
    if (status == TARN_OK && record.format != NULL)
        status = record_remove(context, pool, from, error);
    record_clear(&record);
    return status;
}

int record_remove(struct tarn_context *context, const char *pool, const char *volume,
                  struct tarn_error **error)
{
    struct tarn_error *why = NULL;
    char *folder = folder_of(context, pool);
    int status;

    if (folder == NULL)
        return no_memory(error);
    status = persist_remove(folder, volume, &why);
    if (status != TARN_OK && status != TARN_E_NOT_FOUND && why != NULL)
        error_pass(error, why);
    else
        tarn_error_free(why);
    free(folder);
    return status == TARN_E_NOT_FOUND ? TARN_OK : status;
}

/* A volume that is there and whole, or was not deleted after all: its record is no more pending, so
 * that nobody takes its files for leftovers when somebody else moves it away. */
static int settle(struct tarn_context *context, const char *pool, const char *volume,
                  struct tarn_error **error)
{
    struct volume_record record;
    struct tarn_error *damaged = NULL;
    int status = TARN_OK;

    if (record_read(&record, context, pool, volume, &damaged) != TARN_OK) {
        tarn_error_free(damaged); /* told with the volume */
        return TARN_OK;
    }
    if (record.pending) {
        record.pending = false;
        status = record_write(context, pool, volume, &record, error);
    }
    record_clear(&record);
    return status;
}

/* The files of a volume that is not there, if it never was, or was being deleted. */
static int leave_files(struct tarn_context *context, const char *pool, const char *volume,
                       const struct record_prune_plan *plan, struct tarn_error **error)
{
    struct volume_record record;
    struct tarn_error *damaged = NULL;
    int status = TARN_OK;
    size_t i;

    if (record_read(&record, context, pool, volume, &damaged) != TARN_OK) {
        tarn_error_free(damaged); /* of a volume that is not there: it goes */
        return TARN_OK;
    }
    for (i = 0; record.pending && i < record.file_count && status == TARN_OK; i++)
        status = plan->left(plan->arg, record.files[i], error);
    record_clear(&record);
    return status;
}

int record_prune(struct tarn_context *context, const char *pool,
                 const struct record_prune_plan *plan, struct tarn_error **error)
{
    char *folder = folder_of(context, pool);
    DIR *listing = folder != NULL ? opendir(folder) : NULL;
    struct dirent *entry;
    int status = TARN_OK;

    if (folder == NULL)
        return no_memory(error);
    while (listing != NULL && status == TARN_OK && (entry = readdir(listing)) != NULL) {
        const char *name = entry->d_name;

        if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
            continue;
        if (!persist_is_temporary(name)) {
            if (plan->exists(plan->arg, name)) {
                status = settle(context, pool, name, error);
                continue;
            }
            status = leave_files(context, pool, name, plan, error);
        }
        if (status == TARN_OK && unlinkat(dirfd(listing), name, 0) < 0 && errno != ENOENT)
            status = error_set(error, status_from_errno(errno), errno, "cannot remove %s/%s",
                               folder, name);
    }
    if (listing != NULL)
        closedir(listing);
    rmdir(folder); /* if it is empty now */
    free(folder);
    return status;
}
