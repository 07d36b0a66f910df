/* SPDX-License-Identifier: BSD-2-Clause
 *
 * calm-call.h - a call for taking things back. What is cancelled, or out of time, still has to be
 * undone, and what goes wrong with that must not stand before the failure that led to it.
 */
#ifndef HELPERS_CALM_CALL_H
#define HELPERS_CALM_CALL_H

#include <tarn/call.h>

struct calm_call {
    struct tarn_call abi; /* first */
    struct tarn_host host;
    struct tarn_call *from;
};

/* A call like `from`, but never interrupted, and silent about failures. */
struct tarn_call *calm_call_begin(struct calm_call *calm, struct tarn_call *from);

#endif
