/* SPDX-License-Identifier: BSD-2-Clause
 *
 * lint.h - the checks of the group lint that stand in files of their own.
 */
#ifndef CONFORM_LINT_H
#define CONFORM_LINT_H

struct trial;

void lint_descriptor(struct trial *trial);
void lint_texts(struct trial *trial);
void lint_conf(struct trial *trial);

#endif
