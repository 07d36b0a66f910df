/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A host for the unit tests of pool types: it keeps what the type tells, answers volume_known from
 * a set, and can be told to interrupt or to fail.
 */
#ifndef TESTS_FAKE_POOL_HOST_H
#define TESTS_FAKE_POOL_HOST_H

#include <stdbool.h>

#include <tarn/call.h>

#define FAKE_TEXT_SIZE 1024

/* A volume as it was emitted, copied. */
struct fake_volume {
    char *name, *path, *type, *format, *status_text, *label;
    uint32_t status;
    uint64_t capacity, allocation, physical;
    uint32_t mode, owner, group;
    int64_t atime, mtime, ctime, btime;
    bool has_identity;
    struct tarn_identity identity;
    uint8_t head[64];
    uint64_t head_length;
    uint64_t io_size; /* what the byte store says */
    bool io_reads;    /* its first and last byte can be read, and past the end cannot */
};

struct fake_pool_host {
    struct tarn_call call; /* to be given to the type */
    struct tarn_host host;
    struct tarn_pool_def pool;
    struct tarn_permissions permissions;
    struct tarn_source source;

    struct fake_volume *volumes;
    uint64_t volume_count;
    struct fake_volume *known; /* what volume_known knows: a former `volumes` */
    uint64_t known_count;
    uint64_t known_hits;
    uint64_t pool_infos;
    struct tarn_pool_info info;
    struct tarn_permissions info_permissions;
    char *claims[8];
    uint64_t claim_count;
    char *changed[256]; /* NULL = anything */
    uint64_t changed_count;
    uint64_t changed_anything; /* how often it was NULL */
    uint64_t warnings;

    int32_t status; /* of the first failure */
    int32_t system_errno;
    char text[FAKE_TEXT_SIZE];

    uint64_t interrupt_after; /* questions; 0 = never */
    uint64_t questions;
    bool read_through_io;     /* try the byte stores of emitted volumes */
    void (*on_emit)(struct fake_pool_host *host, const char *name); /* or NULL */
};

/* A pool of the type "dir" called "test" with this target. */
void fake_pool_host_init(struct fake_pool_host *host, const char *target_path);
void fake_pool_host_fini(struct fake_pool_host *host);
/* Forgets what was told and recorded, not what is known. */
void fake_pool_host_forget(struct fake_pool_host *host);
/* What was emitted becomes what volume_known knows. */
void fake_pool_host_learn(struct fake_pool_host *host);
/* The volume of that name, or NULL. */
const struct fake_volume *fake_pool_host_volume(const struct fake_pool_host *host,
                                                const char *name);
/* Was emit_changed called with this name? */
bool fake_pool_host_changed(const struct fake_pool_host *host, const char *name);

#endif
