/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * create.c - making an image: `create` writes one of zeros that remembers how it shall be filled,
 * and `open` for filling takes its place.
 */
#include <bzlib.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "helpers/fill-disk.h"
#include "writer.h"

#define UNIT_LEAST   ((uint64_t)4096)
#define UNIT_DEFAULT ((uint64_t)1 << 20)
#define BZIP2_BLOCK  9 /* 900 kB */

static int32_t refuse(struct tarn_call *call, const char *what)
{
    return tarn_fail(call, TARN_E_INVALID, 0,
                     "a dmg image has no %s: leave it out, or choose another format", what);
}

static int32_t choose_type(struct tarn_call *call, const char *subformat, uint32_t *out)
{
    *out = DMG_ZLIB;
    if (subformat == NULL || strcmp(subformat, "UDZO") == 0)
        return TARN_OK;
    *out = DMG_BZIP2;
    if (strcmp(subformat, "UDBZ") == 0)
        return TARN_OK;
    return tarn_fail(call, TARN_E_INVALID, 0,
                     "dmg images of subformat %s are not made: choose UDZO (zlib) or UDBZ (bzip2)",
                     subformat);
}

/* By default larger chunks for a larger disk, so that their number stays within what fits into the
 * description. */
static int32_t choose_unit(struct tarn_call *call, const struct tarn_image_spec *spec,
                           uint32_t *out)
{
    uint64_t unit = spec->cluster_size;

    if (unit == 0)
        for (unit = UNIT_DEFAULT; unit < DMG_PACKED_MAX && spec->capacity / unit > DMG_CHUNKS_MAX;)
            unit *= 2;
    if (unit < UNIT_LEAST || unit > DMG_PACKED_MAX || unit % DMG_SECTOR != 0)
        return tarn_fail(call, TARN_E_INVALID, 0,
                         "a cluster size of %llu is none for dmg: choose a multiple of 512 from "
                         "4096 to 67108864", (unsigned long long)unit);
    *out = (uint32_t)(unit / DMG_SECTOR);
    return TARN_OK;
}

static int32_t plan_writer(struct tarn_call *call, const struct tarn_image_spec *spec,
                           struct tarn_io *file, struct dmg_writer *out)
{
    uint32_t type;
    uint32_t unit = 0;
    int32_t status;

    if (spec->backing_name != NULL)
        return refuse(call, "backing store");
    if (spec->preallocation != TARN_PREALLOC_OFF)
        return refuse(call, "preallocation");
    if (spec->compat != NULL)
        return refuse(call, "compatibility levels");
    if (spec->features != NULL && spec->features[0] != NULL)
        return refuse(call, "features");
    if (spec->capacity > INT64_MAX - DMG_PACKED_MAX)
        return tarn_fail(call, TARN_E_INVALID, 0, "no dmg image holds %llu bytes",
                         (unsigned long long)spec->capacity);
    status = choose_type(call, spec->subformat, &type);
    if (status == TARN_OK)
        status = choose_unit(call, spec, &unit);
    if (status == TARN_OK)
        dmg_writer_init(out, file, (spec->capacity + DMG_SECTOR - 1) / DMG_SECTOR, type, unit);
    return status;
}

/* As if nothing could be packed. */
int32_t dmg_measure(struct tarn_call *call, const struct tarn_image_spec *spec, uint64_t *out)
{
    struct dmg_writer writer;
    uint64_t chunks;
    int32_t status = plan_writer(call, spec, NULL, &writer);

    *out = 0;
    if (status != TARN_OK)
        return status;
    chunks = dmg_min(writer.sectors / writer.unit + 1, DMG_CHUNKS_MAX);
    *out = writer.sectors * DMG_SECTOR + dmg_writer_overhead(chunks);
    return TARN_OK;
}

int32_t dmg_create(struct tarn_call *call, struct tarn_io *file,
                   const struct tarn_image_spec *spec)
{
    struct dmg_writer writer;
    int32_t status = plan_writer(call, spec, file, &writer);

    if (status != TARN_OK)
        return status;
    status = dmg_writer_zeros(call, &writer, writer.sectors);
    if (status == TARN_OK)
        status = dmg_writer_finish(call, &writer, true);
    dmg_writer_clear(&writer);
    return status;
}

/* --- filling ---------------------------------------------------------------------------------- */

/* What does not get smaller is kept plain. */
static uint64_t pack(const void *arg, const void *bytes, uint64_t length, void *out)
{
    const struct dmg_writer *writer = arg;
    uLongf zlib_length = (uLongf)length - 1;
    unsigned int bzip2_length = (unsigned int)length - 1;

    if (writer->type == DMG_ZLIB)
        return compress2(out, &zlib_length, bytes, (uLong)length, Z_DEFAULT_COMPRESSION) == Z_OK
                   ? zlib_length : 0;
    return BZ2_bzBuffToBuffCompress(out, &bzip2_length, (char *)(uintptr_t)bytes,
                                    (unsigned int)length, BZIP2_BLOCK, 0, 0) == BZ_OK
               ? bzip2_length : 0;
}

static int32_t put(struct tarn_call *call, void *arg, const struct fill_unit *unit)
{
    struct dmg_writer *writer = arg;

    switch (unit->kind) {
    case FILL_PACKED:
        return dmg_writer_chunk(call, writer, writer->type, unit->plain, unit->plain_length,
                                unit->packed, unit->packed_length);
    case FILL_PLAIN:
        return dmg_writer_chunk(call, writer, DMG_RAW, unit->plain, unit->plain_length,
                                unit->plain, unit->plain_length);
    case FILL_SKIPPED:
    case FILL_ZERO:
    default:
        return dmg_writer_zeros(call, writer, unit->plain_length / DMG_SECTOR);
    }
}

static int32_t finish(struct tarn_call *call, void *arg)
{
    struct dmg_writer *writer = arg;
    int32_t status = dmg_writer_finish(call, writer, false);

    return status == TARN_OK ? tarn_io_flush(call, writer->file) : status;
}

static int32_t close_writer(struct tarn_call *call, void *arg)
{
    (void)call;
    dmg_writer_clear(arg);
    free(arg);
    return TARN_OK;
}

/* From here on the file is no image until the new trailer is there. */
static int32_t clear_container(struct tarn_call *call, const struct dmg_image *image)
{
    const uint8_t zeros[DMG_KOLY_SIZE] = { 0 };

    if (image->file->flags & TARN_IO_FIXED_SIZE)
        return tarn_io_pwrite(call, image->file, zeros, sizeof(zeros), image->koly.position);
    return tarn_io_truncate(call, image->file, 0, TARN_TRUNCATE_SHRINK);
}

static int32_t check_fresh(struct tarn_call *call, const struct dmg_koly *koly)
{
    uint64_t unit = (uint64_t)koly->fill_unit * DMG_SECTOR;

    if (koly->data_length == 0 && unit >= UNIT_LEAST && unit <= DMG_PACKED_MAX &&
        koly->sectors <= (INT64_MAX - DMG_PACKED_MAX) / DMG_SECTOR &&
        (koly->fill_type == DMG_ZLIB || koly->fill_type == DMG_BZIP2))
        return TARN_OK;
    return tarn_fail(call, TARN_E_UNSUPPORTED, 0,
                     "dmg images are written once, when they are made: convert into a new one");
}

static int32_t open_filling(struct tarn_call *call, const struct dmg_image *image,
                            struct tarn_io **out)
{
    const struct dmg_koly *koly = &image->koly;
    uint64_t unit = (uint64_t)koly->fill_unit * DMG_SECTOR;
    struct dmg_writer *writer = malloc(sizeof(*writer));
    struct fill_plan plan = {
        .arg = writer, .size = koly->sectors * DMG_SECTOR, .unit = unit, .packed_room = unit,
        .pack = pack, .put = put, .finish = finish, .close = close_writer,
    };
    int32_t status;

    if (writer == NULL)
        return tarn_fail(call, TARN_E_INTERNAL, 0, "no memory to write a dmg image");
    dmg_writer_init(writer, image->file, koly->sectors, koly->fill_type, koly->fill_unit);
    status = fill_disk_open(call, &plan, out);
    if (status != TARN_OK)
        free(writer);
    return status;
}

int32_t dmg_fill_open(struct tarn_call *call, struct tarn_io *file, struct tarn_io **out)
{
    struct dmg_image image;
    int32_t status;

    if (!(file->flags & TARN_IO_WRITABLE))
        return tarn_fail(call, TARN_E_ACCESS, 0, "the container is open for reading only");
    status = dmg_image_identify(call, file, &image);
    if (status == TARN_OK)
        status = check_fresh(call, &image.koly);
    if (status == TARN_OK)
        status = open_filling(call, &image, out);
    if (status != TARN_OK)
        return status;
    status = clear_container(call, &image);
    if (status != TARN_OK) {
        tarn_io_close(call, *out);
        *out = NULL;
    }
    return status;
}
