/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Modules are copied into the root: what a build leaves may be writable by a group, and then no
 * module of it would be loaded.
 */
#include "tests/unit/host-frame.h"

#include <fcntl.h>
#include <ftw.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define TEXTS 16
#define TEXT_SIZE 8192

static void must(bool condition, const char *what)
{
    if (condition)
        return;
    perror(what);
    exit(2);
}

/* --- texts and files -------------------------------------------------------------------------- */

static char *next_text(void)
{
    static _Thread_local char texts[TEXTS][TEXT_SIZE];
    static _Thread_local unsigned next;

    return texts[next++ % TEXTS];
}

const char *host_text(const char *format, ...)
{
    char *text = next_text();
    va_list arguments;

    va_start(arguments, format);
    must(vsnprintf(text, TEXT_SIZE, format, arguments) < TEXT_SIZE, "host_text");
    va_end(arguments);
    return text;
}

const char *host_path(const struct host_frame *frame, const char *format, ...)
{
    char *path = next_text();
    int length = snprintf(path, TEXT_SIZE, "%s/", frame->root);
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(path + length, TEXT_SIZE - (size_t)length, format, arguments);
    va_end(arguments);
    return path;
}

void host_write(const char *path, const void *bytes, size_t length)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

    must(fd >= 0 && write(fd, bytes, length) == (ssize_t)length, path);
    close(fd);
}

char *host_read(const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct stat known;
    char *bytes;

    if (fd < 0)
        return NULL;
    must(fstat(fd, &known) == 0, path);
    bytes = malloc((size_t)known.st_size + 1);
    must(bytes != NULL && read(fd, bytes, (size_t)known.st_size) == known.st_size, path);
    bytes[known.st_size] = '\0';
    close(fd);
    return bytes;
}

bool host_exists(const char *path)
{
    struct stat known;

    return lstat(path, &known) == 0;
}

int host_run(const char *format, ...)
{
    char command[TEXT_SIZE] = "exec >/dev/null; ";
    size_t length = strlen(command);
    va_list arguments;
    int status;

    va_start(arguments, format);
    vsnprintf(command + length, sizeof(command) - length, format, arguments);
    va_end(arguments);
    status = system(command);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* --- the root --------------------------------------------------------------------------------- */

/* False if there is no such file. */
static bool copy_file(const char *from, const char *to)
{
    struct stat known;
    char *bytes;
    int fd = open(from, O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        return false;
    must(fstat(fd, &known) == 0, from);
    bytes = malloc((size_t)known.st_size + 1);
    must(bytes != NULL && read(fd, bytes, (size_t)known.st_size) == known.st_size, from);
    close(fd);
    fd = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0755);
    must(fd >= 0 && fchmod(fd, 0755) == 0 &&
         write(fd, bytes, (size_t)known.st_size) == known.st_size, to);
    close(fd);
    free(bytes);
    return true;
}

static const char *build_folder(void)
{
    const char *folder = getenv("TARN_BUILD");

    return folder != NULL ? folder : ".";
}

static bool add_module(const struct host_frame *frame, const char *folder, const char *name,
                       const char *provides, const char *options)
{
    const char *conf = host_text("[module]\nfile = %s.so\nabi = 1\nprovides = %s\n%s", name,
                                 provides, options != NULL ? options : "");
    const char *path = host_path(frame, "plugins/%s.conf", name);

    if (!copy_file(host_text("%s/%s.so", folder, name), host_path(frame, "modules/%s.so", name)))
        return false;
    host_write(path, conf, strlen(conf));
    must(chmod(path, 0644) == 0, path);
    return true;
}

void host_fixture(const struct host_frame *frame, const char *name, const char *provides,
                  const char *options)
{
    const char *folder = host_text("%s/tests/fixtures/.libs", build_folder());

    must(add_module(frame, folder, name, provides, options), name);
}

void host_prepare(struct host_frame *frame)
{
    static const char *const folders[] = { "", "modules", "plugins" };
    const char *libs = host_text("%s/.libs", build_folder());
    const char *isolation = getenv("TARN_TEST_ISOLATED") != NULL ? "isolation = process\n" : NULL;
    size_t index;

    memset(frame, 0, sizeof(*frame));
    strcpy(frame->root, "/tmp/tarn-host-XXXXXX");
    must(mkdtemp(frame->root) != NULL, frame->root);
    for (index = 0; index < sizeof(folders) / sizeof(folders[0]); index++) {
        const char *path = host_path(frame, "%s", folders[index]);

        must((index == 0 || mkdir(path, 0755) == 0) && chmod(path, 0755) == 0, path);
    }
    if (!add_module(frame, libs, "dir", "pool:dir", isolation) ||
        !add_module(frame, libs, "raw", "format:raw", isolation) ||
        !add_module(frame, libs, "qcow2", "format:qcow2", isolation)) {
        printf("the modules are not built: %s\n", libs);
        host_close(frame);
        exit(77);
    }
}

struct tarn_context *host_context(const struct host_frame *frame)
{
    struct tarn_context_options options = {
        .struct_size = sizeof(options),
        .root = frame->root,
        .module_dir = host_path(frame, "modules"),
        .plugins_dir = host_path(frame, "plugins"),
        .module_host = host_text("%s/tarn-module-host", build_folder()),
        .follow = frame->follow,
        .deadline = frame->deadline,
    };
    struct tarn_context *context = NULL;
    struct tarn_error *error = NULL;

    must(host_ok(tarn_context_open(&context, &options, &error), &error), "tarn_context_open");
    return context;
}

void host_open(struct host_frame *frame)
{
    host_prepare(frame);
    frame->context = host_context(frame);
}

void host_reopen(struct host_frame *frame)
{
    tarn_context_close(frame->context);
    frame->context = host_context(frame);
}

static int remove_one(const char *path, const struct stat *known, int type, struct FTW *walk)
{
    (void)known;
    (void)type;
    (void)walk;
    return remove(path);
}

void host_close(struct host_frame *frame)
{
    tarn_context_close(frame->context);
    nftw(frame->root, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* --- answers ---------------------------------------------------------------------------------- */

bool host_ok(int status, struct tarn_error **error)
{
    if (status != TARN_OK)
        printf("# failed with %s: %s\n", tarn_status_word(status),
               *error != NULL ? tarn_error_message(*error) : "(no error)");
    else if (*error != NULL)
        printf("# an error with success: %s\n", tarn_error_message(*error));
    status = status != TARN_OK || *error != NULL;
    tarn_error_free(*error);
    *error = NULL;
    return !status;
}

bool host_refused(int status, struct tarn_error **error, int wanted, const char *text)
{
    const char *message = *error != NULL ? tarn_error_message(*error) : "(no error)";
    bool refused = status == wanted && *error != NULL && tarn_error_status(*error) == wanted &&
                   (text == NULL || strstr(message, text) != NULL);

    if (!refused)
        printf("# wanted %s \"%s\", got %s \"%s\"\n", tarn_status_word(wanted),
               text != NULL ? text : "", tarn_status_word(status), message);
    tarn_error_free(*error);
    *error = NULL;
    return refused;
}

/* --- pools and volumes ------------------------------------------------------------------------ */

const char *host_pool_xml(const struct host_frame *frame, const char *name)
{
    return host_text("<pool type='dir'><name>%s</name><target><path>%s/%s</path></target></pool>",
                     name, frame->root, name);
}

struct tarn_pool *host_pool(const struct host_frame *frame, struct tarn_context *context,
                            const char *name)
{
    struct tarn_error *error = NULL;
    struct tarn_pool *pool = NULL;

    HOST_OK(tarn_pool_define(&pool, context, host_pool_xml(frame, name), 0, &error));
    if (pool != NULL)
        HOST_OK(tarn_pool_start(pool, TARN_POOL_BUILD, NULL, &error));
    must(pool != NULL, "host_pool");
    return pool;
}

const char *host_volume_xml(const char *name, const char *format, uint64_t capacity,
                            const char *more)
{
    return host_text("<volume><name>%s</name><capacity>%llu</capacity><allocation>0</allocation>"
                     "<target>%s%s%s</target>%s</volume>", name, (unsigned long long)capacity,
                     format != NULL ? "<format type='" : "", format != NULL ? format : "",
                     format != NULL ? "'/>" : "", more != NULL ? more : "");
}

static struct tarn_volume *create(struct tarn_pool *pool, const char *xml)
{
    struct tarn_error *error = NULL;
    struct tarn_volume *volume = NULL;

    HOST_OK(tarn_volume_create(&volume, pool, xml, 0, NULL, &error));
    return volume;
}

struct tarn_volume *host_volume(struct tarn_pool *pool, const char *name, const char *format,
                                uint64_t capacity)
{
    return create(pool, host_volume_xml(name, format, capacity, NULL));
}

struct tarn_volume *host_overlay(struct tarn_pool *pool, const char *name, const char *path,
                                 const char *format)
{
    return create(pool, host_text("<volume><name>%s</name><target><format type='qcow2'/></target>"
                                  "<backingStore><path>%s</path><format type='%s'/></backingStore>"
                                  "</volume>", name, path, format));
}

int host_count(struct tarn_pool *pool)
{
    struct tarn_error *error = NULL;
    struct tarn_volume **list = NULL;
    int count = 0;

    if (!host_ok(tarn_volume_list(&list, pool, 0, NULL, &error), &error))
        return -1;
    while (list[count] != NULL)
        count++;
    tarn_volume_list_free(list);
    return count;
}

bool host_has(struct tarn_pool *pool, const char *name)
{
    struct tarn_error *error = NULL;
    struct tarn_volume **list = NULL;
    struct tarn_volume *volume = NULL;
    bool listed = false;
    bool found = tarn_volume_lookup(&volume, pool, name, NULL) == TARN_OK;
    size_t index;

    tarn_volume_unref(volume);
    if (!host_ok(tarn_volume_list(&list, pool, 0, NULL, &error), &error))
        return false;
    for (index = 0; list[index] != NULL; index++)
        listed = listed || strcmp(tarn_volume_name(list[index]), name) == 0;
    tarn_volume_list_free(list);
    CU_ASSERT_EQUAL(listed, found);
    return found;
}

uint32_t host_state(struct tarn_pool *pool, bool sizes)
{
    struct tarn_error *error = NULL;
    struct tarn_pool_record *record = NULL;
    uint32_t state;

    if (!host_ok(tarn_pool_read(&record, pool, sizes ? TARN_READ_SIZES : 0, &error), &error))
        return 0;
    state = record->state;
    tarn_pool_record_free(record);
    return state;
}

/* --- the guest -------------------------------------------------------------------------------- */

bool host_guest_write(struct tarn_volume *volume, uint64_t offset, const void *bytes,
                      size_t length)
{
    struct tarn_error *error = NULL;
    struct tarn_image *image = NULL;
    bool written;

    if (!host_ok(tarn_volume_open(&image, volume, TARN_IMAGE_WRITE, NULL, &error), &error))
        return false;
    written = host_ok(tarn_image_pwrite(image, bytes, length, offset, &error), &error);
    return host_ok(tarn_image_close(image, &error), &error) && written;
}

bool host_guest_read(struct tarn_volume *volume, uint64_t offset, void *bytes, size_t length)
{
    struct tarn_error *error = NULL;
    struct tarn_image *image = NULL;
    bool got;

    if (!host_ok(tarn_volume_open(&image, volume, 0, NULL, &error), &error))
        return false;
    got = host_ok(tarn_image_pread(image, bytes, length, offset, &error), &error);
    return host_ok(tarn_image_close(image, &error), &error) && got;
}
