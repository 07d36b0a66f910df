/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * kernel-session.c - which sessions there are, as the kernel tells in sysfs. Which of them are this
 * pool's is seen by the name of open-iscsi's interface that they were made with.
 */
#include "kernel.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "helpers/errno-status.h"

#define SESSIONS KERNEL_SYSFS "/class/iscsi_session"
#define CONNECTIONS KERNEL_SYSFS "/class/iscsi_connection"

bool kernel_sysfs_line(char *out, size_t size, const char *format, ...)
{
    char path[512];
    va_list arguments;
    FILE *file;
    bool read;
    int length;

    out[0] = '\0';
    va_start(arguments, format);
    length = vsnprintf(path, sizeof(path), format, arguments);
    va_end(arguments);
    file = length > 0 && (size_t)length < sizeof(path) ? fopen(path, "re") : NULL;
    read = file != NULL && fgets(out, (int)size, file) != NULL;
    if (file != NULL)
        fclose(file);
    out[strcspn(out, "\n")] = '\0';
    return read;
}

/* --- one -------------------------------------------------------------------------------------- */

/* Sessions have one connection each: the kernel's initiator makes no more. */
static void read_portal(unsigned id, const char *address_file, const char *port_file,
                        char out[PORTAL_SIZE])
{
    char address[128], port[16];
    bool brackets;

    kernel_sysfs_line(address, sizeof(address), CONNECTIONS "/connection%u:0/%s", id,
                      address_file);
    kernel_sysfs_line(port, sizeof(port), CONNECTIONS "/connection%u:0/%s", id, port_file);
    brackets = strchr(address, ':') != NULL && address[0] != '[';
    snprintf(out, PORTAL_SIZE, "%s%s%s:%s", brackets ? "[" : "", address, brackets ? "]" : "",
             port);
}

/* ".../host3/session1/iscsi_session/session1" is where the link of a session leads. */
static bool read_host(unsigned id, unsigned *out)
{
    char link[96], path[PATH_MAX];
    const char *host;
    unsigned session;

    snprintf(link, sizeof(link), SESSIONS "/session%u", id);
    host = realpath(link, path) != NULL ? strstr(path, "/host") : NULL;
    while (host != NULL && sscanf(host, "/host%u/session%u/", out, &session) != 2)
        host = strstr(host + 1, "/host");
    return host != NULL;
}

/* What is asked of sysfs for the session; false: it has just ended. */
static bool read_session(unsigned id, struct kernel_session *out)
{
    char state[32];

    *out = (struct kernel_session){ .id = id };
    if (!kernel_sysfs_line(state, sizeof(state), SESSIONS "/session%u/state", id) ||
        !read_host(id, &out->host))
        return false;
    out->usable = strcmp(state, "LOGGED_IN") == 0;
    read_portal(id, "persistent_address", "persistent_port", out->portal);
    read_portal(id, "address", "port", out->address);
    return true;
}

/* --- whose ------------------------------------------------------------------------------------ */

static bool has(unsigned id, const char *what, const char *value)
{
    char is[512];

    return kernel_sysfs_line(is, sizeof(is), SESSIONS "/session%u/%s", id, what) &&
           strcasecmp(is, value) == 0;
}

static bool leads_to(const struct kernel_session *session, const char *portal)
{
    return strcmp(session->portal, portal) == 0 || strcmp(session->address, portal) == 0;
}

/* A search through all sessions. */
struct search {
    struct tarn_call *call;
    const struct kernel *kernel;
    struct portals portals; /* found once somebody else's session needs to be told from others */
    bool found_portals;
    struct kernel_sessions *out;
};

static int32_t is_through_our_portal(struct search *search, const struct kernel_session *session,
                                     bool *out)
{
    int32_t status = TARN_OK;
    size_t i;

    *out = false;
    if (!search->found_portals)
        status = portals_find(search->call, &search->kernel->target, &search->portals);
    if (status != TARN_OK)
        return status;
    search->found_portals = true;
    for (i = 0; !*out && i < search->portals.count; i++)
        *out = leads_to(session, search->portals.list[i].text);
    return TARN_OK;
}

static int32_t add(struct search *search, const struct kernel_session *session)
{
    struct kernel_sessions *out = search->out;
    struct kernel_session *list = realloc(out->list, (out->count + 1) * sizeof(*list));

    if (list == NULL)
        return tarn_fail(search->call, TARN_E_INTERNAL, ENOMEM, "no memory for sessions");
    out->list = list;
    out->list[out->count++] = *session;
    return TARN_OK;
}

static int32_t look_at(struct search *search, unsigned id)
{
    const struct kernel *kernel = search->kernel;
    struct kernel_session session;
    bool wanted;
    int32_t status = TARN_OK;

    if (!has(id, "targetname", kernel->target.iqn) || !read_session(id, &session))
        return TARN_OK;
    wanted = session.ours = has(id, "ifacename", kernel->iface);
    if (!wanted && has(id, "initiatorname", kernel->target.initiator))
        status = is_through_our_portal(search, &session, &wanted);
    return status == TARN_OK && wanted ? add(search, &session) : status;
}

/* --- all -------------------------------------------------------------------------------------- */

static int by_use(const void *left, const void *right)
{
    const struct kernel_session *a = left;
    const struct kernel_session *b = right;

    if (a->usable != b->usable)
        return a->usable ? -1 : 1;
    return a->id < b->id ? -1 : a->id > b->id;
}

int32_t kernel_sessions_find(struct tarn_call *call, const struct kernel *kernel,
                             struct kernel_sessions *out)
{
    struct search search = { .call = call, .kernel = kernel, .out = out };
    DIR *folder = opendir(SESSIONS);
    const struct dirent *entry;
    int32_t status = TARN_OK;
    unsigned id;

    *out = (struct kernel_sessions){ .list = NULL };
    if (folder == NULL && errno != ENOENT)
        return tarn_fail(call, status_from_errno(errno), errno, SESSIONS " cannot be listed");
    while (status == TARN_OK && folder != NULL && (entry = readdir(folder)) != NULL)
        if (sscanf(entry->d_name, "session%u", &id) == 1)
            status = look_at(&search, id);
    if (folder != NULL)
        closedir(folder);
    portals_clear(&search.portals);
    if (status != TARN_OK)
        kernel_sessions_clear(out);
    else if (out->count > 1)
        qsort(out->list, out->count, sizeof(*out->list), by_use);
    return status;
}

void kernel_sessions_clear(struct kernel_sessions *sessions)
{
    free(sessions->list);
    *sessions = (struct kernel_sessions){ .list = NULL };
}

size_t kernel_sessions_usable(const struct kernel_sessions *sessions)
{
    size_t count = 0;

    while (count < sessions->count && sessions->list[count].usable)
        count++;
    return count;
}

const struct kernel_session *kernel_sessions_at(const struct kernel_sessions *sessions,
                                                const char *portal)
{
    size_t i;

    for (i = 0; i < sessions->count; i++)
        if (leads_to(&sessions->list[i], portal))
            return &sessions->list[i];
    return NULL;
}
