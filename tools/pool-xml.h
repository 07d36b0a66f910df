/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The <pool> and <source> documents that pool-define-as, pool-create-as and
 * find-storage-pool-sources-as make of their options.
 */
#ifndef TOOLS_POOL_XML_H
#define TOOLS_POOL_XML_H

#include "tools/tool.h"

/* The options of a pool described on the command line, in virsh's order. */
#define POOL_AS_OPTIONS \
    { "name", VALUE_TEXT, OPTION_REQUIRED, "name of the pool", NULL }, \
    { "type", VALUE_TYPE, OPTION_REQUIRED, "type of the pool", NULL }, \
    { "source-host", VALUE_TEXT, OPTION_REPEATED, "host of the source", NULL }, \
    { "source-path", VALUE_TEXT, 0, "folder on the source", NULL }, \
    { "source-dev", VALUE_FILE, OPTION_REPEATED, "device of the source", NULL }, \
    { "source-name", VALUE_TEXT, 0, "name of the source", NULL }, \
    { "target", VALUE_DIRECTORY, 0, "path under which volumes appear", NULL }, \
    { "source-format", VALUE_TEXT, 0, "format of the source", NULL }, \
    { "auth-type", VALUE_TEXT, 0, "how to log in to the source: chap", NULL }, \
    { "auth-username", VALUE_TEXT, 0, "user to log in as", NULL }, \
    { "secret-usage", VALUE_TEXT, 0, "name of the secret to log in with", NULL }, \
    { "secret-uuid", VALUE_TEXT, 0, "UUID of the secret to log in with", NULL }, \
    { "source-protocol-ver", VALUE_TEXT, 0, "version of the NFS protocol", NULL }, \
    { "source-initiator", VALUE_TEXT, 0, "IQN of the iSCSI initiator", NULL }, \
    { "mount-option", VALUE_TEXT, OPTION_NAMED | OPTION_REPEATED, "option to mount with", NULL }, \
    { "option", VALUE_PARAM, OPTION_NAMED | OPTION_REPEATED, "option of the type's own", NULL }, \
    { "option-secret", VALUE_SECRET, OPTION_NAMED | OPTION_REPEATED, \
      "option of the type's own that is a secret, and what that is called", NULL }, \
    OPTION_FLAG("print-xml", "print the XML and do nothing")

/* The <pool> document. Freed with free(). */
int pool_xml_from_options(char **out, struct tool *tool, const struct args *args);
/* The <source> document of --host, --port and --initiator; NULL if none is given. */
int source_xml_from_options(char **out, struct tool *tool, const struct args *args);

#endif
