/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the files that put grammars together, compile them and explain refusals share.
 */
#ifndef CORE_SCHEMA_PARTS_H
#define CORE_SCHEMA_PARTS_H

#include <stdbool.h>

#include <libxml/relaxng.h>
#include <libxml/tree.h>

#include "core/schema/schema.h"
#include "core/xml/xml-quiet.h"

#define RELAXNG_NAMESPACE "http://relaxng.org/ns/structure/1.0"

/* A grammar put together: the core's, what follows from the descriptor, and the fragment. Freed
 * with xmlFreeDoc. */
int schema_merge_pool(xmlDoc **out, const struct tarn_pool_type *type, struct tarn_error **error);
int schema_merge_volume(xmlDoc **out, const struct tarn_pool_type *type,
                        struct tarn_error **error);

/* The type's fragment, which is there, as a tree; freed with xmlFreeDoc. TARN_E_INTERNAL, with the
 * line, if it is not what schema.h says. */
int schema_fragment_read(xmlDoc **out, const struct tarn_pool_type *type,
                         struct tarn_error **error);

/* The patterns that follow from the descriptor, as a grammar in text; freed with free(). */
int schema_pool_text(char **out, const struct tarn_pool_type *type, struct tarn_error **error);
int schema_volume_text(char **out, const struct tarn_pool_type *type, struct tarn_error **error);

/* NULL if libxml2 cannot compile it; `fault` says why. */
xmlRelaxNG *schema_compile(xmlDoc *grammar, struct xml_quiet *fault);
/* Is `doc` valid? `fault` says why not. */
int schema_is_valid(xmlRelaxNG *compiled, xmlDoc *doc, struct xml_quiet *fault);

/* Walks the grammar along an invalid document and reports the first thing that does not fit, with
 * what would. TARN_OK if it finds none: then what the validator said has to do. */
int schema_explain(const xmlDoc *grammar, const xmlDoc *doc, struct tarn_error **error);

/* TARN_E_SCHEMA if `node`, an element without children or with text alone, or one of its
 * attributes, has a value that the pattern at `pattern` refuses. *budget limits how many values
 * are looked at. Of schema-value.c, for schema_explain. */
int schema_value_explain(const xmlDoc *grammar, const xmlNode *pattern, const xmlNode *node,
                         const xmlAttr *attribute, int *budget, struct tarn_error **error);

/* Gives a pattern that was copied to another place what the original has from the elements around
 * it: namespace, datatype library, prefixes. -1 without memory. */
int schema_inherit(xmlNode *copy, const xmlNode *original);

/* The <define> of this name, or NULL. */
const xmlNode *schema_define(const xmlDoc *grammar, const char *name);
/* Is it this element of the RELAX NG namespace? */
int schema_is(const xmlNode *node, const char *name);

#endif
