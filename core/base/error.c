/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Errors, and the stable words for their statuses.
 */
#include "core/base/error.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct tarn_error {
    int status;
    int system_errno;
    char *message; /* NULL if there was no memory for it */
    char *module;
};

static const char no_memory_text[] = "out of memory";

static const char *const status_words[] = {
    [TARN_OK] = "ok",
    [TARN_E_NOT_FOUND] = "not-found",
    [TARN_E_EXISTS] = "exists",
    [TARN_E_INVALID] = "invalid",
    [TARN_E_SCHEMA] = "schema",
    [TARN_E_STATE] = "state",
    [TARN_E_BUSY] = "busy",
    [TARN_E_ACCESS] = "access",
    [TARN_E_NO_SPACE] = "no-space",
    [TARN_E_IO] = "io",
    [TARN_E_CORRUPT] = "corrupt",
    [TARN_E_TIMEOUT] = "timeout",
    [TARN_E_CANCELLED] = "cancelled",
    [TARN_E_UNSUPPORTED] = "unsupported",
    [TARN_E_NO_MODULE] = "no-module",
    [TARN_E_ABI] = "abi",
    [TARN_E_INTERNAL] = "internal",
    [TARN_E_REPLACED] = "replaced",
};
_Static_assert(sizeof(status_words) / sizeof(status_words[0]) == TARN_STATUS_COUNT,
               "every status has a word");

const char *tarn_status_word(int status)
{
    return status >= 0 && status < TARN_STATUS_COUNT ? status_words[status] : "unknown";
}

int tarn_error_status(const struct tarn_error *error)
{
    return error != NULL ? error->status : TARN_E_INTERNAL;
}

const char *tarn_error_message(const struct tarn_error *error)
{
    return error != NULL && error->message != NULL ? error->message : no_memory_text;
}

const char *tarn_error_module(const struct tarn_error *error)
{
    return error != NULL ? error->module : NULL;
}

int tarn_error_errno(const struct tarn_error *error)
{
    return error != NULL ? error->system_errno : ENOMEM;
}

void tarn_error_free(struct tarn_error *error)
{
    if (error == NULL)
        return;
    free(error->message);
    free(error->module);
    free(error);
}

static char *message_new(int system_errno, const char *format, va_list arguments)
    TARN_PRINTF(2, 0);

static char *message_new(int system_errno, const char *format, va_list arguments)
{
    char *text = NULL;
    char *whole = NULL;
    char buffer[64];

    if (vasprintf(&text, format, arguments) < 0)
        return NULL;
    if (system_errno == 0)
        return text;
    if (asprintf(&whole, "%s: %s", text, strerror_r(system_errno, buffer, sizeof(buffer))) < 0)
        return text;
    free(text);
    return whole;
}

int error_vset(struct tarn_error **error, int status, int system_errno, const char *format,
               va_list arguments)
{
    struct tarn_error *made;

    if (error == NULL || *error != NULL)
        return status;
    made = calloc(1, sizeof(*made));
    if (made == NULL)
        return status;
    made->status = status;
    made->system_errno = system_errno;
    made->message = message_new(system_errno, format, arguments);
    *error = made;
    return status;
}

int error_set(struct tarn_error **error, int status, int system_errno, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    error_vset(error, status, system_errno, format, arguments);
    va_end(arguments);
    return status;
}

void error_while(struct tarn_error *error, const char *format, ...)
{
    char *context = NULL;
    char *whole = NULL;
    va_list arguments;
    int length;

    if (error == NULL || error->message == NULL)
        return;
    va_start(arguments, format);
    length = vasprintf(&context, format, arguments);
    va_end(arguments);
    if (length < 0)
        return;
    if (asprintf(&whole, "%s; while %s", error->message, context) >= 0) {
        free(error->message);
        error->message = whole;
    }
    free(context);
}

void error_set_module(struct tarn_error *error, const char *module)
{
    if (error == NULL || error->module != NULL || module == NULL)
        return;
    error->module = strdup(module);
}

int error_pass(struct tarn_error **error, struct tarn_error *from)
{
    int status = from->status;

    if (error != NULL && *error == NULL)
        *error = from;
    else
        tarn_error_free(from);
    return status;
}
