/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What libxml2 would print, caught. Besides the handlers of its contexts libxml2 has one of each
 * kind per thread, for all that it does without a context or does not tell the context of; and it
 * tells nobody else of the memory that it did not get. Without them it writes to standard error.
 */
#ifndef CORE_XML_QUIET_H
#define CORE_XML_QUIET_H

#include <libxml/xmlerror.h>

/* The first fault, and whether memory ever ran out. */
struct xml_quiet {
    int no_memory;
    int line; /* 0 = no fault */
    char element[64];
    char text[256];
    /* Of this file's. */
    xmlStructuredErrorFunc structured;
    void *structured_arg;
    xmlGenericErrorFunc generic;
    void *generic_arg;
};

/* From now on this thread's faults are caught, until xml_quiet_end gives back the handlers that
 * there were. Pairs may be nested. */
void xml_quiet_begin(struct xml_quiet *quiet);
void xml_quiet_end(const struct xml_quiet *quiet);

/* Takes one fault: the handler for contexts that have their own; the xml_quiet is its argument. */
void xml_quiet_take(void *quiet, xmlError *fault);

#endif
