/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * image-tool.c - see image-tool.h.
 *
 *   image-tool [-f FORMAT] [-s SNAPSHOT] [-n] [-c] COMMAND FILE [ARGUMENT…]
 *
 *   probe FILE                       how sure the format is, as a number
 *   create FILE SIZE [NAME=VALUE…]   subformat, compat, cluster-size, backing, backing-format,
 *                                    preallocation (off, metadata, falloc, full), allocation,
 *                                    feature (several), or an option of the format
 *   fill FILE SOURCE [NAME=VALUE…]   creates an image of SOURCE's size and fills it with its bytes,
 *                                    holes left out, once and in order, as a conversion does
 *   measure FILE SIZE [NAME=VALUE…]  the same, and prints the bytes needed
 *   cat FILE                         the guest's bytes to standard output
 *   read FILE OFFSET LENGTH          some of them
 *   write FILE OFFSET                standard input into the guest's disk
 *   zero FILE OFFSET LENGTH [FLAGS]  FLAGS as for tarn_io.zero
 *   discard FILE OFFSET LENGTH
 *   resize FILE SIZE [FLAGS]         FLAGS as for tarn_io.truncate
 *   map FILE                         as qemu-img map --output=json, without what lies below
 *   check FILE [FLAGS]               as qemu-img check --output=json; FLAGS: tarn_format.check's
 *   info FILE                        NAME=VALUE lines
 *   model FILE SEED STEPS MAX-SIZE   random operations, see tool_model()
 *
 * -n opens without the backing store; -c fills compressed. TARN_MODULE_DIR is where the modules are.
 */
#include "image-tool.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CHUNK ((uint64_t)2 << 20)

struct task {
    struct fake_host *host;
    const char *format;
    const char *snapshot;
    uint32_t open_flags;
    const char *path;
    char **arguments; /* behind the path; ends with NULL */
};

static uint64_t number(const char *text)
{
    char *end;
    uint64_t value;

    if (text == NULL || *text == '\0')
        exit(2);
    value = strtoull(text, &end, 0);
    if (*end != '\0')
        exit(2);
    return value;
}

static struct opened open_disk(const struct task *task, uint32_t flags)
{
    return tool_open(task->host, task->path, task->format, flags | task->open_flags,
                     task->snapshot);
}

static uint32_t preallocation(const char *name)
{
    if (strcmp(name, "metadata") == 0)
        return TARN_PREALLOC_METADATA;
    if (strcmp(name, "falloc") == 0)
        return TARN_PREALLOC_FALLOC;
    return strcmp(name, "full") == 0 ? TARN_PREALLOC_FULL : TARN_PREALLOC_OFF;
}

struct spec {
    struct tarn_image_spec spec;
    const char *features[9];
    struct tarn_property options[8];
    const struct tarn_property *option_list[9];
};

/* The disk's size, and the arguments behind the first as the rest of the specification. */
static void read_spec(const struct task *task, uint64_t capacity, struct spec *out)
{
    uint32_t features = 0;
    uint32_t options = 0;

    memset(out, 0, sizeof(*out));
    out->spec = (struct tarn_image_spec){ .struct_size = sizeof(out->spec),
                                          .capacity = capacity,
                                          .features = out->features,
                                          .options = out->option_list };
    for (char **argument = task->arguments + 1; *argument != NULL; argument++) {
        char *name = *argument;
        char *value = strchr(name, '=');

        if (value == NULL || features > 7 || options > 7)
            exit(2);
        *value++ = '\0';
        if (strcmp(name, "subformat") == 0)
            out->spec.subformat = value;
        else if (strcmp(name, "compat") == 0)
            out->spec.compat = value;
        else if (strcmp(name, "cluster-size") == 0)
            out->spec.cluster_size = number(value);
        else if (strcmp(name, "backing") == 0)
            out->spec.backing_name = value;
        else if (strcmp(name, "backing-format") == 0)
            out->spec.backing_format = value;
        else if (strcmp(name, "preallocation") == 0)
            out->spec.preallocation = preallocation(value);
        else if (strcmp(name, "allocation") == 0)
            out->spec.allocation = number(value);
        else if (strcmp(name, "feature") == 0)
            out->features[features++] = value;
        else {
            out->options[options] = (struct tarn_property){ sizeof(struct tarn_property), 0, name,
                                                            value };
            out->option_list[options] = &out->options[options];
            options++;
        }
    }
}

static int do_probe(const struct task *task)
{
    const struct tarn_format *format = load_format(task->format);
    uint64_t head_needed = format->head_needed != 0 ? format->head_needed : 4096;
    struct tarn_io *file = tool_file(task->host, task->path, false, false);
    struct tarn_probe probe = { .struct_size = sizeof(probe) };
    uint8_t *head;
    uint8_t *tail;

    tool_need(task->host, tarn_io_size(&task->host->call, file, &probe.size));
    probe.head_length = head_needed < probe.size ? head_needed : probe.size;
    probe.tail_length = format->tail_needed < probe.size ? format->tail_needed : probe.size;
    probe.head = head = malloc(probe.head_length + 1);
    probe.tail = tail = malloc(probe.tail_length + 1);
    if (head == NULL || tail == NULL)
        exit(99);
    tool_need(task->host, tarn_io_pread(&task->host->call, file, head, probe.head_length, 0));
    tool_need(task->host, tarn_io_pread(&task->host->call, file, tail, probe.tail_length,
                                        probe.size - probe.tail_length));
    printf("%d\n", format->probe != NULL ? (int)format->probe(&probe) : 0);
    free(head);
    free(tail);
    tool_need(task->host, tarn_io_close(&task->host->call, file));
    return 0;
}

static int do_create(const struct task *task)
{
    struct spec spec;

    read_spec(task, number(task->arguments[0]), &spec);
    tool_create(task->host, task->path, task->format, &spec.spec);
    return 0;
}

/* What of the source is to be written next: its data from `offset` on; false behind the last. */
static bool next_data(int fd, uint64_t size, uint64_t *offset, uint64_t *end)
{
    off_t data = lseek(fd, (off_t)*offset, SEEK_DATA);
    off_t hole = data >= 0 ? lseek(fd, data, SEEK_HOLE) : -1;

    if (data < 0)
        return false;
    *offset = (uint64_t)data;
    *end = hole >= 0 && (uint64_t)hole < size ? (uint64_t)hole : size;
    return true;
}

static void copy_in(const struct task *task, struct tarn_io *disk, int fd, uint64_t size)
{
    uint8_t *buffer = malloc(CHUNK);
    uint64_t offset = 0;
    uint64_t end;

    while (buffer != NULL && next_data(fd, size, &offset, &end)) {
        while (offset < end) {
            uint64_t piece = end - offset < CHUNK ? end - offset : CHUNK;

            if (pread(fd, buffer, piece, (off_t)offset) != (ssize_t)piece)
                exit(1);
            tool_need(task->host, tarn_io_pwrite(&task->host->call, disk, buffer, piece, offset));
            offset += piece;
        }
    }
    free(buffer);
}

static int do_fill(const struct task *task)
{
    uint32_t flags = TARN_IMAGE_OPEN_WRITE | TARN_IMAGE_OPEN_FILL;
    int fd = open(task->arguments[0], O_RDONLY | O_CLOEXEC);
    off_t size = fd >= 0 ? lseek(fd, 0, SEEK_END) : -1;
    struct opened opened;
    struct spec spec;

    if (size < 0) {
        perror(task->arguments[0]);
        return 1;
    }
    read_spec(task, (uint64_t)size, &spec);
    tool_create(task->host, task->path, task->format, &spec.spec);
    opened = open_disk(task, flags);
    copy_in(task, opened.disk, fd, (uint64_t)size);
    tool_need(task->host, tarn_io_flush(&task->host->call, opened.disk));
    tool_close(task->host, &opened);
    close(fd);
    return 0;
}

static int do_measure(const struct task *task)
{
    struct spec spec;
    uint64_t bytes;

    read_spec(task, number(task->arguments[0]), &spec);
    tool_need(task->host, load_format(task->format)->measure(&task->host->call, &spec.spec,
                                                             &bytes));
    printf("%llu\n", (unsigned long long)bytes);
    return 0;
}

static void copy_out(const struct task *task, struct opened *opened, uint64_t offset,
                     uint64_t length)
{
    uint8_t *buffer = malloc(CHUNK);

    while (buffer != NULL && length > 0) {
        uint64_t piece = length < CHUNK ? length : CHUNK;

        tool_need(task->host, tarn_io_pread(&task->host->call, opened->disk, buffer, piece,
                                            offset));
        if (fwrite(buffer, 1, piece, stdout) != piece)
            exit(1);
        offset += piece;
        length -= piece;
    }
    free(buffer);
}

static int do_cat(const struct task *task)
{
    struct opened opened = open_disk(task, 0);
    uint64_t size;

    tool_need(task->host, tarn_io_size(&task->host->call, opened.disk, &size));
    copy_out(task, &opened, 0, size);
    tool_close(task->host, &opened);
    return 0;
}

static int do_read(const struct task *task)
{
    struct opened opened = open_disk(task, 0);

    copy_out(task, &opened, number(task->arguments[0]), number(task->arguments[1]));
    tool_close(task->host, &opened);
    return 0;
}

static int do_write(const struct task *task)
{
    struct opened opened = open_disk(task, TARN_IMAGE_OPEN_WRITE);
    uint64_t offset = number(task->arguments[0]);
    uint8_t *buffer = malloc(CHUNK);
    size_t got;

    while (buffer != NULL && (got = fread(buffer, 1, CHUNK, stdin)) > 0) {
        tool_need(task->host, tarn_io_pwrite(&task->host->call, opened.disk, buffer, got, offset));
        offset += got;
    }
    free(buffer);
    tool_close(task->host, &opened);
    return 0;
}

static int do_zero(const struct task *task)
{
    struct opened opened = open_disk(task, TARN_IMAGE_OPEN_WRITE);
    uint32_t flags = task->arguments[2] != NULL ? (uint32_t)number(task->arguments[2]) : 0;
    int32_t status = tarn_io_zero(&task->host->call, opened.disk, number(task->arguments[0]),
                                  number(task->arguments[1]), flags);

    if (status == TARN_E_UNSUPPORTED)
        puts("unsupported");
    else
        tool_need(task->host, status);
    tool_close(task->host, &opened);
    return 0;
}

static int do_discard(const struct task *task)
{
    struct opened opened = open_disk(task, TARN_IMAGE_OPEN_WRITE);

    tool_need(task->host, tarn_io_discard(&task->host->call, opened.disk,
                                          number(task->arguments[0]),
                                          number(task->arguments[1])));
    tool_close(task->host, &opened);
    return 0;
}

static int do_resize(const struct task *task)
{
    struct opened opened = open_disk(task, TARN_IMAGE_OPEN_WRITE);
    uint32_t flags = task->arguments[1] != NULL ? (uint32_t)number(task->arguments[1]) : 0;

    tool_need(task->host, tarn_io_truncate(&task->host->call, opened.disk,
                                           number(task->arguments[0]), flags));
    tool_close(task->host, &opened);
    return 0;
}

static int32_t print_extent(struct tarn_call *call, const struct tarn_extent *extent, void *arg)
{
    const char *yes = "true";
    const char *no = "false";
    bool *first = arg;

    (void)call;
    printf("%s{\"start\": %llu, \"length\": %llu, \"backing\": %s, \"zero\": %s, \"data\": %s",
           *first ? "[" : ",\n", (unsigned long long)extent->offset,
           (unsigned long long)extent->length, extent->kind == TARN_EXTENT_BACKING ? yes : no,
           extent->kind == TARN_EXTENT_ZERO || extent->kind == TARN_EXTENT_HOLE ? yes : no,
           extent->kind == TARN_EXTENT_DATA ? yes : no);
    if (extent->flags & TARN_EXTENT_HOST)
        printf(", \"offset\": %llu", (unsigned long long)extent->host_offset);
    printf("}");
    *first = false;
    return TARN_OK;
}

static int do_map(const struct task *task)
{
    struct opened opened = open_disk(task, 0);
    bool first = true;
    uint64_t size;

    tool_need(task->host, tarn_io_size(&task->host->call, opened.disk, &size));
    tool_need(task->host, tarn_io_extents(&task->host->call, opened.disk, 0, size, print_extent,
                                          &first));
    printf(first ? "[]\n" : "]\n");
    tool_close(task->host, &opened);
    return 0;
}

static int do_check(const struct task *task)
{
    struct fake_host *host = task->host;
    uint32_t flags = task->arguments[0] != NULL ? (uint32_t)number(task->arguments[0]) : 0;
    const struct tarn_check_result *result = &host->check;

    tool_check(host, task->path, task->format, flags);
    for (uint64_t i = 0; i < host->finding_count; i++)
        fprintf(stderr, "%s%s\n", host->findings[i].text,
                host->findings[i].repaired ? " (repaired)" : "");
    printf("{\"image-end-offset\": %llu, \"total-clusters\": %llu, \"allocated-clusters\": %llu, "
           "\"fragmented-clusters\": %llu, \"compressed-clusters\": %llu, \"corruptions\": %llu, "
           "\"leaks\": %llu, \"check-errors\": %llu, \"corruptions-fixed\": %llu, "
           "\"leaks-fixed\": %llu}\n", (unsigned long long)result->image_end,
           (unsigned long long)result->total_clusters,
           (unsigned long long)result->allocated_clusters,
           (unsigned long long)result->fragmented_clusters,
           (unsigned long long)result->compressed_clusters,
           (unsigned long long)result->corruptions, (unsigned long long)result->leaks,
           (unsigned long long)result->errors, (unsigned long long)result->corruptions_fixed,
           (unsigned long long)result->leaks_fixed);
    return 0;
}

static void print_text(const char *name, const char *value)
{
    if (value != NULL)
        printf("%s=%s\n", name, value);
}

static int do_info(const struct task *task)
{
    struct fake_host *host = task->host;
    struct tarn_io *file = tool_file(host, task->path, false, false);
    const struct tarn_image_info *info = &host->image.info;

    tool_need(host, load_format(task->format)->info(&host->call, file));
    printf("capacity=%llu\ncluster-size=%llu\nflags=%u\n", (unsigned long long)info->capacity,
           (unsigned long long)info->cluster_size, (unsigned int)info->flags);
    print_text("subformat", info->subformat);
    print_text("compat", info->compat);
    print_text("creator", info->creator);
    print_text("backing", info->backing_name);
    print_text("backing-format", info->backing_format);
    print_text("encryption", info->encryption);
    print_text("compression", info->compression);
    for (uint32_t i = 0; info->features[i] != NULL; i++)
        print_text("feature", info->features[i]);
    for (uint32_t i = 0; info->files[i] != NULL; i++)
        print_text(info->files[i]->role, info->files[i]->name);
    for (uint32_t i = 0; info->properties[i] != NULL; i++)
        print_text(info->properties[i]->name, info->properties[i]->value);
    for (uint64_t i = 0; i < host->snapshot_count; i++)
        printf("snapshot=%s %s %llu %llu\n", host->snapshots[i].id, host->snapshots[i].name,
               (unsigned long long)host->snapshots[i].capacity,
               (unsigned long long)host->snapshots[i].created);
    tool_need(host, tarn_io_close(&host->call, file));
    return 0;
}

static int do_model(const struct task *task)
{
    return tool_model(task->host, task->path, task->format, number(task->arguments[0]),
                      number(task->arguments[1]), number(task->arguments[2]));
}

static const struct {
    const char *name;
    int (*run)(const struct task *task);
    int arguments; /* at least */
} commands[] = {
    { "probe", do_probe, 0 },   { "fill", do_fill, 1 },
    { "create", do_create, 1 }, { "measure", do_measure, 1 }, { "cat", do_cat, 0 },
    { "read", do_read, 2 },     { "write", do_write, 1 },     { "zero", do_zero, 2 },
    { "discard", do_discard, 2 }, { "resize", do_resize, 1 }, { "map", do_map, 0 },
    { "check", do_check, 0 },   { "info", do_info, 0 },       { "model", do_model, 3 },
};

int main(int argc, char **argv)
{
    struct fake_host host;
    struct task task = { .host = &host, .format = "qcow2" };
    int option;
    int result = 2;

    while ((option = getopt(argc, argv, "f:s:nc")) != -1) {
        if (option == 'f')
            task.format = optarg;
        else if (option == 's')
            task.snapshot = optarg;
        else if (option == 'n')
            task.open_flags |= TARN_IMAGE_OPEN_NO_BACKING;
        else if (option == 'c')
            task.open_flags |= TARN_IMAGE_OPEN_COMPRESS;
        else
            return 2;
    }
    if (argc - optind < 2)
        return 2;
    task.path = argv[optind + 1];
    task.arguments = argv + optind + 2;
    fake_host_init(&host);
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
        if (strcmp(commands[i].name, argv[optind]) == 0 &&
            argc - optind - 2 >= commands[i].arguments)
            result = commands[i].run(&task);
    fake_host_clear(&host);
    return result;
}
