/* SPDX-License-Identifier: BSD-2-Clause
 *
 * mount.c - mounting and letting go.
 *
 * libmount does what it does for mount(8): options, loop devices, tags, its own notes of what the
 * kernel does not remember. Only a filesystem's helper (mount.nfs) is run by us, for libmount would
 * let it write to the host's stderr and wait for it without end.
 */
#include "helpers/mount-internal.h"

#include <errno.h>
#include <libmount.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "helpers/errno-status.h"
#include "helpers/run-tool.h"

/* How long a forced unmount may take, in milliseconds. It detaches at once, and then waits for the
 * server or device: that is not waited for. */
#define FORCE_TIMEOUT 3000

/* --- errors ----------------------------------------------------------------------------------- */

/* libmount's texts have line breaks and end like sentences. */
static void make_line(char *text)
{
    size_t length;
    char *at;

    for (at = text; *at != '\0'; at++)
        if (*at == '\n' || *at == '\t')
            *at = ' ';
    length = strlen(text);
    while (length > 0 && (text[length - 1] == '.' || text[length - 1] == ' '))
        text[--length] = '\0';
}

static int32_t status_of(int excode, int error)
{
    if (error == ENODEV)
        return TARN_E_UNSUPPORTED; /* mount(2): the kernel has no such filesystem */
    if (error != 0)
        return status_from_errno(error);
    return excode & MNT_EX_USAGE ? TARN_E_INVALID : excode & MNT_EX_SOFTWARE ? TARN_E_INTERNAL
                                                                             : TARN_E_IO;
}

/* Records what libmount made of `result`, if it is a failure. `what` is what did not work. */
static int32_t judge(struct tarn_call *call, struct libmnt_context *context, int result,
                     const char *what)
{
    char text[512] = "";
    int excode = mnt_context_get_excode(context, result, text, sizeof(text));
    int error = mnt_context_syscall_called(context) ? mnt_context_get_syscall_errno(context)
                : result < 0 ? -result : 0;

    if (excode == MNT_EX_SUCCESS)
        return TARN_OK;
    make_line(text);
    /* libmount's own codes lie beyond those of the system. */
    if (error >= MNT_ERR_NOFSTAB)
        error = 0;
    return tarn_fail(call, status_of(excode, error), error, "%s%s%s", what,
                     text[0] != '\0' ? ": " : "", text);
}

static struct libmnt_context *context_new(struct tarn_call *call)
{
    struct libmnt_context *context = mnt_new_context();

    if (context == NULL) {
        tarn_fail(call, TARN_E_INTERNAL, ENOMEM, "no memory to mount or unmount");
        return NULL;
    }
    mnt_context_disable_helpers(context, 1);
    return context;
}

/* --- helpers ---------------------------------------------------------------------------------- */

static bool helper_of(const char *action, const char *type, char out[64])
{
    int length = type != NULL ? snprintf(out, 64, "%s.%s", action, type) : 64;

    return length < 64 && strchr(type, '/') == NULL && tool_exists(out);
}

/* The options that are a helper's business; the others (x-…, nofail) are libmount's own. */
static int helper_options(const char *options, char **out)
{
    char *user = NULL, *kernel = NULL, *own = NULL;
    int error;

    *out = NULL;
    error = -mnt_split_optstr(options, &user, &kernel, &own, MNT_NOHLPS, 0);
    if (error == 0)
        error = -mnt_optstr_append_option(out, kernel != NULL ? kernel : "rw", NULL);
    if (error == 0 && user != NULL)
        error = -mnt_optstr_append_option(out, user, NULL);
    if (error == 0 && own != NULL)
        error = -mnt_optstr_append_option(out, own, NULL);
    free(user);
    free(kernel);
    free(own);
    return error;
}

static int32_t attach_by_helper(struct tarn_call *call, const char *helper,
                                const struct mount_request *request)
{
    struct tool_run run = { .argv = NULL };
    char *options = NULL;
    int error = request->options != NULL ? helper_options(request->options, &options) : 0;
    int32_t status;

    if (error != 0) {
        free(options);
        return tarn_fail(call, TARN_E_INVALID, error, "the mount options \"%s\" make no sense",
                         request->options);
    }
    run.argv = (const char *const[]){ helper, request->source, request->target, "-o",
                                      options != NULL ? options : "rw", NULL };
    status = tool_run(call, &run, NULL, NULL);
    free(options);
    if (status == TARN_OK)
        return status;
    return tarn_fail(call, status, 0, "mounting %s on %s", request->source,
                     request->target);
}

/* Besides ENODEV nothing that fsopen(2) says is about the type: it may not be allowed, or not known
 * to a sandbox. */
int32_t mount_need_type(struct tarn_call *call, const char *type)
{
    char helper[64];
    int fd;

    if (helper_of("mount", type, helper))
        return TARN_OK;
    fd = fsopen(type, FSOPEN_CLOEXEC);
    if (fd >= 0)
        close(fd);
    else if (errno == ENODEV)
        return tarn_fail(call, TARN_E_UNSUPPORTED, 0,
                         "this kernel cannot mount %s, and there is no program mount.%s either",
                         type, type);
    return TARN_OK;
}

/* --- mounting --------------------------------------------------------------------------------- */

static bool is_regular(const char *path)
{
    struct stat st;

    return path[0] == '/' && stat(path, &st) == 0 && S_ISREG(st.st_mode);
}

static int prepare(struct libmnt_context *context, const struct mount_request *request)
{
    int error;

    /* What fstab says of the same place is not for us. */
    error = -mnt_context_set_optsmode(context, MNT_OMODE_NOTAB);
    if (error == 0)
        error = -mnt_context_set_source(context, request->source);
    if (error == 0)
        error = -mnt_context_set_target(context, request->target);
    if (error == 0 && request->type != NULL)
        error = -mnt_context_set_fstype(context, request->type);
    if (error == 0 && request->options != NULL)
        error = -mnt_context_set_options(context, request->options);
    /* libmount thinks of it by itself only for types that libblkid calls by the kernel's name. */
    if (error == 0 && is_regular(request->source))
        error = -mnt_context_append_options(context, "loop");
    return error;
}

int32_t mount_attach(struct tarn_call *call, const struct mount_request *request)
{
    struct libmnt_context *context;
    char helper[64], what[PATH_MAX + 64];
    int32_t status = tarn_interrupted(call);
    int error;

    if (status != TARN_OK)
        return status;
    if (helper_of("mount", request->type, helper))
        return attach_by_helper(call, helper, request);
    context = context_new(call);
    if (context == NULL)
        return TARN_E_INTERNAL;
    snprintf(what, sizeof(what), "%s cannot be mounted on %.64s", request->source,
             request->target);
    error = prepare(context, request);
    status = error != 0 ? tarn_fail(call, status_from_errno(error), error, "%s", what)
                        : judge(call, context, mnt_context_mount(context), what);
    mnt_free_context(context);
    return status;
}

/* --- letting go ------------------------------------------------------------------------------- */

static int32_t detach_by_helper(struct tarn_call *call, const char *helper, const char *path)
{
    struct tool_run run = { .argv = (const char *const[]){ helper, path, NULL } };

    return tool_run(call, &run, NULL, NULL);
}

static int32_t detach_by_library(struct tarn_call *call, const char *path)
{
    struct libmnt_context *context = context_new(call);
    char what[PATH_MAX + 32];
    int32_t status;
    int error;

    if (context == NULL)
        return TARN_E_INTERNAL;
    snprintf(what, sizeof(what), "%s cannot be unmounted", path);
    /* The path is the kernel's already; libmount would look at the mount point. */
    mnt_context_disable_canonicalize(context, 1);
    error = -mnt_context_set_target(context, path);
    status = error != 0 ? tarn_fail(call, status_from_errno(error), error, "%s", what)
                        : judge(call, context, mnt_context_umount(context), what);
    mnt_free_context(context);
    return status;
}

/* Is what has that id still mounted? The table is the judge, not what a helper says. */
static int32_t is_there(struct tarn_call *call, uint64_t id, bool *out)
{
    struct mount_entry entry;
    int32_t status = mount_find_id(call, id, &entry, out);

    mount_entry_clear(&entry);
    return status;
}

/* What failed with `status` failed because somebody uses it, if there is somebody: a helper has no
 * number for that. */
static int32_t explain(struct tarn_call *call, const struct mount_entry *entry, int32_t status)
{
    char holders[HOLDERS_SIZE];
    bool seen = mount_holders(call, entry->target, entry->id, holders);

    if (!seen && status != TARN_E_BUSY)
        return status;
    call->host->forget(call);
    return tarn_fail(call, TARN_E_BUSY, EBUSY, "%s is in use by %s: end that first, or force it",
                     entry->target, seen ? holders
                                         : "something that is not to be seen here (the kernel, "
                                           "or a process elsewhere)");
}

static int32_t detach(struct tarn_call *call, const struct mount_entry *entry)
{
    char helper[64];
    bool there, helped = helper_of("umount", entry->type, helper);
    int32_t status = helped ? detach_by_helper(call, helper, entry->target)
                            : detach_by_library(call, entry->target);

    if (status == TARN_OK)
        return status;
    /* Also a helper that was given up may have done its work before. */
    if (is_there(call, entry->id, &there) == TARN_OK && !there) {
        call->host->forget(call);
        return TARN_OK;
    }
    if (status == TARN_E_CANCELLED || status == TARN_E_TIMEOUT)
        return status;
    return helped || status == TARN_E_BUSY ? explain(call, entry, status) : status;
}

/* umount2(2) of what does not answer detaches it and does not return, so it is called by a process
 * that can be left to itself. */
static int32_t detach_forced(struct tarn_call *call, const struct mount_entry *entry)
{
    struct tool_run run = {
        .argv = (const char *const[]){ "umount", "--internal-only", "--no-canonicalize", "--force",
                                       "--lazy", "--", entry->target, NULL },
        .timeout = FORCE_TIMEOUT,
    };
    bool there;
    int32_t result = tool_run(call, &run, NULL, NULL);
    int32_t status = is_there(call, entry->id, &there);

    if (status != TARN_OK || there)
        return result != TARN_OK ? result
               : status != TARN_OK ? status
               : tarn_fail(call, TARN_E_IO, 0, "%s is still mounted after a forced unmount",
                           entry->target);
    call->host->forget(call);
    return TARN_OK;
}

int32_t mount_detach(struct tarn_call *call, const char *target, uint32_t flags)
{
    struct mount_entry entry;
    bool found;
    int32_t status = mount_find(call, target, &entry, &found);

    if (status == TARN_OK && !found)
        status = tarn_fail(call, TARN_E_STATE, 0, "nothing is mounted on %s", target);
    if (status == TARN_OK)
        status = tarn_interrupted(call);
    if (status == TARN_OK)
        status = flags & MOUNT_FORCE ? detach_forced(call, &entry) : detach(call, &entry);
    mount_entry_clear(&entry);
    return status;
}
