/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The lies that lies.c has in its table and lies-data.c tells.
 */
#ifndef TESTS_ISCSI_LIES_H
#define TESTS_ISCSI_LIES_H

#include "tests/iscsi/liar.h"

bool far_offset(struct talk *talk, struct pdu *answer);
bool too_much(struct talk *talk, struct pdu *answer);
bool too_little(struct talk *talk, struct pdu *answer);
bool none_at_all(struct talk *talk, struct pdu *answer);
bool no_status(struct talk *talk, struct pdu *answer);
bool all_ones(struct talk *talk, struct pdu *answer);
bool all_zeros(struct talk *talk, struct pdu *answer);
bool long_page(struct talk *talk, struct pdu *answer);
bool long_name_of_unit(struct talk *talk, struct pdu *answer);
bool empty_names_of_unit(struct talk *talk, struct pdu *answer);
bool text_of_unit(struct talk *talk, struct pdu *answer);
bool absurd_units(struct talk *talk, struct pdu *answer);
bool odd_units(struct talk *talk, struct pdu *answer);
bool block_of_three(struct talk *talk, struct pdu *answer);
bool block_of_none(struct talk *talk, struct pdu *answer);
bool last_block_of_all(struct talk *talk, struct pdu *answer);
bool exabytes(struct talk *talk, struct pdu *answer);
bool map_of_nothing(struct talk *talk, struct pdu *answer);
bool map_of_elsewhere(struct talk *talk, struct pdu *answer);
bool attention(struct talk *talk, struct pdu *answer);
bool long_sense(struct talk *talk, struct pdu *answer);
bool no_sense(struct talk *talk, struct pdu *answer);
bool busy(struct talk *talk, struct pdu *answer);
bool odd_status(struct talk *talk, struct pdu *answer);
bool wants_beyond(struct talk *talk, struct pdu *answer);
bool wants_more(struct talk *talk, struct pdu *answer);

#endif
