/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The pool type of broken-pool.c with containers that grow as they are written, and may be thin: for
 * the checks, and the faults, that only such a type has.
 *
 * provides: pool:shelf
 */
#define GROWING 1
#include "broken-pool.c"
