/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The links of a folder, read once: looking through it for each device would take a second for some
 * hundred of them.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "helpers/block-node.h"
#include "helpers/errno-status.h"

struct block_link {
    char *name;
    dev_t device;
};

static int by_name(const void *left, const void *right)
{
    const struct block_link *a = left;
    const struct block_link *b = right;

    return strcmp(a->name, b->name);
}

static bool take_link(struct block_links *links, size_t *room, const char *name, dev_t device)
{
    if (links->count == *room) {
        size_t more = *room == 0 ? 16 : *room * 2;
        struct block_link *list = realloc(links->list, more * sizeof(*list));

        if (list == NULL)
            return false;
        links->list = list;
        *room = more;
    }
    links->list[links->count] = (struct block_link){ strdup(name), device };
    return links->list[links->count++].name != NULL;
}

int32_t block_links_read(struct tarn_call *call, const char *folder, struct block_links *out)
{
    DIR *list = opendir(folder);
    const struct dirent *entry;
    struct stat st;
    size_t room = 0;
    bool done = true;

    memset(out, 0, sizeof(*out));
    if (list == NULL)
        return errno == ENOENT || errno == ENOTDIR
                   ? TARN_OK
                   : tarn_fail(call, status_from_errno(errno), errno, "%s cannot be listed",
                               folder);
    while (done && (entry = readdir(list)) != NULL)
        if (fstatat(dirfd(list), entry->d_name, &st, 0) == 0 && S_ISBLK(st.st_mode))
            done = take_link(out, &room, entry->d_name, st.st_rdev);
    closedir(list);
    if (!done) {
        block_links_clear(out);
        return tarn_fail(call, TARN_E_INTERNAL, 0, "no memory for the links in %s", folder);
    }
    if (out->count > 1)
        qsort(out->list, out->count, sizeof(*out->list), by_name);
    return TARN_OK;
}

void block_links_clear(struct block_links *links)
{
    size_t i;

    for (i = 0; i < links->count; i++)
        free(links->list[i].name);
    free(links->list);
    links->list = NULL;
    links->count = 0;
}

const char *block_links_find(const struct block_links *links, uint32_t device_major,
                             uint32_t device_minor)
{
    dev_t device = makedev(device_major, device_minor);
    size_t i;

    for (i = 0; i < links->count; i++)
        if (links->list[i].device == device)
            return links->list[i].name;
    return NULL;
}
