/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * kernel-record.c - open-iscsi's database: a file for each way to a target,
 *
 *     ROOT/ifaces/IFACE
 *     ROOT/nodes/IQN/ADDRESS,PORT,GROUP/IFACE
 *
 * iscsiadm makes them, with the settings of this machine. What is secret must not stand among its
 * arguments, so we write that into the file; and since the files bear a name that is this pool's
 * alone, we remove them. The portal group stands in a name only: iscsid takes that which the target
 * tells.
 */
#include "kernel.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "helpers/errno-status.h"
#include "helpers/run-tool.h"

#define RECORD_LIMIT 65536 /* bytes */
#define GROUP 1

/* Debian has it in the first, others in the second. */
static const char *const roots[] = { "/etc/iscsi", "/var/lib/iscsi", NULL };

void kernel_record_portal(char out[PORTAL_SIZE + 8], const char *portal)
{
    snprintf(out, PORTAL_SIZE + 8, "%s,%d", portal, GROUP);
}

/* "[::1]:3260" is "::1,3260,1" in the name of a folder. */
static void record_path(char out[PATH_MAX], const char *root, const struct kernel *kernel,
                        const char *portal)
{
    const char *colon = strrchr(portal, ':');
    size_t length = colon != NULL ? (size_t)(colon - portal) : strlen(portal);

    if (portal[0] == '[' && length > 2) {
        portal++;
        length -= 2;
    }
    snprintf(out, PATH_MAX, "%s/nodes/%s/%.*s,%s,%d/%s", root, kernel->target.iqn, (int)length,
             portal, colon != NULL ? colon + 1 : "", GROUP, kernel->iface);
}

static void iface_path(char out[PATH_MAX], const char *root, const struct kernel *kernel)
{
    snprintf(out, PATH_MAX, "%s/ifaces/%s", root, kernel->iface);
}

bool kernel_records_exist(const struct kernel *kernel)
{
    char path[PATH_MAX];
    size_t i;

    for (i = 0; roots[i] != NULL; i++) {
        iface_path(path, roots[i], kernel);
        if (access(path, F_OK) == 0)
            return true;
    }
    return false;
}

/* --- open-iscsi's lock ------------------------------------------------------------------------ */

/* Who can make the second link to the file has the lock; who removes it gives it back. */
#define LOCK_FOLDER "/run/lock/iscsi"
#define LOCK_FILE LOCK_FOLDER "/lock"
#define LOCK_LINK LOCK_FOLDER "/lock.write"
#define LOCK_STEP 10 /* milliseconds */

static int32_t database_lock(struct tarn_call *call)
{
    int64_t until = server_answer_until(call);
    short events;
    int32_t status = TARN_OK;
    int fd;

    mkdir(LOCK_FOLDER, 0750);
    fd = open(LOCK_FILE, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0)
        return tarn_fail(call, status_from_errno(errno), errno, LOCK_FILE " cannot be made");
    close(fd);
    while (status == TARN_OK && link(LOCK_FILE, LOCK_LINK) < 0) {
        if (errno != EEXIST)
            return tarn_fail(call, status_from_errno(errno), errno, LOCK_LINK " cannot be made");
        if (server_now() >= until)
            return tarn_fail(call, TARN_E_BUSY, 0,
                             "another program holds open-iscsi's database locked: end it, or "
                             "remove " LOCK_LINK " if there is none");
        status = server_wait(call, -1, 0, server_now() + LOCK_STEP, &events);
    }
    return status;
}

static void database_unlock(void)
{
    unlink(LOCK_LINK);
}

/* --- changing a record ------------------------------------------------------------------------ */

/* The settings of a record that are ours to make. */
static const char *const own_settings[] = {
    "node.startup", "node.session.initial_login_retry_max", "node.session.nr_sessions",
    "node.session.scan", "node.session.auth.authmethod", "node.session.auth.username",
    "node.session.auth.password", "node.session.auth.username_in",
    "node.session.auth.password_in", "node.conn[0].startup",
    "node.conn[0].timeo.login_timeout", NULL,
};

static bool is_own(const char *line)
{
    size_t length = strcspn(line, " =\n");
    size_t i;

    for (i = 0; own_settings[i] != NULL; i++)
        if (strlen(own_settings[i]) == length && strncmp(own_settings[i], line, length) == 0)
            return true;
    return false;
}

/* iscsid gives a login up before we do, so that none succeeds that nobody waits for any more: it
 * tries no second time, and waits so long for each answer. */
static void write_own(FILE *out, const struct chap *chap, unsigned patience)
{
    fprintf(out, "node.startup = manual\nnode.conn[0].startup = manual\n"
                 "node.session.nr_sessions = 1\nnode.session.scan = auto\n"
                 "node.session.initial_login_retry_max = 0\n"
                 "node.conn[0].timeo.login_timeout = %u\n", patience);
    if (chap == NULL) {
        fprintf(out, "node.session.auth.authmethod = None\n");
        return;
    }
    fprintf(out, "node.session.auth.authmethod = CHAP\nnode.session.auth.username = %s\n"
                 "node.session.auth.password = %s\n", chap->user, chap->secret);
    if (chap->target_user[0] != '\0')
        fprintf(out, "node.session.auth.username_in = %s\nnode.session.auth.password_in = %s\n",
                chap->target_user, chap->target_secret);
}

/* A record is read line by line, and blanks around a value are not part of it. */
static bool is_a_value(const char *text)
{
    size_t length = strlen(text);
    size_t i;

    for (i = 0; i < length; i++)
        if ((unsigned char)text[i] < ' ' || text[i] == 0x7f)
            return false;
    return length == 0 || (text[0] != ' ' && text[length - 1] != ' ');
}

static int32_t check_values(struct tarn_call *call, const struct chap *chap)
{
    if (chap == NULL || (is_a_value(chap->user) && is_a_value(chap->secret) &&
                         is_a_value(chap->target_user) && is_a_value(chap->target_secret)))
        return TARN_OK;
    return tarn_fail(call, TARN_E_INVALID, 0,
                     "a name or a secret for CHAP has a control character in it, or begins or ends "
                     "with a blank: open-iscsi's database cannot hold that");
}

static int32_t read_record(struct tarn_call *call, const char *path, char text[RECORD_LIMIT])
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    ssize_t got = fd >= 0 ? read(fd, text, RECORD_LIMIT - 1) : -1;
    int error = errno;

    if (fd >= 0)
        close(fd);
    if (got < 0)
        return tarn_fail(call, status_from_errno(error), error, "%s cannot be read", path);
    if (got == RECORD_LIMIT - 1)
        return tarn_fail(call, TARN_E_INVALID, 0, "%s is no record of open-iscsi's", path);
    text[got] = '\0';
    return TARN_OK;
}

/* All lines but our own, which come before the last. */
static void write_lines(FILE *out, const char *text, const struct chap *chap, unsigned patience)
{
    while (*text != '\0') {
        size_t length = strcspn(text, "\n");

        length += text[length] == '\n';
        if (strncmp(text, "# END", 5) == 0)
            write_own(out, chap, patience);
        if (!is_own(text))
            fwrite(text, 1, length, out);
        text += length;
    }
}

/* Beside the database: every file in there would be taken for a record. */
static int32_t open_draft(struct tarn_call *call, const char *path, char buffer[RECORD_LIMIT],
                          FILE **out)
{
    int fd;

    unlink(path);
    fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    *out = fd >= 0 ? fdopen(fd, "w") : NULL;
    if (*out == NULL) {
        int32_t status =
            tarn_fail(call, status_from_errno(errno), errno, "%s cannot be made", path);

        if (fd >= 0)
            close(fd);
        return status;
    }
    setvbuf(*out, buffer, _IOFBF, RECORD_LIMIT); /* ours, to be wiped */
    return TARN_OK;
}

static int32_t write_draft(struct tarn_call *call, const char *path, const char *text,
                           const struct chap *chap, unsigned patience)
{
    char *buffer = malloc(RECORD_LIMIT);
    FILE *out = NULL;
    bool failed;
    int32_t status;

    if (buffer == NULL)
        return tarn_fail(call, TARN_E_INTERNAL, ENOMEM, "no memory for a record");
    status = open_draft(call, path, buffer, &out);
    if (status == TARN_OK) {
        write_lines(out, text, chap, patience);
        failed = ferror(out) != 0;
        if (fclose(out) != 0 || failed)
            status = tarn_fail(call, status_from_errno(errno), errno, "%s cannot be written", path);
    }
    explicit_bzero(buffer, RECORD_LIMIT);
    free(buffer);
    return status;
}

static int32_t change(struct tarn_call *call, const char *record, const char *draft,
                      const struct chap *chap, unsigned patience)
{
    char *text = malloc(RECORD_LIMIT);
    int32_t status = text != NULL ? read_record(call, record, text)
                                  : tarn_fail(call, TARN_E_INTERNAL, ENOMEM,
                                              "no memory for a record");

    if (status == TARN_OK)
        status = write_draft(call, draft, text, chap, patience);
    if (status == TARN_OK && rename(draft, record) < 0)
        status = tarn_fail(call, status_from_errno(errno), errno, "%s cannot be replaced", record);
    if (status != TARN_OK)
        unlink(draft);
    if (text != NULL)
        explicit_bzero(text, RECORD_LIMIT);
    free(text);
    return status;
}

static void draft_path(char out[PATH_MAX], const char *root, const struct kernel *kernel)
{
    snprintf(out, PATH_MAX, "%s/.%s", root, kernel->iface);
}

static int32_t complete(struct tarn_call *call, const struct kernel *kernel, const char *portal,
                        const struct chap *chap, unsigned patience)
{
    char record[PATH_MAX], draft[PATH_MAX];
    int32_t status = TARN_E_NOT_FOUND;
    size_t i;

    for (i = 0; status == TARN_E_NOT_FOUND && roots[i] != NULL; i++) {
        record_path(record, roots[i], kernel, portal);
        draft_path(draft, roots[i], kernel);
        if (access(record, F_OK) < 0)
            continue;
        status = database_lock(call);
        if (status == TARN_OK) {
            status = change(call, record, draft, chap, patience);
            database_unlock();
        }
    }
    if (status == TARN_E_NOT_FOUND)
        return tarn_fail(call, TARN_E_UNSUPPORTED, 0,
                         "iscsiadm's record of %s is neither in %s nor in %s: this open-iscsi is "
                         "not known", kernel->target.iqn, roots[0], roots[1]);
    return status;
}

/* --- making ----------------------------------------------------------------------------------- */

static int32_t iscsiadm(struct tarn_call *call, const char *const *argv)
{
    const struct tool_run run = { .argv = argv };

    return tool_run(call, &run, NULL, NULL);
}

int32_t kernel_iface_make(struct tarn_call *call, const struct kernel *kernel)
{
    const char *const make[] = { "iscsiadm", "-m", "iface", "-I", kernel->iface, "-o", "new",
                                 NULL };
    const char *const name[] = { "iscsiadm", "-m", "iface", "-I", kernel->iface, "-o", "update",
                                 "-n", "iface.initiatorname", "-v", kernel->target.initiator,
                                 NULL };
    int32_t status = TARN_OK;

    if (kernel_records_exist(kernel))
        return TARN_OK;
    status = iscsiadm(call, make);
    return status == TARN_OK ? iscsiadm(call, name) : status;
}

int32_t kernel_record_make(struct tarn_call *call, const struct kernel *kernel, const char *portal,
                           unsigned patience)
{
    char place[PORTAL_SIZE + 8];
    const char *const make[] = { "iscsiadm", "-m", "node", "-T", kernel->target.iqn, "-p", place,
                                 "-I", kernel->iface, "-o", "new", NULL };
    struct chap *chap = NULL;
    int32_t status = chap_new(call, &kernel->target.chap, &chap);

    kernel_record_portal(place, portal);
    if (status == TARN_OK)
        status = check_values(call, chap);
    if (status == TARN_OK)
        status = kernel_iface_make(call, kernel);
    if (status == TARN_OK)
        status = iscsiadm(call, make);
    if (status == TARN_OK)
        status = complete(call, kernel, portal, chap, patience);
    chap_free(chap);
    return status;
}

/* --- removing --------------------------------------------------------------------------------- */

/* Folders go with the last record in them. */
static int remove_from(const char *root, const struct kernel *kernel)
{
    char folder[PATH_MAX], path[PATH_MAX + NAME_MAX + KERNEL_IFACE_SIZE + 2];
    const struct dirent *entry;
    int error = 0;
    DIR *list;

    snprintf(folder, sizeof(folder), "%s/nodes/%s", root, kernel->target.iqn);
    list = opendir(folder);
    while (list != NULL && (entry = readdir(list)) != NULL) {
        if (entry->d_name[0] == '.')
            continue;
        snprintf(path, sizeof(path), "%s/%s/%s", folder, entry->d_name, kernel->iface);
        if (unlink(path) < 0 && errno != ENOENT && errno != ENOTDIR)
            error = errno;
        *strrchr(path, '/') = '\0';
        rmdir(path);
    }
    if (list != NULL)
        closedir(list);
    rmdir(folder);
    draft_path(path, root, kernel);
    unlink(path);
    iface_path(path, root, kernel);
    if (unlink(path) < 0 && errno != ENOENT && errno != ENOTDIR)
        error = errno;
    return error;
}

/* Without the lock: who removes nothing but what nobody else knows disturbs nobody, and this must
 * also work when the call's time is up. */
int32_t kernel_records_remove(struct tarn_call *call, const struct kernel *kernel)
{
    int32_t status = TARN_OK;
    size_t i;

    for (i = 0; roots[i] != NULL; i++) {
        int error = remove_from(roots[i], kernel);

        if (error != 0)
            status = tarn_fail(call, status_from_errno(error), error,
                               "the records of %s in %s cannot be removed", kernel->iface,
                               roots[i]);
    }
    return status;
}
