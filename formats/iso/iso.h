/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * iso.h - what the parts of the iso format share.
 *
 * An image of an optical disc is its bytes. The first 32 KiB are free for boot code and partition
 * tables; then come volume descriptors, one a sector of 2048 bytes, until one of type 255. Numbers
 * are there twice, little-endian and big-endian; where the two differ the first one counts, as for
 * most readers.
 */
#ifndef ISO_H
#define ISO_H

#include <stdbool.h>

#include <tarn/format.h>

#define ISO_SECTOR          ((uint64_t)2048)
#define ISO_DESCRIPTORS     32768
#define ISO_HEAD_SIZE       (ISO_DESCRIPTORS + ISO_SECTOR)
#define ISO_MAX_DESCRIPTORS 64u

/* Descriptor types */
#define ISO_BOOT          0u
#define ISO_PRIMARY       1u
#define ISO_SUPPLEMENTARY 2u
#define ISO_TERMINATOR    255u

/* Places in a primary or supplementary descriptor, and lengths of its texts */
#define ISO_SYSTEM_ID   8u
#define ISO_VOLUME_ID   40u
#define ISO_ID_LENGTH   32u
#define ISO_VOLUME_SET  190u
#define ISO_PUBLISHER   318u
#define ISO_PREPARER    446u
#define ISO_APPLICATION 574u
#define ISO_TEXT_LENGTH 128u
#define ISO_CREATED     813u
#define ISO_MODIFIED    830u

/* --- descriptor.c ----------------------------------------------------------------------------- */

/* The numbers of a primary or supplementary descriptor. */
struct iso_volume {
    uint64_t at;           /* its place in the container; 0 = there is none */
    const char *differs;   /* the first number whose two copies differ, or NULL */
    uint32_t blocks;       /* of the volume */
    uint32_t block_size;
    uint32_t path_table_length;
    uint32_t path_table;     /* block of the one with little-endian numbers */
    uint32_t path_table_big; /* and of the other */
    uint32_t root;           /* block */
    uint32_t root_length;    /* bytes */
    bool joliet;
};

/* What a walk over the descriptors found. */
struct iso_discs {
    uint32_t count;    /* descriptors of ISO 9660 */
    bool terminated;
    bool el_torito;
    uint32_t boot_catalogue; /* sector */
    bool udf;
    bool high_sierra;
    struct iso_volume primary;
    struct iso_volume supplementary[4]; /* Joliet, or the enhanced one of ISO 9660:1999 */
    uint32_t supplementaries;
    uint8_t sector[ISO_SECTOR]; /* the primary descriptor itself */
};

/* Reads a number of which there are two copies; false: they differ. */
bool iso_both16(const uint8_t *bytes, uint32_t *out);
bool iso_both32(const uint8_t *bytes, uint32_t *out);
/* Is a block size one of the standard? */
bool iso_block_size_good(uint32_t block_size);
/* Fills in a volume from its descriptor at `at`. */
void iso_volume_parse(const uint8_t *sector, uint64_t at, struct iso_volume *out);
/* Walks over the descriptors; a file without any is no failure: count is 0. */
int32_t iso_discs_read(struct tarn_call *call, struct tarn_io *file, uint64_t file_size,
                       struct iso_discs *out);

/* --- check-tree.c ----------------------------------------------------------------------------- */

struct iso_checker {
    struct tarn_io *file;
    uint64_t file_size;
    uint64_t told;
    uint64_t end; /* the highest byte that something is said to be at, plus 1 */
    struct tarn_check_result result;
};

/* Tells a fault, and counts it. `kind` as for tarn_finding. */
int32_t iso_check_tell(struct tarn_call *call, struct iso_checker *checker, uint32_t kind,
                       uint64_t offset, const char *format, ...) TARN_PRINTF(5, 6);
/* All directories of a volume, from the root on. */
int32_t iso_check_tree(struct tarn_call *call, struct iso_checker *checker,
                       const struct iso_volume *volume);

/* --- folder.c --------------------------------------------------------------------------------- */

/* Writes an image with the files of a folder. `file` NULL = it is only measured. No more than `room`
 * bytes are written. Its length comes out. */
int32_t iso_master(struct tarn_call *call, struct tarn_io *file, const char *folder,
                   const char *volume_id, uint64_t room, uint64_t *out_length);

/* --- the operations --------------------------------------------------------------------------- */

int32_t iso_probe(const struct tarn_probe *probe);
int32_t iso_info(struct tarn_call *call, struct tarn_io *file);
int32_t iso_measure(struct tarn_call *call, const struct tarn_image_spec *spec, uint64_t *out);
int32_t iso_create(struct tarn_call *call, struct tarn_io *file,
                   const struct tarn_image_spec *spec);
int32_t iso_open(struct tarn_call *call, struct tarn_io *file, const struct tarn_image_open *how,
                 struct tarn_io **out);
int32_t iso_check(struct tarn_call *call, struct tarn_io *file, uint32_t flags);

#endif
