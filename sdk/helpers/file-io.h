/* SPDX-License-Identifier: BSD-2-Clause
 *
 * file-io.h - a byte store (tarn/io.h) over a file descriptor: a regular file or a block device.
 */
#ifndef HELPERS_FILE_IO_H
#define HELPERS_FILE_IO_H

#include <tarn/call.h>

/* Makes a byte store of `fd` and stores it in *out. `flags` is 0, or TARN_IO_WRITABLE if the
 * descriptor was opened for writing and the store shall be written.
 *
 * The descriptor belongs to the store from now on: it is closed by tarn_io_close(), and here if
 * this fails. Whoever cannot know what a path leads to opens it with O_NONBLOCK, so that a FIFO
 * does not hang; what it really is, is looked at here, after the open, and the flag is cleared.
 *
 * Fails with TARN_E_INVALID for anything but a regular file or a block device, TARN_E_ACCESS if
 * it shall be written and the descriptor cannot, and with what the system says otherwise.
 *
 * Stores of regular files and of block devices may be used by several threads at once. */
int32_t file_io_open_fd(struct tarn_call *call, int fd, uint32_t flags, struct tarn_io **out);

#endif
