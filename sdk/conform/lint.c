/* SPDX-License-Identifier: BSD-2-Clause
 *
 * lint.c - the group lint: what can be seen of a module without using it.
 */
#include "conform/elf-file.h"

#include <stdlib.h>
#include <string.h>

#include "conform/lint.h"
#include "conform/sanitized.h"
#include "conform/subject.h"

/* --- symbols ---------------------------------------------------------------------------------- */

static bool refuse_export(void *arg, const struct elf_symbol *symbol)
{
    struct trial *trial = arg;
    bool entry = strcmp(symbol->name, "tarn_module_entry") == 0;
    bool linkers = strcmp(symbol->name, "_init") == 0 || strcmp(symbol->name, "_fini") == 0;

    if (symbol->section == NULL || GELF_ST_BIND(symbol->entry.st_info) == STB_LOCAL || entry ||
        linkers)
        return true;
    trial_fail(trial, "it exports \"%s\" too: compile with -fvisibility=hidden, and export the "
               "entry with TARN_EXPORT alone", symbol->name);
}

static void one_symbol(struct trial *trial)
{
    elf_file_symbols(elf_file_open(trial), SHT_DYNSYM, refuse_export, trial);
}

static bool refuse_undefined(void *arg, const struct elf_symbol *symbol)
{
    struct trial *trial = arg;

    if (symbol->section == NULL && symbol->entry.st_shndx == SHN_UNDEF &&
        strncmp(symbol->name, "tarn_", 5) == 0)
        trial_fail(trial, "it needs the symbol \"%s\": a module links nothing of the host's, and "
                   "reaches it through the call", symbol->name);
    return true;
}

static void no_host_symbols(struct trial *trial)
{
    elf_file_symbols(elf_file_open(trial), SHT_DYNSYM, refuse_undefined, trial);
}

/* --- how it is linked ------------------------------------------------------------------------- */

static void bind_now(struct trial *trial)
{
    struct elf_file *elf = elf_file_open(trial);
    bool now = false;

    elf_file_dynamic(elf, DT_BIND_NOW, &now);
    now |= (elf_file_dynamic(elf, DT_FLAGS, NULL) & DF_BIND_NOW) != 0;
    now |= (elf_file_dynamic(elf, DT_FLAGS_1, NULL) & DF_1_NOW) != 0;
    trial_require(trial, now, "its symbols are bound when they are first used: link it with -z now, "
                              "so that what is missing shows when it is loaded");
}

static void no_code_written(struct trial *trial)
{
    struct elf_file *elf = elf_file_open(trial);
    bool found = false;

    elf_file_dynamic(elf, DT_TEXTREL, &found);
    trial_require(trial, !found && !(elf_file_dynamic(elf, DT_FLAGS, NULL) & DF_TEXTREL),
                  "its code is changed when it is loaded: compile it with -fPIC");
    trial_require(trial, !(elf_file_segment_flags(elf, PT_GNU_STACK) & PF_X),
                  "it asks for an executable stack: link it with -z noexecstack");
}

/* --- state in statics ------------------------------------------------------------------------- */

/* What the compiler's start files bring. */
static bool of_the_runtime(const char *name)
{
    return strncmp(name, "__dso_handle", 12) == 0 || strncmp(name, "completed", 9) == 0 ||
           strcmp(name, "__bss_start") == 0 || strcmp(name, "_edata") == 0 ||
           strcmp(name, "_end") == 0 || name[0] == '.' || name[0] == '\0' ||
           strncmp(name, "DW.ref.", 7) == 0; /* the types of exceptions, in C++ */
}

static bool writable(const char *section)
{
    return section != NULL && (strcmp(section, ".data") == 0 || strcmp(section, ".bss") == 0 ||
                               strcmp(section, ".tdata") == 0 || strcmp(section, ".tbss") == 0);
}

/* "STATICS = name name" in [lint]: what an author answers for, because a library
 * leaves no choice. */
static bool excused(const struct trial *trial, const char *name)
{
    const char *list = config_get(trial->config, "lint", "statics");
    size_t length = strcspn(name, ".");
    const char *found = list;

    while (found != NULL && (found = strstr(found, name)) != NULL) {
        if ((found == list || found[-1] == ' ') && (found[length] == ' ' || found[length] == '\0'))
            return true;
        found += length;
    }
    return false;
}

static bool refuse_writable(void *arg, const struct elf_symbol *symbol)
{
    struct trial *trial = arg;

    if (writable(symbol->section) && symbol->entry.st_size != 0 && !of_the_runtime(symbol->name) &&
        !excused(trial, symbol->name))
        trial_fail(trial, "\"%s\" can be written and belongs to no context: keep it in the state "
                   "that load returns", symbol->name);
    return true;
}

static void no_writable_data(struct trial *trial)
{
    struct elf_file *elf = elf_file_open(trial);
    GElf_Sxword start_files = 16;

#if SANITIZED
    trial_skip(trial, "a sanitised build has data of the sanitizer's");
#endif
    if (elf_file_symbols(elf, SHT_SYMTAB, refuse_writable, trial))
        return;
    /* Stripped: sizes are what is left. */
    trial_require(trial, (GElf_Sxword)elf_file_section_size(elf, ".data") <= start_files &&
                             (GElf_Sxword)elf_file_section_size(elf, ".bss") <= start_files &&
                             elf_file_section_size(elf, ".tbss") == 0 &&
                             elf_file_section_size(elf, ".tdata") == 0,
                  "it has data that can be written and belong to no context: keep them in the "
                  "state that load returns");
}

/* --- the entry -------------------------------------------------------------------------------- */

static void opens(struct trial *trial)
{
    static struct subject subject;
    char *error = NULL;

    if (!subject_open(&subject, trial->options->module, &error))
        trial_fail(trial, "%s", error);
}

static void entry_is_constant(struct trial *trial)
{
    const struct tarn_module *(*entry)(uint32_t) = subject_entry(trial->subject);
    const uint32_t other_major = (uint32_t)(TARN_ABI_MAJOR + 1) << 16;
    const struct tarn_module *other;

    trial_require(trial, entry(TARN_ABI_VERSION) == trial->subject->raw,
                  "the entry answers another descriptor when it is asked again");
    other = entry(other_major);
    trial_require(trial,
                  other == NULL || TARN_ABI_MAJOR_OF(other->abi_version) == TARN_ABI_MAJOR + 1,
                  "the entry answers a host of ABI %u with a descriptor of ABI %u: answer NULL",
                  TARN_ABI_MAJOR + 1, TARN_ABI_MAJOR_OF(other->abi_version));
}

const struct check lint_checks[] = {
    { "lint/one-symbol", "the entry is all that it exports", CHECK_FILE, 0, one_symbol },
    { "lint/no-host-symbols", "it needs no symbol of the host's", CHECK_FILE, 0, no_host_symbols },
    { "lint/bind-now", "what it needs is there when it is loaded", CHECK_FILE, 0, bind_now },
    { "lint/no-code-written", "its code is never changed, and its stack holds none", CHECK_FILE, 0,
      no_code_written },
    { "lint/no-writable-data", "it keeps no state in statics", CHECK_FILE, 0, no_writable_data },
    { "lint/opens", "it can be opened by itself, and gives its descriptor", CHECK_FILE, 0, opens },
    { "lint/entry-is-constant", "the entry gives one descriptor, and none to another major of the "
      "ABI", CHECK_MODULE, 0, entry_is_constant },
    { "lint/descriptor", "what it declares makes sense, and the core takes it", CHECK_MODULE, 0,
      lint_descriptor },
    { "lint/texts", "people are told what it is: version, summary, licence, of everything",
      CHECK_MODULE, 0, lint_texts },
    { "lint/conf", "its .conf names it, and provides what it declares", CHECK_MODULE, 0,
      lint_conf },
    { NULL, NULL, CHECK_FILE, 0, NULL },
};
