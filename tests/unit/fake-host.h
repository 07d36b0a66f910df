/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * fake-host.h - a host for unit tests of modules: it remembers what a module tells it, answers
 * what the test has set, and cancels when the test wants it to.
 */
#ifndef FAKE_HOST_H
#define FAKE_HOST_H

#include <stdbool.h>

#include <tarn/module.h>

/* What tarn_host.open_related was asked. */
struct fake_question {
    uint32_t role;
    uint32_t flags;
    const char *name;
    const char *format; /* NULL if the image records none */
};

struct fake_host;

/* Answers tarn_host.open_related. */
typedef int32_t (*fake_related_fn)(struct tarn_call *call, const struct fake_question *question,
                                   struct tarn_io **out, void *arg);

/* Answers tarn_host.create_related. */
typedef int32_t (*fake_create_fn)(struct tarn_call *call, const char *suffix, uint64_t size,
                                  const char **out_name, struct tarn_io **out, void *arg);

struct fake_related {
    uint32_t role;
    char *name;
    fake_related_fn answer;
    void *arg;
};

/* Copies of what was emitted; they belong to the host and live until fake_host_reset(). */
struct fake_image {
    struct tarn_image_info info; /* its pointers point into the members below */
    char *features[16];
    struct tarn_image_file files[64];
    const struct tarn_image_file *file_list[65];
    struct tarn_property properties[32];
    const struct tarn_property *property_list[33];
};

struct fake_host {
    struct tarn_call call; /* first: what the module sees */
    struct tarn_host table;

    int32_t status; /* of the first failure since the last reset; TARN_OK without one */
    int32_t system_errno;
    uint64_t failures;
    char error[1024];   /* the text of the first failure */
    char context[1024]; /* of the last one, if there were several */
    uint64_t log_lines;
    char log[1024]; /* the last line */

    uint64_t questions; /* how often interrupted() was asked */
    uint64_t cancel_at; /* it says cancelled from this question on; 0 = never */
    uint64_t progress_done;
    uint64_t progress_total;

    uint64_t images; /* how often emit_image was called */
    struct fake_image image;
    uint64_t snapshot_count;
    uint64_t snapshot_room;
    struct tarn_snapshot *snapshots;
    uint64_t finding_count;
    uint64_t finding_room;
    struct tarn_finding *findings;
    uint64_t checks;
    struct tarn_check_result check;

    uint64_t related_count;
    struct fake_related related[16];
    uint64_t related_asked; /* how often open_related was called */
    struct fake_question last_question; /* name and format are copies below */
    char last_name[1024];
    char last_format[64];
    fake_related_fn related_default; /* what no entry answers; NULL = TARN_E_NOT_FOUND */
    void *related_default_arg;
    fake_create_fn create_related; /* NULL = TARN_E_UNSUPPORTED */
    void *create_related_arg;
};

void fake_host_init(struct fake_host *host);
/* Forgets errors, results and counters; keeps what the test has set. */
void fake_host_reset(struct fake_host *host);
/* Frees what the host owns. */
void fake_host_clear(struct fake_host *host);

/* From now on open_related() with this role and name is answered by `answer`. */
void fake_host_relate(struct fake_host *host, uint32_t role, const char *name,
                      fake_related_fn answer, void *arg);

/* The value of a property of the emitted image, or NULL. */
const char *fake_host_property(const struct fake_host *host, const char *name);
/* Does the emitted image have this feature? */
bool fake_host_feature(const struct fake_host *host, const char *name);

#endif
