/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Modules, types and formats as hosts see them, and switching modules on and off.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/fixtures/plugins-frame.h"
#include "tests/unit/unit.h"

static void the_list_is_sorted_and_whole(void)
{
    struct plugins_frame frame;
    struct tarn_module_record **list = NULL;

    frame_open(&frame);
    frame_add(&frame, "twin", "pool:twin-a pool:twin-b", 90, "enabled = no\n");
    frame_add(&frame, "good", "pool:memory format:plain", 50, NULL);
    CU_ASSERT_EQUAL_FATAL(tarn_module_list(&list, &frame.context, NULL), TARN_OK);
    CU_ASSERT_STRING_EQUAL(list[0]->name, "good");
    CU_ASSERT_EQUAL(list[0]->struct_size, sizeof(struct tarn_module_record));
    CU_ASSERT_EQUAL(list[0]->enabled, 1);
    CU_ASSERT_EQUAL(list[0]->loaded, 0);
    CU_ASSERT_EQUAL(list[0]->priority, 50);
    CU_ASSERT_EQUAL(list[0]->abi_major, 1);
    CU_ASSERT_STRING_EQUAL(list[0]->conf, frame_path(&frame, "installed/good.conf"));
    CU_ASSERT_STRING_EQUAL(list[0]->file, frame_path(&frame, "modules/good.so"));
    CU_ASSERT_STRING_EQUAL(list[0]->provides[1], "format:plain");
    CU_ASSERT_PTR_NULL(list[0]->provides[2]);
    CU_ASSERT_PTR_NULL(list[0]->version);
    CU_ASSERT_PTR_NULL(list[0]->reason);
    CU_ASSERT_STRING_EQUAL(list[1]->name, "twin");
    CU_ASSERT_EQUAL(list[1]->enabled, 0);
    CU_ASSERT_PTR_NULL(list[2]);
    CU_ASSERT_EQUAL(frame_mapped(&frame), 0);
    tarn_module_list_free(list);
    tarn_module_list_free(NULL);
    frame_close(&frame);
}

static void one_module_is_loaded_to_be_read(void)
{
    struct plugins_frame frame;
    struct tarn_module_record *record = NULL;
    struct tarn_error *error = NULL;

    frame_open(&frame);
    frame_add(&frame, "good", "pool:memory format:plain", 50, NULL);
    frame_add(&frame, "lying", "format:lying", 50, NULL);
    frame_add(&frame, "twin", "pool:twin-a", 50, "enabled = no\n");
    CU_ASSERT_EQUAL_FATAL(tarn_module_read(&record, &frame.context, "good", NULL), TARN_OK);
    CU_ASSERT_EQUAL(record->loaded, 1);
    CU_ASSERT_STRING_EQUAL(record->version, "1.0");
    CU_ASSERT_STRING_EQUAL(record->licence, "LGPL-2.1-or-later");
    CU_ASSERT_PTR_NULL(record->reason);
    tarn_module_record_free(record);
    CU_ASSERT_EQUAL_FATAL(tarn_module_read(&record, &frame.context, "lying", NULL), TARN_OK);
    CU_ASSERT_EQUAL(record->loaded, 0);
    CU_ASSERT_PTR_NOT_NULL_FATAL(record->reason);
    CU_ASSERT_PTR_NOT_NULL(strstr(record->reason, "has no create"));
    tarn_module_record_free(record);
    CU_ASSERT_EQUAL_FATAL(tarn_module_read(&record, &frame.context, "twin", NULL), TARN_OK);
    CU_ASSERT_EQUAL(record->enabled, 0);
    CU_ASSERT_EQUAL(record->loaded, 0);
    tarn_module_record_free(record);
    tarn_module_record_free(NULL);
    CU_ASSERT_EQUAL(tarn_module_read(&record, &frame.context, "absent", &error),
                    TARN_E_NOT_FOUND);
    CU_ASSERT_TRUE(frame_error_says(error, "there is no module \"absent\""));
    frame_close(&frame);
}

/* --- on and off ------------------------------------------------------------------------------- */

static uint32_t enabled(struct plugins_frame *frame, const char *name)
{
    struct tarn_module_record *record = NULL;
    uint32_t answer;

    CU_ASSERT_EQUAL_FATAL(tarn_module_read(&record, &frame->context, name, NULL), TARN_OK);
    answer = record->enabled;
    tarn_module_record_free(record);
    return answer;
}

static void switching_writes_a_mask(void)
{
    struct plugins_frame frame;
    struct type_ref ref;
    struct stat known;
    char path[256];

    frame_open(&frame);
    frame_add(&frame, "twin", "pool:twin-a", 50, "# keep me\n[options]\nx-note = 1\n");
    snprintf(path, sizeof(path), "%s", frame_path(&frame, "own/twin.conf"));
    CU_ASSERT_EQUAL(tarn_module_enable(&frame.context, "twin", 0, NULL), TARN_OK);
    CU_ASSERT_STRING_EQUAL(frame_read(path),
                           "[module]\nenabled  = no\nfile = twin.so\nabi = 1\n"
                           "provides = pool:twin-a\npriority = 50\n# keep me\n"
                           "[options]\nx-note = 1\n");
    CU_ASSERT_EQUAL(stat(path, &known), 0);
    CU_ASSERT_EQUAL(known.st_mode & 07777, 0644);
    CU_ASSERT_EQUAL(enabled(&frame, "twin"), 0);
    CU_ASSERT_EQUAL(registry_type(&ref, frame.context.registry, "twin-a", NULL),
                    TARN_E_NO_MODULE);
    CU_ASSERT_EQUAL(tarn_module_enable(&frame.context, "twin", 1, NULL), TARN_OK);
    CU_ASSERT_PTR_NOT_NULL(strstr(frame_read(path), "\nenabled  = yes\nfile"));
    CU_ASSERT_EQUAL(enabled(&frame, "twin"), 1);
    CU_ASSERT_EQUAL(registry_type(&ref, frame.context.registry, "twin-a", NULL), TARN_OK);
    frame_close(&frame);
}

static const struct {
    const char *before;
    const char *after;
} edits[] = {
    { "[options]\nx-enabled = 1\n[module]\nfile = a.so\nabi = 1\nprovides = pool:a\n"
      "enabled = yes ; as it is\nx-last = 1",
      "[options]\nx-enabled = 1\n[module]\nfile = a.so\nabi = 1\nprovides = pool:a\n"
      "enabled  = no ; as it is\nx-last = 1\n" },
    { "[module] ; head\nfile = a.so\nabi = 1\nprovides = pool:a\n[x-more]\nenabled = perhaps\n",
      "[module] ; head\nenabled  = no\nfile = a.so\nabi = 1\nprovides = pool:a\n[x-more]\n"
      "enabled = perhaps\n" },
    { "[module]\nfile = a.so\nabi = 1\nprovides = pool:a\nenabled=yes\n",
      "[module]\nfile = a.so\nabi = 1\nprovides = pool:a\nenabled  = no\n" },
};

static void only_one_line_changes(void)
{
    struct plugins_frame frame;
    size_t i;

    frame_open(&frame);
    for (i = 0; i < sizeof(edits) / sizeof(edits[0]); i++) {
        unlink(frame_path(&frame, "own/a.conf"));
        frame_installed(&frame, "a.conf", edits[i].before);
        CU_ASSERT_EQUAL(tarn_module_enable(&frame.context, "a", 0, NULL), TARN_OK);
        CU_ASSERT_STRING_EQUAL(frame_read(frame_path(&frame, "own/a.conf")), edits[i].after);
        CU_ASSERT_EQUAL(enabled(&frame, "a"), 0);
    }
    frame_close(&frame);
}

static void what_cannot_be_switched(void)
{
    struct plugins_frame frame;
    struct tarn_error *error = NULL;

    frame_open(&frame);
    frame_installed(&frame, "bad.conf", "[module]\nabi = nine\n");
    CU_ASSERT_EQUAL(tarn_module_enable(&frame.context, "bad", 0, &error), TARN_E_INVALID);
    CU_ASSERT_TRUE(frame_error_says(error, "mend its .conf first"));
    error = NULL;
    CU_ASSERT_EQUAL(tarn_module_enable(&frame.context, "../bad", 0, &error), TARN_E_NOT_FOUND);
    tarn_error_free(error);
    error = NULL;
    frame_add(&frame, "twin", "pool:twin-a", 50, NULL);
    rmdir(frame_path(&frame, "own"));
    CU_ASSERT_EQUAL(tarn_module_enable(&frame.context, "twin", 0, &error), TARN_E_NOT_FOUND);
    CU_ASSERT_TRUE(frame_error_says(error, "own/twin.conf"));
    frame_close(&frame);
}

/* --- types and formats ------------------------------------------------------------------------ */

static int can(const struct tarn_capability_record *record, const char *ability)
{
    const char *const *word;

    for (word = record->abilities; *word != NULL; word++)
        if (strcmp(*word, ability) == 0)
            return 1;
    return 0;
}

static void types_and_what_they_can_do(void)
{
    struct plugins_frame frame;
    struct tarn_capability_record **list = NULL;

    frame_open(&frame);
    frame_add(&frame, "good", "pool:memory format:plain", 50, NULL);
    frame_add(&frame, "second", "pool:memory", 10, NULL);
    frame_add(&frame, "twin", "pool:twin-a pool:ghost", 50, NULL);
    CU_ASSERT_EQUAL_FATAL(tarn_type_list(&list, &frame.context, NULL), TARN_OK);
    CU_ASSERT_STRING_EQUAL(list[0]->name, "ghost");
    CU_ASSERT_STRING_EQUAL(list[0]->module, "twin");
    CU_ASSERT_PTR_NOT_NULL(list[0]->reason);
    CU_ASSERT_PTR_NULL(list[0]->abilities[0]);
    CU_ASSERT_STRING_EQUAL(list[1]->name, "memory");
    CU_ASSERT_STRING_EQUAL(list[1]->module, "good");
    CU_ASSERT_PTR_NULL(list[1]->reason);
    CU_ASSERT_TRUE(can(list[1], "create"));
    CU_ASSERT_TRUE(can(list[1], "delete-volume"));
    CU_ASSERT_FALSE(can(list[1], "build"));
    CU_ASSERT_STRING_EQUAL(list[2]->name, "twin-a");
    CU_ASSERT_PTR_NULL(list[3]);
    tarn_capability_list_free(list);
    tarn_capability_list_free(NULL);
    frame_close(&frame);
}

static void formats_and_what_they_can_do(void)
{
    struct plugins_frame frame;
    struct tarn_capability_record **list = NULL;

    frame_open(&frame);
    frame_add(&frame, "good", "pool:memory format:plain", 50, NULL);
    frame_add(&frame, "lying", "format:lying", 50, NULL);
    CU_ASSERT_EQUAL_FATAL(tarn_format_list(&list, &frame.context, NULL), TARN_OK);
    CU_ASSERT_STRING_EQUAL(list[0]->name, "lying");
    CU_ASSERT_PTR_NOT_NULL_FATAL(list[0]->reason);
    CU_ASSERT_PTR_NOT_NULL(strstr(list[0]->reason, "has no create"));
    CU_ASSERT_STRING_EQUAL(list[1]->name, "plain");
    CU_ASSERT_TRUE(can(list[1], "probe"));
    CU_ASSERT_TRUE(can(list[1], "grow"));
    CU_ASSERT_FALSE(can(list[1], "check"));
    CU_ASSERT_STRING_EQUAL(list[1]->summary, "A header and the guest's bytes");
    CU_ASSERT_PTR_NULL(list[2]);
    tarn_capability_list_free(list);
    frame_close(&frame);
}

static const struct unit_test tests[] = {
    { "the list is sorted, whole, and opens nothing", the_list_is_sorted_and_whole },
    { "a module is loaded to be read, or says why not", one_module_is_loaded_to_be_read },
    { "switching off and on writes a mask, at once in force", switching_writes_a_mask },
    { "only one line of the .conf changes", only_one_line_changes },
    { "what cannot be switched is told", what_cannot_be_switched },
    { "types and what they can do", types_and_what_they_can_do },
    { "formats and what they can do", formats_and_what_they_can_do },
    { NULL, NULL },
};

int main(void)
{
    return unit_main("module-list", tests);
}
