/* SPDX-License-Identifier: BSD-2-Clause
 *
 * errno-status.h - what an errno means in the words of tarn/status.h.
 */
#ifndef HELPERS_ERRNO_STATUS_H
#define HELPERS_ERRNO_STATUS_H

#include <stdint.h>

/* The TARN_E_… that says best what `error`, an errno, means to the user of a storage; TARN_OK for
 * 0, TARN_E_IO for what has no better word. Thread-safe. */
int32_t status_from_errno(int error);

#endif
