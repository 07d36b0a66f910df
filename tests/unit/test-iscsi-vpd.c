/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What a logical unit says of itself, and what a liar might.
 */
#include <string.h>

#include "modules/iscsi/vpd.h"
#include "tests/unit/unit.h"

static char text[VPD_TEXT_SIZE];

/* --- identity ---------------------------------------------------------------------------------- */

/* An NAA 6, behind a vendor's own name and the name of a port. */
static const uint8_t several[] = {
    0x00, 0x83, 0x00, 0x3a,
    0x02, 0x01, 0x00, 0x10, 'I', 'E', 'T', ' ', ' ', ' ', ' ', ' ', '0', '0', '0', '1', '0', '0',
    '0', '1',
    0x01, 0x13, 0x00, 0x08, 0x50, 0, 0, 0, 0, 0, 0, 9,
    0x01, 0x03, 0x00, 0x10, 0x60, 0, 0, 0, 0, 0, 0, 0, 0x0e, 0, 0, 0, 0, 0x01, 0, 0x01,
};

static void best_name_is_taken(void)
{
    CU_ASSERT_TRUE(vpd_identity(several, sizeof(several), text));
    CU_ASSERT_STRING_EQUAL(text, "360000000000000000e00000000010001");
}

static void vendors_name_is_written_as_udev_does(void)
{
    CU_ASSERT_TRUE(vpd_identity(several, 24, text));
    CU_ASSERT_STRING_EQUAL(text, "1IET_00010001");
}

static void name_of_a_port_is_none_of_the_disk(void)
{
    uint8_t page[4 + 12] = { 0x00, 0x83, 0x00, 0x0c };

    memcpy(page + 4, several + 24, 12);
    CU_ASSERT_FALSE(vpd_identity(page, sizeof(page), text));
    CU_ASSERT_STRING_EQUAL(text, "");
}

static void eui_comes_before_the_vendors_name(void)
{
    static const uint8_t page[] = {
        0x00, 0x83, 0x00, 0x14, 0x02, 0x01, 0x00, 0x04, 'A', 'C', 'M', 'E',
        0x01, 0x02, 0x00, 0x08, 0xab, 0xcd, 0xef, 0x01, 0x23, 0x45, 0x67, 0x89,
    };

    CU_ASSERT_TRUE(vpd_identity(page, sizeof(page), text));
    CU_ASSERT_STRING_EQUAL(text, "2abcdef0123456789");
}

static void any_cut_is_survived(void)
{
    size_t length;

    for (length = 0; length <= sizeof(several); length++) {
        uint8_t page[sizeof(several)];

        memcpy(page, several, length);
        vpd_identity(page, length, text);
        CU_ASSERT_TRUE(strlen(text) < sizeof(text));
    }
}

static void longest_name_fits(void)
{
    uint8_t page[4 + 4 + 255] = { 0x00, 0x83, 0x01, 0x03, 0x01, 0x03, 0x00, 0xff };

    memset(page + 8, 0x6f, 255);
    CU_ASSERT_TRUE(vpd_identity(page, sizeof(page), text));
    CU_ASSERT_EQUAL(text[0], '3');
    CU_ASSERT_EQUAL(strlen(text), VPD_TEXT_SIZE - 1);
}

/* --- the others -------------------------------------------------------------------------------- */

static void serial_number_without_blanks(void)
{
    static const uint8_t page[] = { 0, 0x80, 0, 9, ' ', ' ', 'a', ' ', ' ', 0x80, 'b', ' ', ' ' };

    CU_ASSERT_TRUE(vpd_serial(page, sizeof(page), text));
    CU_ASSERT_STRING_EQUAL(text, "a__b");
    CU_ASSERT_FALSE(vpd_serial(page, 6, text));
    CU_ASSERT_FALSE(vpd_serial(several, sizeof(several), text));
}

static void list_of_pages_is_no_longer_than_what_came(void)
{
    static const uint8_t page[] = { 0, 0x00, 0xff, 0xff, 0x00, 0x80, 0x83 };

    CU_ASSERT_TRUE(vpd_has_page(page, sizeof(page), 0x83));
    CU_ASSERT_FALSE(vpd_has_page(page, sizeof(page) - 1, 0x83));
    CU_ASSERT_FALSE(vpd_has_page(page, 3, 0x80));
}

static void limits_that_are_told_are_taken(void)
{
    uint8_t page[64] = { 0, 0xb0, 0, 0x3c };
    struct vpd_limits limits = { 0 };

    page[11] = 8;
    page[15] = 4;
    page[23] = 2;
    page[43] = 9;
    vpd_limits(page, sizeof(page), &limits);
    CU_ASSERT_EQUAL(limits.longest_transfer, 8);
    CU_ASSERT_EQUAL(limits.optimal_transfer, 4);
    CU_ASSERT_EQUAL(limits.longest_unmap, 2);
    CU_ASSERT_EQUAL(limits.longest_write_same, 9);
    memset(&limits, 0, sizeof(limits));
    vpd_limits(page, 16, &limits);
    CU_ASSERT_EQUAL(limits.optimal_transfer, 4);
    CU_ASSERT_EQUAL(limits.longest_write_same, 0);
}

static void provisioning_is_read(void)
{
    static const uint8_t page[] = { 0, 0xb2, 0, 4, 0, 0xc0, 0, 0 };
    struct vpd_limits limits = { 0 };

    vpd_provisioning(page, 5, &limits);
    CU_ASSERT_FALSE(limits.unmap);
    vpd_provisioning(page, sizeof(page), &limits);
    CU_ASSERT_TRUE(limits.unmap);
    CU_ASSERT_TRUE(limits.write_same_unmaps);
}

static const struct unit_test tests[] = {
    { "of several names of a disk the best is taken", best_name_is_taken },
    { "a vendor's name is written as udev writes it", vendors_name_is_written_as_udev_does },
    { "the name of a port is none of the disk", name_of_a_port_is_none_of_the_disk },
    { "an EUI-64 comes before the vendor's name", eui_comes_before_the_vendors_name },
    { "a page that is cut anywhere is survived", any_cut_is_survived },
    { "the longest name fits", longest_name_fits },
    { "a serial number is told without blanks", serial_number_without_blanks },
    { "a list of pages is no longer than what came", list_of_pages_is_no_longer_than_what_came },
    { "limits that are told are taken, others are 0", limits_that_are_told_are_taken },
    { "what can be unmapped is read", provisioning_is_read },
    { NULL, NULL },
};

int main(void)
{
    return unit_main("iscsi-vpd", tests);
}
