/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What a new image shall be like.
 */
#include "tools/image-options.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "tools/assignment.h"
#include "tools/auto.h"
#include "tools/text.h"
#include "tools/xml-edit.h"

#define NAMESPACE "urn:tarn:image:1"

/* The values of a repeated option, a list that ends with NULL. */
static const char **collect(const struct args *args, const char *name)
{
    const char **list = must_alloc((args->count + 1) * sizeof(*list));
    size_t count = 0, position = 0;

    while ((list[count] = args_each(args, name, &position)))
        count++;
    return list;
}

/* In XML a feature is an element, whose name cannot be escaped. */
static bool is_feature(const char *text)
{
    if (!isalpha((unsigned char)*text) && *text != '_')
        return false;
    while (isalnum((unsigned char)*text) || *text == '_' || *text == '-')
        text++;
    return !*text;
}

int image_options_read(struct image_options *out, struct tool *tool, const struct args *args)
{
    *out = (struct image_options){
        .subformat = args_text(args, "subformat"),
        .compat = args_text(args, "compat"),
        .cluster_size = args_number(args, "cluster-size", 0),
        .compress = command_option(args->command, "compress") && args_has(args, "compress"),
        .features = collect(args, "feature"),
        .options = collect(args, "option"),
    };
    for (const char **feature = out->features; *feature; feature++)
        if (!is_feature(*feature))
            return tool_wrong(tool, "--feature '%s' is no name of a feature: see 'tarn help %s'",
                              *feature, args->command->name);
    return assignments_check(tool, args, "option");
}

void image_options_clear(struct image_options *options)
{
    free(options->features);
    free(options->options);
    *options = (struct image_options){ 0 };
}

/* --- as XML ----------------------------------------------------------------------------------- */

static bool has_own_element(const struct image_options *options)
{
    return options->subformat || options->compress || options->options[0];
}

bool image_options_given(const struct image_options *options)
{
    return options->compat || options->cluster_size > 0 || options->features[0] ||
           has_own_element(options);
}

static void put_option(struct xml *xml, const char *assignment)
{
    AUTO(text) char *name = assignment_name(assignment);

    xml_empty(xml, "tarn:option",
              XML_ATTRIBUTES("name", name, "value", assignment_value(assignment)));
}

static void put_own_element(struct xml *xml, const struct image_options *options)
{
    const char *const *attributes =
        XML_ATTRIBUTES("xmlns:tarn", NAMESPACE, "subformat", options->subformat, "compress",
                       options->compress ? "yes" : NULL);

    if (!options->options[0]) {
        xml_empty(xml, "tarn:image", attributes);
        return;
    }
    xml_open(xml, "tarn:image", attributes);
    for (const char **option = options->options; *option; option++)
        put_option(xml, *option);
    xml_close(xml, "tarn:image");
}

void image_options_put(struct xml *xml, const struct image_options *options)
{
    xml_text(xml, "compat", options->compat);
    if (options->cluster_size > 0)
        xml_size(xml, "clusterSize", options->cluster_size);
    if (options->features[0]) {
        xml_open(xml, "features", NULL);
        for (const char **feature = options->features; *feature; feature++)
            xml_mark(xml, *feature);
        xml_close(xml, "features");
    }
    if (has_own_element(options))
        put_own_element(xml, options);
}

void image_options_make_room(char **xml, const struct image_options *options)
{
    if (options->compat || options->subformat) /* another one may have neither */
        xml_replace(xml, "volume/target/compat", "");
    if (options->cluster_size > 0 || options->subformat)
        xml_replace(xml, "volume/target/clusterSize", "");
    if (options->features[0])
        xml_replace(xml, "volume/target/features", "");
    if (has_own_element(options))
        xml_replace(xml, "volume/target/tarn:image", "");
}
