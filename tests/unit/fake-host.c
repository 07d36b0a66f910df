/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * fake-host.c - see fake-host.h. Out of memory is a failed test: it ends the program.
 */
#include "fake-host.h"

#include <stdlib.h>
#include <string.h>

static struct fake_host *host_of(struct tarn_call *call)
{
    return (struct fake_host *)call;
}

static void *need(void *memory)
{
    if (memory == NULL)
        exit(99);
    return memory;
}

static char *copy_text(const char *text)
{
    return text != NULL ? need(strdup(text)) : NULL;
}

static void keep_text(char *to, size_t room, const char *text)
{
    snprintf(to, room, "%s", text);
}

static int32_t host_fail(struct tarn_call *call, int32_t status, int32_t system_errno,
                         const char *text)
{
    struct fake_host *host = host_of(call);

    if (host->failures++ == 0) {
        host->status = status;
        host->system_errno = system_errno;
        keep_text(host->error, sizeof(host->error), text);
    } else {
        keep_text(host->context, sizeof(host->context), text);
    }
    return status;
}

static void host_forget(struct tarn_call *call)
{
    struct fake_host *host = host_of(call);

    host->failures = 0;
    host->status = TARN_OK;
    host->system_errno = 0;
    host->error[0] = host->context[0] = '\0';
}

static int32_t host_interrupted(struct tarn_call *call)
{
    struct fake_host *host = host_of(call);

    host->questions++;
    if (host->cancel_at == 0 || host->questions < host->cancel_at)
        return TARN_OK;
    return host_fail(call, TARN_E_CANCELLED, 0, "cancelled by the test");
}

static int32_t host_cancel_fd(struct tarn_call *call)
{
    (void)call;
    return -1;
}

static int64_t host_time_left(struct tarn_call *call)
{
    (void)call;
    return -1;
}

static void host_progress(struct tarn_call *call, uint64_t done, uint64_t total)
{
    host_of(call)->progress_done = done;
    host_of(call)->progress_total = total;
}

static void host_log(struct tarn_call *call, uint32_t level, const char *text)
{
    struct fake_host *host = host_of(call);

    (void)level;
    host->log_lines++;
    keep_text(host->log, sizeof(host->log), text);
}

static const char *host_option(struct tarn_call *call, const char *name)
{
    (void)call;
    (void)name;
    return NULL;
}

static int32_t host_create_related(struct tarn_call *call, const char *suffix, uint64_t size,
                                   const char **out_name, struct tarn_io **out)
{
    struct fake_host *host = (struct fake_host *)call;

    *out = NULL;
    if (host->create_related == NULL)
        return host_fail(call, TARN_E_UNSUPPORTED, 0, "no further files can be made here");
    return host->create_related(call, suffix, size, out_name, out, host->create_related_arg);
}

static int32_t host_open_related(struct tarn_call *call, uint32_t role, const char *name,
                                 const char *format, uint32_t flags, struct tarn_io **out)
{
    struct fake_host *host = host_of(call);
    struct fake_question question = { role, flags, name, format };

    *out = NULL;
    host->related_asked++;
    keep_text(host->last_name, sizeof(host->last_name), name);
    keep_text(host->last_format, sizeof(host->last_format), format != NULL ? format : "");
    host->last_question = (struct fake_question){ role, flags, host->last_name,
                                                  format != NULL ? host->last_format : NULL };
    for (uint64_t i = 0; i < host->related_count; i++) {
        struct fake_related *entry = &host->related[i];

        if (entry->role == role && strcmp(entry->name, name) == 0)
            return entry->answer(call, &question, out, entry->arg);
    }
    if (host->related_default != NULL)
        return host->related_default(call, &question, out, host->related_default_arg);
    return tarn_fail(call, TARN_E_NOT_FOUND, 0, "the test knows no file %s", name);
}

static void image_clear(struct fake_image *image)
{
    for (size_t i = 0; i < sizeof(image->features) / sizeof(image->features[0]); i++)
        free(image->features[i]);
    for (size_t i = 0; i < sizeof(image->files) / sizeof(image->files[0]); i++) {
        free((char *)image->files[i].role);
        free((char *)image->files[i].name);
    }
    for (size_t i = 0; i < sizeof(image->properties) / sizeof(image->properties[0]); i++) {
        free((char *)image->properties[i].name);
        free((char *)image->properties[i].value);
    }
    free((char *)image->info.subformat);
    free((char *)image->info.compat);
    free((char *)image->info.backing_name);
    free((char *)image->info.backing_format);
    free((char *)image->info.encryption);
    free((char *)image->info.compression);
    free((char *)image->info.creator);
    memset(image, 0, sizeof(*image));
}

static void image_copy_lists(struct fake_image *to, const struct tarn_image_info *from)
{
    for (size_t i = 0; from->features != NULL && from->features[i] != NULL && i < 15; i++)
        to->features[i] = copy_text(from->features[i]);
    for (size_t i = 0; from->files != NULL && from->files[i] != NULL && i < 64; i++) {
        to->files[i] = *from->files[i];
        to->files[i].role = copy_text(from->files[i]->role);
        to->files[i].name = copy_text(from->files[i]->name);
        to->file_list[i] = &to->files[i];
    }
    for (size_t i = 0; from->properties != NULL && from->properties[i] != NULL && i < 32; i++) {
        to->properties[i] = *from->properties[i];
        to->properties[i].name = copy_text(from->properties[i]->name);
        to->properties[i].value = copy_text(from->properties[i]->value);
        to->property_list[i] = &to->properties[i];
    }
}

static int32_t host_emit_image(struct tarn_call *call, const struct tarn_image_info *info)
{
    struct fake_host *host = host_of(call);
    struct fake_image *image = &host->image;

    image_clear(image);
    host->images++;
    image->info = *info;
    image->info.subformat = copy_text(info->subformat);
    image->info.compat = copy_text(info->compat);
    image->info.backing_name = copy_text(info->backing_name);
    image->info.backing_format = copy_text(info->backing_format);
    image->info.encryption = copy_text(info->encryption);
    image->info.compression = copy_text(info->compression);
    image->info.creator = copy_text(info->creator);
    image_copy_lists(image, info);
    image->info.features = (const char *const *)image->features;
    image->info.files = image->file_list;
    image->info.properties = image->property_list;
    return TARN_OK;
}

static void *room_for(void *array, uint64_t count, uint64_t *room, size_t size)
{
    if (count < *room)
        return array;
    *room = *room != 0 ? *room * 2 : 16;
    return need(realloc(array, *room * size));
}

static int32_t host_emit_snapshot(struct tarn_call *call, const struct tarn_snapshot *snapshot)
{
    struct fake_host *host = host_of(call);
    struct tarn_snapshot copy = *snapshot;

    copy.id = copy_text(snapshot->id);
    copy.name = copy_text(snapshot->name);
    copy.parent = copy_text(snapshot->parent);
    host->snapshots = room_for(host->snapshots, host->snapshot_count, &host->snapshot_room,
                               sizeof(copy));
    host->snapshots[host->snapshot_count++] = copy;
    return TARN_OK;
}

static int32_t host_emit_finding(struct tarn_call *call, const struct tarn_finding *finding)
{
    struct fake_host *host = host_of(call);
    struct tarn_finding copy = *finding;

    copy.text = copy_text(finding->text);
    host->findings = room_for(host->findings, host->finding_count, &host->finding_room,
                              sizeof(copy));
    host->findings[host->finding_count++] = copy;
    return TARN_OK;
}

static int32_t host_emit_check(struct tarn_call *call, const struct tarn_check_result *result)
{
    struct fake_host *host = host_of(call);

    host->checks++;
    host->check = *result;
    return TARN_OK;
}

void fake_host_init(struct fake_host *host)
{
    memset(host, 0, sizeof(*host));
    host->table = (struct tarn_host){
        .struct_size = sizeof(host->table),
        .abi_version = TARN_ABI_VERSION,
        .fail = host_fail, .forget = host_forget, .interrupted = host_interrupted,
        .cancel_fd = host_cancel_fd, .time_left = host_time_left, .progress = host_progress,
        .log = host_log, .option = host_option, .open_related = host_open_related,
        .create_related = host_create_related,
        .emit_image = host_emit_image, .emit_snapshot = host_emit_snapshot,
        .emit_finding = host_emit_finding, .emit_check = host_emit_check,
    };
    host->call.struct_size = sizeof(host->call);
    host->call.host = &host->table;
}

void fake_host_reset(struct fake_host *host)
{
    host_forget(&host->call);
    host->log_lines = host->questions = 0;
    host->log[0] = '\0';
    host->progress_done = host->progress_total = 0;
    image_clear(&host->image);
    for (uint64_t i = 0; i < host->snapshot_count; i++) {
        free((char *)host->snapshots[i].id);
        free((char *)host->snapshots[i].name);
        free((char *)host->snapshots[i].parent);
    }
    for (uint64_t i = 0; i < host->finding_count; i++)
        free((char *)host->findings[i].text);
    host->images = host->snapshot_count = host->finding_count = host->checks = 0;
    host->related_asked = 0;
    memset(&host->check, 0, sizeof(host->check));
}

void fake_host_clear(struct fake_host *host)
{
    fake_host_reset(host);
    free(host->snapshots);
    free(host->findings);
    for (uint64_t i = 0; i < host->related_count; i++)
        free(host->related[i].name);
    memset(host, 0, sizeof(*host));
}

void fake_host_relate(struct fake_host *host, uint32_t role, const char *name,
                      fake_related_fn answer, void *arg)
{
    if (host->related_count == sizeof(host->related) / sizeof(host->related[0]))
        exit(99);
    host->related[host->related_count++] =
        (struct fake_related){ role, copy_text(name), answer, arg };
}

const char *fake_host_property(const struct fake_host *host, const char *name)
{
    for (size_t i = 0; host->image.property_list[i] != NULL; i++)
        if (strcmp(host->image.properties[i].name, name) == 0)
            return host->image.properties[i].value;
    return NULL;
}

bool fake_host_feature(const struct fake_host *host, const char *name)
{
    for (size_t i = 0; host->image.features[i] != NULL; i++)
        if (strcmp(host->image.features[i], name) == 0)
            return true;
    return false;
}
