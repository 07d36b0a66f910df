/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The definition of a volume to be made: libvirt's <volume> XML as somebody asks for it.
 */
#ifndef CORE_VOLUME_DEF_H
#define CORE_VOLUME_DEF_H

#include <stddef.h>
#include <stdint.h>

#include <tarn/pool-type.h>
#include <tarn/tarn.h>

#include "core/base/arena.h"
#include "core/xml/image-request.h"

#define VOLUME_NAME_LIMIT 255u

struct volume_def {
    struct tarn_volume_def abi; /* what modules see; lives in `arena` */
    uint32_t unnamed;           /* 1: abi.name only stands for the one that the storage will give */
    uint32_t capacity_given;    /* 0: abi.capacity is 0 and to be found out */
    uint32_t allocation_given;  /* 0: abi.allocation equals abi.capacity */
    uint32_t format_given;      /* 0: abi.format is the pool type's default */
    uint32_t format_is_image;   /* 1: abi.format is none of the pool type's own: the caller looks it
                                   up among the volume formats */
    struct image_request image; /* beyond libvirt's vocabulary */
    const char *xml;            /* as it was given, for tarn_host.query */
    struct arena *arena;
};

/* volume_def_parse flags */
#define VOLUME_DEF_NO_CAPACITY 0x00000001u /* <capacity> may be missing: there is a source volume */

/* Reads it for a pool of `type` (complete). <capacity> may also be missing with a backing store.
 * What only output has is read over; unknown elements are told to `warn` (may be NULL).
 * TARN_E_INVALID; TARN_E_UNSUPPORTED for an encrypted volume, which tarn cannot make. */
int volume_def_parse(struct volume_def **out, const struct tarn_pool_type *type, const char *xml,
                     size_t length, uint32_t flags, void (*warn)(void *arg, const char *text),
                     void *warn_arg, struct tarn_error **error);
void volume_def_free(struct volume_def *def);

/* TARN_OK if a volume may be made under this name: not empty, no "/", no control character, not "."
 * or "..", at most VOLUME_NAME_LIMIT bytes. */
int volume_name_check(const char *name, struct tarn_error **error);

#endif
