/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * settings.c - the elements of our own namespace, of a pool and of a volume: see tarn-logical(7).
 */
#include "logical.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One attribute of one element, in one of the two definitions. */
struct place {
    struct tarn_call *call;
    uint32_t which;      /* TARN_DEFINITION_… */
    const char *element;
};

static const char *ask(const struct place *place, const char *attribute)
{
    char xpath[128];

    snprintf(xpath, sizeof(xpath), "/*/logical:%s/@%s", place->element, attribute);
    return place->call->host->query(place->call, place->which, xpath, 0);
}

static bool is_there(const struct place *place)
{
    char xpath[128];
    const char *count;

    snprintf(xpath, sizeof(xpath), "count(/*/logical:%s)", place->element);
    count = place->call->host->query(place->call, place->which, xpath, 0);
    return count != NULL && strcmp(count, "0") != 0;
}

static int32_t wrong(const struct place *place, const char *attribute, const char *value,
                     const char *advice)
{
    return tarn_fail(place->call, TARN_E_INVALID, 0, "<logical:%s> has %s='%s': %s", place->element,
                     attribute, value, advice);
}

/* --- values ----------------------------------------------------------------------------------- */

/* Decimal digits up to `limit`, and what follows them. */
static const char *read_digits(const char *text, uint64_t limit, uint64_t *out)
{
    char *end = NULL;

    errno = 0;
    if (isdigit((unsigned char)text[0]))
        *out = strtoull(text, &end, 10);
    return end != NULL && errno == 0 && *out <= limit ? end : NULL;
}

/* *out stays as it is without the attribute. */
static int32_t read_number(const struct place *place, const char *attribute, unsigned least,
                           unsigned most, unsigned *out)
{
    const char *value = ask(place, attribute), *end;
    char advice[64];
    uint64_t number;

    if (value == NULL)
        return TARN_OK;
    end = read_digits(value, most, &number);
    if (end == NULL || *end != '\0' || number < least) {
        snprintf(advice, sizeof(advice), "give a number from %u to %u", least, most);
        return wrong(place, attribute, value, advice);
    }
    *out = (unsigned)number;
    return TARN_OK;
}

/* "4 GiB", as a size is written elsewhere in the definition. */
static int32_t read_size(const struct place *place, const char *attribute, uint64_t *out)
{
    static const char letters[] = "kmgtpe";
    const char *value = ask(place, attribute), *unit, *letter;
    uint64_t number, factor = 1, base;

    if (value == NULL)
        return TARN_OK;
    unit = read_digits(value, INT64_MAX, &number);
    if (unit == NULL)
        return wrong(place, attribute, value, "give a size such as '4 GiB'");
    unit += strspn(unit, " ");
    letter = *unit != '\0' ? strchr(letters, tolower((unsigned char)*unit)) : NULL;
    if (letter != NULL) {
        base = unit[1] != '\0' && strcasecmp(unit + 1, "b") == 0 ? 1000 : 1024;
        if (unit[1] != '\0' && base == 1024 && strcasecmp(unit + 1, "ib") != 0)
            return wrong(place, attribute, value, "give a size such as '4 GiB'");
        for (; letter >= letters; letter--)
            factor *= base;
    } else if (*unit != '\0' && strcasecmp(unit, "b") != 0 && strcasecmp(unit, "bytes") != 0) {
        return wrong(place, attribute, value, "give a size such as '4 GiB'");
    }
    if (__builtin_mul_overflow(number, factor, out) || *out > INT64_MAX || *out == 0)
        return wrong(place, attribute, value, "give a size from 1 byte to 8 EiB");
    return TARN_OK;
}

/* Percents, separated by blanks, ascending. */
static int32_t read_marks(const struct place *place, unsigned out[LOGICAL_MARKS + 1])
{
    static const unsigned usual[] = { 80, 95, 0 };
    const char *value = ask(place, "percent"), *text = value;
    unsigned count = 0;

    if (value == NULL) {
        memcpy(out, usual, sizeof(usual));
        return TARN_OK;
    }
    while (*text != '\0') {
        uint64_t mark;
        const char *end = read_digits(text, 100, &mark);

        if (end == NULL || (*end != '\0' && *end != ' ') || mark == 0 || count == LOGICAL_MARKS ||
            (count > 0 && mark <= out[count - 1]))
            return wrong(place, "percent", value,
                         "give up to 8 numbers from 1 to 100, ascending, separated by blanks");
        out[count++] = (unsigned)mark;
        text = end + strspn(end, " ");
    }
    out[count] = 0;
    return TARN_OK;
}

/* --- elements --------------------------------------------------------------------------------- */

static int32_t read_layout(const struct place *place, struct logical_layout *layout)
{
    static const char *const types[] = { "linear", "striped", "raid0", "raid1", "raid5", "raid6",
                                         "raid10", NULL };
    const char *type = ask(place, "type");
    size_t i;
    int32_t status;

    if (type == NULL)
        return is_there(place) ? wrong(place, "type", "", "name one, such as raid1") : TARN_OK;
    for (i = 0; types[i] != NULL && strcmp(types[i], type) != 0; i++)
        ;
    if (types[i] == NULL)
        return wrong(place, "type", type,
                     "use linear, striped, raid0, raid1, raid5, raid6 or raid10");
    *layout = (struct logical_layout){ .type = types[i] };
    status = read_number(place, "stripes", 1, 128, &layout->stripes);
    if (status == TARN_OK)
        status = read_number(place, "mirrors", 1, 9, &layout->mirrors);
    if (status == TARN_OK)
        status = read_size(place, "stripe-size", &layout->stripe_size);
    if (status != TARN_OK)
        return status;
    if ((layout->stripes > 0 || layout->stripe_size > 0) &&
        (strcmp(type, "linear") == 0 || strcmp(type, "raid1") == 0))
        return wrong(place, "type", type, "that has no stripes");
    if (layout->mirrors > 0 && strcmp(type, "raid1") != 0 && strcmp(type, "raid10") != 0)
        return wrong(place, "type", type, "that has no mirrors");
    if (layout->stripe_size & (layout->stripe_size - 1) ||
        (layout->stripe_size > 0 && layout->stripe_size < 4096))
        return wrong(place, "stripe-size", ask(place, "stripe-size"),
                     "give a power of two, at least 4096");
    return TARN_OK;
}

static int32_t read_thin_pool(struct tarn_call *call, struct logical_settings *out)
{
    const struct place place = { call, TARN_DEFINITION_POOL, "thin-pool" };
    const char *name = ask(&place, "name"), *fault;
    int32_t status;

    if (name == NULL)
        return is_there(&place) ? wrong(&place, "name", "", "name the thin pool") : TARN_OK;
    fault = logical_volume_name_fault(call->pool->source->name, name);
    if (fault != NULL)
        return tarn_fail(call, TARN_E_INVALID, 0, "the thin pool's name \"%s\" %s: choose another",
                         name, fault);
    status = read_size(&place, "capacity", &out->thin_capacity);
    if (status == TARN_OK)
        status = read_size(&place, "metadata", &out->thin_metadata);
    if (status == TARN_OK)
        status = read_number(&place, "overcommit", 1, 1000000, &out->overcommit);
    if (status != TARN_OK)
        return status;
    out->thin_pool = strdup(name);
    return out->thin_pool != NULL
               ? TARN_OK
               : tarn_fail(call, TARN_E_INTERNAL, 0, "no memory to open a pool");
}

static int32_t read_activation(struct tarn_call *call, bool *out_all)
{
    const struct place place = { call, TARN_DEFINITION_POOL, "activation" };
    const char *which = ask(&place, "volumes");

    if (which == NULL || strcmp(which, "own") == 0)
        *out_all = false;
    else if (strcmp(which, "all") == 0)
        *out_all = true;
    else
        return wrong(&place, "volumes", which, "use own or all");
    return TARN_OK;
}

int32_t logical_layout_of_volume(struct tarn_call *call, struct logical_layout *layout)
{
    const struct place place = { call, TARN_DEFINITION_VOLUME, "layout" };

    return read_layout(&place, layout);
}

int32_t logical_settings_read(struct tarn_call *call, struct logical_settings *out)
{
    const struct place layout = { call, TARN_DEFINITION_POOL, "layout" };
    const struct place marks = { call, TARN_DEFINITION_POOL, "watermarks" };
    int32_t status;

    *out = (struct logical_settings){ 0 };
    status = read_layout(&layout, &out->layout);
    if (status == TARN_OK)
        status = read_marks(&marks, out->marks);
    if (status == TARN_OK)
        status = read_activation(call, &out->activate_all);
    return status == TARN_OK ? read_thin_pool(call, out) : status;
}

void logical_settings_clear(struct logical_settings *settings)
{
    free(settings->thin_pool);
    *settings = (struct logical_settings){ 0 };
}
