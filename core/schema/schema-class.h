/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Name classes of RELAX NG: which names an <element> or <attribute> pattern stands for.
 */
#ifndef CORE_SCHEMA_CLASS_H
#define CORE_SCHEMA_CLASS_H

#include <libxml/tree.h>

#include "core/base/arena.h"

/* Does the pattern stand for this name of this namespace (NULL = none)? */
int schema_class_has(const xmlNode *pattern, const xmlChar *name, const xmlNs *ns);

/* Are all the names that the pattern stands for of this namespace ("" = none)? False for NULL. */
int schema_class_within(const xmlNode *pattern, const char *uri);

/* The one name that the pattern stands for, as people write it, in the arena; NULL if it is one of
 * many. */
const char *schema_class_name(struct arena *arena, const xmlNode *pattern);

#endif
