/* SPDX-License-Identifier: BSD-2-Clause
 *
 * checked.c - a volume format layered on a byte store, with metadata of its own: each block of the
 * guest's disk has a checksum, and a block that was changed behind the format's back is told
 * instead of read.
 *
 * The container, in blocks of 4096 bytes, numbers little-endian: the header (16 bytes of magic, 8
 * of capacity, 4 of checksum over these, the rest zeros), and then groups of a table and 1024
 * blocks of the disk. A table has 4 bytes for each block: 0, it was never written and reads as
 * zeros; or its CRC-32C, 1 in place of 0.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <tarn/module.h>

#define BLOCK        4096u
#define AT_CAPACITY  16u
#define AT_CHECKSUM  24u
#define GROUP        (BLOCK / 4) /* blocks that a table is of */
#define GROUP_SIZE   ((uint64_t)BLOCK * (1 + GROUP))
#define CAPACITY_MAX ((uint64_t)1 << 60)

static const uint8_t magic_bytes[AT_CAPACITY] = "checked image 1\n";
static const struct tarn_magic magic = {
    .struct_size = sizeof(magic),
    .length = sizeof(magic_bytes),
    .bytes = magic_bytes,
};
static const struct tarn_magic *const magics[] = { &magic, NULL };

/* --- numbers, checksums, places --------------------------------------------------------------- */

static uint64_t load(const uint8_t *from, unsigned bytes)
{
    uint64_t value = 0;

    while (bytes > 0)
        value = value << 8 | from[--bytes];
    return value;
}

static void store(uint8_t *to, uint64_t value, unsigned bytes)
{
    for (unsigned index = 0; index < bytes; index++)
        to[index] = (uint8_t)(value >> 8 * index);
}

/* CRC-32C, four bits at a time; never 0. */
static uint32_t checksum(const uint8_t *bytes, size_t length)
{
    static const uint32_t table[16] = {
        0x00000000, 0x105ec76f, 0x20bd8ede, 0x30e349b1, 0x417b1dbc, 0x5125dad3,
        0x61c69362, 0x7198540d, 0x82f63b78, 0x92a8fc17, 0xa24bb5a6, 0xb21572c9,
        0xc38d26c4, 0xd3d3e1ab, 0xe330a81a, 0xf36e6f75,
    };
    uint32_t sum = UINT32_MAX;

    for (size_t index = 0; index < length; index++) {
        sum ^= bytes[index];
        sum = sum >> 4 ^ table[sum & 15];
        sum = sum >> 4 ^ table[sum & 15];
    }
    return ~sum != 0 ? ~sum : 1;
}

static uint64_t blocks_of(uint64_t capacity)
{
    return capacity / BLOCK + (capacity % BLOCK != 0);
}

static uint64_t entry_place(uint64_t block)
{
    return BLOCK + block / GROUP * GROUP_SIZE + block % GROUP * 4;
}

static uint64_t block_place(uint64_t block)
{
    return BLOCK + block / GROUP * GROUP_SIZE + (1 + block % GROUP) * BLOCK;
}

static uint64_t container_size(uint64_t capacity)
{
    uint64_t blocks = blocks_of(capacity);

    return blocks != 0 ? block_place(blocks - 1) + BLOCK : BLOCK;
}

/* --- the header ------------------------------------------------------------------------------- */

static int32_t parse(struct tarn_call *call, const uint8_t *header, uint64_t size, uint64_t *out)
{
    if (memcmp(header, magic_bytes, sizeof(magic_bytes)) != 0)
        return tarn_fail(call, TARN_E_CORRUPT, 0, "there is no header of a checked image");
    if (load(header + AT_CHECKSUM, 4) != checksum(header, AT_CHECKSUM))
        return tarn_fail(call, TARN_E_CORRUPT, 0, "the header does not match its checksum");
    *out = load(header + AT_CAPACITY, 8);
    if (*out > CAPACITY_MAX || container_size(*out) > size)
        return tarn_fail(call, TARN_E_CORRUPT, 0, "a disk of %llu bytes does not fit in this image",
                         (unsigned long long)*out);
    return TARN_OK;
}

static int32_t read_header(struct tarn_call *call, struct tarn_io *io, uint64_t *out)
{
    uint8_t header[AT_CHECKSUM + 4];
    uint64_t size = 0;
    int32_t status = tarn_io_size(call, io, &size);

    if (status == TARN_OK && size < BLOCK)
        status = tarn_fail(call, TARN_E_CORRUPT, 0, "the image is cut off within its header");
    if (status == TARN_OK)
        status = tarn_io_pread(call, io, header, sizeof(header), 0);
    return status == TARN_OK ? parse(call, header, size, out) : status;
}

/* --- single blocks ---------------------------------------------------------------------------- */

/* Stores what the table has for the block, reads the block, and 1 in *sound if the two match. */
static int32_t fetch(struct tarn_call *call, struct tarn_io *io, uint64_t block, uint8_t *bytes,
                     uint32_t *sound)
{
    uint8_t entry[4];
    int32_t status = tarn_io_pread(call, io, entry, sizeof(entry), entry_place(block));
    uint32_t expected = (uint32_t)load(entry, 4);

    *sound = 1;
    memset(bytes, 0, BLOCK);
    if (status != TARN_OK || expected == 0)
        return status;
    status = tarn_io_pread(call, io, bytes, BLOCK, block_place(block));
    *sound = checksum(bytes, BLOCK) == expected;
    return status;
}

static int32_t read_block(struct tarn_call *call, struct tarn_io *io, uint64_t block,
                          uint8_t *bytes)
{
    uint32_t sound = 0;
    int32_t status = fetch(call, io, block, bytes, &sound);

    if (status != TARN_OK || sound)
        return status;
    return tarn_fail(call, TARN_E_CORRUPT, 0,
                     "the %u bytes at %llu of the disk, at %llu of the container, do not match "
                     "their checksum: write them again from a copy", BLOCK,
                     (unsigned long long)(block * BLOCK), (unsigned long long)block_place(block));
}

/* Whoever is killed between the two writes leaves a block that is told as corrupt. */
static int32_t write_block(struct tarn_call *call, struct tarn_io *io, uint64_t block,
                           const uint8_t *bytes)
{
    uint8_t entry[4];
    int32_t status = tarn_io_pwrite(call, io, bytes, BLOCK, block_place(block));

    store(entry, checksum(bytes, BLOCK), 4);
    if (status == TARN_OK)
        status = tarn_io_pwrite(call, io, entry, sizeof(entry), entry_place(block));
    return status;
}

/* --- the guest's disk ------------------------------------------------------------------------- */

struct disk {
    struct tarn_io io; /* first: the host's pointer to it is ours to the whole */
    struct tarn_io *container;
    uint64_t capacity;
};

/* What of a transfer lies in one block. */
struct piece {
    uint64_t block;
    uint64_t from; /* within the block */
    uint64_t length;
};

static struct piece piece_at(uint64_t offset, uint64_t length)
{
    uint64_t from = offset % BLOCK;

    return (struct piece){ offset / BLOCK, from, length < BLOCK - from ? length : BLOCK - from };
}

static int passes_end(const struct disk *disk, uint64_t length, uint64_t offset)
{
    return offset > disk->capacity || length > disk->capacity - offset;
}

static int32_t disk_pread(struct tarn_call *call, struct tarn_io *io, void *buffer, uint64_t length,
                          uint64_t offset)
{
    struct disk *disk = (struct disk *)(void *)io;
    uint8_t bytes[BLOCK];
    uint8_t *to = buffer;
    int32_t status = TARN_OK;

    if (passes_end(disk, length, offset))
        return tarn_fail(call, TARN_E_INVALID, 0, "a read passes the end of the disk");
    while (status == TARN_OK && length > 0) {
        struct piece piece = piece_at(offset, length);

        status = tarn_interrupted(call);
        if (status == TARN_OK)
            status = read_block(call, disk->container, piece.block, bytes);
        memcpy(to, bytes + piece.from, status == TARN_OK ? piece.length : 0);
        to += piece.length;
        offset += piece.length;
        length -= piece.length;
    }
    return status;
}

static int32_t disk_pwrite(struct tarn_call *call, struct tarn_io *io, const void *buffer,
                           uint64_t length, uint64_t offset)
{
    struct disk *disk = (struct disk *)(void *)io;
    uint8_t bytes[BLOCK];
    const uint8_t *from = buffer;
    int32_t status = TARN_OK;

    if (!(io->flags & TARN_IO_WRITABLE))
        return tarn_fail(call, TARN_E_ACCESS, 0, "the disk is open for reading only");
    if (passes_end(disk, length, offset))
        return tarn_fail(call, TARN_E_NO_SPACE, 0, "a write passes the end of the disk");
    while (status == TARN_OK && length > 0) {
        struct piece piece = piece_at(offset, length);

        status = tarn_interrupted(call);
        if (status == TARN_OK && piece.length < BLOCK)
            status = read_block(call, disk->container, piece.block, bytes);
        memcpy(bytes + piece.from, from, piece.length);
        if (status == TARN_OK)
            status = write_block(call, disk->container, piece.block, bytes);
        from += piece.length;
        offset += piece.length;
        length -= piece.length;
    }
    return status;
}

static int32_t disk_flush(struct tarn_call *call, struct tarn_io *io)
{
    return tarn_io_flush(call, ((struct disk *)(void *)io)->container);
}

static int32_t disk_size(struct tarn_call *call, struct tarn_io *io, uint64_t *out)
{
    (void)call;
    *out = ((struct disk *)(void *)io)->capacity;
    return TARN_OK;
}

static int32_t disk_close(struct tarn_call *call, struct tarn_io *io)
{
    (void)call;
    free(io); /* the container stays its owner's */
    return TARN_OK;
}

/* --- callbacks -------------------------------------------------------------------------------- */

static int32_t probe(const struct tarn_probe *probe)
{
    const uint8_t *head = probe->head;

    if (probe->head_length < AT_CHECKSUM + 4 ||
        memcmp(head, magic_bytes, sizeof(magic_bytes)) != 0)
        return TARN_PROBE_NO;
    return load(head + AT_CHECKSUM, 4) == checksum(head, AT_CHECKSUM) ? TARN_PROBE_SURE
                                                                      : TARN_PROBE_MAGIC;
}

static int32_t info(struct tarn_call *call, struct tarn_io *io)
{
    struct tarn_image_info info = { .struct_size = sizeof(info), .cluster_size = BLOCK };
    int32_t status = read_header(call, io, &info.capacity);

    return status == TARN_OK ? call->host->emit_image(call, &info) : status;
}

static int32_t measure(struct tarn_call *call, const struct tarn_image_spec *spec, uint64_t *out)
{
    if (spec->backing_name != NULL || spec->subformat != NULL || spec->compat != NULL ||
        (spec->features != NULL && spec->features[0] != NULL))
        return tarn_fail(call, TARN_E_UNSUPPORTED, 0,
                         "checked images have no backing store, subformat, compat or feature");
    if (spec->cluster_size != 0 && spec->cluster_size != BLOCK)
        return tarn_fail(call, TARN_E_INVALID, 0, "checked images have clusters of %u bytes",
                         BLOCK);
    if (spec->preallocation >= TARN_PREALLOC_FALLOC)
        return tarn_fail(call, TARN_E_UNSUPPORTED, 0, "checked images reserve no space for data");
    if (spec->capacity > CAPACITY_MAX)
        return tarn_fail(call, TARN_E_INVALID, 0, "no checked image has %llu bytes",
                         (unsigned long long)spec->capacity);
    *out = container_size(spec->capacity);
    return TARN_OK;
}

/* The container has `size` bytes; in *zeroed: it is known what they are. */
static int32_t make_room(struct tarn_call *call, struct tarn_io *io, uint64_t size,
                         uint32_t *zeroed)
{
    uint64_t now = 0;
    int32_t status = tarn_io_size(call, io, &now);

    *zeroed = now == 0 && (io->flags & TARN_IO_ZERO_NEW) != 0;
    if (status != TARN_OK || now >= size)
        return status;
    if (io->flags & TARN_IO_FIXED_SIZE)
        return tarn_fail(call, TARN_E_NO_SPACE, 0,
                         "the image needs %llu bytes, and there is room for %llu",
                         (unsigned long long)size, (unsigned long long)now);
    return tarn_io_truncate(call, io, size, 0);
}

static int32_t clear_tables(struct tarn_call *call, struct tarn_io *io, uint64_t blocks)
{
    static const uint8_t zeros[BLOCK];
    int32_t status = TARN_OK;

    for (uint64_t block = 0; status == TARN_OK && block < blocks; block += GROUP) {
        status = tarn_interrupted(call);
        if (status == TARN_OK)
            status = tarn_io_pwrite(call, io, zeros, BLOCK, entry_place(block));
    }
    return status;
}

static int32_t create(struct tarn_call *call, struct tarn_io *io,
                      const struct tarn_image_spec *spec)
{
    uint8_t header[BLOCK] = { 0 };
    uint64_t size = 0;
    uint32_t zeroed = 0;
    int32_t status = measure(call, spec, &size);

    memcpy(header, magic_bytes, sizeof(magic_bytes));
    store(header + AT_CAPACITY, spec->capacity, 8);
    store(header + AT_CHECKSUM, checksum(header, AT_CHECKSUM), 4);
    if (status == TARN_OK)
        status = make_room(call, io, size, &zeroed);
    if (status == TARN_OK && !zeroed)
        status = clear_tables(call, io, blocks_of(spec->capacity));
    return status == TARN_OK ? tarn_io_pwrite(call, io, header, BLOCK, 0) : status;
}

static int32_t check_how(struct tarn_call *call, const struct tarn_io *io,
                         const struct tarn_image_open *how)
{
    if (how->flags & TARN_IMAGE_OPEN_COMPRESS)
        return tarn_fail(call, TARN_E_UNSUPPORTED, 0, "checked images hold nothing compressed");
    if (how->snapshot != NULL)
        return tarn_fail(call, TARN_E_NOT_FOUND, 0, "checked images have no snapshot \"%s\"",
                         how->snapshot);
    if ((how->flags & TARN_IMAGE_OPEN_WRITE) && !(io->flags & TARN_IO_WRITABLE))
        return tarn_fail(call, TARN_E_ACCESS, 0, "the container is open for reading only");
    return TARN_OK;
}

static int32_t open_disk(struct tarn_call *call, struct tarn_io *io,
                         const struct tarn_image_open *how, struct tarn_io **out)
{
    uint64_t capacity = 0;
    struct disk *disk;
    int32_t status = check_how(call, io, how);

    if (status == TARN_OK)
        status = read_header(call, io, &capacity);
    if (status != TARN_OK)
        return status;
    disk = calloc(1, sizeof(*disk));
    if (disk == NULL)
        return tarn_fail(call, TARN_E_INTERNAL, ENOMEM, "no memory to open an image");
    disk->container = io;
    disk->capacity = capacity;
    disk->io = (struct tarn_io){
        .struct_size = sizeof(disk->io),
        .flags = TARN_IO_FIXED_SIZE | (how->flags & TARN_IMAGE_OPEN_WRITE ? TARN_IO_WRITABLE : 0),
        .fd = -1, /* the container's bytes are at other offsets */
        .block_size = BLOCK,
        .pread = disk_pread,
        .pwrite = disk_pwrite,
        .flush = disk_flush,
        .size = disk_size,
        .close = disk_close,
    };
    *out = &disk->io;
    return TARN_OK;
}

/* --- check ------------------------------------------------------------------------------------ */

static int32_t check_block(struct tarn_call *call, struct tarn_io *io, uint64_t block,
                           struct tarn_check_result *result)
{
    struct tarn_finding finding = { .struct_size = sizeof(finding),
                                    .kind = TARN_FINDING_CORRUPTION,
                                    .offset = block_place(block), .length = BLOCK,
                                    .text = "a block does not match its checksum" };
    uint8_t bytes[BLOCK];
    uint32_t sound = 0;
    int32_t status = fetch(call, io, block, bytes, &sound);

    if (status != TARN_OK || sound)
        return status;
    result->corruptions++;
    return call->host->emit_finding(call, &finding);
}

static int32_t check(struct tarn_call *call, struct tarn_io *io, uint32_t flags)
{
    struct tarn_check_result result = { .struct_size = sizeof(result) };
    uint64_t capacity = 0;
    int32_t status = read_header(call, io, &capacity);

    if (status == TARN_OK && flags != 0)
        status = tarn_fail(call, TARN_E_UNSUPPORTED, 0, "what is lost cannot be mended");
    result.total_clusters = blocks_of(capacity);
    for (uint64_t block = 0; status == TARN_OK && block < result.total_clusters; block++) {
        call->host->progress(call, block, result.total_clusters);
        status = tarn_interrupted(call);
        if (status == TARN_OK)
            status = check_block(call, io, block, &result);
    }
    result.image_end = container_size(capacity);
    return status == TARN_OK ? call->host->emit_check(call, &result) : status;
}

static const struct tarn_format checked_format = {
    .struct_size = sizeof(checked_format),
    .capabilities = TARN_FORMAT_PROBE | TARN_FORMAT_READ | TARN_FORMAT_WRITE | TARN_FORMAT_CREATE |
                    TARN_FORMAT_CHECK,
    .name = "checked",
    .summary = "blocks with checksums",
    .magics = magics,
    .probe = probe,
    .info = info,
    .measure = measure,
    .create = create,
    .open = open_disk,
    .check = check,
};

static const struct tarn_format *const formats[] = { &checked_format, NULL };
static const struct tarn_module module = {
    .struct_size = sizeof(module),
    .abi_version = TARN_ABI_VERSION,
    .name = "checked",
    .version = "1.0",
    .summary = "an example: a format with metadata of its own",
    .licence = "BSD-2-Clause",
    .threads = TARN_THREADS_PARALLEL,
    .formats = formats,
};

const struct tarn_module *tarn_module_entry(uint32_t host_abi_version)
{
    return TARN_ABI_MAJOR_OF(host_abi_version) == TARN_ABI_MAJOR ? &module : NULL;
}
