/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The byte store of a LUN, over a disk in memory: ranges that are no blocks, commands in flight, and
 * everything that may happen to them.
 */
#include <stdlib.h>
#include <string.h>

#include "helpers/be.h"
#include "modules/iscsi/lun-io.h"
#include "tests/unit/fake-host.h"
#include "tests/unit/fake-lun.h"
#include "tests/unit/unit.h"

#define MIB ((uint64_t)1 << 20)

static struct fake_host host;
static struct fake_lun fake;
static struct tarn_io *io;
static uint8_t *room; /* as large as the disk */

static void begin(uint64_t blocks, uint32_t block_size, bool write)
{
    fake_host_init(&host);
    fake_lun_init(&fake, blocks, block_size);
    CU_ASSERT_EQUAL_FATAL(fake_lun_open(&host.call, &fake, write, &io), TARN_OK);
    room = malloc(fake.lun.size);
    CU_ASSERT_PTR_NOT_NULL_FATAL(room);
}

static void end(void)
{
    CU_ASSERT_EQUAL(tarn_io_close(&host.call, io), TARN_OK);
    fake_lun_clear(&fake);
    fake_host_clear(&host);
    free(room);
}

static int32_t get(uint64_t length, uint64_t offset)
{
    return tarn_io_pread(&host.call, io, room, length, offset);
}

static int32_t put(const void *bytes, uint64_t length, uint64_t offset)
{
    return tarn_io_pwrite(&host.call, io, bytes, length, offset);
}

/* It reads so, and the disk has it so. */
static bool reads_right(uint64_t length, uint64_t offset)
{
    memset(room, 0xee, length);
    return get(length, offset) == TARN_OK && memcmp(room, fake.bytes + offset, length) == 0;
}

static bool all_zero(const uint8_t *bytes, uint64_t length)
{
    return length == 0 || (bytes[0] == 0 && memcmp(bytes, bytes + 1, length - 1) == 0);
}

static void fault(enum fake_fault what, uint64_t after, uint64_t times)
{
    fake.fault = what;
    fake.fault_at = fake.commands + after;
    fake.fault_times = times;
}

/* --- ranges ------------------------------------------------------------------------------------ */

static void any_range(uint32_t block_size)
{
    uint64_t state = 7;
    unsigned i;

    begin(4 * MIB / block_size, block_size, true);
    for (i = 0; i < 400; i++) {
        uint64_t offset, length;

        state = state * 6364136223846793005u + 1442695040888963407u;
        offset = (state >> 20) % fake.lun.size;
        length = (state >> 5) % (i % 4 == 0 ? 2 * MIB : 3 * (uint64_t)block_size) + 1;
        if (length > fake.lun.size - offset)
            length = fake.lun.size - offset;
        if (i % 3 != 0) {
            CU_ASSERT(reads_right(length, offset));
            continue;
        }
        memcpy(room, fake.bytes, fake.lun.size); /* what the disk must become */
        memset(room + offset, (int)i, length);
        {
            uint8_t *bytes = malloc(length);

            CU_ASSERT_PTR_NOT_NULL_FATAL(bytes);
            memset(bytes, (int)i, length);
            CU_ASSERT_EQUAL(put(bytes, length, offset), TARN_OK);
            free(bytes);
        }
        CU_ASSERT_EQUAL(memcmp(room, fake.bytes, fake.lun.size), 0);
    }
    end();
}

static void small_blocks(void)
{
    any_range(512);
}

static void large_blocks(void)
{
    any_range(4096);
}

static void beyond_the_end(void)
{
    begin(100, 512, true);
    CU_ASSERT_EQUAL(get(1, 51200), TARN_E_INVALID);
    CU_ASSERT_EQUAL(get(2, UINT64_MAX), TARN_E_INVALID);
    CU_ASSERT_EQUAL(put("xx", 2, 51199), TARN_E_NO_SPACE);
    CU_ASSERT_EQUAL(tarn_io_zero(&host.call, io, 51199, 2, 0), TARN_E_NO_SPACE);
    CU_ASSERT_EQUAL(get(0, 51200), TARN_OK);
    CU_ASSERT_EQUAL(put("", 0, 51200), TARN_OK);
    CU_ASSERT_EQUAL(fake.commands, 0);
    end();
    begin(100, 512, false);
    CU_ASSERT_EQUAL(io->pwrite(&host.call, io, "x", 1, 0), TARN_E_ACCESS);
    CU_ASSERT_EQUAL(fake.commands, 0);
    end();
}

static void not_openable(void)
{
    fake_host_init(&host);
    fake_lun_init(&fake, 100, 512);
    fake.lun.read_only = true;
    CU_ASSERT_EQUAL(fake_lun_open(&host.call, &fake, true, &io), TARN_E_ACCESS);
    fake_host_reset(&host);
    fake.lun.no_medium = true;
    CU_ASSERT_EQUAL(fake_lun_open(&host.call, &fake, false, &io), TARN_E_NOT_FOUND);
    fake_host_reset(&host);
    fake.lun.status = TARN_E_BUSY;
    strcpy(fake.lun.why, "it is reserved");
    CU_ASSERT_EQUAL(fake_lun_open(&host.call, &fake, false, &io), TARN_E_BUSY);
    CU_ASSERT_PTR_NOT_NULL(strstr(host.error, "it is reserved"));
    fake_lun_clear(&fake);
    fake_host_clear(&host);
}

/* Ten bytes reach 2 TiB of small blocks. */
static void long_commands(void)
{
    const struct lun lun = { .number = 3, .block_size = 512 };
    struct scsi_command command;

    cdb_transfer(&command, &lun, SCSI_DATA_IN, NULL, (uint64_t)0xfffffff0 * 512, 15 * 512);
    CU_ASSERT_EQUAL(command.cdb[0], 0x28);
    CU_ASSERT_EQUAL(be32_load(command.cdb + 2), 0xfffffff0);
    cdb_transfer(&command, &lun, SCSI_DATA_OUT, NULL, (uint64_t)0xfffffff0 * 512, 16 * 512);
    CU_ASSERT_EQUAL(command.cdb[0], 0x8a);
    CU_ASSERT_EQUAL(command.cdb_length, 16);
    CU_ASSERT_EQUAL(be64_load(command.cdb + 2), 0xfffffff0);
    CU_ASSERT_EQUAL(be32_load(command.cdb + 10), 16);
    CU_ASSERT_EQUAL(command.length, 16 * 512);
    CU_ASSERT_EQUAL(command.lun, 3);
}

/* --- several in flight ------------------------------------------------------------------------- */

static void in_flight(void)
{
    begin(16384, 512, true);
    CU_ASSERT(reads_right(8 * MIB, 0));
    CU_ASSERT_EQUAL(fake.most_in_flight, QUEUE_DEPTH);
    CU_ASSERT_EQUAL(fake.longest, TRANSFER_MOST);
    end();
}

static void targets_limit(void)
{
    fake_host_init(&host);
    fake_lun_init(&fake, 1024, 4096);
    fake.lun.longest = 10000;
    CU_ASSERT_EQUAL_FATAL(fake_lun_open(&host.call, &fake, true, &io), TARN_OK);
    room = malloc(fake.lun.size);
    CU_ASSERT(reads_right(MIB, 100));
    CU_ASSERT_EQUAL(fake.longest, 8192);
    end();
}

static void read_ahead(void)
{
    uint64_t offset;
    uint64_t before;

    begin(32768, 512, false);
    for (offset = 0; offset < 16 * MIB; offset += MIB / 4)
        CU_ASSERT(reads_right(MIB / 4, offset));
    CU_ASSERT(fake.most_in_flight >= AHEAD_DEPTH);
    CU_ASSERT_EQUAL(fake.count[0x28], 64); /* nothing twice, nothing beyond the end */
    before = fake.commands;
    CU_ASSERT(reads_right(4096, 5 * MIB));
    CU_ASSERT(reads_right(4096, 2 * MIB));
    CU_ASSERT_EQUAL(fake.commands, before + 2);
    end();
}

static void read_ahead_unaligned(void)
{
    uint64_t offset = 100;

    begin(4096, 4096, false);
    while (offset + 333333 < 16 * MIB) {
        CU_ASSERT(reads_right(333333, offset));
        offset += 333333;
    }
    CU_ASSERT(fake.count[0x28] < 16 * MIB / 4096 / 20);
    end();
}

static void write_behind_reader(void)
{
    uint8_t *bytes = calloc(1, MIB);

    begin(32768, 512, true);
    CU_ASSERT(reads_right(MIB, 0));
    CU_ASSERT(reads_right(MIB, MIB));
    CU_ASSERT_EQUAL(put(bytes, MIB, 2 * MIB), TARN_OK); /* which was read ahead */
    CU_ASSERT(reads_right(MIB, 2 * MIB));
    CU_ASSERT(all_zero(room, MIB));
    CU_ASSERT(reads_right(MIB, 3 * MIB));
    CU_ASSERT_EQUAL(tarn_io_zero(&host.call, io, 4 * MIB, MIB, 0), TARN_OK);
    CU_ASSERT(reads_right(MIB, 4 * MIB));
    CU_ASSERT(all_zero(room, MIB));
    free(bytes);
    end();
}

/* --- what may happen --------------------------------------------------------------------------- */

static void other_portal(void)
{
    uint64_t offset;

    begin(32768, 512, true);
    fault(FAKE_BREAKS, 20, 1);
    for (offset = 0; offset < 16 * MIB; offset += MIB)
        CU_ASSERT(reads_right(MIB, offset));
    CU_ASSERT_EQUAL(fake.connects, 2);
    CU_ASSERT_EQUAL(fake.portal, 1);
    CU_ASSERT_EQUAL(host.log_lines, 1);
    fault(FAKE_SILENCE, 5, 1);
    fake.down[0] = true;
    memset(room, 0x5a, 8 * MIB);
    CU_ASSERT_EQUAL(put(room, 8 * MIB - 10, 5), TARN_OK);
    CU_ASSERT_EQUAL(memcmp(fake.bytes + 5, room, 8 * MIB - 10), 0);
    CU_ASSERT_EQUAL(fake.connects, 3);
    CU_ASSERT_EQUAL(fake.portal, 1); /* the same again: the other is down */
    end();
}

static void all_go_down(struct fake_lun *broken)
{
    broken->down[0] = broken->down[1] = true;
}

static void no_portal(void)
{
    begin(32768, 512, true);
    fake.on_fault = all_go_down;
    fault(FAKE_BREAKS, 3, 1);
    CU_ASSERT_EQUAL(get(4 * MIB, 0), TARN_E_TIMEOUT);
    fake_host_reset(&host);
    CU_ASSERT_EQUAL(put("x", 1, 0), TARN_E_TIMEOUT);
    fake_host_reset(&host);
    fake.down[1] = false; /* it comes back */
    CU_ASSERT(reads_right(4 * MIB, 0));
    end();
}

static void breaks_always(void)
{
    begin(4096, 512, true);
    fault(FAKE_BREAKS, 1, UINT32_MAX);
    CU_ASSERT_EQUAL(get(MIB, 0), TARN_E_IO);
    CU_ASSERT(fake.connects <= FAKE_PORTALS + 2);
    CU_ASSERT_PTR_NOT_NULL(strstr(host.error, "every session"));
    end();
}

static void becomes_another(struct fake_lun *broken)
{
    strcpy(broken->lun.identity, "360000000000000002");
}

static void shrinks(struct fake_lun *broken)
{
    broken->lun.size /= 2;
}

static void grows(struct fake_lun *broken)
{
    broken->lun.size += 512; /* of which the test looks at nothing */
}

static void replaced(enum fake_fault how)
{
    uint8_t *was;

    begin(4096, 512, true);
    was = malloc(fake.lun.size);
    memcpy(was, fake.bytes, fake.lun.size);
    fake.on_fault = becomes_another;
    fault(how, 1, 1);
    memset(room, 0x11, MIB);
    CU_ASSERT_EQUAL(put(room, 4096, 0), TARN_E_REPLACED);
    CU_ASSERT_EQUAL(put(room, 4096, 0), TARN_E_REPLACED);
    CU_ASSERT_EQUAL(memcmp(was, fake.bytes, fake.lun.size), 0);
    free(was);
    end();
}

static void replaced_by_attention(void)
{
    replaced(FAKE_ATTENTION);
}

static void replaced_behind_portal(void)
{
    replaced(FAKE_BREAKS);
}

/* The attention comes to a command that nobody waits for. */
static void replaced_while_reading_ahead(void)
{
    begin(32768, 512, true);
    CU_ASSERT(reads_right(MIB, 0));
    CU_ASSERT(reads_right(MIB, MIB));
    fake.on_fault = becomes_another;
    fault(FAKE_ATTENTION, 1, 1);
    CU_ASSERT_EQUAL(put("x", 1, 0), TARN_E_REPLACED);
    end();
}

static void attention(void)
{
    begin(4096, 512, true);
    fault(FAKE_ATTENTION, 1, 3);
    CU_ASSERT(reads_right(MIB, 0));
    fault(FAKE_ATTENTION, 1, UINT32_MAX);
    CU_ASSERT_EQUAL(get(MIB, 0), TARN_E_IO); /* it ends */
    end();
}

static void size_changes(void)
{
    begin(4096, 512, true);
    fake.on_fault = grows;
    fault(FAKE_ATTENTION, 1, 1);
    CU_ASSERT(reads_right(MIB, 0));
    fake.on_fault = shrinks;
    fault(FAKE_ATTENTION, 1, 1);
    CU_ASSERT_EQUAL(get(MIB, 0), TARN_E_IO);
    CU_ASSERT_PTR_NOT_NULL(strstr(host.error, "give it its size back"));
    end();
}

static const char *no_patience(struct tarn_call *call, const char *name)
{
    (void)call;
    return strcmp(name, "answer-timeout") == 0 ? "0" : NULL;
}

static void busy(void)
{
    begin(4096, 512, true);
    fault(FAKE_BUSY, 1, 2);
    CU_ASSERT(reads_right(MIB, 0));
    host.table.option = no_patience;
    fault(FAKE_BUSY, 1, UINT32_MAX);
    CU_ASSERT_EQUAL(get(MIB, 0), TARN_E_BUSY);
    end();
}

static void medium_error(void)
{
    begin(16384, 512, true);
    fault(FAKE_MEDIUM, 4, 1);
    CU_ASSERT_EQUAL(get(4 * MIB, 0), TARN_E_IO);
    CU_ASSERT_PTR_NOT_NULL(strstr(host.error, "cannot read unit:0:0:1 of iqn.2024-01.org.example"));
    CU_ASSERT_EQUAL(fake.connects, 1); /* another path would not help */
    fake_host_reset(&host);
    CU_ASSERT(reads_right(4 * MIB, 0));
    end();
}

static void short_transfer(void)
{
    begin(4096, 512, true);
    fault(FAKE_SHORT, 2, 1);
    CU_ASSERT_EQUAL(get(MIB, 0), TARN_E_IO);
    CU_ASSERT_PTR_NOT_NULL(strstr(host.error, "calls it good"));
    end();
}

static void cancelled(void)
{
    uint64_t offset;

    begin(32768, 512, true);
    for (offset = 0; offset < 4 * MIB; offset += MIB)
        CU_ASSERT(reads_right(MIB, offset));
    host.cancel_at = host.questions + 2;
    CU_ASSERT_EQUAL(get(4 * MIB, 8 * MIB), TARN_E_CANCELLED);
    fake_host_reset(&host);
    host.cancel_at = 0;
    CU_ASSERT(reads_right(4 * MIB, 8 * MIB)); /* by another call */
    CU_ASSERT_EQUAL(fake.connects, 2);
    end();
}

/* --- flush ------------------------------------------------------------------------------------- */

static void flush(void)
{
    begin(100, 512, true);
    CU_ASSERT_EQUAL(tarn_io_flush(&host.call, io), TARN_OK);
    CU_ASSERT_EQUAL(fake.count[0x35], 0); /* nothing was written */
    CU_ASSERT_EQUAL(put("x", 1, 0), TARN_OK);
    CU_ASSERT_EQUAL(tarn_io_flush(&host.call, io), TARN_OK);
    CU_ASSERT_EQUAL(tarn_io_flush(&host.call, io), TARN_OK);
    CU_ASSERT_EQUAL(fake.count[0x35], 1);
    fake.no_flush = true;
    CU_ASSERT_EQUAL(put("x", 1, 0), TARN_OK);
    CU_ASSERT_EQUAL(tarn_io_flush(&host.call, io), TARN_OK);
    CU_ASSERT_EQUAL(host.failures, 0);
    CU_ASSERT_EQUAL(put("x", 1, 0), TARN_OK);
    fault(FAKE_MEDIUM, 1, 1);
    CU_ASSERT_EQUAL(tarn_io_flush(&host.call, io), TARN_OK); /* it is not asked any more */
    end();
}

/* ----------------------------------------------------------------------------------------------- */

static const struct unit_test tests[] = {
    { "any range of bytes, blocks of 512", small_blocks },
    { "any range of bytes, blocks of 4096", large_blocks },
    { "beyond the end, and without leave to write", beyond_the_end },
    { "a LUN that cannot be used is not opened", not_openable },
    { "commands of 16 bytes beyond 2 TiB", long_commands },
    { "several commands are in flight", in_flight },
    { "no transfer is longer than the target allows", targets_limit },
    { "who reads in sequence is read ahead of", read_ahead },
    { "also in pieces that are no blocks", read_ahead_unaligned },
    { "what is written is read, not what was read ahead", write_behind_reader },
    { "a session breaks: through another portal", other_portal },
    { "no portal is left; one comes back", no_portal },
    { "every session breaks: it ends", breaks_always },
    { "another disk after a unit attention is not written", replaced_by_attention },
    { "another disk behind the other portal is not written", replaced_behind_portal },
    { "another disk while reading ahead is not written", replaced_while_reading_ahead },
    { "a unit attention of the same disk", attention },
    { "a LUN grows and shrinks while it is open", size_changes },
    { "a busy target is waited for, not for ever", busy },
    { "a medium error is told", medium_error },
    { "a target that moves too little is not believed", short_transfer },
    { "cancelled, and used again", cancelled },
    { "a flush for what was written", flush },
    { NULL, NULL },
};

int main(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    return unit_main("iscsi-lun", tests);
}
