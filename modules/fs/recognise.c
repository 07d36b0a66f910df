/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * recognise.c - the filesystem that a device carries, and what its mount needs.
 */
#include "fs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "helpers/signature.h"

#define SIGNATURES 8

/* ext2, ext3 and ext4 are one family: the kernel judges what the others' features are to it. */
static bool is_called(const struct signature *signature, const struct fs_format *format)
{
    if (strncmp(format->name, "ext", 3) == 0 && strlen(format->name) == 4)
        return strncmp(signature->type, "ext", 3) == 0 && strlen(signature->type) == 4;
    return strcmp(signature->type, format->found) == 0 ||
           (format->inside != NULL && strcmp(signature->type, format->inside) == 0);
}

/* The format's, or, for NULL, each filesystem. */
static bool fits(const struct signature *signature, const struct fs_format *format)
{
    return format != NULL ? is_called(signature, format)
                          : strcmp(signature->usage, "filesystem") == 0;
}

static void list(const struct signature *all, size_t count, char *out, size_t room)
{
    size_t i, length = 0;

    out[0] = '\0';
    for (i = 0; i < count && length < room; i++)
        length += (size_t)snprintf(out + length, room - length, "%s%s",
                                   i == 0 ? "" : i + 1 < count ? ", " : " and ", all[i].type);
}

static int32_t fail_none(struct tarn_call *call, const char *path, const char *wanted,
                         const struct signature *all, size_t count)
{
    bool any = strcmp(wanted, FS_AUTO) == 0;
    char there[SIGNATURES * 40];

    list(all, count, there, sizeof(there));
    if (count > 0)
        return tarn_fail(call, TARN_E_INVALID, 0,
                         "%s carries %s, and not %s: correct the format of the pool's source, or "
                         "build the pool anew", path, there, any ? "a filesystem" : wanted);
    return tarn_fail(call, TARN_E_INVALID, 0, "%s carries nothing that is known: %s", path,
                     any ? "name the format of the pool's source, or build the pool"
                         : "build the pool first");
}

/* The kernel cannot tell these apart by itself (Documentation/admin-guide/ufs.rst). The magic is at
 * a place of its own in each byte order. */
static void take_ufs_kind(const char *path, uint64_t offset, struct fs_found *out)
{
    static const struct {
        unsigned char magic[4];
        const char *kind;
    } kinds[] = {
        { { 0x54, 0x19, 0x01, 0x00 }, "44bsd" },
        { { 0x19, 0x01, 0x54, 0x19 }, "ufs2" },
        { { 0x00, 0x01, 0x19, 0x54 }, "sun" },
    };
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    unsigned char magic[4];
    size_t i;

    if (fd < 0)
        return;
    if (offset <= INT64_MAX && pread(fd, magic, sizeof(magic), (off_t)offset) == sizeof(magic))
        for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
            if (memcmp(magic, kinds[i].magic, sizeof(magic)) == 0)
                snprintf(out->options, sizeof(out->options), "ro,ufstype=%s", kinds[i].kind);
    close(fd);
}

static void take(struct fs_found *out, const char *path, const struct signature *signature,
                 const struct fs_format *format)
{
    if (format == NULL)
        format = fs_format_found(signature->type);
    snprintf(out->kernel, sizeof(out->kernel), "%s",
             format != NULL ? format->kernel : signature->type);
    snprintf(out->options, sizeof(out->options), "%s",
             format != NULL && format->options != NULL ? format->options : "");
    snprintf(out->uuid, sizeof(out->uuid), "%s", signature->uuid);
    if (strcmp(out->kernel, "ufs") == 0)
        take_ufs_kind(path, signature->offset, out);
}

static int32_t choose(struct tarn_call *call, const char *path, const char *wanted,
                      const struct signature *all, size_t count, struct fs_found *out)
{
    const struct fs_format *format = fs_format_named(wanted);
    const struct signature *chosen = NULL;
    char there[SIGNATURES * 40], text[PATH_MAX + 64];
    size_t i, fitting = 0;

    for (i = 0; i < count; i++)
        if (fits(&all[i], format) && fitting++ == 0)
            chosen = &all[i];
    if (chosen == NULL)
        return fail_none(call, path, wanted, all, count);
    if (fitting > 1 && format == NULL) {
        list(all, count, there, sizeof(there));
        return tarn_fail(call, TARN_E_INVALID, 0, "%s carries %s: name the one that is meant as "
                         "the format of the pool's source", path, there);
    }
    if (format == NULL) {
        snprintf(text, sizeof(text), "%s carries %s", path, chosen->type);
        call->host->log(call, TARN_LOG_INFO, text);
    }
    take(out, path, chosen, format);
    return TARN_OK;
}

int32_t fs_recognise(struct tarn_call *call, const char *path, const char *wanted,
                     struct fs_found *out)
{
    const struct fs_format *format = fs_format_named(wanted);
    struct signature all[SIGNATURES];
    size_t count;
    int32_t status;

    *out = (struct fs_found){ .uuid = "" };
    if (format == NULL && strcmp(wanted, FS_AUTO) != 0)
        return tarn_fail(call, TARN_E_INVALID, 0, "there is no filesystem called \"%s\"", wanted);
    status = signature_find(call, path, all, SIGNATURES, &count);
    if (status != TARN_OK)
        return status;
    if (count > SIGNATURES)
        count = SIGNATURES;
    if (format == NULL || format->found != NULL)
        return choose(call, path, wanted, all, count, out);
    /* libblkid does not know it: the kernel will. */
    snprintf(out->kernel, sizeof(out->kernel), "%s", format->kernel);
    return TARN_OK;
}
