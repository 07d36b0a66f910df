/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Schemas: compiled by libxml2, and kept together with the grammar that explains a refusal.
 */
#include "core/schema/schema.h"

#include <stdlib.h>

#include "core/base/error.h"
#include "core/schema/schema-parts.h"
#include "core/xml/xml-doc.h"

struct schema {
    xmlDoc *grammar;
    xmlRelaxNG *compiled;
};

xmlRelaxNG *schema_compile(xmlDoc *grammar, struct xml_quiet *fault)
{
    xmlRelaxNGParserCtxt *parser;
    xmlRelaxNG *compiled = NULL;

    xml_quiet_begin(fault);
    parser = xmlRelaxNGNewDocParserCtxt(grammar);
    if (parser != NULL) {
        xmlRelaxNGSetParserStructuredErrors(parser, xml_quiet_take, fault);
        compiled = xmlRelaxNGParse(parser);
        xmlRelaxNGFreeParserCtxt(parser);
    }
    xml_quiet_end(fault);
    if (compiled != NULL && fault->line != 0) {
        xmlRelaxNGFree(compiled);
        compiled = NULL;
    }
    return compiled;
}

int schema_is_valid(xmlRelaxNG *compiled, xmlDoc *doc, struct xml_quiet *fault)
{
    xmlRelaxNGValidCtxt *context;
    int valid = 0;

    xml_quiet_begin(fault);
    context = xmlRelaxNGNewValidCtxt(compiled);
    if (context != NULL) {
        xmlRelaxNGSetValidStructuredErrors(context, xml_quiet_take, fault);
        valid = xmlRelaxNGValidateDoc(context, doc) == 0;
        xmlRelaxNGFreeValidCtxt(context);
    }
    xml_quiet_end(fault);
    return valid && !fault->no_memory;
}

static int schema_new(struct schema **out, xmlDoc *grammar, const char *type,
                      struct tarn_error **error)
{
    struct schema *schema = calloc(1, sizeof(*schema));
    struct xml_quiet fault;

    if (schema == NULL) {
        xmlFreeDoc(grammar);
        return error_set(error, TARN_E_INTERNAL, 0, "out of memory");
    }
    schema->grammar = grammar;
    schema->compiled = schema_compile(grammar, &fault);
    if (schema->compiled == NULL) {
        schema_free(schema);
        if (fault.no_memory)
            return error_set(error, TARN_E_INTERNAL, 0, "out of memory");
        return error_set(error, TARN_E_INTERNAL, 0,
                         "the schema of the pool type %s is broken in line %d of the grammar: %s",
                         type, fault.line, fault.text);
    }
    *out = schema;
    return TARN_OK;
}

int schema_for_pool(struct schema **out, const struct tarn_pool_type *type,
                    struct tarn_error **error)
{
    xmlDoc *grammar;
    int status = schema_merge_pool(&grammar, type, error);

    return status == TARN_OK ? schema_new(out, grammar, type->name, error) : status;
}

int schema_for_volume(struct schema **out, const struct tarn_pool_type *type,
                      struct tarn_error **error)
{
    xmlDoc *grammar;
    int status = schema_merge_volume(&grammar, type, error);

    return status == TARN_OK ? schema_new(out, grammar, type->name, error) : status;
}

void schema_free(struct schema *schema)
{
    if (schema == NULL)
        return;
    xmlRelaxNGFree(schema->compiled);
    xmlFreeDoc(schema->grammar);
    free(schema);
}

/* Both are compiled: what the fragment refers to may be in one and not in the other. */
int schema_check_type(const struct tarn_pool_type *type, struct tarn_error **error)
{
    struct schema *schema = NULL;
    int status;

    if (type->schema == NULL)
        return TARN_OK;
    status = schema_for_pool(&schema, type, error);
    schema_free(schema);
    schema = NULL;
    if (status == TARN_OK)
        status = schema_for_volume(&schema, type, error);
    schema_free(schema);
    return status;
}

static int refuse(const struct schema *schema, const xmlDoc *doc, const struct xml_quiet *fault,
                  struct tarn_error **error)
{
    struct xml_quiet quiet;
    int status;

    if (fault->no_memory || fault->line == 0)
        return error_set(error, TARN_E_INTERNAL, 0, "out of memory");
    xml_quiet_begin(&quiet);
    status = schema_explain(schema->grammar, doc, error);
    xml_quiet_end(&quiet);
    if (status != TARN_OK)
        return status;
    return error_set(error, TARN_E_SCHEMA, 0, "line %d: <%s> is not as the schema wants it: %s",
                     fault->line, fault->element, fault->text);
}

int schema_validate(const struct schema *schema, const char *xml, size_t length,
                    struct tarn_error **error)
{
    struct xml_quiet fault;
    xmlDoc *doc;
    int status = xml_doc_parse(&doc, xml, length, error);

    if (status != TARN_OK)
        return status;
    if (!schema_is_valid(schema->compiled, doc, &fault))
        status = refuse(schema, doc, &fault, error);
    xmlFreeDoc(doc);
    return status;
}
