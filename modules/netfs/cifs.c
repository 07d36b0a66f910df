/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * cifs.c - mounting a share, without mount.cifs: what that is told others can read, on its command
 * line, in a file, or in its environment. Here the secret goes from the host to the kernel, as one
 * parameter of fsconfig(2), where no character of it means anything.
 */
#include "netfs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include <libmount.h>

#include "helpers/errno-status.h"

#define VALUE_SIZE 256 /* of a parameter of fsconfig(2), with its NUL */

/* A mount being put together. */
struct share {
    struct tarn_call *call;
    const char *source;
    int fs; /* of fsopen(2) */
};

/* --- what the kernel says ---------------------------------------------------------------------- */

/* The first error in the log of the filesystem context; a line each, "e " for errors. */
static void read_log(int fs, char text[SERVER_WHY_SIZE])
{
    ssize_t length;

    do {
        length = read(fs, text, SERVER_WHY_SIZE - 1);
        text[length > 0 ? length : 0] = '\0';
    } while (length > 0 && text[0] != 'e');
    text[strcspn(text, "\n")] = '\0';
    if (text[0] != '\0')
        memmove(text, text + 2, strlen(text + 2) + 1);
}

static int32_t fail_share(const struct share *share, int error, const char *what)
{
    char log[SERVER_WHY_SIZE] = "";

    read_log(share->fs, log);
    return tarn_fail(share->call, status_from_errno(error), error, "%s: %s%s%s", share->source,
                     what, log[0] != '\0' ? ": " : "", log);
}

static int32_t fail_create(const struct share *share, int error)
{
    const struct tarn_source_auth *auth = share->call->pool->source->auth;
    char what[SERVER_WHY_SIZE] = "the share cannot be mounted";

    if (error == EACCES || error == EPERM || error == EKEYREJECTED) {
        if (auth != NULL)
            snprintf(what, sizeof(what), "the server refuses the user %.100s: check the name and "
                     "the secret", auth->username);
        else
            snprintf(what, sizeof(what), "the server lets no guest in: add <auth type='cifs'>");
    } else if (error == ENOENT || error == ENXIO || error == ENODEV) {
        snprintf(what, sizeof(what), "the server has no such share");
    }
    return fail_share(share, error, what);
}

/* --- parameters -------------------------------------------------------------------------------- */

static int32_t set(const struct share *share, const char *name, const char *value)
{
    char what[SERVER_WHY_SIZE];

    if (fsconfig(share->fs, value != NULL ? FSCONFIG_SET_STRING : FSCONFIG_SET_FLAG, name, value,
                 0) == 0)
        return TARN_OK;
    snprintf(what, sizeof(what), "the option %.100s is refused", name);
    return fail_share(share, errno, what);
}

static int32_t set_secret(const struct share *share)
{
    char secret[VALUE_SIZE];
    uint64_t length = sizeof(secret) - 1;
    int32_t status = share->call->host->secret(share->call, NULL, NULL, secret, &length);

    if (status == TARN_OK && (length >= sizeof(secret) || memchr(secret, '\0', length) != NULL))
        status = tarn_fail(share->call, TARN_E_INVALID, 0,
                           "%s: the secret is no password: it is too long, or has a NUL byte",
                           share->source);
    if (status == TARN_OK) {
        secret[length] = '\0';
        status = set(share, "password", secret);
    }
    explicit_bzero(secret, sizeof(secret));
    return status;
}

/* "DOMAIN\user" */
static int32_t set_user(const struct share *share, const char *user)
{
    const char *parted = strchr(user, '\\');
    char domain[VALUE_SIZE];
    int32_t status = TARN_OK;

    if (parted != NULL) {
        if (parted - user >= VALUE_SIZE)
            return tarn_fail(share->call, TARN_E_INVALID, 0, "%s: the domain is too long",
                             share->source);
        snprintf(domain, sizeof(domain), "%.*s", (int)(parted - user), user);
        status = set(share, "domain", domain);
        user = parted + 1;
    }
    return status == TARN_OK ? set(share, "username", user) : status;
}

/* Without a name the kernel logs in as nobody in particular. */
static int32_t set_login(const struct share *share)
{
    const struct tarn_source_auth *auth = share->call->pool->source->auth;
    int32_t status;

    if (auth == NULL)
        return set(share, "username", "");
    status = set_user(share, auth->username);
    return status == TARN_OK ? set_secret(share) : status;
}

static int32_t set_option(const struct share *share, const char *name, size_t name_length,
                          const char *value, size_t value_length)
{
    char name_text[VALUE_SIZE], value_text[VALUE_SIZE];

    if (name_length >= VALUE_SIZE || value_length >= VALUE_SIZE)
        return tarn_fail(share->call, TARN_E_INVALID, 0, "%s: the option %.40s… is too long",
                         share->source, name);
    snprintf(name_text, sizeof(name_text), "%.*s", (int)name_length, name);
    snprintf(value_text, sizeof(value_text), "%.*s", (int)value_length,
             value != NULL ? value : "");
    if (strcmp(name_text, "guest") == 0) /* mount.cifs' word for what set_login does */
        return TARN_OK;
    return set(share, name_text, value != NULL ? value_text : NULL);
}

static int32_t set_options(const struct share *share, char *options)
{
    char *rest = options, *name, *value;
    size_t name_length, value_length;
    int32_t status = TARN_OK;

    while (status == TARN_OK && rest != NULL &&
           mnt_optstr_next_option(&rest, &name, &name_length, &value, &value_length) == 0)
        status = set_option(share, name, name_length, value, value_length);
    return status;
}

/* --- flags ------------------------------------------------------------------------------------- */

/* What mount(2) took as one set belongs to the mount or to the filesystem now. */
static const struct {
    unsigned long flag;
    unsigned int attribute; /* of the mount; 0 = none */
    const char *option;     /* of the filesystem; NULL = none */
} flag_meanings[] = {
    { MS_RDONLY, MOUNT_ATTR_RDONLY, "ro" },
    { MS_NOSUID, MOUNT_ATTR_NOSUID, NULL },
    { MS_NODEV, MOUNT_ATTR_NODEV, NULL },
    { MS_NOEXEC, MOUNT_ATTR_NOEXEC, NULL },
    { MS_NOATIME, MOUNT_ATTR_NOATIME, NULL },
    { MS_NODIRATIME, MOUNT_ATTR_NODIRATIME, NULL },
    { MS_STRICTATIME, MOUNT_ATTR_STRICTATIME, NULL },
    { MS_RELATIME, 0, NULL }, /* the default */
    { MS_SYNCHRONOUS, 0, "sync" },
    { MS_DIRSYNC, 0, "dirsync" },
    { MS_LAZYTIME, 0, "lazytime" },
};

static int32_t set_flags(const struct share *share, unsigned long flags,
                         unsigned int *out_attributes)
{
    int32_t status = TARN_OK;
    size_t i;

    *out_attributes = 0;
    for (i = 0; status == TARN_OK && i < sizeof(flag_meanings) / sizeof(flag_meanings[0]); i++) {
        if (!(flags & flag_meanings[i].flag))
            continue;
        flags &= ~flag_meanings[i].flag;
        *out_attributes |= flag_meanings[i].attribute;
        if (flag_meanings[i].option != NULL)
            status = set(share, flag_meanings[i].option, NULL);
    }
    if (status == TARN_OK && flags != 0)
        status = tarn_fail(share->call, TARN_E_INVALID, 0,
                           "%s: one of the mount options makes no sense for a share",
                           share->source);
    return status;
}

/* --- a mount ----------------------------------------------------------------------------------- */

/* The options, parted by whom they are for: what is for mount(8) alone means nothing here. */
struct parted {
    unsigned long flags;
    char *fs;
};

static int32_t part(struct tarn_call *call, const char *options, struct parted *out)
{
    char *user = NULL, *vfs = NULL;
    int error = mnt_split_optstr(options, &user, &vfs, &out->fs, 0, 0);

    if (error == 0 && vfs != NULL)
        error = mnt_optstr_get_flags(vfs, &out->flags, mnt_get_builtin_optmap(MNT_LINUX_MAP));
    free(user);
    free(vfs);
    if (error == 0)
        return TARN_OK;
    free(out->fs);
    return tarn_fail(call, TARN_E_INVALID, -error, "the mount options %s make no sense", options);
}

static int32_t put_in_place(const struct share *share, const char *target, unsigned int attributes)
{
    int mount = fsmount(share->fs, FSMOUNT_CLOEXEC, attributes);
    int32_t status = TARN_OK;

    if (mount < 0)
        return fail_share(share, errno, "the share cannot be mounted");
    if (move_mount(mount, "", AT_FDCWD, target, MOVE_MOUNT_F_EMPTY_PATH) < 0)
        status = tarn_fail(share->call, status_from_errno(errno), errno,
                           "%s cannot be mounted on %s", share->source, target);
    close(mount);
    return status;
}

/* *out_error tells whether another address is worth trying. */
static int32_t attach_by(struct share *share, const struct mount_request *request,
                         const struct parted *options, const char *address, int *out_error)
{
    unsigned int attributes;
    int32_t status = set(share, "source", share->source);

    *out_error = 0;
    if (status == TARN_OK)
        status = set(share, "ip", address);
    if (status == TARN_OK)
        status = set_login(share);
    if (status == TARN_OK)
        status = set_options(share, options->fs);
    if (status == TARN_OK)
        status = set_flags(share, options->flags, &attributes);
    if (status != TARN_OK)
        return status;
    if (fsconfig(share->fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0) {
        *out_error = errno;
        return fail_create(share, errno);
    }
    return put_in_place(share, request->target, attributes);
}

static int32_t attach_address(struct tarn_call *call, const struct mount_request *request,
                              const struct parted *options, const char *address, int *out_error)
{
    struct share share = { .call = call, .source = request->source,
                           .fs = fsopen("cifs", FSOPEN_CLOEXEC) };
    int32_t status;

    *out_error = 0;
    if (share.fs < 0)
        return tarn_fail(call, errno == ENODEV ? TARN_E_UNSUPPORTED : status_from_errno(errno),
                         errno, "this kernel cannot mount shares (cifs)");
    status = attach_by(&share, request, options, address, out_error);
    close(share.fs);
    return status;
}

static bool is_unreachable(int error)
{
    return error == ECONNREFUSED || error == EHOSTUNREACH || error == ENETUNREACH ||
           error == EHOSTDOWN || error == ETIMEDOUT || error == EADDRNOTAVAIL;
}

static int32_t attach_host(struct tarn_call *call, const struct mount_request *request,
                           const struct parted *options, const char *host)
{
    struct server_addresses addresses;
    char why[SERVER_WHY_SIZE];
    int error = EHOSTUNREACH;
    int32_t status = server_resolve(host, &addresses, why);
    size_t i;

    if (status != TARN_OK)
        return tarn_fail(call, status, 0, "%s: %s", host, why);
    for (i = 0; is_unreachable(error) && addresses.list[i] != NULL; i++) {
        if (i > 0)
            call->host->forget(call);
        status = attach_address(call, request, options, addresses.list[i], &error);
    }
    server_addresses_free(&addresses);
    return status;
}

int32_t netfs_cifs_attach(struct tarn_call *call, const struct mount_request *request)
{
    const char *begin = request->source + strspn(request->source, "/");
    char *host = strndup(begin, strcspn(begin, "/"));
    struct parted options = { .fs = NULL };
    int32_t status;

    if (host == NULL)
        return tarn_fail(call, TARN_E_INTERNAL, ENOMEM, "no memory to mount a pool");
    status = part(call, request->options != NULL ? request->options : "", &options);
    if (status == TARN_OK) {
        status = attach_host(call, request, &options, host);
        free(options.fs);
    }
    free(host);
    return status;
}
