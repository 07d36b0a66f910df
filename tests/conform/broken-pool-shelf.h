/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The first half of broken-pool.c: the shelf itself, its definition, its states, and what it tells.
 */
#ifndef BROKEN_POOL_SHELF_H
#define BROKEN_POOL_SHELF_H

#include <dirent.h>
#include <sys/inotify.h>

#include "broken-pool.h"

#define CAPACITY (GROWING ? "4EiB" : "1GiB")

static struct state *state_of(struct tarn_call *call)
{
    return call->module_state;
}

/* A file that nobody wants, beside the shelf. */
static void leave_note(struct tarn_call *call)
{
    char note[4096];
    int fd;

    snprintf(note, sizeof(note), "%.4000s.note", call->pool->target_path);
    fd = open(note, O_CREAT | O_CLOEXEC, 0600);
    if (fd >= 0)
        close(fd);
}

/* --- the definition --------------------------------------------------------------------------- */

static int32_t define(struct tarn_call *call)
{
    state_of(call)->defined = true;
    if (FAULT(DEFINE_MAKES_A_FILE))
        leave_note(call);
    return TARN_OK;
}

static int32_t claims(struct tarn_call *call)
{
    char claim[4096];

    snprintf(claim, sizeof(claim), "%s%s", FAULT(CLAIMS_WITHOUT_A_KIND) ? "" : "path:",
             call->pool->target_path);
    return call->host->emit_claim(call, claim);
}

static int32_t find_sources(struct tarn_call *call)
{
    const struct tarn_source source = {
        .struct_size = sizeof(source),
        .format = FAULT(FINDS_NONSENSE) ? "marble" : "wood",
    };

    return call->host->emit_source(call, &source);
}

/* --- the pool --------------------------------------------------------------------------------- */

static int32_t fail_shelf(struct tarn_call *call, const char *what)
{
    return tarn_fail(call, errno == ENOENT ? TARN_E_NOT_FOUND : TARN_E_IO, errno,
                     "the shelf cannot be %s", what);
}

/* A file of the shelf: `before` begins its name. */
static void place(char out[4096], const struct shelf *shelf, const char *before, const char *name)
{
    snprintf(out, 4096, "%.3000s/%s%.600s", shelf->path, before, name);
}

/* What a failure leaves in out parameters is nobody's business, and nobody may touch it. */
static void spoil(void *out)
{
    static const char wreck[] = "wreck";
    const char *place = wreck + 1;

    memcpy(out, &place, sizeof(place));
}

/* Digits and nothing else: the host has seen to it. */
static bool read_capacity(struct tarn_call *call, uint64_t *out)
{
    const char *text = call->host->option(call, "capacity");
    char *end = NULL;

    *out = text != NULL ? strtoull(text, &end, 10) : 0;
    return text != NULL && end != text && *end == '\0';
}

static int32_t open_shelf(struct tarn_call *call, void **out_pool)
{
    struct shelf *shelf = calloc(1, sizeof(*shelf));
    char *path = strdup(call->pool->target_path);

    spoil(out_pool);
    if (shelf != NULL && !read_capacity(call, &shelf->capacity)) {
        free(path);
        free(shelf);
        return tarn_fail(call, TARN_E_INVALID, 0, "the option capacity is no number of bytes");
    }
    if (shelf == NULL || path == NULL || (FAULT(DEFINE_REMEMBERS) && !state_of(call)->defined)) {
        free(path);
        free(shelf);
        return tarn_fail(call, TARN_E_INTERNAL, 0, "no memory for a shelf, or it is not defined");
    }
    shelf->path = path;
    shelf->others = -1;
    if (FAULT(OPEN_MAKES_A_FILE))
        leave_note(call);
    *out_pool = shelf;
    return TARN_OK;
}

static void close_shelf(void *pool)
{
    struct shelf *shelf = pool;

    free(shelf->path);
    free(shelf);
}

static int32_t check(struct tarn_call *call, void *pool, uint32_t *out_active)
{
    char on[4096];

    (void)call;
    place(on, pool, ".on", "");
    *out_active = access(on, F_OK) == 0 || FAULT(CHECK_SAYS_YES);
    return TARN_OK;
}

/* Of a shelf behind glass, into which nothing can be put later. */
static int32_t fill_shelf(struct tarn_call *call, const struct shelf *shelf)
{
    char path[4096];
    int fd;

    place(path, shelf, "", "heirloom");
    fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0 || ftruncate(fd, 1 << 20) < 0)
        return fail_shelf(call, "filled");
    close(fd);
    return TARN_OK;
}

static int32_t build(struct tarn_call *call, void *pool, uint32_t flags)
{
    const struct shelf *shelf = pool;

    (void)flags;
    if (mkdir(shelf->path, 0755) < 0 && errno != EEXIST)
        return fail_shelf(call, "made");
    return GLAZED ? fill_shelf(call, shelf) : TARN_OK;
}

static int32_t start(struct tarn_call *call, void *pool)
{
    char on[4096];
    int fd;

    place(on, pool, ".on", "");
    fd = open(on, O_CREAT | O_CLOEXEC | (FAULT(STARTS_ONCE) ? O_EXCL : 0), 0600);
    if (fd < 0 && !FAULT(STARTS_NOTHING))
        return fail_shelf(call, "put up");
    if (fd >= 0)
        close(fd);
    return TARN_OK;
}

/* Those that are volumes, or all. */
static void sweep(const struct shelf *shelf, const char *prefix)
{
    DIR *entries = opendir(shelf->path);
    const struct dirent *entry;
    char path[4096];

    while (entries != NULL && (entry = readdir(entries)) != NULL) {
        place(path, shelf, "", entry->d_name);
        if (strncmp(entry->d_name, prefix, strlen(prefix)) == 0)
            unlink(path);
    }
    if (entries != NULL)
        closedir(entries);
}

static int32_t stop(struct tarn_call *call, void *pool, uint32_t flags)
{
    char on[4096];

    (void)flags;
    place(on, pool, ".on", "");
    if (FAULT(STOP_FORGETS_VOLUMES))
        sweep(pool, "");
    if (FAULT(STOP_STOPS_NOTHING) || unlink(on) == 0 || errno == ENOENT)
        return TARN_OK;
    return fail_shelf(call, "taken down");
}

static int32_t remove_shelf(struct tarn_call *call, void *pool)
{
    const struct shelf *shelf = pool;
    char on[4096];

    place(on, shelf, ".on", "");
    unlink(on);
    if (FAULT(REMOVE_TAKES_VOLUMES) || GLAZED)
        sweep(shelf, "");
    return rmdir(shelf->path) == 0 ? TARN_OK : fail_shelf(call, "removed");
}

static int32_t recover(struct tarn_call *call, void *pool)
{
    (void)call;
    if (!FAULT(RECOVERS_NOTHING)) {
        sweep(pool, ".part-");
        sweep(pool, ".journal-");
    }
    return TARN_OK;
}

/* --- what is there ---------------------------------------------------------------------------- */

static bool name_is_good(const char *name)
{
    bool good = *name != '\0' && *name != '.' && strlen(name) <= 200;

    for (; good && *name != '\0'; name++)
        good = *name > ' ' && *name <= '~' && *name != '/';
    return good;
}

static bool *made_here(struct tarn_call *call, const char *name)
{
    unsigned number = 0;

    while (*name != '\0')
        number = number * 31 + (unsigned char)*name++;
    return &state_of(call)->made[number % 256];
}

static bool is_known(struct tarn_call *call, const char *name)
{
    return !FAULT(KNOWS_ITS_CONTEXTS_OWN) || *made_here(call, name);
}

static int64_t nanoseconds(const struct timespec *time)
{
    return time->tv_sec * INT64_C(1000000000) + time->tv_nsec;
}

static void identify(struct tarn_identity *out, const struct stat *st)
{
    *out = (struct tarn_identity){ .struct_size = sizeof(*out), .device = st->st_dev,
                                   .inode = st->st_ino, .size = (uint64_t)st->st_size };
    if (!FAULT(IDENTITY_STAYS)) {
        out->mtime = nanoseconds(&st->st_mtim);
        out->ctime = nanoseconds(&st->st_ctim);
    }
}

static int32_t emit(struct tarn_call *call, const struct shelf *shelf, const char *name,
                    const struct stat *st, bool refreshing)
{
    struct tarn_volume_info info = { .struct_size = sizeof(info), .type = "file" };
    struct tarn_permissions permissions = { sizeof(permissions), TARN_MODE_UNSET,
                                            TARN_OWNER_UNSET, TARN_OWNER_UNSET, NULL };
    struct tarn_identity identity;
    char path[4096];

    permissions.mode = FAULT(TELLS_ANOTHER_MODE) ? 0444 : st->st_mode & 07777;
    info.permissions = &permissions;
    place(path, shelf, "", name);
    identify(&identity, st);
    if (refreshing && call->host->volume_known(call, name, &identity))
        return TARN_OK;
    info.name = strncmp(name, ".part-", 6) == 0 ? name + 6 : name;
    info.path = path;
    info.key = FAULT(LOOKUP_HAS_ANOTHER_KEY) && !refreshing ? name : path;
    info.capacity = (uint64_t)st->st_size;
    info.allocation = GROWING ? (uint64_t)st->st_blocks * 512 : (uint64_t)st->st_size;
    info.physical = FAULT(TELLS_NO_LENGTH) ? 0 : (uint64_t)st->st_size;
    info.identity = &identity;
    return call->host->emit_volume(call, &info);
}

/* How many volumes it tells of at most. */
static int known(const struct shelf *shelf)
{
    return shelf->others < 0 ? -1 : shelf->others + __atomic_load_n(&shelf->own, __ATOMIC_RELAXED);
}

/* Adds up in *out_total, and emits if *out_told is not NULL. */
static int32_t each(struct tarn_call *call, struct shelf *shelf, uint64_t *out_total, int *out_told)
{
    DIR *entries = opendir(shelf->path);
    const struct dirent *entry;
    int32_t status = entries != NULL ? TARN_OK : fail_shelf(call, "read");
    struct stat st;

    if (FAULT(HANDS_ITS_FOLDER_ON) && entries != NULL)
        fcntl(dirfd(entries), F_SETFD, 0);
    while (status == TARN_OK && (entry = readdir(entries)) != NULL) {
        const char *name = entry->d_name;

        if (FAULT(SHOWS_UNPUBLISHED) && strncmp(name, ".part-", 6) == 0)
            name += 6;
        if (!name_is_good(name) || !is_known(call, name))
            continue;
        if (fstatat(dirfd(entries), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0) {
            status = FAULT(VANISHED_ENDS_REFRESH) ? fail_shelf(call, "listed") : TARN_OK;
            continue;
        }
        if (!S_ISREG(st.st_mode) && FAULT(BAD_ENTRY_ENDS_REFRESH))
            status = tarn_fail(call, TARN_E_IO, 0, "\"%s\" is no file", name);
        else if (!S_ISREG(st.st_mode))
            continue;
        *out_total += (uint64_t)st.st_size;
        if (status != TARN_OK || out_told == NULL || *out_told == known(shelf))
            continue;
        status = emit(call, shelf, entry->d_name, &st, true);
        if (status == TARN_OK && FAULT(TELLS_TWICE))
            status = emit(call, shelf, entry->d_name, &st, false);
        *out_told += 1;
        if (status == TARN_OK)
            status = tarn_interrupted(call);
    }
    if (entries != NULL)
        closedir(entries);
    return status;
}

static int32_t info(struct tarn_call *call, void *pool)
{
    const uint64_t capacity = ((const struct shelf *)pool)->capacity;
    struct tarn_pool_info told = { .struct_size = sizeof(told), .capacity = capacity };
    int32_t status = each(call, pool, &told.allocation, NULL);

    told.available = capacity - (FAULT(MORE_THAN_ALL_IS_FREE) ? 0 : told.allocation);
    return status == TARN_OK ? call->host->emit_pool(call, &told) : status;
}

static int32_t refresh(struct tarn_call *call, void *pool)
{
    struct shelf *shelf = pool;
    uint64_t total = 0;
    int own = __atomic_load_n(&shelf->own, __ATOMIC_RELAXED);
    int told = 0;
    int32_t status = each(call, shelf, &total, &told);

    if (FAULT(SEES_ITS_OWN_ALONE) && status == TARN_OK && shelf->others < 0)
        shelf->others = told > own ? told - own : 0;
    return status;
}

static int32_t fail_missing(struct tarn_call *call, const char *name)
{
    return tarn_fail(call, TARN_E_NOT_FOUND, 0, "there is no volume \"%.200s\"", name);
}

static int32_t lookup(struct tarn_call *call, void *pool, const char *name)
{
    struct stat st;
    char path[4096];

    place(path, pool, "", name);
    if (!name_is_good(name) || !is_known(call, name) || lstat(path, &st) < 0 ||
        !S_ISREG(st.st_mode))
        return fail_missing(call, name);
    return emit(call, pool, name, &st, false);
}

static int32_t tell_of_the_glass(struct tarn_call *call)
{
    static const char *const operations[] = { TARN_OPERATION_CREATE, TARN_OPERATION_REMOVE,
                                              TARN_OPERATION_GROW, TARN_OPERATION_SHRINK,
                                              TARN_OPERATION_UPLOAD };
    struct tarn_capability told = { .struct_size = sizeof(told),
                                    .support = TARN_SUPPORT_NONE,
                                    .reason = "the shelf is behind glass" };
    int32_t status = TARN_OK;

    for (size_t i = 0; status == TARN_OK && i < sizeof(operations) / sizeof(operations[0]); i++) {
        told.operation = operations[i];
        status = call->host->emit_capability(call, &told);
    }
    return status;
}

static int32_t capabilities(struct tarn_call *call, void *pool)
{
    struct tarn_capability told = { .struct_size = sizeof(told),
                                    .support = FAULT(PROMISES_THIN) ? TARN_SUPPORT_NATIVE
                                               : FAULT(SEEMS_THIN)  ? TARN_SUPPORT_EMULATED
                                               : GROWING            ? TARN_SUPPORT_NATIVE
                                                                    : TARN_SUPPORT_NONE,
                                    .operation = TARN_OPERATION_THIN,
                                    .reason = "a shelf is of wood" };
    int32_t status = call->host->emit_capability(call, &told);

    (void)pool;
    if (FAULT(TELLS_ANY_MAXIMUM) && status == TARN_OK) {
        told = (struct tarn_capability){ .struct_size = sizeof(told),
                                         .support = TARN_SUPPORT_NATIVE,
                                         .operation = TARN_OPERATION_CREATE,
                                         .maximum = 64 << 20 };
        return call->host->emit_capability(call, &told);
    }
    told.support = TARN_SUPPORT_NONE;
    told.operation = FAULT(BUILDS_IN_SPITE)      ? TARN_OPERATION_BUILD
                     : FAULT(REMOVES_IN_SPITE)   ? TARN_OPERATION_DELETE
                     : FAULT(TELLS_OF_FREEZING)  ? "vol-freeze"
                     : FAULT(GROWS_IN_SPITE)     ? TARN_OPERATION_GROW
                                                 : NULL;
    if (status == TARN_OK && told.operation != NULL)
        status = call->host->emit_capability(call, &told);
    return status == TARN_OK && GLAZED ? tell_of_the_glass(call) : status;
}

/* --- watching --------------------------------------------------------------------------------- */

static int32_t watch_open(struct tarn_call *call, void *pool, void **out_watch, int32_t *out_fd)
{
    const struct shelf *shelf = pool;
    uint32_t events = FAULT(WATCH_IS_DEAF)         ? IN_UNMOUNT
                      : FAULT(WATCHES_NAMES_ALONE) ? IN_CREATE | IN_DELETE
                                                   : IN_CREATE | IN_DELETE | IN_CLOSE_WRITE;
    int fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);

    spoil(out_watch);
    if (fd < 0 || inotify_add_watch(fd, shelf->path, events | IN_DELETE_SELF) < 0) {
        close(fd);
        return fail_shelf(call, "watched");
    }
    *out_fd = fd;
    *out_watch = (void *)(intptr_t)(fd + 1);
    return TARN_OK;
}

static int32_t watch_read(struct tarn_call *call, void *pool, void *watch)
{
    char events[4096];

    (void)pool;
    while (read((int)(intptr_t)watch - 1, events, sizeof(events)) > 0)
        continue;
    return call->host->emit_changed(call, NULL);
}

static void watch_close(void *pool, void *watch)
{
    (void)pool;
    close((int)(intptr_t)watch - 1);
}

#endif
