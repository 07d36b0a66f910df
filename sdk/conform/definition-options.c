/* SPDX-License-Identifier: BSD-2-Clause
 *
 * definition-options.c - the <tarn:options> of a definition. What the configuration says by
 * option.NAME is written into them, so that the real core is told the same as the fake host.
 */
#include "conform/definition.h"

#include <libxml/tree.h>
#include <stdlib.h>
#include <string.h>

#include "conform/parameters.h"

#define NAMESPACE "urn:tarn:options:1"

static bool is_ours(const xmlNode *node, const char *name)
{
    return node->type == XML_ELEMENT_NODE && node->ns != NULL &&
           strcmp((const char *)node->ns->href, NAMESPACE) == 0 &&
           strcmp((const char *)node->name, name) == 0;
}

static xmlNode *next_of(xmlNode *node, const char *name)
{
    while (node != NULL && !is_ours(node, name))
        node = node->next;
    return node;
}

static xmlNode *first_options(const struct definition *definition)
{
    xmlNode *root = xmlDocGetRootElement(definition->doc);

    return root != NULL ? next_of(root->children, "options") : NULL;
}

/* The option after this one, or the first one: of all elements <tarn:options>. */
static xmlNode *next_option(const struct definition *definition, xmlNode *after)
{
    xmlNode *options = after != NULL ? after->parent : first_options(definition);
    xmlNode *option = after != NULL ? next_of(after->next, "option") : NULL;

    if (after == NULL && options != NULL)
        option = next_of(options->children, "option");
    while (option == NULL && options != NULL) {
        options = next_of(options->next, "options");
        option = options != NULL ? next_of(options->children, "option") : NULL;
    }
    return option;
}

static char *attribute(struct trial *trial, xmlNode *node, const char *name)
{
    xmlChar *value = xmlGetNoNsProp(node, BAD_CAST name);
    char *copy = value != NULL ? trial_text(trial, "%s", (const char *)value) : NULL;

    xmlFree(value);
    return copy;
}

static xmlNode *find(struct trial *trial, const struct definition *definition, const char *name)
{
    xmlNode *option = next_option(definition, NULL);

    for (; option != NULL; option = next_option(definition, option)) {
        const char *found = attribute(trial, option, "name");

        if (found != NULL && strcmp(found, name) == 0)
            return option;
    }
    return NULL;
}

/* --- what it says ----------------------------------------------------------------------------- */

const char *definition_option(struct trial *trial, const struct definition *definition,
                              const struct tarn_param *param)
{
    xmlNode *option = find(trial, definition, param->name);
    const char *name;
    char *why = NULL;
    char *value;

    if (option == NULL)
        return NULL;
    if (param->flags & TARN_PARAM_SECRET) {
        name = attribute(trial, option, "secret");
        return name != NULL ? config_get(trial->config, "secrets", name) : NULL;
    }
    value = parameter_value(param, attribute(trial, option, "value"), &why);
    trial_require(trial, value != NULL, "the option %s of the definition %s", param->name, why);
    return value;
}

static void judge_option(struct trial *trial, const struct definition *definition, xmlNode *option)
{
    const char *name = attribute(trial, option, "name");
    const struct tarn_param *param =
        name != NULL ? parameter_find(trial->type->params, name) : NULL;
    const char *member;

    trial_require(trial, param != NULL,
                  "the definition has an option \"%s\", and %s declares no such parameter: it has "
                  "%s", name != NULL ? name : "", trial->part,
                  parameter_names(trial->type->params));
    trial_require(trial, find(trial, definition, name) == option,
                  "the definition has the option \"%s\" twice", name);
    member = param->flags & TARN_PARAM_SECRET ? "secret" : "value";
    trial_require(trial, attribute(trial, option, member) != NULL,
                  "the option %s of the definition has no %s", name, member);
    definition_option(trial, definition, param);
}

void definition_judge_options(struct trial *trial, const struct definition *definition)
{
    const struct tarn_param *const *param = trial->type->params;
    xmlNode *option = next_option(definition, NULL);

    for (; option != NULL; option = next_option(definition, option))
        judge_option(trial, definition, option);
    for (; param != NULL && *param != NULL; param++)
        trial_require(trial, !((*param)->flags & TARN_PARAM_REQUIRED) ||
                                 (*param)->default_value != NULL ||
                                 find(trial, definition, (*param)->name) != NULL,
                      "the definition lacks the option %s, which %s requires", (*param)->name,
                      trial->part);
}

/* --- what the configuration says -------------------------------------------------------------- */

static xmlNode *options_made(const struct definition *definition)
{
    xmlNode *options = first_options(definition);

    if (options != NULL)
        return options;
    options = xmlNewChild(xmlDocGetRootElement(definition->doc), NULL, BAD_CAST "options", NULL);
    if (options != NULL)
        xmlSetNs(options, xmlNewNs(options, BAD_CAST NAMESPACE, BAD_CAST "tarn"));
    return options;
}

static void write_option(struct trial *trial, const struct definition *definition,
                         const struct tarn_param *param, const char *value)
{
    const char *member = param->flags & TARN_PARAM_SECRET ? "secret" : "value";
    xmlNode *option = find(trial, definition, param->name);
    xmlNode *options = option != NULL ? option->parent : options_made(definition);

    trial_require(trial, options != NULL, "the kit itself is out of memory");
    if (option == NULL)
        option = xmlNewChild(options, options->ns, BAD_CAST "option", NULL);
    trial_require(trial, option != NULL && xmlSetProp(option, BAD_CAST "name",
                                                      BAD_CAST param->name) != NULL &&
                             xmlSetProp(option, BAD_CAST member, BAD_CAST value) != NULL,
                  "the kit itself is out of memory");
}

void definition_write_options(struct trial *trial, struct definition *definition)
{
    const struct tarn_param *const *param = trial->type->params;
    bool written = false;
    xmlChar *xml = NULL;
    int length = 0;

    for (; param != NULL && *param != NULL; param++) {
        const char *value = trial_setting(trial, trial_text(trial, "option.%s", (*param)->name));

        if (value == NULL)
            continue;
        write_option(trial, definition, *param, value);
        written = true;
    }
    if (!written)
        return;
    xmlDocDumpMemory(definition->doc, &xml, &length);
    trial_require(trial, xml != NULL, "the kit itself is out of memory");
    definition->xml = trial_text(trial, "%s", (const char *)xml);
    xmlFree(xml);
}
