/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * writer.c - see writer.h: libarchive makes the image. It collects the files' content in a temporary
 * file of its own first, since directories come before files; then it writes in ascending order.
 */
#include "writer.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "iso.h"

struct iso_writer {
    struct tarn_call *call;
    struct tarn_io *file; /* or NULL */
    struct archive *archive;
    struct archive_entry *entry;
    uint64_t room;
    uint64_t length; /* written so far */
    int32_t status;  /* of the byte store */
    bool open;       /* the archive is open, and not closed yet */
    bool abandoned;  /* nothing shall be written any more */
    char label[ISO_ID_LENGTH + 1]; /* "" = none */
};

static la_ssize_t take_bytes(struct archive *archive, void *arg, const void *bytes, size_t length)
{
    struct iso_writer *writer = arg;

    if (writer->abandoned)
        return -1;
    writer->status = tarn_interrupted(writer->call);
    if (writer->status == TARN_OK && length > writer->room - writer->length)
        writer->status = tarn_fail(writer->call, TARN_E_NO_SPACE, 0,
                                   "the folder needs an image of more than %llu bytes: ask for a "
                                   "larger one, or for 0 bytes to get what it needs",
                                   (unsigned long long)writer->room);
    if (writer->status == TARN_OK && writer->file != NULL)
        writer->status = tarn_io_pwrite(writer->call, writer->file, bytes, length,
                                        writer->length);
    if (writer->status != TARN_OK) {
        archive_set_error(archive, EIO, "the image cannot be written");
        return -1;
    }
    writer->length += length;
    return (la_ssize_t)length;
}

/* A warning of libarchive's is a file that would not be in the image as it is. */
static int32_t judge(struct iso_writer *writer, int result, const char *what)
{
    const char *why;

    if (result == ARCHIVE_OK)
        return TARN_OK;
    if (writer->status != TARN_OK)
        return writer->status;
    why = archive_error_string(writer->archive);
    return tarn_fail(writer->call, TARN_E_IO, archive_errno(writer->archive),
                     "%s cannot be put into the image: %s", what, why != NULL ? why : "no reason");
}

static int32_t begin(struct iso_writer *writer)
{
    static const char *const options[][2] = {
        { "iso-level", "3" },      /* files of more than 4 GiB */
        { "rockridge", "useful" }, /* names, links; owners and modes that serve everybody */
        { "joliet", "1" },
        { "pad", NULL },           /* no empty sectors for CD writers */
    };
    struct archive *archive = writer->archive;
    int result = archive_write_set_format_iso9660(archive);

    if (result == ARCHIVE_OK && writer->label[0] != '\0')
        result = archive_write_set_format_option(archive, "iso9660", "volume-id", writer->label);
    for (size_t i = 0; i < sizeof(options) / sizeof(options[0]) && result == ARCHIVE_OK; i++)
        result = archive_write_set_format_option(archive, "iso9660", options[i][0],
                                                 options[i][1]);
    if (result == ARCHIVE_OK)
        result = archive_write_set_bytes_per_block(archive, 0);
    if (result == ARCHIVE_OK)
        result = archive_write_open2(archive, writer, NULL, take_bytes, NULL, NULL);
    writer->open = result == ARCHIVE_OK;
    return judge(writer, result, "the folder");
}

int32_t iso_writer_open(struct tarn_call *call, struct tarn_io *file, const char *label,
                        uint64_t room, struct iso_writer **out)
{
    struct iso_writer *writer = calloc(1, sizeof(*writer));
    int32_t status;

    *out = writer;
    if (writer != NULL) {
        *writer = (struct iso_writer){ .call = call, .file = file, .room = room };
        writer->archive = archive_write_new();
        writer->entry = archive_entry_new();
        if (label != NULL)
            snprintf(writer->label, sizeof(writer->label), "%s", label);
    }
    status = writer != NULL && writer->archive != NULL && writer->entry != NULL
                 ? begin(writer)
                 : tarn_fail(call, TARN_E_INTERNAL, 0, "no memory to make an iso image");
    if (status != TARN_OK) {
        iso_writer_free(writer);
        *out = NULL;
    }
    return status;
}

/* Freeing an open archive would write it, with zeros for the rest of a file that was not read to its
 * end. After a failure only closing frees all that it has. */
static void abandon(struct iso_writer *writer)
{
    writer->abandoned = true;
    archive_write_fail(writer->archive);
    archive_write_close(writer->archive);
}

void iso_writer_free(struct iso_writer *writer)
{
    if (writer == NULL)
        return;
    if (writer->open)
        abandon(writer);
    archive_entry_free(writer->entry);
    archive_write_free(writer->archive);
    free(writer);
}

int32_t iso_writer_add(struct iso_writer *writer, const char *path, const struct stat *facts,
                       const char *link)
{
    struct archive_entry *entry = archive_entry_clear(writer->entry);

    archive_entry_set_pathname(entry, path);
    archive_entry_copy_stat(entry, facts);
    archive_entry_set_nlink(entry, 1); /* each name is a file of its own */
    if (link != NULL) {
        archive_entry_set_symlink(entry, link);
        archive_entry_set_size(entry, 0);
    }
    return judge(writer, archive_write_header(writer->archive, entry), path);
}

int32_t iso_writer_data(struct iso_writer *writer, const char *path, const void *bytes,
                        uint64_t length)
{
    la_ssize_t written = archive_write_data(writer->archive, bytes, length);

    return written == (la_ssize_t)length ? TARN_OK : judge(writer, ARCHIVE_FATAL, path);
}

/* libarchive changes letters of the label to upper case, and hyphens to something else; but "cidata"
 * and "config-2" are looked for as they are. So it is written once more. */
static int32_t write_label(struct iso_writer *writer)
{
    uint8_t bytes[ISO_ID_LENGTH];

    if (writer->label[0] == '\0' || writer->file == NULL)
        return TARN_OK;
    memset(bytes, ' ', sizeof(bytes));
    memcpy(bytes, writer->label, strlen(writer->label));
    return tarn_io_pwrite(writer->call, writer->file, bytes, sizeof(bytes),
                          ISO_DESCRIPTORS + ISO_VOLUME_ID);
}

int32_t iso_writer_finish(struct iso_writer *writer, uint64_t *out_length)
{
    int32_t status = judge(writer, archive_write_close(writer->archive), "the folder");

    writer->open = false;
    *out_length = writer->length;
    return status == TARN_OK ? write_label(writer) : status;
}
