/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * in-use.c - a volume that is open is not removed, cut or deactivated; and who has it, as far as
 * the kernel tells: a mount, or a device above it.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>

#include "dm.h"
#include "logical.h"

/* mountinfo(5): "36 35 98:0 /mnt1 /mnt2 …": the third field is the device, the fifth the place. */
static bool find_mount(dev_t device, char *out, size_t size)
{
    FILE *mounts = fopen("/proc/self/mountinfo", "re");
    char *line = NULL;
    size_t room = 0;
    bool found = false;

    while (mounts != NULL && !found && getline(&line, &room, mounts) > 0) {
        unsigned high, low;
        char place[256];

        if (sscanf(line, "%*u %*u %u:%u %*s %255s", &high, &low, place) == 3 &&
            makedev(high, low) == device) {
            snprintf(out, size, "it is mounted on %s", place);
            found = true;
        }
    }
    free(line);
    if (mounts != NULL)
        fclose(mounts);
    return found;
}

static bool find_holder(dev_t device, char *out, size_t size)
{
    struct dirent *entry;
    bool found = false;
    char path[96];
    DIR *holders;

    snprintf(path, sizeof(path), "/sys/dev/block/%u:%u/holders", major(device), minor(device));
    holders = opendir(path);
    while (holders != NULL && !found && (entry = readdir(holders)) != NULL)
        if (entry->d_name[0] != '.') {
            snprintf(out, size, "the device /dev/%s lies on it", entry->d_name);
            found = true;
        }
    if (holders != NULL)
        closedir(holders);
    return found;
}

int32_t logical_refuse_used(struct tarn_call *call, const struct vg *vg, const struct lv *lv)
{
    struct dm_state state;
    char who[320];
    int32_t status = dm_look(call, vg, lv, &state);

    if (status != TARN_OK || state.opens == 0)
        return status;
    if (!find_mount(state.device, who, sizeof(who)) &&
        !find_holder(state.device, who, sizeof(who)))
        snprintf(who, sizeof(who), "a program has it open (fuser /dev/%s/%s tells which)", vg->name,
                 lv->name);
    return tarn_fail(call, TARN_E_BUSY, 0, "the volume %s/%s is in use: %s", vg->name, lv->name,
                     who);
}
