/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Names of groups and volumes, and those of volumes in the making.
 */
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "modules/logical/logical.h"
#include "tests/unit/unit.h"

static void good(void)
{
    static const char *const names[] = { "a", "home", "vm-1_disk.0+x", "9", "_x", "tarn", "lvol0",
                                         "thin", NULL };
    size_t i;

    for (i = 0; names[i] != NULL; i++) {
        CU_ASSERT_PTR_NULL(logical_volume_name_fault("vg", names[i]));
        CU_ASSERT_PTR_NULL(logical_group_name_fault(names[i]));
    }
    CU_ASSERT_PTR_NULL(logical_group_name_fault("snapshot1"));
}

static void bad(void)
{
    static const char *const names[] = {
        "", "-a", ".", "..", "a b", "a/b", "a:b", "ä", "a\n", "snapshot", "snapshot5", "pvmove0",
        "x_tdata", "x_rimage_0", "x_mlog", "x_vorigin", "tarn_new.1", NULL,
    };
    size_t i;

    for (i = 0; names[i] != NULL; i++)
        CU_ASSERT_PTR_NOT_NULL(logical_volume_name_fault("vg", names[i]));
    CU_ASSERT_PTR_NOT_NULL(logical_group_name_fault("--all"));
}

/* The kernel's names have 127 characters, and hyphens count twice there. */
static void lengths(void)
{
    char name[200];

    memset(name, 'x', sizeof(name));
    name[128] = '\0';
    CU_ASSERT_PTR_NOT_NULL(logical_group_name_fault(name));
    name[127] = '\0';
    CU_ASSERT_PTR_NULL(logical_group_name_fault(name));
    name[100] = '\0';
    CU_ASSERT_PTR_NULL(logical_volume_name_fault("vg", name));
    CU_ASSERT_PTR_NOT_NULL(logical_volume_name_fault("a-group-with-hyphens", name));
    memset(name, '-', 100);
    name[0] = 'x';
    CU_ASSERT_PTR_NOT_NULL(logical_volume_name_fault("vg", name));
}

static void ours_lives(void)
{
    char name[LOGICAL_NAME_SIZE];

    logical_hidden_name(name);
    CU_ASSERT(logical_is_hidden(name));
    CU_ASSERT(!logical_is_abandoned(name));
    CU_ASSERT_PTR_NULL(strchr(name, '-'));
    CU_ASSERT(!logical_is_hidden("tarn") && !logical_is_abandoned("home"));
}

/* A process that ended left it. */
static void left(void)
{
    char name[LOGICAL_NAME_SIZE] = "";
    int ends[2];
    pid_t child;

    CU_ASSERT_EQUAL_FATAL(pipe(ends), 0);
    child = fork();
    if (child == 0) {
        logical_hidden_name(name);
        _exit(write(ends[1], name, sizeof(name)) == (ssize_t)sizeof(name) ? 0 : 1);
    }
    CU_ASSERT_EQUAL(read(ends[0], name, sizeof(name)), (ssize_t)sizeof(name));
    CU_ASSERT_EQUAL(waitpid(child, NULL, 0), child);
    CU_ASSERT(logical_is_hidden(name) && logical_is_abandoned(name));
    close(ends[0]);
    close(ends[1]);
}

/* The same number, but another boot, or another begin. */
static void numbers_come_again(void)
{
    char name[LOGICAL_NAME_SIZE], other[LOGICAL_NAME_SIZE];

    logical_hidden_name(name);
    strcpy(other, name);
    other[strlen(LOGICAL_NEW)] = name[strlen(LOGICAL_NEW)] == '0' ? '1' : '0';
    CU_ASSERT(logical_is_abandoned(other));
    snprintf(other, sizeof(other), "%.*s%lx.1.0", (int)strlen(LOGICAL_NEW) + 9, name,
             (unsigned long)getpid());
    CU_ASSERT(logical_is_abandoned(other));
    CU_ASSERT(logical_is_abandoned("tarn_new.whatever"));
}

static const struct unit_test tests[] = {
    { "names that lvm takes", good },
    { "names that lvm refuses", bad },
    { "names that are too long, for the kernel too", lengths },
    { "a volume in the making belongs to a process that lives", ours_lives },
    { "one whose process has ended is abandoned", left },
    { "numbers of processes come again, and are told apart", numbers_come_again },
    { NULL, NULL },
};

int main(void)
{
    return unit_main("logical-names", tests);
}
