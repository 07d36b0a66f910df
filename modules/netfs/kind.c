/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * kind.c - what tells the kinds of servers apart: how a source is written, which options it gets,
 * and how the kernel calls it afterwards.
 */
#include "netfs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct netfs_kind nfs = { "nfs", 2049, "mount.nfs", "nfs-common" };
static const struct netfs_kind glusterfs = { "glusterfs", 24007, "mount.glusterfs",
                                             "glusterfs-client" };
static const struct netfs_kind cifs = { "cifs", 445, NULL, NULL };

const struct netfs_kind *const netfs_kinds[] = { &nfs, &glusterfs, &cifs, NULL };

const struct netfs_kind *netfs_kind_find(const char *format)
{
    const struct netfs_kind *const *kind;

    for (kind = netfs_kinds; *kind != NULL; kind++)
        if (format != NULL && strcmp((*kind)->format, format) == 0)
            return *kind;
    return NULL;
}

/* --- sources ----------------------------------------------------------------------------------- */

static const char *without_slashes(const char *path)
{
    return path + strspn(path, "/");
}

char *netfs_source_text(const struct netfs_kind *kind, const char *host, const char *dir)
{
    bool bare = strchr(host, ':') != NULL && host[0] != '['; /* an IPv6 address */
    char *text;
    int length;

    if (kind == &cifs)
        length = asprintf(&text, "//%s/%s", host, without_slashes(dir));
    else if (kind == &glusterfs)
        length = asprintf(&text, bare ? "[%s]:/%s" : "%s:/%s", host, without_slashes(dir));
    else
        length = asprintf(&text, bare ? "[%s]:%s" : "%s:%s", host, dir);
    return length < 0 ? NULL : text;
}

/* nfs4 is what the kernel calls all of version 4, smb3 is another name of cifs, and glusterfs lives
 * in user space. */
static bool is_type_of(const struct netfs_kind *kind, const char *type)
{
    if (kind == &nfs)
        return strcmp(type, "nfs") == 0 || strcmp(type, "nfs4") == 0;
    if (kind == &cifs)
        return strcmp(type, "cifs") == 0 || strcmp(type, "smb3") == 0;
    return strcmp(type, "fuse.glusterfs") == 0 || strcmp(type, "glusterfs") == 0;
}

/* Slashes at the end mean nothing. */
static size_t length_of(const char *source)
{
    size_t length = strlen(source);

    while (length > 1 && source[length - 1] == '/' && source[length - 2] != ':')
        length--;
    return length;
}

bool netfs_is_mount_of(const struct netfs_kind *kind, const char *host, const char *dir,
                       const struct mount_entry *entry)
{
    char *source;
    bool same;

    if (entry->type == NULL || entry->source == NULL || !is_type_of(kind, entry->type))
        return false;
    source = netfs_source_text(kind, host, dir);
    if (source == NULL)
        return false;
    same = length_of(source) == length_of(entry->source) &&
           strncmp(source, entry->source, length_of(source)) == 0;
    free(source);
    return same;
}

/* --- options ----------------------------------------------------------------------------------- */

/* The administrator's order: what the kind needs, then what the definition says. */
char *netfs_options_text(const struct netfs_kind *kind, const struct tarn_source *source,
                         uint32_t port)
{
    /* The host was asked just now: mount.nfs need not go on trying for two minutes (nfs(5)). */
    const char *own = kind == &nfs         ? "retry=0"
                      : kind == &glusterfs ? "direct-io-mode=1"
                      : source->auth == NULL ? "guest" : "";
    const char *port_name = kind == &glusterfs ? "server-port" : "port";
    const char *version = kind == &nfs ? source->protocol_version : NULL;
    char *text = NULL;
    size_t size;
    FILE *stream = open_memstream(&text, &size);

    if (stream == NULL)
        return NULL;
    fputs(own, stream);
    if (port != 0)
        fprintf(stream, "%s%s=%u", *own != '\0' ? "," : "", port_name, port);
    if (version != NULL)
        fprintf(stream, ",nfsvers=%s", version);
    if (fclose(stream) != 0) {
        free(text);
        return NULL;
    }
    return text;
}
