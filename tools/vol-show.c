/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What vol-list and vol-info tell of a volume.
 */
#include "tools/vol-show.h"

#include "tools/json.h"
#include "tools/text.h"

const char *volume_status_word(uint32_t status)
{
    switch (status) {
    case TARN_VOLUME_OK: return "ok";
    case TARN_VOLUME_UNREADABLE: return "unreadable";
    case TARN_VOLUME_UNKNOWN_FORMAT: return "unknown-format";
    case TARN_VOLUME_CORRUPT: return "corrupt";
    case TARN_VOLUME_BROKEN_BACKING: return "broken-backing";
    case TARN_VOLUME_VANISHED: return "vanished";
    default: return "unknown"; /* of a younger library */
    }
}

char *volume_fault(const struct tarn_volume_record *record)
{
    const char *word = volume_status_word(record->status);

    if (record->status == TARN_VOLUME_OK)
        return NULL;
    return record->status_text ? text_format("%s (%s)", word, record->status_text)
                               : must_copy(word);
}

json_t *volume_json(const struct tarn_volume_record *record)
{
    json_t *object = json_object();

    json_put_text(object, "name", record->name);
    json_put_text(object, "key", record->key);
    json_put_text(object, "path", record->path);
    json_put_text(object, "type", record->type);
    json_put_text(object, "format", record->format);
    if (record->format)
        json_put_bool(object, "recorded", record->recorded);
    json_put_text(object, "status", volume_status_word(record->status));
    json_put_text(object, "reason", record->status_text);
    json_put_size(object, "capacity", record->capacity);
    json_put_size(object, "allocation", record->allocation);
    json_put_size(object, "physical", record->physical);
    if (record->backing_path) {
        json_t *backing = json_object();
        json_put_text(backing, "path", record->backing_path);
        json_put_text(backing, "format", record->backing_format);
        json_put(object, "backingStore", backing);
    }
    json_put_bool(object, "stale", record->stale);
    if (record->observed)
        json_put_integer(object, "observed", record->observed);
    return object;
}
