/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * tool-open.c - opens images for image-tool, with all that they name.
 */
#include "image-tool.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "helpers/file-io.h"

/* The folder of the image that is being opened: names in it are relative to that. */
static char folder[4096] = ".";

/* --- files ------------------------------------------------------------------------------------ */

void tool_need(struct fake_host *host, int32_t status)
{
    if (status == TARN_OK)
        return;
    fprintf(stderr, "image-tool: status %d: %s\n", (int)status, host->error);
    exit(1);
}

struct tarn_io *tool_file(struct fake_host *host, const char *path, bool write, bool create)
{
    int flags = (write ? O_RDWR : O_RDONLY) | O_CLOEXEC | O_NONBLOCK;
    int fd = open(path, flags | (create ? O_CREAT | O_TRUNC : 0), 0644);
    struct tarn_io *file;

    if (fd < 0) {
        perror(path);
        exit(1);
    }
    tool_need(host, file_io_open_fd(&host->call, fd, write ? TARN_IO_WRITABLE : 0, &file));
    return file;
}

/* A backing store owns its container, which must be closed with it. */
struct chain {
    struct tarn_io io; /* first */
    struct opened opened;
};

static int32_t chain_pread(struct tarn_call *call, struct tarn_io *io, void *buffer,
                           uint64_t length, uint64_t offset)
{
    return tarn_io_pread(call, ((struct chain *)io)->opened.disk, buffer, length, offset);
}

static int32_t chain_size(struct tarn_call *call, struct tarn_io *io, uint64_t *out)
{
    return tarn_io_size(call, ((struct chain *)io)->opened.disk, out);
}

static int32_t chain_extents(struct tarn_call *call, struct tarn_io *io, uint64_t offset,
                             uint64_t length, tarn_extent_fn emit, void *arg)
{
    return tarn_io_extents(call, ((struct chain *)io)->opened.disk, offset, length, emit, arg);
}

static int32_t chain_identity(struct tarn_call *call, struct tarn_io *io,
                              struct tarn_identity *out)
{
    return tarn_io_identity(call, ((struct chain *)io)->opened.file, out);
}

static int32_t chain_close(struct tarn_call *call, struct tarn_io *io)
{
    struct chain *chain = (struct chain *)io;
    int32_t status = tarn_io_close(call, chain->opened.disk);
    int32_t closed = tarn_io_close(call, chain->opened.file);

    free(chain);
    return status != TARN_OK ? status : closed;
}

static int32_t open_related(struct tarn_call *call, const struct fake_question *question,
                            struct tarn_io **out, void *arg)
{
    struct fake_host *host = arg;
    char path[8192];
    struct chain *chain;

    snprintf(path, sizeof(path), "%s/%s", question->name[0] == '/' ? "" : folder, question->name);
    if (access(path, R_OK) != 0)
        return tarn_fail(call, TARN_E_NOT_FOUND, 0, "the file %s is missing", path);
    if (question->role != TARN_RELATED_BACKING) {
        *out = tool_file(host, path, (question->flags & TARN_IMAGE_OPEN_WRITE) != 0, false);
        return TARN_OK;
    }
    if (question->format == NULL)
        return tarn_fail(call, TARN_E_ACCESS, 0, "the backing store has no recorded format");
    chain = calloc(1, sizeof(*chain));
    if (chain == NULL)
        exit(99);
    chain->opened = tool_open(host, path, question->format, 0, NULL);
    chain->io = (struct tarn_io){ .struct_size = sizeof(chain->io), .fd = -1,
                                  .pread = chain_pread, .size = chain_size,
                                  .extents = chain_extents, .identity = chain_identity,
                                  .close = chain_close };
    *out = &chain->io;
    return TARN_OK;
}

/* The further file's path: "disk.vmdk" and "-flat.vmdk" make "disk-flat.vmdk". */
static void related_path(char *out, size_t room, const char *image, const char *suffix)
{
    const char *extension = strrchr(suffix, '.');
    size_t length = strlen(image);

    if (extension != NULL && length > strlen(extension) &&
        strcmp(image + length - strlen(extension), extension) == 0)
        length -= strlen(extension);
    snprintf(out, room, "%.*s%s", (int)length, image, suffix);
}

/* `arg` is the path of the image; the name is good until the next further file. */
static int32_t create_related(struct tarn_call *call, const char *suffix, uint64_t size,
                              const char **out_name, struct tarn_io **out, void *arg)
{
    static char names[64][256];
    static size_t count;
    char *name = names[count++ % 64];
    char path[8192];
    const char *slash;

    related_path(path, sizeof(path), arg, suffix);
    slash = strrchr(path, '/');
    snprintf(name, sizeof(names[0]), "%.255s", slash != NULL ? slash + 1 : path);
    *out_name = name;
    *out = tool_file((struct fake_host *)call, path, true, true);
    return tarn_io_truncate(call, *out, size, 0);
}

/* Names in this image are relative to its folder, until leave_folder(). */
static void enter_folder(struct fake_host *host, const char *path, char *outer)
{
    const char *slash = strrchr(path, '/');

    host->related_default = open_related;
    host->related_default_arg = host;
    memcpy(outer, folder, sizeof(folder));
    if (slash != NULL)
        snprintf(folder, sizeof(folder), "%.*s", (int)(slash - path + 1), path);
}

static void leave_folder(const char *outer)
{
    memcpy(folder, outer, sizeof(folder));
}

void tool_create(struct fake_host *host, const char *path, const char *format,
                 const struct tarn_image_spec *spec)
{
    struct tarn_io *file = tool_file(host, path, true, true);
    char outer[sizeof(folder)];

    enter_folder(host, path, outer);
    host->create_related = create_related;
    host->create_related_arg = (char *)(uintptr_t)path;
    tool_need(host, load_format(format)->create(&host->call, file, spec));
    tool_need(host, tarn_io_close(&host->call, file));
    leave_folder(outer);
}

void tool_check(struct fake_host *host, const char *path, const char *format, uint32_t flags)
{
    struct tarn_io *file = tool_file(host, path, flags != 0, false);
    char outer[sizeof(folder)];

    enter_folder(host, path, outer);
    tool_need(host, load_format(format)->check(&host->call, file, flags));
    tool_need(host, tarn_io_close(&host->call, file));
    leave_folder(outer);
}

struct opened tool_open(struct fake_host *host, const char *path, const char *format,
                        uint32_t flags, const char *snapshot)
{
    struct tarn_image_open how = { sizeof(how), flags, snapshot };
    struct opened opened;
    char outer[sizeof(folder)];

    enter_folder(host, path, outer);
    opened.file = tool_file(host, path, (flags & TARN_IMAGE_OPEN_WRITE) != 0, false);
    tool_need(host, load_format(format)->open(&host->call, opened.file, &how, &opened.disk));
    leave_folder(outer);
    return opened;
}

void tool_close(struct fake_host *host, struct opened *opened)
{
    tool_need(host, tarn_io_close(&host->call, opened->disk));
    tool_need(host, tarn_io_close(&host->call, opened->file));
}
