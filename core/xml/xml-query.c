/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * One XPath asked of one document. The document is parsed anew for each question, since an XPath
 * evaluation may write into the tree it reads.
 */
#include "core/xml/xml-doc.h"

#include <string.h>

#include <libxml/xpath.h>
#include <libxml/xpathInternals.h>

#include "core/xml/xml-quiet.h"

static xmlXPathObject *evaluate(xmlXPathContext *context, const char *xpath)
{
    xmlXPathCompExpr *expression = xmlXPathCtxtCompile(context, BAD_CAST xpath);
    xmlXPathObject *result;

    if (expression == NULL)
        return NULL;
    result = xmlXPathCompiledEval(expression, context);
    xmlXPathFreeCompExpr(expression);
    return result;
}

static xmlChar *text_of(xmlXPathObject *found, uint32_t index)
{
    xmlNodeSet *nodes = found->nodesetval;

    if (found->type != XPATH_NODESET)
        return index == 0 ? xmlXPathCastToString(found) : NULL;
    if (nodes == NULL || nodes->nodeNr < 0 || index >= (uint32_t)nodes->nodeNr)
        return NULL;
    xmlXPathNodeSetSort(nodes);
    return xmlXPathCastNodeToString(nodes->nodeTab[index]);
}

static const char *query(struct arena *arena, xmlDoc *doc, const char *xpath, uint32_t index,
                         const char *prefix, const char *uri)
{
    xmlXPathContext *context = xmlXPathNewContext(doc);
    xmlXPathObject *found = NULL;
    xmlChar *text = NULL;
    const char *result;

    if (context == NULL)
        return NULL;
    if (prefix == NULL || uri == NULL ||
        xmlXPathRegisterNs(context, BAD_CAST prefix, BAD_CAST uri) == 0)
        found = evaluate(context, xpath);
    if (found != NULL)
        text = text_of(found, index);
    result = arena_strdup(arena, (const char *)text);
    xmlFree(text);
    xmlXPathFreeObject(found);
    xmlXPathFreeContext(context);
    return result;
}

const char *xml_query(struct arena *arena, const char *xml, const char *xpath, uint32_t index,
                      const char *prefix, const char *uri)
{
    struct xml_quiet quiet;
    const char *result;
    xmlDoc *doc;

    if (xml_doc_parse(&doc, xml, strlen(xml), NULL) != TARN_OK)
        return NULL;
    xml_quiet_begin(&quiet);
    result = query(arena, doc, xpath, index, prefix, uri);
    xml_quiet_end(&quiet);
    xmlFreeDoc(doc);
    return result;
}
