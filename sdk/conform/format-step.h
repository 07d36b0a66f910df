/* SPDX-License-Identifier: BSD-2-Clause
 *
 * format-step.h - what a trial is doing at this moment, so that a crash or a hang is told with the
 * operation that it happened in, and not only with a signal.
 */
#ifndef CONFORM_FORMAT_STEP_H
#define CONFORM_FORMAT_STEP_H

#include "conform/trial.h"

/* One operation of a format may take so long; times the patience of the command line. */
#define STEP_SECONDS 10u

/* From here on crashes and hangs are told. */
void step_watch(struct trial *trial);
/* Names the next step, and gives it its time. */
void step(const char *format, ...) TARN_PRINTF(1, 2);
void step_of(const char *format, va_list arguments) TARN_PRINTF(1, 0);
/* The text of the present one. */
const char *step_text(void);

#endif
