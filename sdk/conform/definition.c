/* SPDX-License-Identifier: BSD-2-Clause
 *
 * definition.c - see definition.h. The kit reads pool XML by itself, so that what a module sees
 * does not depend on the core that it is proved for.
 */
#include "conform/definition.h"

#include <libxml/parser.h>
#include <libxml/xpath.h>
#include <libxml/xpathInternals.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static const char fixed_uuid[] = "6c1d6c9e-8a3f-4c51-9f0b-5d7f0c2b7a11";

/* --- where the XML comes from ----------------------------------------------------------------- */

static char *read_file(struct trial *trial, const char *path)
{
    char *text = trial_alloc(trial, 65536);
    FILE *file = fopen(path, "re");
    size_t length = file != NULL ? fread(text, 1, 65535, file) : 0;

    if (file == NULL || ferror(file) || !feof(file))
        trial_fail(trial, "the definition %s cannot be read: it is to be XML of less than 64 KiB",
                   path);
    fclose(file);
    text[length] = '\0';
    return text;
}

static char *made_up(struct trial *trial)
{
    const struct tarn_pool_type *type = trial->type;
    bool target = !(type->flags & TARN_POOL_NO_TARGET);

    if (type->source_required != 0)
        trial_skip(trial, "%s wants a source: give a definition in [%s] of a configuration",
                   type->name, trial->part);
    for (size_t i = 0; type->params != NULL && type->params[i] != NULL; i++)
        if ((type->params[i]->flags & TARN_PARAM_REQUIRED) &&
            type->params[i]->default_value == NULL &&
            trial_setting(trial, trial_text(trial, "option.%s", type->params[i]->name)) == NULL)
            trial_skip(trial, "%s wants the option %s: give option.%s in [%s] of a configuration",
                       type->name, type->params[i]->name, type->params[i]->name, trial->part);
    return trial_text(trial, "<pool type='%s'><name>conform</name>%s%s%s</pool>", type->name,
                      target ? "<target><path>" : "",
                      target ? trial_text(trial, "%s/pool", trial->folder) : "",
                      target ? "</path></target>" : "");
}

static char *xml_of(struct trial *trial, bool *own)
{
    const char *name = trial_setting(trial, "definition");
    char *path;
    char *text;

    if (name == NULL) {
        *own = true;
        return made_up(trial);
    }
    path = config_path(trial->config, name);
    trial_require(trial, path != NULL, "the kit itself is out of memory");
    text = read_file(trial, path);
    *own = strstr(text, TRIAL_FOLDER_MARK) != NULL;
    return trial_fill_in(trial, text);
}

/* --- what it says ----------------------------------------------------------------------------- */

static char *text_of(struct trial *trial, const void *doc, const char *xpath)
{
    const char *text = definition_query(trial, doc, xpath, 0);

    return text != NULL && *text != '\0' ? trial_text(trial, "%s", text) : NULL;
}

static size_t count_of(const void *doc, const char *xpath)
{
    xmlXPathContext *context = xmlXPathNewContext((xmlDoc *)(uintptr_t)doc);
    xmlXPathObject *found = context != NULL ? xmlXPathEval(BAD_CAST xpath, context) : NULL;
    size_t count = found != NULL && found->nodesetval != NULL ? (size_t)found->nodesetval->nodeNr
                                                              : 0;

    xmlXPathFreeObject(found);
    xmlXPathFreeContext(context);
    return count;
}

static const struct tarn_source_host *const *hosts_of(struct trial *trial, const void *doc)
{
    size_t count = count_of(doc, "/pool/source/host");
    const struct tarn_source_host **list = trial_alloc(trial, (count + 1) * sizeof(*list));

    for (size_t index = 0; index < count; index++) {
        struct tarn_source_host *host = trial_alloc(trial, sizeof(*host));
        const char *port = definition_query(
            trial, doc, trial_text(trial, "/pool/source/host[%zu]/@port", index + 1), 0);

        host->struct_size = sizeof(*host);
        host->port = port != NULL ? (uint32_t)strtoul(port, NULL, 10) : 0;
        host->name = text_of(trial, doc,
                             trial_text(trial, "/pool/source/host[%zu]/@name", index + 1));
        list[index] = host;
    }
    return list;
}

static const struct tarn_source_device *const *devices_of(struct trial *trial, const void *doc)
{
    size_t count = count_of(doc, "/pool/source/device");
    const struct tarn_source_device **list = trial_alloc(trial, (count + 1) * sizeof(*list));

    for (size_t index = 0; index < count; index++) {
        struct tarn_source_device *device = trial_alloc(trial, sizeof(*device));

        device->struct_size = sizeof(*device);
        device->path = text_of(trial, doc,
                               trial_text(trial, "/pool/source/device[%zu]/@path", index + 1));
        list[index] = device;
    }
    return list;
}

static const struct tarn_source_auth *auth_of(struct trial *trial, const void *doc)
{
    struct tarn_source_auth *auth = trial_alloc(trial, sizeof(*auth));

    if (count_of(doc, "/pool/source/auth") == 0)
        return NULL;
    auth->struct_size = sizeof(*auth);
    auth->type = text_of(trial, doc, "/pool/source/auth/@type");
    auth->username = text_of(trial, doc, "/pool/source/auth/@username");
    auth->secret_usage = text_of(trial, doc, "/pool/source/auth/secret/@usage");
    auth->secret_uuid = text_of(trial, doc, "/pool/source/auth/secret/@uuid");
    return auth;
}

static void read_source(struct trial *trial, struct tarn_source *source, const void *doc)
{
    source->struct_size = sizeof(*source);
    source->hosts = hosts_of(trial, doc);
    source->devices = devices_of(trial, doc);
    source->auth = auth_of(trial, doc);
    source->dir = text_of(trial, doc, "/pool/source/dir/@path");
    source->name = text_of(trial, doc, "/pool/source/name");
    source->format = text_of(trial, doc, "/pool/source/format/@type");
    source->initiator_iqn = text_of(trial, doc, "/pool/source/initiator/iqn/@name");
    source->protocol_version = text_of(trial, doc, "/pool/source/protocol/@ver");
    if (source->format == NULL)
        source->format = trial->type->default_source_format;
    if (source->name == NULL && (trial->type->flags & TARN_POOL_NAME_FROM_SOURCE))
        source->name = text_of(trial, doc, "/pool/name");
}

static const char *const *mount_options_of(struct trial *trial, const void *doc)
{
    static const char xpath[] = "/pool/*[local-name()='mount_opts']/*/@name";
    size_t count = count_of(doc, xpath);
    const char **list = trial_alloc(trial, (count + 1) * sizeof(*list));

    for (size_t index = 0; index < count; index++)
        list[index] = definition_query(trial, doc, xpath, (uint32_t)index);
    return list;
}

static void read_pool(struct trial *trial, struct definition *definition)
{
    const void *doc = definition->doc;
    const char *mode = definition_query(trial, doc, "/pool/target/permissions/mode", 0);

    definition->permissions = (struct tarn_permissions){
        .struct_size = sizeof(definition->permissions),
        .mode = mode != NULL ? (uint32_t)strtoul(mode, NULL, 8) : TARN_MODE_UNSET,
        .owner = TARN_OWNER_UNSET,
        .group = TARN_OWNER_UNSET,
    };
    read_source(trial, &definition->source, doc);
    definition->abi = (struct tarn_pool_def){
        .struct_size = sizeof(definition->abi),
        .type = trial->type->name,
        .name = text_of(trial, doc, "/pool/name"),
        .uuid = text_of(trial, doc, "/pool/uuid"),
        .source = &definition->source,
        .target_path = text_of(trial, doc, "/pool/target/path"),
        .permissions = &definition->permissions,
        .mount_options = mount_options_of(trial, doc),
    };
    if (definition->abi.uuid == NULL)
        definition->abi.uuid = fixed_uuid;
    if (definition->abi.name == NULL)
        definition->abi.name = definition->source.name;
    trial_require(trial, definition->abi.name != NULL, "the definition has no <name>");
}

static bool is_within(const struct trial *trial, const char *path)
{
    return strncmp(path, trial->folder, strlen(trial->folder)) == 0;
}

/* A target in the trial's folder does not make the disk that is mounted there the kit's. */
static bool is_all_own(const struct trial *trial, const struct tarn_source *source)
{
    bool own = source->hosts[0] == NULL && (source->dir == NULL || is_within(trial, source->dir));

    for (size_t index = 0; own && source->devices[index] != NULL; index++)
        own = source->devices[index]->path != NULL &&
              is_within(trial, source->devices[index]->path);
    return own;
}

struct definition *definition_of(struct trial *trial)
{
    struct definition *definition = trial_alloc(trial, sizeof(*definition));

    definition->xml = xml_of(trial, &definition->own);
    definition->doc = xmlReadMemory(definition->xml, (int)strlen(definition->xml), "definition.xml",
                                    NULL, XML_PARSE_NONET);
    trial_require(trial, definition->doc != NULL, "the definition of [%s] is no XML", trial->part);
    definition_write_options(trial, definition);
    definition_judge_options(trial, definition);
    read_pool(trial, definition);
    definition->own = definition->own && is_all_own(trial, &definition->source);
    if (!definition->own && !trial->options->destructive)
        trial_skip(trial, "its definition names storage that is not the kit's: --destructive lets "
                          "the kit make, change and delete volumes there");
    return definition;
}

bool definition_amend(struct trial *trial, struct definition *definition, uint32_t part,
                      const char *value)
{
    char *kept = trial_text(trial, "%s", value != NULL ? value : "");

    switch (part) {
    case TARN_AMEND_TARGET_PATH: definition->abi.target_path = kept; return true;
    case TARN_AMEND_SOURCE_FORMAT: definition->source.format = kept; return true;
    case TARN_AMEND_SOURCE_NAME: definition->source.name = kept; return true;
    default: return false;
    }
}

const char *definition_query(struct trial *trial, const void *doc, const char *xpath,
                             uint32_t index)
{
    xmlXPathContext *context = xmlXPathNewContext((xmlDoc *)(uintptr_t)doc);
    xmlXPathObject *found;
    xmlChar *text = NULL;
    char *answer = NULL;

    if (context != NULL && trial->type != NULL && trial->type->xml_prefix != NULL)
        xmlXPathRegisterNs(context, BAD_CAST trial->type->xml_prefix,
                           BAD_CAST trial->type->xml_namespace);
    found = context != NULL ? xmlXPathEval(BAD_CAST xpath, context) : NULL;
    if (found != NULL && found->type != XPATH_NODESET)
        text = index == 0 ? xmlXPathCastToString(found) : NULL;
    else if (found != NULL && found->nodesetval != NULL &&
             index < (uint32_t)found->nodesetval->nodeNr)
        text = xmlNodeGetContent(found->nodesetval->nodeTab[index]);
    if (text != NULL)
        answer = trial_text(trial, "%s", (const char *)text);
    xmlFree(text);
    xmlXPathFreeObject(found);
    xmlXPathFreeContext(context);
    return answer;
}
