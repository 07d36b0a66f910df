/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * image-tool.h - a program over the format modules alone, without the core, so that shell tests can
 * compare what they do with what qemu-img does.
 */
#ifndef IMAGE_TOOL_H
#define IMAGE_TOOL_H

#include "tests/formats/load-format.h"
#include "tests/unit/fake-host.h"

/* An image file that is open: its container, and its guest's disk. */
struct opened {
    struct tarn_io *file;
    struct tarn_io *disk;
};

/* Opens the container; with `create` makes it. The program ends with the error if it cannot. */
struct tarn_io *tool_file(struct fake_host *host, const char *path, bool write, bool create);
struct opened tool_open(struct fake_host *host, const char *path, const char *format,
                        uint32_t flags, const char *snapshot);
/* Makes an image, and the further files that its format asks for. */
void tool_create(struct fake_host *host, const char *path, const char *format,
                 const struct tarn_image_spec *spec);
void tool_check(struct fake_host *host, const char *path, const char *format, uint32_t flags);
void tool_close(struct fake_host *host, struct opened *opened);
/* Ends the program with the host's error if `status` is not TARN_OK. */
void tool_need(struct fake_host *host, int32_t status);

/* Random operations on an image, each also done to a plain array, with reopens between; 0 if both
 * were always equal. The size changes as far as the format promises. */
int tool_model(struct fake_host *host, const char *path, const char *format, uint64_t seed,
               uint64_t steps, uint64_t max_size);

#endif
