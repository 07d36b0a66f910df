/* SPDX-License-Identifier: BSD-2-Clause
 *
 * file-volumes-name.c - names in a pool's directory: which a volume may get, which may be looked
 * for, and those of things half made.
 */
#include "helpers/file-volumes-internal.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#define TEMPORARY_PREFIX ".tarn-"
#define TEMPORARY_SUFFIX ".part"
#define TEMPORARY_DIGITS 16

int temporary_name_make(char out[TEMPORARY_NAME_SIZE])
{
    uint64_t random;

    if (getrandom(&random, sizeof(random), 0) != (ssize_t)sizeof(random))
        return errno != 0 ? errno : EIO;
    snprintf(out, TEMPORARY_NAME_SIZE, TEMPORARY_PREFIX "%016llx" TEMPORARY_SUFFIX,
             (unsigned long long)random);
    return 0;
}

/* Exactly the names that temporary_name_make makes: what somebody else calls ".tarn-x.part" is
 * neither hidden nor removed. */
bool temporary_name_is(const char *name)
{
    const size_t prefix = sizeof(TEMPORARY_PREFIX) - 1;

    return name[0] == '.' && strlen(name) == TEMPORARY_NAME_SIZE - 1 &&
           strncmp(name, TEMPORARY_PREFIX, prefix) == 0 &&
           strspn(name + prefix, "0123456789abcdef") == TEMPORARY_DIGITS &&
           strcmp(name + prefix + TEMPORARY_DIGITS, TEMPORARY_SUFFIX) == 0;
}

bool entry_name_is_safe(const char *name)
{
    return name[0] != '\0' && strcmp(name, ".") != 0 && strcmp(name, "..") != 0 &&
           strchr(name, '/') == NULL && strlen(name) <= NAME_MAX && !temporary_name_is(name);
}

int32_t entry_name_require(struct tarn_call *call, const char *name)
{
    char shown[SHOWN_NAME_SIZE];

    if (entry_name_is_safe(name))
        return TARN_OK;
    return tarn_fail(call, TARN_E_NOT_FOUND, 0, "no volume can be called \"%s\"",
                     entry_name_show(shown, name));
}

static bool is_control(char c)
{
    return (unsigned char)c < 0x20 || c == 0x7f;
}

const char *entry_name_show(char out[SHOWN_NAME_SIZE], const char *name)
{
    static const char cut[] = "...";
    size_t length = 0;

    for (; *name != '\0'; name++) {
        if (length + sizeof("\\xNN") + sizeof(cut) > SHOWN_NAME_SIZE) {
            memcpy(out + length, cut, sizeof(cut));
            return out;
        }
        if (is_control(*name))
            length += (size_t)snprintf(out + length, sizeof("\\xNN"), "\\x%02x",
                                       (unsigned char)*name);
        else
            out[length++] = *name;
    }
    out[length] = '\0';
    return out;
}

static bool has_control(const char *name)
{
    while (*name != '\0' && !is_control(*name))
        name++;
    return *name != '\0';
}

/* What is wrong with a name for something new, or NULL. */
static const char *name_fault(const char *name)
{
    if (name[0] == '\0')
        return "a volume needs a name";
    if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
        return "it stands for a directory";
    if (strchr(name, '/') != NULL)
        return "a volume lies directly in the pool, so its name has no \"/\"";
    if (strlen(name) > NAME_MAX)
        return "it is longer than the 255 bytes that a file name can have";
    if (has_control(name))
        return "it has control characters, such as a line break, which no list can show";
    if (temporary_name_is(name))
        return "files of such names are taken for half-made ones and removed";
    return NULL;
}

int32_t file_volumes_volume_name_check(struct tarn_call *call, void *pool, const char *name)
{
    const char *fault = name_fault(name);
    char shown[SHOWN_NAME_SIZE];

    (void)pool;
    if (fault == NULL)
        return TARN_OK;
    return tarn_fail(call, TARN_E_INVALID, 0, "\"%s\" cannot be the name of a volume: %s",
                     entry_name_show(shown, name), fault);
}
