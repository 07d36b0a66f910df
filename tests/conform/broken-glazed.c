/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The pool type of broken-pool.c, of which this pool is behind glass: it tells by capabilities that
 * nothing can be made, written, resized or deleted, which its type can. What it tells no check asks of
 * it.
 *
 * provides: pool:shelf
 */
#define GLAZED 1
#include "broken-pool.c"
