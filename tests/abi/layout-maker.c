/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Writes a layout.h: the facts that facts.awk found in the headers (the file FACTS), with the
 * numbers that the compiler has for them. A structure whose members do not fill it is refused: its
 * padding would be nobody's, and never known to be zero.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <tarn/module.h>
#include <tarn/tarn.h>

/* The structure that is being told. */
struct progress {
    const char *name;
    size_t size;
    size_t end; /* of its members so far */
    int failed;
};

static void end_structure(struct progress *progress)
{
    if (progress->end == progress->size)
        return;
    fprintf(stderr, "struct %s: %zu bytes of padding at its end: make them a reserved member\n",
            progress->name, progress->size - progress->end);
    progress->failed = 1;
}

static void begin_structure(struct progress *progress, const char *kind, const char *name,
                            size_t size)
{
    end_structure(progress);
    progress->name = name;
    progress->size = size;
    progress->end = 0;
    printf("%s(%s, %zu)\n", kind, name, size);
}

static void tell_member(struct progress *progress, const char *name, size_t offset, size_t size,
                        const char *type)
{
    if (offset != progress->end) {
        fprintf(stderr, "struct %s: %zu bytes of padding before %s: make them a reserved member\n",
                progress->name, offset - progress->end, name);
        progress->failed = 1;
    }
    progress->end = offset + size;
    printf("MEMBER(%s, %s, %zu, %s)\n", progress->name, name, offset, type);
}

static void tell_number(const char *kind, const char *name, int64_t value, const char *suffix)
{
    printf("%s(%s, %" PRId64 "%s)\n", kind, name, value, suffix);
}

#define SUFFIX(value) _Generic((value), int32_t: "", uint32_t: "u", int64_t: "l", uint64_t: "ul")
#define HEADER(name) printf("\n/* " #name " */\n");
#define AT_LEAST(name) tell_number("AT_LEAST", #name, (int64_t)(name), SUFFIX(name));
#define CONSTANT(name) tell_number("CONSTANT", #name, (int64_t)(name), SUFFIX(name));
#define TEXT(name) printf("TEXT(%s, \"%s\")\n", #name, name);
#define STRUCT(name) begin_structure(&progress, "STRUCT", #name, sizeof(struct name));
#define SEALED(name) begin_structure(&progress, "SEALED", #name, sizeof(struct name));
#define MEMBER(structure, name, ...) \
    tell_member(&progress, #name, offsetof(struct structure, name), \
                sizeof(((struct structure *)NULL)->name), #__VA_ARGS__);
#define TYPE(name, ...) printf("TYPE(" #name ", %s)\n", #__VA_ARGS__);
#define FUNCTION(name, ...) printf("FUNCTION(" #name ", %s)\n", #__VA_ARGS__);

int main(void)
{
    struct progress progress = { 0 };

    printf("/* SPDX-License-Identifier: LGPL-2.1-or-later\n *\n"
           " * ABI %d.%d, as it must stay: see tarn-abi(7). Made by tests/abi/freeze.\n */\n",
           TARN_ABI_MAJOR, TARN_ABI_MINOR);
    printf("RELEASE(%d, %d)\n", TARN_ABI_MAJOR, TARN_ABI_MINOR);
#include FACTS
    end_structure(&progress);
    return progress.failed;
}
