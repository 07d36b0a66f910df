/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * cut.h - would what is in a partition be cut?
 */
#ifndef DISK_CUT_H
#define DISK_CUT_H

#include <tarn/call.h>

/* TARN_OK if the device (or file) carries nothing that libblkid knows, or only what ends within the
 * first `size` bytes; TARN_E_STATE tells what is there and what to do. */
int32_t cut_check(struct tarn_call *call, const char *path, uint64_t size);

#endif
