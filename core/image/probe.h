/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Probing: which format some bytes are of. What comes out is for telling people; see
 * core/image/image-related.c for what it may not lead to.
 */
#ifndef CORE_PROBE_H
#define CORE_PROBE_H

#include "core/context/call.h"
#include "core/registry/module.h"
#include "core/registry/registry.h"

/* What is first read of a container. */
#define PROBE_HEAD 4096u

/* A container to be looked at: its first bytes, and itself for what is not among them. `io` may be
 * NULL if head is the whole container. */
struct probe_subject {
    struct call *call; /* under which `io` is read */
    struct tarn_io *io;
    const void *head;
    uint64_t head_length;
    uint64_t size;
};

/* What tarn_format.probe is given: only the first member, unless it is a proxy of the core's. */
struct probe_question {
    struct tarn_probe probe; /* first */
    struct module *module;
    struct operation *operation; /* that looks */
};

/* The format of the greatest confidence; where none is found, the one whose images are any bytes
 * (TARN_FORMAT_TRANSPARENT). TARN_E_NO_MODULE if there is not even that one. */
int probe_format(struct format_ref *out, struct registry *registry,
                 const struct probe_subject *subject, struct tarn_error **error);

#endif
