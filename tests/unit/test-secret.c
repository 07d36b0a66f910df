/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Secrets: the host's, and the administrator's files.
 */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/context/secret.h"
#include "tests/unit/host-frame.h"

#define UUID "1c1f2d3e-0b7a-4b7e-9a55-6d0a5b0c7f01"

static struct host_frame frame;
static char buffer[64];
static size_t length;

static void begin(void)
{
    host_open(&frame);
    CU_ASSERT_EQUAL(mkdir(host_path(&frame, "etc/tarn/secrets"), 0700), 0);
}

static const char *keep(const char *name, const char *text, mode_t mode)
{
    const char *path = host_path(&frame, "etc/tarn/secrets/%s", name);

    host_write(path, text, strlen(text));
    CU_ASSERT_EQUAL(chmod(path, mode), 0);
    return path;
}

static int find(const char *usage, const char *uuid, struct tarn_error **error)
{
    memset(buffer, 0, sizeof(buffer));
    length = sizeof(buffer);
    return secret_find(frame.context, usage, uuid, buffer, &length, error);
}

static bool is(const char *wanted)
{
    return length == strlen(wanted) && memcmp(buffer, wanted, length) == 0;
}

static void by_name(void)
{
    struct tarn_error *error = NULL;

    begin();
    keep("san host7", "twelve chars", 0600);
    keep(UUID, "by uuid", 0400);
    HOST_OK(find("san host7", NULL, &error));
    CU_ASSERT(is("twelve chars"));
    HOST_OK(find(NULL, UUID, &error));
    CU_ASSERT(is("by uuid"));
    host_close(&frame);
}

static void newline_at_the_end(void)
{
    struct tarn_error *error = NULL;

    begin();
    keep("one", "secret\n", 0600);
    keep("two", "secret\n\n", 0600);
    HOST_OK(find("one", NULL, &error));
    CU_ASSERT(is("secret"));
    HOST_OK(find("two", NULL, &error));
    CU_ASSERT(is("secret\n"));
    host_close(&frame);
}

static void missing(void)
{
    struct tarn_error *error = NULL;

    begin();
    CU_ASSERT(host_refused(find("nobody", NULL, &error), &error, TARN_E_NOT_FOUND,
                           "etc/tarn/secrets/nobody, with mode 0600"));
    host_close(&frame);
}

static void names_that_lead_elsewhere(void)
{
    static const char *const names[] = { "../pools/p.xml", "/etc/passwd", "..", ".", "", "a/b" };
    struct tarn_error *error = NULL;
    size_t i;

    begin();
    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        CU_ASSERT(host_refused(find(names[i], NULL, &error), &error, TARN_E_NOT_FOUND,
                               "has no secret"));
    host_close(&frame);
}

static void open_to_others(void)
{
    static const mode_t modes[] = { 0640, 0604, 0620, 0601 };
    struct tarn_error *error = NULL;
    size_t i;

    begin();
    for (i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
        keep("s", "never told", modes[i]);
        CU_ASSERT(host_refused(find("s", NULL, &error), &error, TARN_E_ACCESS, "mode 0600"));
        CU_ASSERT_EQUAL(buffer[0], 0);
    }
    host_close(&frame);
}

static void no_plain_file(void)
{
    struct tarn_error *error = NULL;

    begin();
    keep("there", "never told", 0600);
    CU_ASSERT_EQUAL(symlink("there", host_path(&frame, "etc/tarn/secrets/link")), 0);
    CU_ASSERT_EQUAL(mkfifo(host_path(&frame, "etc/tarn/secrets/fifo"), 0600), 0);
    CU_ASSERT(host_refused(find("link", NULL, &error), &error, TARN_E_INVALID, "symbolic link"));
    CU_ASSERT_EQUAL(buffer[0], 0);
    CU_ASSERT(host_refused(find("fifo", NULL, &error), &error, TARN_E_INVALID, "no regular file"));
    host_close(&frame);
}

static void too_long(void)
{
    struct tarn_error *error = NULL;
    char text[80];

    begin();
    memset(text, 'x', sizeof(text));
    text[sizeof(text) - 1] = '\0';
    keep("long", text, 0600);
    CU_ASSERT(host_refused(find("long", NULL, &error), &error, TARN_E_INVALID, "79 bytes"));
    host_close(&frame);
}

static int ask_host(void *arg, const char *usage, const char *uuid, void *out, size_t *out_length)
{
    const char *has = arg;

    (void)uuid;
    if (strcmp(usage, has) != 0)
        return TARN_E_NOT_FOUND;
    memcpy(out, "the host's", 10);
    *out_length = 10;
    return TARN_OK;
}

static void host_first(void)
{
    static char both[] = "both";
    struct tarn_error *error = NULL;

    begin();
    keep("both", "the file's", 0600);
    keep("file", "the file's", 0600);
    frame.context->secret = ask_host;
    frame.context->secret_arg = both;
    HOST_OK(find("both", NULL, &error));
    CU_ASSERT(is("the host's"));
    HOST_OK(find("file", NULL, &error));
    CU_ASSERT(is("the file's"));
    host_close(&frame);
}

static const struct unit_test tests[] = {
    { "a file is called as the usage or the UUID", by_name },
    { "one newline at the end is not part of it", newline_at_the_end },
    { "one that is missing is told, with the place for it", missing },
    { "a name leads nowhere else", names_that_lead_elsewhere },
    { "a file that others may read is refused", open_to_others },
    { "links and pipes are not read", no_plain_file },
    { "one that is too long is refused", too_long },
    { "the host is asked first", host_first },
    { NULL, NULL },
};

int main(void)
{
    return unit_main("secret", tests);
}
