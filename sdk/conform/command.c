/* SPDX-License-Identifier: BSD-2-Clause
 *
 * command.c - a command of the configuration: what makes and clears storage, and what changes it
 * behind the module's back.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "conform/trial.h"

static _Noreturn void become(const struct trial *trial, const char *command, int output)
{
    dup2(open("/dev/null", O_RDONLY | O_CLOEXEC), STDIN_FILENO);
    dup2(output, STDOUT_FILENO);
    dup2(output, STDERR_FILENO);
    setenv("TARN_CONFORM_DIR", trial->folder, 1);
    setenv("TARN_CONFORM_CONFIG", config_folder(trial->config), 1);
    execl("/bin/sh", "sh", "-c", command, (char *)NULL);
    _exit(127);
}

/* The last line of what it printed says most. */
static char *last_line(int output)
{
    char text[2048];
    ssize_t length;
    off_t end = lseek(output, 0, SEEK_END);
    char *line;

    if (end > (off_t)sizeof(text) - 1)
        lseek(output, end - (off_t)sizeof(text) + 1, SEEK_SET);
    else
        lseek(output, 0, SEEK_SET);
    length = read(output, text, sizeof(text) - 1);
    text[length > 0 ? length : 0] = '\0';
    while (length > 0 && text[length - 1] == '\n')
        text[--length] = '\0';
    line = strrchr(text, '\n');
    return strdup(line != NULL ? line + 1 : text);
}

bool trial_command(char **out_text, const struct trial *trial, const char *command)
{
    FILE *output = tmpfile();
    int status = -1;
    pid_t pid;

    *out_text = NULL;
    if (output == NULL)
        return false;
    fcntl(fileno(output), F_SETFD, FD_CLOEXEC);
    pid = fork();
    if (pid == 0)
        become(trial, command, fileno(output));
    if (pid > 0)
        waitpid(pid, &status, 0);
    *out_text = last_line(fileno(output));
    fclose(output);
    return pid > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}
