/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What libblkid knows in there is not cut. Where it ends is asked of the ext filesystems, which are
 * those that people make smaller; of all others it's unknown.
 */
#include "cut.h"

#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "helpers/le.h"
#include "helpers/signature.h"

#define SHOWN 4u

/* The superblock, at byte 1024 (Documentation/filesystems/ext4/super.rst). */
#define EXT_SUPERBLOCK 1024
#define EXT_INCOMPAT_64BIT 0x80u

/* Bytes; 0 = unknown. */
static uint64_t ext_size(const char *path)
{
    uint8_t block[1024];
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t got = fd >= 0 ? pread(fd, block, sizeof(block), EXT_SUPERBLOCK) : -1;
    uint64_t blocks;
    uint32_t shift;
    uint64_t size = 0;

    if (fd >= 0)
        close(fd);
    if (got != (ssize_t)sizeof(block) || le16_load(block + 0x38) != 0xef53)
        return 0;
    blocks = le32_load(block + 0x04);
    if (le32_load(block + 0x60) & EXT_INCOMPAT_64BIT)
        blocks |= (uint64_t)le32_load(block + 0x150) << 32;
    shift = 10 + le32_load(block + 0x18);
    if (shift > 16 || __builtin_mul_overflow(blocks, (uint64_t)1 << shift, &size))
        return 0;
    return size;
}

static int32_t check(struct tarn_call *call, const char *path, const struct signature *signature,
                     uint64_t size)
{
    bool ext = strncmp(signature->type, "ext", 3) == 0;
    uint64_t end = ext ? ext_size(path) : 0;

    if (end != 0 && end <= size)
        return TARN_OK;
    if (end != 0)
        return tarn_fail(call, TARN_E_STATE, 0,
                         "%s carries a filesystem (%s) of %llu bytes, which %llu would cut: make "
                         "it smaller first (resize2fs)", path, signature->type,
                         (unsigned long long)end, (unsigned long long)size);
    return tarn_fail(call, TARN_E_STATE, 0,
                     "%s carries %s (%s), and where that ends cannot be told: move it away, or "
                     "wipe the volume first", path, signature->type, signature->usage);
}

int32_t cut_check(struct tarn_call *call, const char *path, uint64_t size)
{
    struct signature found[SHOWN];
    size_t count = 0;
    int32_t status = signature_find(call, path, found, SHOWN, &count);

    for (size_t i = 0; status == TARN_OK && i < count && i < SHOWN; i++)
        status = check(call, path, &found[i], size);
    return status;
}
