/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the format of a volume says of the image in it, and which format that is.
 */
#include "core/pool/look-inside.h"

#include <string.h>

#include "core/base/sized.h"
#include "core/image/head-io.h"
#include "core/image/image.h"
#include "core/image/probe.h"
#include "core/volume/record.h"

/* One look at an image: where the format's answer goes. */
struct image_look {
    struct observer *observer;
    struct volume_entry *entry;
};

static void set_status(struct volume_entry *entry, uint32_t status, const char *text)
{
    entry->info.status = status;
    entry->info.status_text = arena_strdup(entry->arena, text);
}

/* A relative name is relative to the folder of the image. What is no path stays as it is. */
static const char *absolute_name(struct volume_entry *entry, const char *name)
{
    const char *slash = strrchr(entry->info.path, '/');

    if (name[0] == '/' || slash == NULL || name_has_scheme(name))
        return arena_strdup(entry->arena, name);
    return arena_printf(entry->arena, "%.*s/%s", (int)(slash - entry->info.path),
                        entry->info.path, name);
}

static const char *const *file_names(struct volume_entry *entry,
                                     const struct tarn_image_file *const *files)
{
    const char **names;
    size_t count = 0;
    size_t index;

    while (files != NULL && files[count] != NULL)
        count++;
    if (count == 0)
        return NULL;
    names = arena_alloc(entry->arena, (count + 1) * sizeof(char *));
    for (index = 0; names != NULL && index < count; index++)
        names[index] = absolute_name(entry, files[index]->name);
    return names;
}

static int take_image(void *arg, const struct tarn_image_info *told)
{
    struct image_look *look = arg;
    struct volume_entry *entry = look->entry;
    struct tarn_image_info *image = &entry->image;
    struct arena *arena = entry->arena;

    sized_copy(image, sizeof(*image), told);
    image->subformat = arena_strdup(arena, image->subformat);
    image->compat = arena_strdup(arena, image->compat);
    image->features = arena_words(arena, image->features);
    image->encryption = arena_strdup(arena, image->encryption);
    image->compression = arena_strdup(arena, image->compression);
    image->creator = arena_strdup(arena, image->creator);
    entry->files = file_names(entry, image->files);
    image->files = NULL;
    image->properties = NULL;
    entry->info.capacity = image->capacity;
    entry->has_image = true;
    if (image->backing_name != NULL) {
        entry->backing_path = absolute_name(entry, image->backing_name);
        entry->backing_format = arena_strdup(arena, image->backing_format);
        image->backing_name = arena_strdup(arena, image->backing_name);
        image->backing_format = entry->backing_format;
    }
    if (image->flags & TARN_IMAGE_MARKED_CORRUPT)
        set_status(entry, TARN_VOLUME_CORRUPT, "the image is marked as corrupt: check it");
    return arena_failed(arena) ? TARN_E_INTERNAL : TARN_OK;
}

static void describe(struct image_look *look, const struct format_ref *format, struct tarn_io *io)
{
    static const struct call_sink sink = { .image = take_image };
    struct tarn_error *why = NULL;
    struct call call;
    const struct tarn_pool_type *type = look->observer->session->type.type;
    int status;

    look->entry->format = format->format->name;
    look->entry->unsaid = (type->flags & TARN_POOL_BYTES) &&
                          strcmp(format->format->name, type->default_volume_format) == 0;
    if (format->format->info == NULL)
        return;
    call_begin(&call, look->observer->operation, format->module);
    call.sink = &sink;
    call.sink_arg = look;
    status = call_end(&call, format->format->info(&call.abi, io), &why);
    if (status != TARN_OK)
        set_status(look->entry,
                   status == TARN_E_CORRUPT ? TARN_VOLUME_CORRUPT : TARN_VOLUME_UNREADABLE,
                   why != NULL ? tarn_error_message(why) : "the image cannot be described");
    tarn_error_free(why);
}

/* The format that counts: the recorded one, else what the bytes look like, if anybody looks. */
static int find_format(struct format_ref *out, struct image_look *look,
                       const struct volume_record *record, const struct probe_subject *subject,
                       struct tarn_error **error)
{
    struct registry *registry = look->observer->pool->context->registry;
    const struct tarn_pool_type *type = look->observer->session->type.type;

    if (record->format == NULL && (type->flags & TARN_POOL_BYTES))
        return registry_format(out, registry, type->default_volume_format, error);
    if (record->format == NULL)
        return probe_format(out, registry, subject, error);
    look->entry->recorded = true;
    return registry_format(out, registry, record->format, error);
}

/* Not all formats have a place for the format of the backing store. */
static void add_backing_format(struct volume_entry *entry, const struct volume_record *record)
{
    if (entry->backing_path != NULL && entry->backing_format == NULL &&
        record->backing_path != NULL && strcmp(record->backing_path, entry->backing_path) == 0)
        entry->backing_format = arena_strdup(entry->arena, record->backing_format);
}

/* Where storage is asked for bytes that it has not, as of an extended partition, there is no image
 * whatever the record says. */
static int read_record(struct volume_record *out, const struct observer *observer,
                       const struct volume_entry *entry, const struct tarn_volume_info *told,
                       struct tarn_error **error)
{
    int status = record_read(out, observer->pool->context, observer->pool->name, entry->info.name,
                             error);

    if (status == TARN_OK)
        record_hold_to(out, entry->info.key);
    if (entry->info.format != NULL && told->io == NULL)
        record_clear(out);
    return status;
}

void look_inside(struct observer *observer, struct volume_entry *entry, struct call *call,
                 const struct tarn_volume_info *told)
{
    struct image_look look = { observer, entry };
    struct tarn_error *why = NULL;
    struct head_io head;
    struct format_ref format;
    struct probe_subject subject;
    struct volume_record record = { 0 };
    int status = TARN_OK;

    if (observer->records)
        status = read_record(&record, observer, entry, told, &why);
    if (status == TARN_OK && entry->info.format != NULL && record.format == NULL)
        return; /* one of the type's own formats, and no image in it */
    entry->info.format = entry->format = NULL;
    head_io_init(&head, told->io, told->head, told->head_length, entry->info.physical);
    subject = (struct probe_subject){ call, told->io != NULL ? &head.io : NULL, told->head,
                                      told->head_length, entry->info.physical };
    if (status == TARN_OK)
        status = find_format(&format, &look, &record, &subject, &why);
    if (status == TARN_OK) {
        describe(&look, &format, &head.io);
        add_backing_format(entry, &record);
    }
    record_clear(&record);
    if (status == TARN_OK)
        return;
    if (why == NULL) { /* a read that failed says so in the call, which goes on with others */
        why = call->error;
        call->error = NULL;
    }
    set_status(entry, TARN_VOLUME_UNREADABLE,
               why != NULL ? tarn_error_message(why) : "the format cannot be found out");
    tarn_error_free(why);
}
