/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What pool-list and pool-info tell of a pool.
 */
#include "tools/pool-show.h"

#include "tools/json.h"

const char *pool_state_word(uint32_t state)
{
    switch (state) {
    case TARN_POOL_INACTIVE: return "inactive";
    case TARN_POOL_STARTING: return "starting";
    case TARN_POOL_BUILDING: return "building";
    case TARN_POOL_RUNNING: return "running";
    case TARN_POOL_IS_DEGRADED: return "degraded";
    case TARN_POOL_UNRESPONSIVE: return "unresponsive";
    case TARN_POOL_UNAVAILABLE: return "unavailable";
    default: return "unknown"; /* of a younger library */
    }
}

bool pool_is_active(const struct tarn_pool_record *record)
{
    return record->state == TARN_POOL_RUNNING || record->state == TARN_POOL_IS_DEGRADED ||
           record->state == TARN_POOL_UNRESPONSIVE;
}

const char *yes_or_no(bool value)
{
    return value ? "yes" : "no";
}

static void put_sizes(json_t *object, const struct tarn_pool_record *record)
{
    json_put_size(object, "capacity", record->capacity);
    json_put_size(object, "allocation", record->allocation);
    json_put_size(object, "available", record->available);
    json_put_bool(object, "stale", record->stale);
    if (record->observed)
        json_put_integer(object, "observed", record->observed);
}

static void put_properties(json_t *object, const struct tarn_property *const *fact)
{
    json_t *facts = json_object();

    for (; *fact; fact++)
        json_put_text(facts, (*fact)->name, (*fact)->value);
    json_object_set_new(object, "properties", facts);
}

json_t *pool_json(const struct tarn_pool_record *record, bool with_sizes)
{
    json_t *object = json_object();

    json_put_text(object, "name", record->name);
    json_put_text(object, "uuid", record->uuid);
    json_put_text(object, "type", record->type);
    json_put_text(object, "state", pool_state_word(record->state));
    json_put_text(object, "reason", record->reason);
    if (record->reason && record->since)
        json_put_integer(object, "since", record->since);
    if (record->next_try)
        json_put_integer(object, "nextTry", record->next_try);
    json_put_bool(object, "persistent", record->persistent);
    json_put_bool(object, "autostart", record->autostart);
    if (with_sizes && pool_is_active(record)) {
        put_sizes(object, record);
        put_properties(object, record->properties);
    }
    return object;
}
