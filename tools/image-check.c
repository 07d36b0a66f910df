/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The faults of an image.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/image-show.h"
#include "tools/json.h"
#include "tools/text.h"

uint32_t image_repair_flags(const struct args *args)
{
    return args_flag(args, "repair", TARN_IMAGE_REPAIR_LEAKS | TARN_IMAGE_REPAIR_ALL);
}

static const char *kind_word(uint32_t kind)
{
    switch (kind) {
    case TARN_FINDING_LEAK: return "leak";
    case TARN_FINDING_CORRUPTION: return "corruption";
    case TARN_FINDING_ERROR: return "error";
    default: return "unknown"; /* of a younger library */
    }
}

static json_t *finding_json(const struct tarn_finding *finding)
{
    json_t *object = json_object();

    json_put_text(object, "kind", kind_word(finding->kind));
    json_put_size(object, "offset", finding->offset);
    if (finding->length > 0)
        json_put_size(object, "length", finding->length);
    json_put_text(object, "text", finding->text);
    json_put_bool(object, "repaired", finding->repaired);
    return object;
}

static void print_finding(const struct tarn_finding *finding)
{
    char *shown = text_shown(finding->text ? finding->text : "");

    printf("%s at %" PRIu64, kind_word(finding->kind), finding->offset);
    if (finding->length > 0)
        printf(", %" PRIu64 " bytes", finding->length);
    printf(": %s%s\n", shown, finding->repaired ? " (repaired)" : "");
    free(shown);
}

/* As tarn_image_listener.finding. */
static int hear_finding(void *arg, const struct tarn_finding *finding)
{
    const struct image_check *check = arg;

    if (check->tool->settings.json)
        json_array_append_new(check->findings, finding_json(finding));
    else
        print_finding(finding);
    return TARN_OK;
}

/* As tarn_image_listener.checked; of a younger library's result what we know is taken. */
static int hear_result(void *arg, const struct tarn_check_result *result)
{
    struct image_check *check = arg;
    size_t size = result->struct_size < sizeof(*result) ? result->struct_size : sizeof(*result);

    memcpy(&check->result, result, size);
    return TARN_OK;
}

struct tarn_image_listener image_check_listen(struct image_check *check, const struct tool *tool,
                                              const char *name)
{
    *check = (struct image_check){ .tool = tool, .name = name, .findings = json_array() };
    return (struct tarn_image_listener){ .struct_size = sizeof(struct tarn_image_listener),
                                         .arg = check, .finding = hear_finding,
                                         .checked = hear_result };
}

static void print_json(struct image_check *check)
{
    const struct tarn_check_result *result = &check->result;
    json_t *document = json_object();

    json_put(document, "findings", json_incref(check->findings));
    json_put_size(document, "leaks", result->leaks);
    json_put_size(document, "corruptions", result->corruptions);
    json_put_size(document, "errors", result->errors);
    json_put_size(document, "leaks-fixed", result->leaks_fixed);
    json_put_size(document, "corruptions-fixed", result->corruptions_fixed);
    json_put_size(document, "total-clusters", result->total_clusters);
    json_put_size(document, "allocated-clusters", result->allocated_clusters);
    json_put_size(document, "compressed-clusters", result->compressed_clusters);
    json_put_size(document, "fragmented-clusters", result->fragmented_clusters);
    json_put_size(document, "image-end-offset", result->image_end);
    json_print(document);
}

static void print_summary(const struct image_check *check)
{
    const struct tarn_check_result *result = &check->result;
    char *name = text_shown(check->name);

    if (result->leaks + result->corruptions + result->errors == 0)
        printf("%s: no faults", name);
    else
        printf("%s: leaks %" PRIu64 ", corruptions %" PRIu64 ", errors %" PRIu64, name,
               result->leaks, result->corruptions, result->errors);
    if (result->leaks_fixed + result->corruptions_fixed > 0)
        printf("; repaired leaks %" PRIu64 ", corruptions %" PRIu64, result->leaks_fixed,
               result->corruptions_fixed);
    if (result->total_clusters > 0)
        printf("; %" PRIu64 " of %" PRIu64 " clusters in use", result->allocated_clusters,
               result->total_clusters);
    putchar('\n');
    free(name);
}

int image_check_end(struct image_check *check, struct tool *tool, int status)
{
    const struct tarn_check_result *result = &check->result;

    tool->found_faults = result->leaks + result->corruptions + result->errors > 0;
    if (status == TARN_OK && tool->settings.json)
        print_json(check);
    else if (status == TARN_OK && !tool->settings.quiet)
        print_summary(check);
    json_decref(check->findings);
    return status;
}
