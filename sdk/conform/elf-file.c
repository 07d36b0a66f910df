/* SPDX-License-Identifier: BSD-2-Clause
 *
 * elf-file.c - see elf-file.h.
 */
#include "conform/elf-file.h"

#include <fcntl.h>
#include <string.h>

struct elf_file *elf_file_open(struct trial *trial)
{
    struct elf_file *elf = trial_alloc(trial, sizeof(*elf));
    GElf_Ehdr header;

    elf_version(EV_CURRENT);
    elf->file = open(trial->options->module, O_RDONLY | O_CLOEXEC);
    trial_require(trial, elf->file >= 0, "the file cannot be opened");
    elf->elf = elf_begin(elf->file, ELF_C_READ, NULL);
    if (elf->elf == NULL || gelf_getehdr(elf->elf, &header) == NULL || header.e_type != ET_DYN ||
        elf_getshdrstrndx(elf->elf, &elf->names) != 0)
        trial_fail(trial, "the file is no shared object: link it with -shared");
    return elf;
}

static const char *section_name(struct elf_file *elf, size_t index)
{
    Elf_Scn *section = elf_getscn(elf->elf, index);
    GElf_Shdr header;

    if (section == NULL || gelf_getshdr(section, &header) == NULL)
        return NULL;
    return elf_strptr(elf->elf, elf->names, header.sh_name);
}

static Elf_Scn *section_of(struct elf_file *elf, Elf64_Word type, GElf_Shdr *header)
{
    Elf_Scn *section = NULL;

    while ((section = elf_nextscn(elf->elf, section)) != NULL)
        if (gelf_getshdr(section, header) != NULL && header->sh_type == type)
            return section;
    return NULL;
}

bool elf_file_symbols(struct elf_file *elf, Elf64_Word table,
                      bool (*each)(void *arg, const struct elf_symbol *symbol), void *arg)
{
    GElf_Shdr header;
    Elf_Scn *section = section_of(elf, table, &header);
    Elf_Data *data = section != NULL ? elf_getdata(section, NULL) : NULL;
    struct elf_symbol symbol;

    if (data == NULL || header.sh_entsize == 0)
        return false;
    for (int index = 1; index < (int)(header.sh_size / header.sh_entsize); index++) {
        if (gelf_getsym(data, index, &symbol.entry) == NULL)
            return false;
        symbol.name = elf_strptr(elf->elf, header.sh_link, symbol.entry.st_name);
        symbol.section = symbol.entry.st_shndx == SHN_UNDEF ||
                                 symbol.entry.st_shndx >= SHN_LORESERVE
                             ? NULL
                             : section_name(elf, symbol.entry.st_shndx);
        if (symbol.name != NULL && !each(arg, &symbol))
            return false;
    }
    return true;
}

uint64_t elf_file_dynamic(struct elf_file *elf, Elf64_Sxword tag, bool *out_found)
{
    GElf_Shdr header;
    Elf_Scn *section = section_of(elf, SHT_DYNAMIC, &header);
    Elf_Data *data = section != NULL ? elf_getdata(section, NULL) : NULL;
    GElf_Dyn entry;

    for (int index = 0; data != NULL && gelf_getdyn(data, index, &entry) != NULL; index++) {
        if (entry.d_tag != tag)
            continue;
        if (out_found != NULL)
            *out_found = true;
        return entry.d_un.d_val;
    }
    if (out_found != NULL)
        *out_found = false;
    return 0;
}

uint64_t elf_file_section_size(struct elf_file *elf, const char *name)
{
    Elf_Scn *section = NULL;
    GElf_Shdr header;

    while ((section = elf_nextscn(elf->elf, section)) != NULL) {
        const char *found = gelf_getshdr(section, &header) != NULL
                                ? elf_strptr(elf->elf, elf->names, header.sh_name)
                                : NULL;

        if (found != NULL && strcmp(found, name) == 0)
            return header.sh_size;
    }
    return 0;
}

uint32_t elf_file_segment_flags(struct elf_file *elf, Elf64_Word type)
{
    size_t count = 0;
    GElf_Phdr header;

    elf_getphdrnum(elf->elf, &count);
    for (int index = 0; index < (int)count; index++)
        if (gelf_getphdr(elf->elf, index, &header) != NULL && header.p_type == type)
            return header.p_flags;
    return 0;
}
