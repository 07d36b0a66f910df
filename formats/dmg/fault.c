/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * fault.c - what is wrong with an image, for whoever reports it: `open` fails with it, `check`
 * makes a finding of it.
 */
#include "dmg.h"

int32_t dmg_fault_set(struct dmg_fault *fault, int32_t status, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(fault->text, sizeof(fault->text), format, arguments);
    va_end(arguments);
    fault->status = status;
    return status;
}

int32_t dmg_fault_fail(struct tarn_call *call, const struct dmg_fault *fault)
{
    return tarn_fail(call, fault->status, 0, "%s", fault->text);
}
