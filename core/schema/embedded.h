/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The core's grammars, made from core/schema/ at build time.
 */
#ifndef CORE_SCHEMA_EMBEDDED_H
#define CORE_SCHEMA_EMBEDDED_H

extern const char schema_common_rng[];
extern const char schema_pool_rng[];
extern const char schema_volume_rng[];

#endif
