/* SPDX-License-Identifier: BSD-2-Clause
 *
 * mount-holders.c - who keeps a mount busy, from /proc: processes by their working and root
 * folders, programs, open files and mappings; loop devices; and what is mounted beneath.
 *
 * Only links and tables of /proc and /sys are read, never what they lead to: the mount itself may
 * not answer. Processes in other mount namespaces count too: the kernel asks all copies of a mount.
 */
#include "helpers/mount-internal.h"

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TOLD 4 /* holders that are named */

struct search {
    const char *path; /* of the mount */
    char *out;
    unsigned count;
};

static void found(struct search *search, const char *what, const char *path)
{
    size_t length = strlen(search->out);

    if (search->count++ < TOLD)
        snprintf(search->out + length, HOLDERS_SIZE - length, "%s%s %.80s", length > 0 ? ", " : "",
                 what, path);
}

/* Does `path` lie in the mount? Then *out_rest is what follows the mount point. */
static bool beneath(const struct search *search, const char *path, const char **out_rest)
{
    size_t length = strlen(search->path);

    if (strncmp(path, search->path, length) != 0 || (path[length] != '/' && path[length] != '\0'))
        return false;
    *out_rest = path[length] != '\0' ? path + length + 1 : search->path;
    return true;
}

/* --- processes -------------------------------------------------------------------------------- */

struct process {
    struct search *search;
    int folder; /* in /proc */
    const char *pid;
};

static bool read_link(int folder, const char *name, char out[PATH_MAX])
{
    ssize_t length = readlinkat(folder, name, out, PATH_MAX - 1);

    if (length < 0)
        return false;
    out[length] = '\0';
    return true;
}

/* As "process 4711 (qemu-system-x86), open file". */
static void process_found(const struct process *process, const char *how, const char *rest)
{
    char name[32], what[96];
    int fd = openat(process->folder, "comm", O_RDONLY | O_CLOEXEC);
    ssize_t length = fd >= 0 ? read(fd, name, sizeof(name) - 1) : -1;

    if (fd >= 0)
        close(fd);
    name[length > 0 ? length : 0] = '\0';
    name[strcspn(name, "\n")] = '\0';
    snprintf(what, sizeof(what), "process %.10s (%s) by its %s", process->pid, name, how);
    found(process->search, what, rest);
}

static bool look_at_links(const struct process *process)
{
    static const struct {
        const char *name;
        const char *how;
    } links[] = { { "cwd", "working folder" }, { "root", "root folder" }, { "exe", "program" } };
    char path[PATH_MAX];
    const char *rest;
    size_t i;

    for (i = 0; i < sizeof(links) / sizeof(links[0]); i++)
        if (read_link(process->folder, links[i].name, path) &&
            beneath(process->search, path, &rest)) {
            process_found(process, links[i].how, rest);
            return true;
        }
    return false;
}

static bool look_at_files(const struct process *process)
{
    int fd = openat(process->folder, "fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *stream = fd >= 0 ? fdopendir(fd) : NULL;
    char path[PATH_MAX];
    bool holds = false;
    struct dirent *entry;
    const char *rest;

    if (stream == NULL && fd >= 0)
        close(fd);
    while (stream != NULL && !holds && (entry = readdir(stream)) != NULL)
        if (read_link(dirfd(stream), entry->d_name, path) &&
            beneath(process->search, path, &rest)) {
            process_found(process, "open file", rest);
            holds = true;
        }
    if (stream != NULL)
        closedir(stream);
    return holds;
}

/* Five columns, and a path that may have blanks. */
static bool look_at_mappings(const struct process *process)
{
    int fd = openat(process->folder, "maps", O_RDONLY | O_CLOEXEC);
    FILE *stream = fd >= 0 ? fdopen(fd, "r") : NULL;
    bool holds = false;
    const char *rest;
    char *line = NULL;
    size_t room = 0;

    if (stream == NULL && fd >= 0)
        close(fd);
    while (stream != NULL && !holds && getline(&line, &room, stream) > 0) {
        char *path = strchr(line, '/');

        line[strcspn(line, "\n")] = '\0';
        if (path != NULL && beneath(process->search, path, &rest)) {
            process_found(process, "mapped file", rest);
            holds = true;
        }
    }
    free(line);
    if (stream != NULL)
        fclose(stream);
    return holds;
}

/* A process is told once, by what is quickest to find. */
static void look_at_process(struct search *search, int proc, const char *pid)
{
    struct process process = { .search = search, .pid = pid };

    process.folder = openat(proc, pid, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (process.folder < 0)
        return;
    if (!look_at_links(&process) && !look_at_files(&process))
        look_at_mappings(&process);
    close(process.folder);
}

static void look_at_processes(struct search *search)
{
    DIR *stream = opendir("/proc");
    struct dirent *entry;

    while (stream != NULL && (entry = readdir(stream)) != NULL)
        if (isdigit((unsigned char)entry->d_name[0]))
            look_at_process(search, dirfd(stream), entry->d_name);
    if (stream != NULL)
        closedir(stream);
}

/* --- the kernel's own ------------------------------------------------------------------------- */

static void look_at_loop(struct search *search, int folder, const char *name)
{
    char file[PATH_MAX], what[64];
    const char *rest;
    ssize_t length;
    int fd;

    snprintf(file, sizeof(file), "%s/loop/backing_file", name);
    fd = openat(folder, file, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return;
    length = read(fd, file, sizeof(file) - 1);
    close(fd);
    if (length <= 0)
        return;
    file[length] = '\0';
    file[strcspn(file, "\n")] = '\0';
    snprintf(what, sizeof(what), "the loop device /dev/%.16s of", name);
    if (beneath(search, file, &rest))
        found(search, what, rest);
}

static void look_at_loops(struct search *search)
{
    DIR *stream = opendir("/sys/block");
    struct dirent *entry;

    while (stream != NULL && (entry = readdir(stream)) != NULL)
        if (strncmp(entry->d_name, "loop", 4) == 0)
            look_at_loop(search, dirfd(stream), entry->d_name);
    if (stream != NULL)
        closedir(stream);
}

static bool mount_found(void *arg, const char *path)
{
    found(arg, "the mount on", path);
    return true;
}

bool mount_holders(struct tarn_call *call, const char *path, uint64_t id, char out[HOLDERS_SIZE])
{
    struct search search = { .path = path, .out = out };
    size_t length;

    out[0] = '\0';
    mount_each_beneath(call, id, mount_found, &search);
    look_at_loops(&search);
    look_at_processes(&search);
    length = strlen(out);
    if (search.count > TOLD)
        snprintf(out + length, HOLDERS_SIZE - length, " and %u more", search.count - TOLD);
    return search.count > 0;
}
