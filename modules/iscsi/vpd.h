/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * vpd.h - what a logical unit says of itself: INQUIRY data and its pages of vital product data
 * (SPC-4, 6.6 and 7.8; SBC-3, 6.5), and READ CAPACITY (16). Pure functions over bytes that a target
 * sent, or that the kernel keeps in sysfs: nothing in them is believed beyond `length`.
 */
#ifndef ISCSI_VPD_H
#define ISCSI_VPD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define VPD_TEXT_SIZE 256

#define VPD_PAGES        0x00
#define VPD_SERIAL       0x80
#define VPD_IDENTITY     0x83
#define VPD_LIMITS       0xb0
#define VPD_PROVISIONING 0xb2

/* Block limits (page B0) and what page B2 says can be done; blocks, 0 = not told. */
struct vpd_limits {
    uint32_t longest_transfer;
    uint32_t optimal_transfer;
    uint32_t longest_unmap;
    uint32_t most_unmap_ranges;
    uint64_t longest_write_same;
    uint32_t unmap_granularity;
    bool unmap;                /* LBPU */
    bool write_same_unmaps;    /* LBPWS */
};

/* Does the list of pages have that one? */
bool vpd_has_page(const uint8_t *pages, size_t length, uint8_t page);
/* The unit serial number, blanks around it removed, others made "_"; false: there is none. */
bool vpd_serial(const uint8_t *page, size_t length, char out[VPD_TEXT_SIZE]);
/* The name of the logical unit itself, the best of those it has: NAA, EUI-64, a SCSI name, the
 * vendor's own; written as udev's scsi_id writes it ("3" and the NAA in hexadecimal, "2" and the
 * EUI-64, "1" and the vendor's text), so that it is the same as the kernel's pools and libvirt's key.
 * false: there is none. */
bool vpd_identity(const uint8_t *page, size_t length, char out[VPD_TEXT_SIZE]);
void vpd_limits(const uint8_t *page, size_t length, struct vpd_limits *out);
void vpd_provisioning(const uint8_t *page, size_t length, struct vpd_limits *out);

#endif
