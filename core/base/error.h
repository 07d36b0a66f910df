/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Errors: made where something fails, handed up by pointer, freed by the host.
 */
#ifndef CORE_ERROR_H
#define CORE_ERROR_H

#include <stdarg.h>

#include <tarn/abi.h>
#include <tarn/tarn.h>

/* Sets *error (if error is not NULL and nothing is set yet: the first failure wins) and returns
 * `status`. `system_errno` is 0 or the errno of the failed system call, whose text is appended. */
int error_set(struct tarn_error **error, int status, int system_errno, const char *format, ...)
    TARN_PRINTF(4, 5);
int error_vset(struct tarn_error **error, int status, int system_errno, const char *format,
               va_list arguments) TARN_PRINTF(4, 0);

/* Appends "; while …" to an error that is set; what went wrong stays the error's status. */
void error_while(struct tarn_error *error, const char *format, ...) TARN_PRINTF(2, 3);

/* Names the module in which it happened. */
void error_set_module(struct tarn_error *error, const char *module);

/* Hands `from` on to *error, or frees it where nobody wants it; returns its status. */
int error_pass(struct tarn_error **error, struct tarn_error *from);

#endif
