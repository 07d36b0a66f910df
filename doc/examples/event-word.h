/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The kinds of events in words.
 */
#ifndef EVENT_WORD_H
#define EVENT_WORD_H

#include <stdint.h>

#include <tarn/tarn.h>

static const char *event_word(uint32_t kind)
{
    switch (kind) {
    case TARN_EVENT_POOL_DEFINED:
        return "defined";
    case TARN_EVENT_POOL_UNDEFINED:
        return "undefined";
    case TARN_EVENT_POOL_STARTED:
        return "started";
    case TARN_EVENT_POOL_STOPPED:
        return "stopped";
    case TARN_EVENT_POOL_CREATED:
        return "built";
    case TARN_EVENT_POOL_DELETED:
        return "no longer built";
    case TARN_EVENT_POOL_UNRESPONSIVE:
        return "does not answer";
    case TARN_EVENT_POOL_RECOVERED:
        return "answers again";
    case TARN_EVENT_POOL_WATERMARK:
        return "passed a mark";
    case TARN_EVENT_POOL_REPAIRED:
        return "repaired";
    case TARN_EVENT_POOL_REFRESHED:
        return "refreshed";
    case TARN_EVENT_VOLUME_ADDED:
        return "added";
    case TARN_EVENT_VOLUME_CHANGED:
        return "changed";
    case TARN_EVENT_VOLUME_REMOVED:
        return "removed";
    case TARN_EVENT_VOLUME_MOVED:
        return "has another name than";
    default: /* a later version of the library may tell of more */
        return "something else";
    }
}

#endif
