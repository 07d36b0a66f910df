/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Which format some bytes are of.
 */
#include "core/image/probe.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/context/context.h"
#include "tests/unit/host-frame.h"
#include "tests/unit/memory-io.h"

static struct host_frame frame;
static struct memory_io *memory;

static void begin(bool with_raw)
{
    host_prepare(&frame);
    host_fixture(&frame, "probes", "format:weak format:sure format:words format:deep format:tail "
                 "format:doubt format:far", NULL);
    if (!with_raw)
        CU_ASSERT_EQUAL(remove(host_path(&frame, "plugins/raw.conf")), 0);
    frame.context = host_context(&frame);
    memory = memory_io_new(65536);
    memory->keep = true;
}

static void end(void)
{
    memory_io_free(memory);
    host_close(&frame);
}

/* The name of the format that is found, with only so much as the head; frees nothing of the
 * test's. */
static const char *found(uint64_t head_length, bool with_io)
{
    struct tarn_error *error = NULL;
    struct operation operation;
    struct format_ref format = { 0 };
    struct call call;
    struct probe_subject subject = { .call = &call, .io = with_io ? &memory->io : NULL,
                                     .head = memory->bytes, .head_length = head_length,
                                     .size = memory->size };
    int status;

    operation_begin(&operation, frame.context, "test", NULL, NULL, NULL);
    call_begin(&call, &operation, NULL);
    memory->reads = 0;
    status = probe_format(&format, frame.context->registry, &subject, &error);
    status = call_end(&call, status, &error);
    operation_end(&operation);
    if (status != TARN_OK) {
        const char *text = host_text("%s", tarn_error_message(error));

        tarn_error_free(error);
        return text;
    }
    return format.format->name;
}

static void by_magic(void)
{
    begin(true);
    memcpy(memory->bytes, "SURE", 4);
    CU_ASSERT_STRING_EQUAL(found(4096, true), "sure"); /* the surer of two */
    CU_ASSERT_EQUAL(memory->reads, 0);
    memcpy(memory->bytes, "QFI\xfb\0\0\0\3", 8);
    CU_ASSERT_STRING_EQUAL(found(4096, true), "qcow2");
    memcpy(memory->bytes, "words", 5);
    CU_ASSERT_STRING_EQUAL(found(4096, true), "words");
    end();
}

static void second_look(void)
{
    begin(true);
    memcpy(memory->bytes + 8192, "DEEP", 4);
    CU_ASSERT_STRING_EQUAL(found(4096, true), "deep");
    CU_ASSERT(memory->reads > 0);
    CU_ASSERT_STRING_EQUAL(found(4096, false), "raw"); /* nothing to read it from */
    memset(memory->bytes + 8192, 0, 4);
    memcpy(memory->bytes + 65536 - 16, "TAIL", 4);
    CU_ASSERT_STRING_EQUAL(found(4096, true), "tail");
    memset(memory->bytes + 65536 - 16, 0, 4);
    memcpy(memory->bytes + 65536 - 4096, "FAR", 3);
    CU_ASSERT_STRING_EQUAL(found(4096, true), "far");
    end();
}

/* As many reads as there are places where a magic of the fixture may lie. */
static void few_reads(void)
{
    begin(true);
    CU_ASSERT_STRING_EQUAL(found(4096, true), "raw");
    CU_ASSERT_EQUAL(memory->reads, 3);
    CU_ASSERT_STRING_EQUAL(found(65536, true), "raw");
    CU_ASSERT_EQUAL(memory->reads, 0); /* all of it is known */
    end();
}

static void first_impressions(void)
{
    begin(true);
    memcpy(memory->bytes, "DOUBT", 5);
    CU_ASSERT_STRING_EQUAL(found(4096, true), "raw");
    memory->bytes[8192] = '!';
    CU_ASSERT_STRING_EQUAL(found(4096, true), "doubt");
    end();
}

static void small_containers(void)
{
    uint64_t size;

    begin(true);
    for (size = 0; size < 64; size++) {
        memory->size = size;
        CU_ASSERT_STRING_EQUAL(found(size, true), "raw");
    }
    memory->size = 16;
    memcpy(memory->bytes, "TAIL", 4);
    CU_ASSERT_STRING_EQUAL(found(16, true), "tail");
    end();
}

static void any_bytes(void)
{
    begin(true);
    CU_ASSERT_STRING_EQUAL(found(4096, true), "raw");
    end();
    begin(false);
    CU_ASSERT_PTR_NOT_NULL(strstr(found(4096, true), "are of no format that a module knows"));
    end();
}

static void unreadable(void)
{
    begin(true);
    memory->fail_at = 1;
    memory->fail_status = TARN_E_IO;
    CU_ASSERT_STRING_NOT_EQUAL(found(4096, true), "raw");
    end();
}

static const struct unit_test tests[] = {
    { "magics are looked at first, the surest format wins", by_magic },
    { "a second look sees what lies deeper, and the end", second_look },
    { "a second look reads only where a magic may lie", few_reads },
    { "what a format says that has not seen all it wants is not its last word", first_impressions },
    { "a container can be smaller than any magic", small_containers },
    { "any bytes are of the transparent format, if there is one", any_bytes },
    { "a read that fails is no format", unreadable },
    { NULL, NULL },
};

int main(void)
{
    return unit_main("probe", tests);
}
