/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The thread's handlers of libxml2, put aside and given back.
 */
#include "core/xml/xml-quiet.h"

#include <stdio.h>
#include <string.h>

#include <libxml/tree.h>

#include <tarn/abi.h>

static void TARN_PRINTF(2, 3) text_ignore(void *arg, const char *format, ...)
{
    (void)arg;
    (void)format;
}

void xml_quiet_take(void *arg, xmlError *fault)
{
    struct xml_quiet *quiet = arg;
    const char *message = fault->message != NULL ? fault->message : "invalid";
    const xmlNode *node = fault->node;

    if (fault->code == XML_ERR_NO_MEMORY)
        quiet->no_memory = 1;
    if (quiet->line != 0)
        return;
    quiet->line = fault->line > 0 ? fault->line : 1;
    if (node != NULL && node->type == XML_ELEMENT_NODE)
        snprintf(quiet->element, sizeof(quiet->element), "%s", (const char *)node->name);
    snprintf(quiet->text, sizeof(quiet->text), "%.*s", (int)strcspn(message, "\r\n"), message);
}

void xml_quiet_begin(struct xml_quiet *quiet)
{
    *quiet = (struct xml_quiet){
        .structured = xmlStructuredError,
        .structured_arg = xmlStructuredErrorContext,
        .generic = xmlGenericError,
        .generic_arg = xmlGenericErrorContext,
    };
    xmlSetStructuredErrorFunc(quiet, xml_quiet_take);
    xmlSetGenericErrorFunc(NULL, text_ignore);
}

void xml_quiet_end(const struct xml_quiet *quiet)
{
    xmlSetStructuredErrorFunc(quiet->structured_arg, quiet->structured);
    xmlSetGenericErrorFunc(quiet->generic_arg, quiet->generic);
}
