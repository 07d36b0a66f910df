/* SPDX-License-Identifier: BSD-2-Clause
 *
 * subject.h - the module that is looked at, opened. What it declares is copied into structures of
 * this kit's size, so that a module of an older minor is read right.
 */
#ifndef CONFORM_SUBJECT_H
#define CONFORM_SUBJECT_H

#include <stdbool.h>

#include <tarn/module.h>

struct subject {
    void *handle;
    const struct tarn_module *raw; /* as the entry returned it */
    struct tarn_module module;     /* complete, with complete types and formats */
    const char *base; /* the range of addresses that is the module's own */
    const char *end;
};

/* Opens it as the core does. False with *out_error (freed with free). A subject stays open. */
bool subject_open(struct subject *out, const char *path, char **out_error);

/* The type or format that "pool:NAME" or "format:NAME" means, or NULL. */
const struct tarn_pool_type *subject_type(const struct subject *subject, const char *part);
const struct tarn_format *subject_format(const struct subject *subject, const char *part);

/* The entry itself. */
const struct tarn_module *(*subject_entry(const struct subject *subject))(uint32_t);

/* Is this address within the module? */
static inline bool subject_holds(const struct subject *subject, const void *address)
{
    return (const char *)address >= subject->base && (const char *)address < subject->end;
}

#endif
