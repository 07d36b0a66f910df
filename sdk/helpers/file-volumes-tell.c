/* SPDX-License-Identifier: BSD-2-Clause
 *
 * file-volumes-tell.c - from what stat says of an entry to what the host is told of a volume.
 */
#include "helpers/file-volumes-entry.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>

#include "helpers/errno-status.h"

int32_t entry_scan_init(struct entry_scan *scan, struct tarn_call *call,
                        const struct file_volumes *volumes, int directory)
{
    size_t length = strlen(volumes->path);
    char label[LABEL_SIZE];

    scan->call = call;
    scan->volumes = volumes;
    scan->directory = directory;
    scan->refreshing = false;
    scan->strangers = 0;
    /* Where the directory has no label nothing else has: not worth a system call per file. */
    scan->labels = label_read(directory, label) != NULL;
    scan->outside_allowed = link_outside_allowed(directory);
    scan->path = malloc(length + 1 + NAME_MAX + 1);
    if (scan->path == NULL)
        return tarn_fail(call, TARN_E_INTERNAL, ENOMEM, "no memory to look at %s", volumes->path);
    memcpy(scan->path, volumes->path, length);
    if (scan->path[length - 1] != '/')
        scan->path[length++] = '/';
    scan->path_stem = length;
    return TARN_OK;
}

void entry_scan_fini(struct entry_scan *scan)
{
    free(scan->path);
}

static uint64_t step_out(const struct file_volumes *volumes)
{
    return volumes->step_out != NULL ? volumes->step_out() : 0;
}

static void step_in(const struct file_volumes *volumes, uint64_t who)
{
    if (volumes->step_in != NULL)
        volumes->step_in(who);
}

/* Anybody may date his file beyond the year 2262, where nanoseconds in 64 bits end. */
static int64_t nanoseconds(const struct statx_timestamp *time)
{
    int64_t all;

    if (__builtin_mul_overflow(time->tv_sec, INT64_C(1000000000), &all) ||
        __builtin_add_overflow(all, (int64_t)time->tv_nsec, &all))
        return time->tv_sec < 0 ? INT64_MIN : INT64_MAX;
    return all;
}

static void identity_of(struct tarn_identity *out, const struct statx *st)
{
    *out = (struct tarn_identity){
        .struct_size = sizeof(*out),
        .device = makedev(st->stx_dev_major, st->stx_dev_minor),
        .inode = st->stx_ino,
        .size = st->stx_size,
        .mtime = nanoseconds(&st->stx_mtime),
        .ctime = nanoseconds(&st->stx_ctime),
    };
}

bool entry_is_known(const struct entry_scan *scan, const char *name, const struct statx *st)
{
    struct tarn_identity identity;
    uint64_t who;
    bool known;

    if (!scan->refreshing)
        return false;
    identity_of(&identity, st);
    who = step_out(scan->volumes);
    known = scan->call->host->volume_known(scan->call, name, &identity) != 0;
    step_in(scan->volumes, who);
    return known;
}

static const char *type_of(const struct statx *st)
{
    return S_ISDIR(st->stx_mode) ? "dir" : S_ISBLK(st->stx_mode) ? "block" : "file";
}

void entry_fill(struct entry *entry, struct entry_scan *scan, const char *name,
                const struct statx *st)
{
    bool is_file = S_ISREG(st->stx_mode);

    memcpy(scan->path + scan->path_stem, name, strlen(name) + 1);
    identity_of(&entry->identity, st);
    entry->permissions = (struct tarn_permissions){
        .struct_size = sizeof(entry->permissions),
        .mode = st->stx_mode & 0777,
        .owner = st->stx_uid,
        .group = st->stx_gid,
    };
    entry->volume = (struct tarn_volume_info){
        .struct_size = sizeof(entry->volume),
        .status = TARN_VOLUME_OK,
        .name = name,
        .path = scan->path,
        .type = type_of(st),
        .capacity = is_file ? st->stx_size : 0,
        .allocation = is_file ? st->stx_blocks * 512 : 0,
        .physical = is_file ? st->stx_size : 0,
        .permissions = &entry->permissions,
        .atime = nanoseconds(&st->stx_atime),
        .mtime = nanoseconds(&st->stx_mtime),
        .ctime = nanoseconds(&st->stx_ctime),
        .btime = st->stx_mask & STATX_BTIME ? nanoseconds(&st->stx_btime) : 0,
        .identity = &entry->identity,
    };
}

int32_t entry_emit_volume(struct entry_scan *scan, const struct entry *entry)
{
    uint64_t who = step_out(scan->volumes);
    int32_t status = scan->call->host->emit_volume(scan->call, &entry->volume);

    step_in(scan->volumes, who);
    return status;
}

int32_t entry_emit_faulty(struct entry_scan *scan, const char *name, const struct statx *st,
                          uint32_t status, const char *format, ...)
{
    struct entry entry;
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(scan->text, sizeof(scan->text), format, arguments);
    va_end(arguments);
    entry_fill(&entry, scan, name, st);
    entry.volume.status = status;
    entry.volume.status_text = scan->text;
    entry.volume.identity = NULL;
    return entry_emit_volume(scan, &entry);
}

int32_t entry_emit_unreadable(struct entry_scan *scan, const char *name, const struct statx *st,
                              int error, const char *what)
{
    char buffer[128];

    if (error == ENOENT || error == ESTALE)
        return ENTRY_GONE;
    if (error == EMFILE || error == ENFILE || error == ENOMEM)
        return tarn_fail(scan->call, status_from_errno(error), error,
                         "cannot look at the files of the pool");
    return entry_emit_faulty(scan, name, st, TARN_VOLUME_UNREADABLE, "%s: %s", what,
                       strerror_r(error, buffer, sizeof(buffer)));
}
