/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * pool-edit: the XML of a pool in an editor, also of one that is unavailable for what it says.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tools/auto.h"
#include "tools/file.h"
#include "tools/lookup.h"
#include "tools/pool.h"
#include "tools/report.h"
#include "tools/text.h"

static const char *editor_command(void)
{
    const char *editor = getenv("VISUAL");

    if (!editor || !*editor)
        editor = getenv("EDITOR");
    return editor && *editor ? editor : "vi";
}

/* Through the shell, since $EDITOR may have arguments; the path comes as $1 and needs no quotes.
 * Ctrl-C is the editor's meanwhile. */
static int edit(struct tool *tool, const char *path)
{
    const char *editor = editor_command();
    AUTO(text) char *script = text_format("%s \"$1\"", editor);
    char *words[] = { (char[]){ "sh" }, (char[]){ "-c" }, script, (char[]){ "sh" },
                      must_copy(path), NULL };
    struct sigaction ignore = { .sa_handler = SIG_IGN }, before;
    posix_spawnattr_t attributes;
    sigset_t interrupt;
    int outcome = 0;
    pid_t child;

    sigemptyset(&interrupt);
    sigaddset(&interrupt, SIGINT);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setsigdefault(&attributes, &interrupt);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
    sigemptyset(&ignore.sa_mask);
    sigaction(SIGINT, &ignore, &before);
    int error = posix_spawn(&child, "/bin/sh", NULL, &attributes, words, environ);
    while (error == 0 && waitpid(child, &outcome, 0) < 0)
        error = errno == EINTR ? 0 : errno;
    sigaction(SIGINT, &before, NULL);
    posix_spawnattr_destroy(&attributes);
    free(words[4]);
    if (error)
        return tool_fail(tool, tool_errno_status(error), error, "cannot start the editor '%s' "
                         "(%s): set VISUAL or EDITOR", editor, strerror(error));
    if (!WIFEXITED(outcome) || WEXITSTATUS(outcome) != 0)
        return tool_fail(tool, TARN_E_CANCELLED, 0, "the editor '%s' failed, so nothing was "
                         "changed: set VISUAL or EDITOR to one that works", editor);
    return TARN_OK;
}

/* A file of mode 0600, which mkstemp makes. */
static int write_draft(struct tool *tool, char *path, const char *xml)
{
    int fd = mkostemps(path, 4, O_CLOEXEC);

    if (fd < 0)
        return tool_fail(tool, tool_errno_status(errno), errno, "cannot make the file '%s' (%s): "
                         "set TMPDIR to a folder that takes files", path, strerror(errno));
    int status = file_write(tool, path, fd, xml, strlen(xml));
    close(fd);
    return status;
}

static bool wants_another_try(void)
{
    char answer[16];

    fputs("Edit it again? [Y,n] ", stderr);
    return fgets(answer, sizeof(answer), stdin) && answer[0] != 'n' && answer[0] != 'N';
}

static int define_draft(struct tool *tool, const char *path, const char *before, bool *is_changed)
{
    AUTO(text) char *xml = NULL;
    AUTO(pool) struct tarn_pool *pool = NULL;
    int status = file_read_text(&xml, tool, path);

    if (status != TARN_OK || strcmp(xml, before) == 0)
        return status;
    *is_changed = true;
    return tarn_pool_define(&pool, tool->context, xml, 0, &tool->error);
}

/* On a terminal, tells why the XML was refused, and offers to go on. */
static int edit_until_right(struct tool *tool, const char *path, const char *before,
                            bool *is_changed)
{
    for (;;) {
        int status = edit(tool, path);
        if (status != TARN_OK)
            return status;
        status = define_draft(tool, path, before, is_changed);
        if (status == TARN_OK || !isatty(STDIN_FILENO) || !isatty(STDERR_FILENO))
            return status;
        report_failure(tool, status);
        if (!wants_another_try())
            return tool_fail(tool, TARN_E_CANCELLED, 0, "given up, the pool stays as it was: edit "
                             "it again when you like");
    }
}

int pool_edit(struct tool *tool, const struct args *args)
{
    AUTO(pool) struct tarn_pool *pool = NULL;
    AUTO(text) char *xml = NULL;
    const char *folder = getenv("TMPDIR");
    AUTO(text) char *path = text_format("%s/tarn-pool-XXXXXX.xml",
                                        folder && *folder ? folder : "/tmp");
    bool is_changed = false;
    int status = lookup_named_pool(&pool, tool, args);

    if (status == TARN_OK)
        status = tarn_pool_xml(&xml, pool, TARN_XML_INACTIVE, &tool->error);
    if (status == TARN_OK)
        status = write_draft(tool, path, xml);
    if (status != TARN_OK)
        return status;
    status = edit_until_right(tool, path, xml, &is_changed);
    unlink(path);
    if (status == TARN_OK)
        tool_say(tool, "pool", tarn_pool_name(pool), is_changed ? "edited" : "unchanged",
                 "Pool %s XML configuration %s", tarn_pool_name(pool),
                 is_changed ? "edited." : "not changed.");
    return status;
}
