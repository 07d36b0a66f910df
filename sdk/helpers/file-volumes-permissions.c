/* SPDX-License-Identifier: BSD-2-Clause
 *
 * file-volumes-permissions.c - mode, owner, group, security label and the copy-on-write switch,
 * always set on a descriptor: before a name leads there, and whatever the umask is.
 */
#include "helpers/file-volumes-internal.h"

#include <errno.h>
#include <linux/btrfs.h>
#include <linux/fs.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/vfs.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "helpers/errno-status.h"

#define LABEL_ATTRIBUTE "security.selinux"

static int32_t fail_apply(struct tarn_call *call, int error, const char *what, const char *part)
{
    return tarn_fail(call, status_from_errno(error), error,
                     "the %s that the definition asks for cannot be set on %s", part, what);
}

/* fchown(2) takes -1 for "leave it", and so does TARN_OWNER_UNSET. */
static int apply_owner(int fd, const struct tarn_permissions *wanted, const struct stat *now)
{
    bool owner = wanted->owner != TARN_OWNER_UNSET && wanted->owner != now->st_uid;
    bool group = wanted->group != TARN_OWNER_UNSET && wanted->group != now->st_gid;

    if (!owner && !group)
        return 0;
    return fchown(fd, owner ? (uid_t)wanted->owner : (uid_t)-1,
                  group ? (gid_t)wanted->group : (gid_t)-1);
}

/* Always set, even if it looks right: default ACLs and masks are settled that way too. */
static int apply_mode(int fd, uint32_t mode, const struct stat *now)
{
    return mode == TARN_MODE_UNSET ? 0 : fchmod(fd, (now->st_mode & 07000) | (mode & 0777));
}

/* Filesystems without modes (vfat, cifs) take many a one without a word, and forget it. */
static bool has_mode(int fd, uint32_t mode)
{
    struct stat st;

    return mode == TARN_MODE_UNSET || (fstat(fd, &st) == 0 && (st.st_mode & 0777) == (mode & 0777));
}

/* Nor do they keep owners: fchown(2) on cifs succeeds, and changes nothing. */
static bool has_owner(int fd, const struct tarn_permissions *wanted)
{
    struct stat st;

    return (wanted->owner == TARN_OWNER_UNSET && wanted->group == TARN_OWNER_UNSET) ||
           (fstat(fd, &st) == 0 &&
            (wanted->owner == TARN_OWNER_UNSET || wanted->owner == st.st_uid) &&
            (wanted->group == TARN_OWNER_UNSET || wanted->group == st.st_gid));
}

int32_t permissions_apply(struct tarn_call *call, int fd, const struct tarn_permissions *wanted,
                          uint32_t default_mode, const char *what)
{
    uint32_t mode = wanted->mode != TARN_MODE_UNSET ? wanted->mode : default_mode;
    struct stat now;

    if (fstat(fd, &now) < 0)
        return tarn_fail(call, status_from_errno(errno), errno, "cannot look at %s", what);
    if (apply_owner(fd, wanted, &now) < 0)
        return fail_apply(call, errno, what, "owner and group");
    if (wanted->label != NULL &&
        fsetxattr(fd, LABEL_ATTRIBUTE, wanted->label, strlen(wanted->label) + 1, 0) < 0)
        return fail_apply(call, errno, what, "security label");
    if (apply_mode(fd, mode, &now) < 0)
        return fail_apply(call, errno, what, "mode");
    if (!has_owner(fd, wanted))
        return tarn_fail(call, TARN_E_UNSUPPORTED, 0, "the owner or group that the definition asks "
                         "for cannot be set on %s: its filesystem keeps none", what);
    if (!has_mode(fd, wanted->mode))
        return tarn_fail(call, TARN_E_UNSUPPORTED, 0, "the mode that the definition asks for "
                         "cannot be set on %s: its filesystem keeps no modes", what);
    return TARN_OK;
}

/* The kernel gives the label with or without its NUL, as it was set. */
const char *label_read(int fd, char out[LABEL_SIZE])
{
    ssize_t length = fgetxattr(fd, LABEL_ATTRIBUTE, out, LABEL_SIZE - 1);

    if (length <= 0)
        return NULL;
    out[length] = '\0';
    return out;
}

int copy_on_write_set(int fd, bool on)
{
    struct statfs fs;
    int flags, changed;

    if (fstatfs(fd, &fs) < 0)
        return errno;
    if (fs.f_type != BTRFS_SUPER_MAGIC)
        return EOPNOTSUPP;
    if (ioctl(fd, FS_IOC_GETFLAGS, &flags) < 0)
        return errno;
    changed = on ? flags & ~FS_NOCOW_FL : flags | FS_NOCOW_FL;
    if (changed != flags && ioctl(fd, FS_IOC_SETFLAGS, &changed) < 0)
        return errno;
    return 0;
}
