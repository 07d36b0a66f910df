/* SPDX-License-Identifier: BSD-2-Clause
 *
 * file-volumes-entry.h - looking at the entries of a pool's directory and telling them to the host:
 * file-volumes-entry.c does the one, file-volumes-tell.c the other.
 */
#ifndef HELPERS_FILE_VOLUMES_ENTRY_H
#define HELPERS_FILE_VOLUMES_ENTRY_H

#include "helpers/file-volumes-internal.h"

#define HEAD_SIZE 4096 /* tarn_format.head_needed unless a format says more */

/* What looking at entries needs, set up once for all of them. */
struct entry_scan {
    struct tarn_call *call;
    const struct file_volumes *volumes;
    int directory;
    bool refreshing;    /* names come from the directory itself: volume_known is asked first, and
                           what cannot even be looked at is told */
    unsigned strangers; /* regular files in a row that the host did not know */
    bool labels;        /* the filesystem has security labels */
    bool outside_allowed;
    char *path;         /* "<target>/", with room for a name behind */
    size_t path_stem;   /* length of that */
    char label[LABEL_SIZE];
    char text[SHOWN_NAME_SIZE + 192]; /* tarn_volume_info.status_text */
    uint8_t head[HEAD_SIZE];
};

#define ENTRY_GONE (-1)

int32_t entry_scan_init(struct entry_scan *scan, struct tarn_call *call,
                        const struct file_volumes *volumes, int directory);
void entry_scan_fini(struct entry_scan *scan);
/* emit_volume for one entry, whatever it is; `maybe_regular` if readdir(3) calls it a regular
 * file. ENTRY_GONE, not recorded, if there is none; other failures are not the entry's but the
 * host's or the process's. */
int32_t entry_emit(struct entry_scan *scan, const char *name, bool maybe_regular);

/* tarn_volume_info and what it points to, of one entry. */
struct entry {
    struct tarn_volume_info volume;
    struct tarn_permissions permissions;
    struct tarn_identity identity;
};

/* Fills in everything that stat tells. `entry` must not be moved afterwards. */
void entry_fill(struct entry *entry, struct entry_scan *scan, const char *name,
                const struct statx *st);
/* Within a refresh: does the host know it as it is? */
bool entry_is_known(const struct entry_scan *scan, const char *name, const struct statx *st);
int32_t entry_emit_volume(struct entry_scan *scan, const struct entry *entry);
/* Tells one with a status other than TARN_VOLUME_OK. Without an identity, so that it is looked at
 * again next time: what hinders may go without the file changing. */
int32_t entry_emit_faulty(struct entry_scan *scan, const char *name, const struct statx *st,
                          uint32_t status, const char *format, ...) TARN_PRINTF(5, 6);
/* Tells one that cannot be looked at because of `error`. The process's own shortages are a failure,
 * not the entry's fault: they would make every entry look broken. */
int32_t entry_emit_unreadable(struct entry_scan *scan, const char *name, const struct statx *st,
                              int error, const char *what);

#endif
