/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * tool-open.c - opens images for image-tool, with all that they name.
 */
#include "image-tool.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "formats/qcow2/format.h"
#include "formats/raw/raw.h"
#include "helpers/file-io.h"

/* The folder of the image that is being opened: names in it are relative to that. */
static char folder[4096] = ".";

const struct tarn_format *tool_format(const char *name)
{
    if (strcmp(name, "raw") == 0)
        return &raw_format;
    if (strcmp(name, "qcow2") == 0)
        return &qcow2_format;
    fprintf(stderr, "image-tool: format %s is unknown\n", name);
    exit(2);
}

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

    (void)call;
    snprintf(path, sizeof(path), "%s/%s", question->name[0] == '/' ? "" : folder, question->name);
    if (question->role == TARN_RELATED_DATA_FILE) {
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
                                  .close = chain_close };
    *out = &chain->io;
    return TARN_OK;
}

struct opened tool_open(struct fake_host *host, const char *path, const char *format,
                        uint32_t flags, const char *snapshot)
{
    struct tarn_image_open how = { sizeof(how), flags, snapshot };
    struct opened opened;
    char outer[sizeof(folder)];
    const char *slash = strrchr(path, '/');

    host->related_default = open_related;
    host->related_default_arg = host;
    memcpy(outer, folder, sizeof(outer));
    if (slash != NULL)
        snprintf(folder, sizeof(folder), "%.*s", (int)(slash - path + 1), path);
    opened.file = tool_file(host, path, (flags & TARN_IMAGE_OPEN_WRITE) != 0, false);
    tool_need(host, tool_format(format)->open(&host->call, opened.file, &how, &opened.disk));
    memcpy(folder, outer, sizeof(folder));
    return opened;
}

void tool_close(struct fake_host *host, struct opened *opened)
{
    tool_need(host, tarn_io_close(&host->call, opened->disk));
    tool_need(host, tarn_io_close(&host->call, opened->file));
}
