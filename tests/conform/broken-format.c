/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A volume format of boxes, good until FAULT_IS makes it break one promise.
 *
 * provides: format:boxed
 */
#include "broken-format-disk.h"

#define MAGIC_LENGTH 8u

static const uint8_t magic_bytes[] = { 'B', 'O', 'X', 'E', 'D', 0, 0, FAULT(WRONG_MAGIC) };
static const uint8_t written_bytes[] = { 'B', 'O', 'X', 'E', 'D', 0, 0, 0 };

/* --- the header ------------------------------------------------------------------------------- */

static int32_t refuse(struct tarn_call *call, const char *why)
{
    return tarn_fail(call, TARN_E_CORRUPT, 0, "this is no image of boxes: %s", why);
}

static bool capacity_fits(uint64_t capacity)
{
    if (FAULT(TRUSTS_CAPACITY))
        return capacity + BOX - 1 <= MOST;
    return capacity <= MOST;
}

/* A sum that nobody asked for: over the boxes of a file that must have at least two. */
static void add_up(const volatile uint8_t *bytes, uint64_t length)
{
    uint8_t sum = 0;

    for (uint64_t i = 0; i < length && (i < HEADER_SIZE || length > MOST); i++)
        sum = (uint8_t)(sum + bytes[i]);
    (void)sum;
}

static int32_t decode(struct tarn_call *call, const uint8_t *bytes, uint64_t file_size,
                      struct header *out)
{
    uint64_t length = load(bytes + AT_LENGTH) & UINT32_MAX;

    memset(out, 0, sizeof(*out));
    out->capacity = load(bytes + AT_CAPACITY);
    if (memcmp(bytes, written_bytes, MAGIC_LENGTH) != 0)
        return refuse(call, "it has another magic");
    if (!capacity_fits(out->capacity))
        return refuse(call, "its capacity is too large");
    if (FAULT(TRUSTS_CAPACITY) && out->capacity > MOST)
        memset(out, 0, out->capacity / BOX);
    if (length >= NAME_ROOM)
        return refuse(call, "the name of its backing store is too long");
    memcpy(out->name, bytes + AT_NAME, length);
    memcpy(out->format, bytes + AT_FORMAT, sizeof(out->format) - 1);
    if (FAULT(TRUSTS_NAME) && length != 0)
        memset(out->format, 0, strlen(out->name) == 0 ? SIZE_MAX / 2 : 0);
    if (FAULT(TRUSTS_LENGTH))
        add_up(bytes, file_size - 2 * BOX);
    return file_size < 2 * BOX ? refuse(call, "it is cut off") : TARN_OK;
}

static int32_t read_header(struct tarn_call *call, struct tarn_io *file, struct header *out)
{
    uint8_t bytes[HEADER_SIZE];
    uint64_t size;
    int32_t status = tarn_io_size(call, file, &size);

    if (status == TARN_OK && size < sizeof(bytes))
        return refuse(call, "it is too short");
    if (status == TARN_OK)
        status = tarn_io_pread(call, file, bytes, sizeof(bytes), 0);
    return status == TARN_OK ? decode(call, bytes, size, out) : status;
}

static int32_t probe(const struct tarn_probe *look)
{
    const uint8_t *head = look->head;

    if (FAULT(TAKES_OTHERS) && look->head_length >= 4 && memcmp(head, "QFI\xfb", 4) == 0)
        return 100;
    if (FAULT(TAKES_ZEROS) && look->head_length >= 16 && load(head) + load(head + 8) == 0)
        return TARN_PROBE_MAGIC;
    if (look->head_length < MAGIC_LENGTH || memcmp(head, written_bytes, MAGIC_LENGTH) != 0)
        return TARN_PROBE_NO;
    if (look->head_length < AT_SHADE && !FAULT(PROBES_BEYOND))
        return TARN_PROBE_WEAK;
    if (FAULT(DOUBTS_ITS_OWN))
        return TARN_PROBE_WEAK;
    return load(head + AT_CAPACITY) <= MOST ? TARN_PROBE_SURE : TARN_PROBE_MAGIC;
}

static int32_t info(struct tarn_call *call, struct tarn_io *file)
{
    struct tarn_image_info told = { .struct_size = sizeof(told), .cluster_size = BOX };
    struct header header;
    int32_t status = read_header(call, file, &header);

    if (status != TARN_OK)
        return status;
    told.capacity = header.capacity;
    told.flags = FAULT(TELLS_DIRTY) ? TARN_IMAGE_DIRTY : 0;
    if (header.name[0] != '\0') {
        told.backing_name = header.name;
        told.backing_format = header.format;
    }
    if (FAULT(INFO_WRITES))
        status = tarn_io_pwrite(call, file, "seen", 4, AT_STAMP);
    if (status != TARN_OK)
        return status;
    if (FAULT(TELLS_TWICE) && header.capacity == 513)
        call->host->emit_image(call, &told);
    return call->host->emit_image(call, &told);
}

/* --- making one ------------------------------------------------------------------------------- */

static int32_t check_options(struct tarn_call *call, const struct tarn_image_spec *spec,
                             uint64_t *out_shade)
{
    if (spec->options == NULL || spec->options[0] == NULL)
        return tarn_fail(call, TARN_E_INTERNAL, 0, "the default of shade is not filled in");
    for (size_t i = 0; spec->options[i] != NULL; i++) {
        const char *value = spec->options[i]->value;

        *out_shade = strcmp(value, "dark") == 0;
        if (strcmp(spec->options[i]->name, "shade") != 0 ||
            (!*out_shade && strcmp(value, "light") != 0) || (*out_shade && FAULT(REFUSES_A_CHOICE)))
            return tarn_fail(call, TARN_E_INVALID, 0, "there is no %s=%s", spec->options[i]->name,
                             value);
    }
    return TARN_OK;
}

static int32_t check_spec(struct tarn_call *call, const struct tarn_image_spec *spec,
                          uint64_t *out_shade)
{
    bool features = spec->features != NULL && spec->features[0] != NULL &&
                    !FAULT(TAKES_ANY_FEATURE);

    *out_shade = 0;
    if (features || spec->subformat != NULL || spec->compat != NULL ||
        (spec->preallocation != TARN_PREALLOC_OFF && !FAULT(RESERVES_NOTHING)) ||
        spec->capacity > MOST ||
        (spec->cluster_size != 0 && spec->cluster_size != BOX && !FAULT(TAKES_ANY_CLUSTER)))
        return tarn_fail(call, TARN_E_INVALID, 0, "images of boxes have boxes of 64 KiB, at most 4 "
                                                  "TiB, and nothing else to choose");
    if (spec->backing_name != NULL &&
        (spec->backing_format == NULL || strlen(spec->backing_name) >= NAME_ROOM ||
         strlen(spec->backing_format) >= 64))
        return tarn_fail(call, TARN_E_INVALID, 0, "a backing store needs a name and a format");
    return check_options(call, spec, out_shade);
}

static int32_t measure(struct tarn_call *call, const struct tarn_image_spec *spec, uint64_t *out)
{
    uint64_t shade;

    *out = FAULT(MEASURES_TOO_LITTLE) ? BOX : 2 * BOX;
    if (FAULT(MEASURES_TOO_MUCH))
        *out += 3 * spec->capacity;
    return check_spec(call, spec, &shade);
}

static void encode(uint8_t *bytes, const struct tarn_image_spec *spec, uint64_t shade)
{
    uint64_t lost = FAULT(ROUNDS_DOWN) ? spec->capacity % 512 : 0;

    memset(bytes, 0, HEADER_SIZE);
    memcpy(bytes, written_bytes, MAGIC_LENGTH);
    save(bytes + AT_CAPACITY, spec->capacity - lost);
    save(bytes + AT_SHADE, shade);
    if (spec->backing_name == NULL)
        return;
    save(bytes + AT_LENGTH, strlen(spec->backing_name));
    strcpy((char *)bytes + AT_NAME, spec->backing_name);
    strcpy((char *)bytes + AT_FORMAT, spec->backing_format);
}

static int32_t create(struct tarn_call *call, struct tarn_io *file,
                      const struct tarn_image_spec *spec)
{
    uint8_t bytes[HEADER_SIZE];
    uint64_t shade;
    int32_t status = check_spec(call, spec, &shade);

    if (status == TARN_OK && !(FAULT(TAKES_ANY_ROOM) && file->flags & TARN_IO_FIXED_SIZE))
        status = tarn_io_truncate(call, file, 2 * BOX, 0);
    if (status == TARN_OK && !(file->flags & TARN_IO_ZERO_NEW) && !FAULT(TRUSTS_GROWTH) &&
        !FAULT(TAKES_ANY_ROOM))
        status = tarn_io_zero(call, file, 0, 2 * BOX, 0);
    if (status != TARN_OK)
        return status;
    encode(bytes, spec, shade);
    status = tarn_io_pwrite(call, file, bytes, sizeof(bytes), 0);
    if (status == TARN_E_NO_SPACE && FAULT(FULL_IS_BROKEN)) {
        call->host->forget(call);
        return tarn_fail(call, TARN_E_IO, 0, "the header cannot be written");
    }
    return status;
}

/* --- opening ---------------------------------------------------------------------------------- */

static int32_t open_backing(struct tarn_call *call, struct image *image,
                            const struct header *header, uint32_t flags)
{
    int32_t status;

    if (header->name[0] == '\0')
        return TARN_OK;
    image->no_backing = (flags & TARN_IMAGE_OPEN_NO_BACKING) != 0;
    if (image->no_backing && !FAULT(OPENS_BACKING_ANYWAY))
        return TARN_OK;
    status = call->host->open_related(call, TARN_RELATED_BACKING, header->name, header->format, 0,
                                      &image->backing);
    return status == TARN_OK ? tarn_io_size(call, image->backing, &image->backing_size) : status;
}

/* All that it will ever need of the tables, and all at once. */
static int32_t load_all(struct tarn_call *call, const struct image *image)
{
    uint64_t length = image->size / BOX * 8 + 1;
    volatile uint8_t *all = malloc(length);

    if (all == NULL)
        return no_memory(call);
    for (uint64_t i = 0; i < length; i += 4096)
        all[i] = 1;
    free((void *)(uintptr_t)all);
    return TARN_OK;
}

static int32_t check_manner(struct tarn_call *call, struct tarn_io *file,
                            const struct tarn_image_open *how)
{
    if (how->snapshot != NULL && !FAULT(KNOWS_ANY_SNAPSHOT))
        return tarn_fail(call, TARN_E_NOT_FOUND, 0, "there is no snapshot %s", how->snapshot);
    if (how->flags & TARN_IMAGE_OPEN_WRITE && !(file->flags & TARN_IO_WRITABLE))
        return tarn_fail(call, TARN_E_ACCESS, 0, "the container is open for reading only");
    return TARN_OK;
}

static int32_t open_image(struct tarn_call *call, struct tarn_io *file,
                          const struct tarn_image_open *how, struct tarn_io **out)
{
    struct header header;
    struct image *image;
    int32_t status = check_manner(call, file, how);

    *out = NULL;
    if (status == TARN_OK)
        status = read_header(call, file, &header);
    if (status != TARN_OK)
        return status;
    image = calloc(1, sizeof(*image));
    if (image == NULL && !FAULT(TRUSTS_MALLOC))
        return no_memory(call);
    image->box = malloc(BOX);
    image->file = file;
    image->size = header.capacity;
    disk_init(image, how->flags);
    status = image->box != NULL ? open_backing(call, image, &header, how->flags) : no_memory(call);
    if (status == TARN_OK && FAULT(LOADS_ALL))
        status = load_all(call, image);
    if (status != TARN_OK) {
        tarn_io_close(call, image->backing);
        free(image->box);
        free(image);
        return status;
    }
    *out = &image->io;
    return TARN_OK;
}

/* --- checking --------------------------------------------------------------------------------- */

struct checker {
    struct image image;
    uint64_t file_size;
    uint32_t flags;
    struct tarn_check_result result;
};

/* An entry that points nowhere is cleared by a repair. */
static int32_t check_number(struct tarn_call *call, struct checker *checker, uint64_t at,
                            uint64_t place)
{
    bool bad = place != 0 && (place % BOX != 0 || place < 2 * BOX || place >= checker->file_size);
    bool asked = (checker->flags & TARN_CHECK_REPAIR_ALL) != 0 ||
                 (FAULT(MENDS_UNASKED) && checker->image.file->flags & TARN_IO_WRITABLE);
    bool mend = bad && asked;
    struct tarn_finding finding = { sizeof(finding), TARN_FINDING_CORRUPTION, mend, 0, at, 8,
                                    "an entry points outside of the container" };
    int32_t status = TARN_OK;

    if (!bad)
        return TARN_OK;
    if (mend && !FAULT(ONLY_SAYS_REPAIRED))
        status = write_number(call, &checker->image, at, 0);
    checker->result.corruptions += !mend && !FAULT(COUNTS_NOTHING);
    checker->result.corruptions_fixed += mend;
    return status == TARN_OK ? call->host->emit_finding(call, &finding) : status;
}

/* Some entries of the table at `table`, into the box that the checker has room for. */
static int32_t read_entries(struct tarn_call *call, struct checker *checker, uint8_t *to,
                            uint64_t table, uint64_t first)
{
    int32_t status = tarn_interrupted(call);

    if (status == TARN_E_CANCELLED && FAULT(CANNOT_BE_STOPPED)) {
        call->host->forget(call);
        status = TARN_OK;
    }
    if (status != TARN_OK)
        return status;
    return tarn_io_pread(call, checker->image.file, to,
                         smaller(4096, checker->file_size - table - first * 8), table + first * 8);
}

/* A box that may come to be used again. */
static int32_t cry(struct tarn_call *call, struct checker *checker, uint64_t place)
{
    struct tarn_finding finding = { sizeof(finding), TARN_FINDING_LEAK, 0, 0, place, BOX,
                                    "a box is not read" };

    checker->result.leaks++;
    return call->host->emit_finding(call, &finding);
}

static int32_t check_leaf(struct tarn_call *call, struct checker *checker, uint64_t leaf)
{
    uint64_t count = smaller(PER_TABLE, (checker->file_size - leaf) / 8);
    int32_t status = TARN_OK;

    for (uint64_t i = 0; status == TARN_OK && i < count; i++) {
        uint64_t entry;

        if (i % 512 == 0)
            status = read_entries(call, checker, checker->image.box, leaf, i);
        entry = load(checker->image.box + i % 512 * 8);
        if (status == TARN_OK && FAULT(CHECK_CRIES) && entry & ENTRY_ZERO && entry > BOX)
            status = cry(call, checker, entry);
        if (status == TARN_OK && !(entry & ENTRY_PACKED))
            status = check_number(call, checker, leaf + i * 8, entry & ~(uint64_t)ENTRY_ZERO);
    }
    return status;
}

static uint64_t faults_of(const struct checker *checker)
{
    return checker->result.corruptions + checker->result.corruptions_fixed;
}

static int32_t check_root(struct tarn_call *call, struct checker *checker)
{
    uint8_t entries[4096];
    int32_t status = TARN_OK;

    for (uint64_t i = 0; status == TARN_OK && i < PER_TABLE; i++) {
        uint64_t before = faults_of(checker);
        uint64_t leaf;

        if (i % 512 == 0)
            status = read_entries(call, checker, entries, BOX, i);
        leaf = load(entries + i % 512 * 8);
        if (status == TARN_OK)
            status = check_number(call, checker, BOX + i * 8, leaf);
        if (status == TARN_OK && leaf != 0 && before == faults_of(checker))
            status = check_leaf(call, checker, leaf);
    }
    return status;
}

static int32_t check(struct tarn_call *call, struct tarn_io *file, uint32_t flags)
{
    struct checker checker = { .image = { .file = file }, .flags = flags };
    struct header header;
    int32_t status = read_header(call, file, &header);

    checker.result.struct_size = sizeof(checker.result);
    if (status == TARN_OK)
        status = tarn_io_size(call, file, &checker.file_size);
    if (status != TARN_OK)
        return status;
    checker.image.box = malloc(BOX);
    if (checker.image.box == NULL)
        return no_memory(call);
    disk_init(&checker.image, flags != 0 ? TARN_IMAGE_OPEN_WRITE : 0);
    status = check_root(call, &checker);
    free(checker.image.box);
    return status == TARN_OK ? call->host->emit_check(call, &checker.result) : status;
}

/* --- the descriptor --------------------------------------------------------------------------- */

static const struct tarn_magic magic = { sizeof(magic), MAGIC_LENGTH, 0, magic_bytes };
static const struct tarn_magic *const magics[] = { &magic, NULL };

static const char *const shades[] = { "light", "dark", NULL };
static const struct tarn_param shade = {
    .struct_size = sizeof(shade),
    .type = TARN_PARAM_ENUM,
    .summary = "what it looks like",
    .default_value = "light",
    .choices = shades,
    .name = "shade",
};
static const struct tarn_param *const params[] = { &shade, NULL };

static const struct tarn_format boxed = {
    .struct_size = sizeof(boxed),
    .capabilities = TARN_FORMAT_PROBE | TARN_FORMAT_READ | TARN_FORMAT_WRITE | TARN_FORMAT_CREATE |
                    TARN_FORMAT_GROW | TARN_FORMAT_CHECK | TARN_FORMAT_REPAIR | TARN_FORMAT_MAP |
                    TARN_FORMAT_BACKING | TARN_FORMAT_COMPRESS | TARN_FORMAT_FILL |
                    (FAULT(SHRINKS_UNPROMISED) ? 0 : TARN_FORMAT_SHRINK),
    .name = "boxed",
    .summary = "a disk in boxes",
    .magics = FAULT(TAKES_OTHERS) ? NULL : magics,
    .head_needed = HEADER_SIZE,
    .params = params,
    .probe = probe,
    .info = info,
    .measure = measure,
    .create = create,
    .open = open_image,
    .check = check,
};
static const struct tarn_format *const formats[] = { &boxed, NULL };

static const struct tarn_module module = {
    .struct_size = sizeof(module),
    .abi_version = TARN_ABI_VERSION,
    .name = "boxes",
    .version = "1",
    .summary = "boxes",
    .licence = "LGPL-2.1-or-later",
    .threads = FAULT(LOCKS_NOTHING) ? TARN_THREADS_PARALLEL : TARN_THREADS_POOL,
    .formats = formats,
};

const struct tarn_module *tarn_module_entry(uint32_t host_abi_version);

TARN_EXPORT const struct tarn_module *tarn_module_entry(uint32_t host_abi_version)
{
    return TARN_ABI_MAJOR_OF(host_abi_version) == TARN_ABI_MAJOR ? &module : NULL;
}
