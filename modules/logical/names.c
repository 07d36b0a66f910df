/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * names.c - what lvm(8) allows as names, so that a wrong one is refused before a program starts.
 */
#include "logical.h"

#include <stdio.h>
#include <string.h>

/* NAME_LEN of LVM and DM_NAME_LEN of the kernel, with their NUL. */
#define NAME_LEN 128
/* The longest that lvm puts behind the name of a volume for parts of it: "_tdata_rimage_99". */
#define PARTS_LEN 16

static const char *common_fault(const char *name)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                  "0123456789+_.-";

    if (name[0] == '\0')
        return "is empty";
    if (name[0] == '-')
        return "begins with a hyphen";
    if (name[strspn(name, allowed)] != '\0')
        return "has other characters in it than letters, digits and + _ . -";
    if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
        return "means a folder";
    return strlen(name) >= NAME_LEN ? "is longer than 127 characters" : NULL;
}

const char *logical_group_name_fault(const char *name)
{
    return common_fault(name);
}

/* As in the name of the device: "-" separates there, and is doubled within names. */
static size_t mapped_length(const char *name)
{
    size_t length = strlen(name);

    for (; *name != '\0'; name++)
        length += *name == '-';
    return length;
}

const char *logical_volume_name_fault(const char *group, const char *name)
{
    static const char *const beginnings[] = { "snapshot", "pvmove", LOGICAL_NEW, NULL };
    static const char *const parts[] = {
        "_cdata",  "_cmeta",  "_corig", "_cpool", "_cvol",  "_imeta",   "_iorig",
        "_mimage", "_mlog",   "_rimage", "_rmeta", "_tdata", "_tmeta",  "_vdata",
        "_vorigin", "_wcorig", "_pmspare", NULL,
    };
    const char *fault = common_fault(name);
    size_t i;

    for (i = 0; fault == NULL && beginnings[i] != NULL; i++)
        if (strncmp(name, beginnings[i], strlen(beginnings[i])) == 0)
            fault = "begins with a word that is kept for volumes in the making";
    for (i = 0; fault == NULL && parts[i] != NULL; i++)
        if (strstr(name, parts[i]) != NULL)
            fault = "has a word in it that lvm keeps for parts of volumes, such as _tdata";
    if (fault == NULL && mapped_length(group) + 1 + mapped_length(name) + PARTS_LEN >= NAME_LEN)
        fault = "is too long for the kernel, together with the name of the volume group";
    return fault;
}

/* As much of a name as goes into a line. */
static void show(char out[NAME_LEN], const char *name)
{
    snprintf(out, NAME_LEN, "%s", name);
    for (; *out != '\0'; out++)
        if ((unsigned char)*out < ' ' || *out == 0x7f)
            *out = '?';
}

int32_t logical_volume_name_check(struct tarn_call *call, void *pool, const char *name)
{
    const struct logical *logical = pool;
    const char *fault = logical_volume_name_fault(logical->group, name);
    char shown[NAME_LEN];

    if (fault == NULL)
        return TARN_OK;
    show(shown, name);
    return tarn_fail(call, TARN_E_INVALID, 0,
                     "the volume name \"%s\" %s: choose another, lvm refuses it", shown, fault);
}
