/* SPDX-License-Identifier: BSD-2-Clause
 *
 * elf-file.h - a shared object as the linker left it, read with libelf.
 */
#ifndef CONFORM_ELF_FILE_H
#define CONFORM_ELF_FILE_H

#include <gelf.h>
#include <stdbool.h>

#include "conform/trial.h"

struct elf_file {
    int file;
    Elf *elf;
    size_t names; /* the section that names sections */
};

/* The trial's module; a file that is no shared object is the trial's failure. */
struct elf_file *elf_file_open(struct trial *trial);

struct elf_symbol {
    const char *name;
    const char *section; /* NULL = undefined, or of no section */
    GElf_Sym entry;
};

/* Calls `each` for every symbol of the dynamic table, or of the linker's own (SHT_SYMTAB). False if
 * the file has no such table, or if `each` answered false, which ends it. */
bool elf_file_symbols(struct elf_file *elf, Elf64_Word table,
                      bool (*each)(void *arg, const struct elf_symbol *symbol), void *arg);
/* The value of an entry of the dynamic section; 0 if there is none. *out_found may be NULL. */
uint64_t elf_file_dynamic(struct elf_file *elf, Elf64_Sxword tag, bool *out_found);
/* Bytes of a section; 0 if there is none. */
uint64_t elf_file_section_size(struct elf_file *elf, const char *name);
/* The flags of the program header of this type; 0 if there is none. */
uint32_t elf_file_segment_flags(struct elf_file *elf, Elf64_Word type);

#endif
