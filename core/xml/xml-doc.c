/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A libxml2 parser context with a guard in front: two of its SAX handlers are replaced, so that
 * a DOCTYPE, too deep a nesting or too many attributes end the parse before anything is built.
 */
#include "core/xml/xml-doc.h"

#include <stdio.h>
#include <string.h>

#include <libxml/parser.h>
#include <libxml/parserInternals.h>
#include <libxml/relaxng.h>
#include <libxml/xmlschemastypes.h>

#include "core/base/error.h"
#include "core/xml/xml-char.h"
#include "core/xml/xml-quiet.h"

#define OPTIONS \
    (XML_PARSE_NONET | XML_PARSE_NOCDATA | XML_PARSE_COMPACT | XML_PARSE_BIG_LINES | \
     XML_PARSE_IGNORE_ENC)

/* Adding an attribute to the tree takes as long as there are others. */
#define ATTRIBUTE_LIMIT 64

/* What went wrong first; hangs on the parser context. */
struct guard {
    struct tarn_error **error;
    struct xml_quiet quiet;
    int failed;
};

/* libxml2 sets up its tables at their first use: the parser's behind a mutex of its own, those of
 * RELAX NG and of its datatypes behind none. Two threads that validate for the first time would
 * race; so it is done while the library is loaded, when there is one thread. */
__attribute__((constructor)) static void libxml_prepare(void)
{
    xmlInitParser();
    xmlRelaxNGInitTypes();
}

static void guard_fail(struct guard *guard, int line, const char *what)
{
    if (guard->failed)
        return;
    guard->failed = 1;
    error_set(guard->error, TARN_E_INVALID, 0, "line %d: %s", line, what);
}

static void refuse(xmlParserCtxt *parser, const char *what)
{
    guard_fail(parser->_private, parser->input->line, what);
    xmlStopParser(parser);
}

static void refuse_doctype(void *context, const xmlChar *name, const xmlChar *external_id,
                           const xmlChar *system_id)
{
    (void)name;
    (void)external_id;
    (void)system_id;
    refuse(context, "a DOCTYPE is not allowed here: remove it, with the entities that it "
                    "declares");
}

static void start_element(void *context, const xmlChar *name, const xmlChar *prefix,
                          const xmlChar *uri, int namespace_count, const xmlChar **namespaces,
                          int attribute_count, int defaulted, const xmlChar **attributes)
{
    xmlParserCtxt *parser = context;

    if (parser->nodeNr >= (int)XML_DEPTH_LIMIT) {
        refuse(parser, "elements are nested too deeply: no definition needs that");
        return;
    }
    if (attribute_count > ATTRIBUTE_LIMIT || namespace_count > ATTRIBUTE_LIMIT) {
        refuse(parser, "an element has too many attributes: no definition needs that");
        return;
    }
    xmlSAX2StartElementNs(context, name, prefix, uri, namespace_count, namespaces,
                          attribute_count, defaulted, attributes);
}

/* Our words where libxml2's own don't help, else NULL. */
static const char *fault_text(int code)
{
    switch (code) {
    case XML_ERR_DOCUMENT_EMPTY:
    case XML_ERR_DOCUMENT_START:
        return "there is no XML here: the document does not begin with <";
    case XML_ERR_DOCUMENT_END:
        return "something follows the end of the document, or its end is missing";
    case XML_ERR_INVALID_CHAR:
        return "there is a reference to a character that XML cannot hold: remove it";
    case XML_ERR_UNDECLARED_ENTITY:
    case XML_WAR_UNDECLARED_ENTITY:
        return "an entity is used that XML does not know: write the character itself";
    default:
        return NULL;
    }
}

static void parser_fault(void *context, xmlError *fault)
{
    xmlParserCtxt *parser = context;
    struct guard *guard = parser->_private;
    const char *text = fault_text(fault->code);
    char buffer[256];
    size_t length;

    xml_quiet_take(&guard->quiet, fault);
    if (guard->failed || guard->quiet.no_memory || fault->level < XML_ERR_ERROR)
        return;
    if (text == NULL && fault->message != NULL) {
        length = strcspn(fault->message, "\r\n");
        snprintf(buffer, sizeof(buffer), "this is not well-formed XML: %.*s",
                 length < 200 ? (int)length : 200, fault->message);
        text = buffer;
    }
    guard_fail(guard, fault->line, text != NULL ? text : "this is not well-formed XML");
}

/* Before libxml2 sees a byte: UTF-8 throughout, whatever encoding the document declares. */
static int bytes_check(const char *xml, size_t length, struct tarn_error **error)
{
    int line = 1;
    size_t step;

    for (size_t i = 0; i < length; i += step) {
        step = xml_char_length(xml + i, length - i);
        if (step == 0 && (unsigned char)xml[i] < 0x20)
            return error_set(error, TARN_E_INVALID, 0,
                             "line %d: there is a control character (0x%02x), which XML cannot "
                             "hold: remove it", line, (unsigned char)xml[i]);
        if (step == 0)
            return error_set(error, TARN_E_INVALID, 0,
                             "line %d: the byte 0x%02x is not UTF-8 text here: convert the XML to "
                             "UTF-8", line, (unsigned char)xml[i]);
        line += xml[i] == '\n';
    }
    return TARN_OK;
}

static int input_check(const char *xml, size_t length, struct tarn_error **error)
{
    if (length == 0)
        return error_set(error, TARN_E_INVALID, 0, "the XML is empty");
    if (length > XML_LENGTH_LIMIT)
        return error_set(error, TARN_E_INVALID, 0,
                         "the XML is %zu bytes long, the limit is %u", length, XML_LENGTH_LIMIT);
    return bytes_check(xml, length, error);
}

static void guard_install(xmlParserCtxt *parser, struct guard *guard)
{
    parser->_private = guard;
    parser->sax->internalSubset = refuse_doctype;
    parser->sax->startElementNs = start_element;
    parser->sax->serror = parser_fault;
}

static xmlDoc *parse(struct guard *guard, const char *xml, size_t length)
{
    xmlParserCtxt *parser = xmlNewParserCtxt();
    xmlDoc *doc;

    if (parser == NULL) {
        guard->quiet.no_memory = 1;
        return NULL;
    }
    guard_install(parser, guard);
    doc = xmlCtxtReadMemory(parser, xml, (int)length, NULL, NULL, OPTIONS);
    if (doc == NULL || !parser->wellFormed || xmlDocGetRootElement(doc) == NULL)
        guard_fail(guard, 1, "this is not well-formed XML");
    xmlFreeParserCtxt(parser);
    return doc;
}

int xml_doc_parse(xmlDoc **out, const char *xml, size_t length, struct tarn_error **error)
{
    struct tarn_error *fault = NULL;
    struct guard guard = { .error = &fault };
    xmlDoc *doc;
    int status = input_check(xml, length, error);

    if (status != TARN_OK)
        return status;
    xml_quiet_begin(&guard.quiet);
    doc = parse(&guard, xml, length);
    xml_quiet_end(&guard.quiet);
    if (!guard.failed && !guard.quiet.no_memory) {
        *out = doc;
        return TARN_OK;
    }
    xmlFreeDoc(doc);
    if (!guard.quiet.no_memory && fault != NULL)
        return error_pass(error, fault);
    tarn_error_free(fault);
    return error_set(error, TARN_E_INTERNAL, 0, "out of memory");
}
