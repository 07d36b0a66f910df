/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Whose an XML namespace is. Two modules must not mean different things by one element, so:
 *
 *  - what XML, RELAX NG, libvirt and the core use is nobody's;
 *  - urn:tarn:NAME and urn:tarn:NAME:… are the module's, or the pool type's, of that name;
 *  - all others are whose that comes first: a type of another name in another module is refused a
 *    namespace, or a prefix, that a loaded one has.
 */
#ifndef CORE_XML_OWNER_H
#define CORE_XML_OWNER_H

#include <tarn/module.h>
#include <tarn/tarn.h>

/* TARN_E_INVALID if a type of the module has what cannot be its own. */
int xml_owner_check(const struct tarn_module *module, struct tarn_error **error);

/* TARN_E_EXISTS, naming both, if a type of the one has what a type of the other has. */
int xml_owner_compare(const struct tarn_module *module, const struct tarn_module *other,
                      struct tarn_error **error);

#endif
