/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Validation by RELAX NG. The grammar of a pool type is put together from three:
 *
 *  1. the core's, core/schema/pool.rng or volume.rng: a named pattern for each element;
 *  2. what follows from the type's descriptor: "pool.type", "pool.content", "source.content",
 *     "source.format-name", "target.content" and "foreign";
 *  3. tarn_pool_type.schema, if there is one: the fragment.
 *
 * A <define> of a later grammar replaces the one of the same name in the earlier ones. So a
 * fragment is a <grammar> of the RELAX NG namespace, without <include>, in which
 *
 *  - <start>, if there, is the whole content of <pool> besides its type attribute, built from the
 *    core's named patterns ("pool.metadata", "pool.sizes", "pool.target", …);
 *  - <define name="pool.own">, "source.own", "target.own", "volume.own" and "volume-target.own"
 *    (all <empty/> in the core) are what else may stand, in any order, in <pool>, in its <source>
 *    and <target>, in <volume> and in its <target>;
 *  - a <define> with the name of any other pattern of the core narrows or widens that element;
 *  - a <define> whose name begins with "own." is the fragment's own; there are no others.
 *
 * Elements are of tarn_pool_type.xml_namespace; where a pattern of the core is replaced also of
 * none. Whether it is so is looked at when the module is loaded.
 *
 * The attribute says="…" of the namespace SCHEMA_SAYS on a <define>, <data> or <value> completes
 * "expected …" in error texts. Elements of other namespaces are accepted in <pool>, <volume>, and
 * their <source> and <target>; those of tarn_pool_type.xml_namespace only where the fragment has
 * them, if there is one.
 */
#ifndef CORE_SCHEMA_H
#define CORE_SCHEMA_H

#include <stddef.h>

#include <tarn/pool-type.h>
#include <tarn/tarn.h>

#define SCHEMA_SAYS "urn:tarn:schema"

/* Compiled; only read from then on, by any number of threads. */
struct schema;

/* TARN_E_INTERNAL: the fragment is broken, with the line in it. `type` is complete, and need not
 * outlive the schema. */
int schema_for_pool(struct schema **out, const struct tarn_pool_type *type,
                    struct tarn_error **error);
int schema_for_volume(struct schema **out, const struct tarn_pool_type *type,
                      struct tarn_error **error);
void schema_free(struct schema *schema);
/* Is the type's fragment, if it has one, fit to be part of both? TARN_E_INTERNAL as above. */
int schema_check_type(const struct tarn_pool_type *type, struct tarn_error **error);

/* TARN_E_INVALID if it is no XML; TARN_E_SCHEMA with the line, the element, what is wrong and what
 * was expected. */
int schema_validate(const struct schema *schema, const char *xml, size_t length,
                    struct tarn_error **error);

#endif
