/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A module as somebody wrote it when 1.0 was new, in two halves: the pool type "attic", whose
 * volumes are files, and the format "crate", 512 bytes before the guest's. They fill every structure
 * that a module can fill. Built with the larger headers of tests/abi/grow they are a module of a
 * later minor, which fills what it has more with LATER: numbers and pointers that nobody may look
 * at.
 */
#ifndef TESTS_ABI_OLD_H
#define TESTS_ABI_OLD_H

#include <tarn/module.h>

#ifdef TARN_TEST_LATER
#define LATER , TARN_TEST_LATER
#else
#define LATER
#endif

#define CRATE_HEADER 512u

extern const struct tarn_pool_type attic_type;
extern const struct tarn_format crate_format;

/* Records errno, with what was tried on what. */
int32_t old_failed(struct tarn_call *call, const char *what, const char *name);

/* A byte store: of the file, which it closes; or, if `crate` is not NULL, of what lies behind the
 * header there, which stays the caller's. */
int32_t old_store_new(struct tarn_call *call, int file, struct tarn_io *crate, int writable,
                      struct tarn_io **out);

#endif
