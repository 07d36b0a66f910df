/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * probe.c - recognising an image by its trailer, or by the mark of its encryption.
 */
#include "dmg.h"

static int32_t judge_wrapper(const struct tarn_probe *probe)
{
    struct dmg_wrapper wrapper = dmg_wrapper_parse(probe->head, probe->head_length, probe->tail,
                                                   probe->tail_length);

    if (wrapper.version == 0)
        return TARN_PROBE_NO;
    if (wrapper.version == 2 && (wrapper.key_bits == 128 || wrapper.key_bits == 256) &&
        wrapper.length <= probe->size)
        return TARN_PROBE_SURE;
    return TARN_PROBE_MAGIC;
}

int32_t dmg_probe(const struct tarn_probe *probe)
{
    const uint8_t *tail = probe->tail;
    struct dmg_fault fault;
    struct dmg_koly koly;

    if (probe->tail_length < DMG_KOLY_SIZE || probe->size < DMG_KOLY_SIZE)
        return judge_wrapper(probe);
    tail += probe->tail_length - DMG_KOLY_SIZE;
    if (!dmg_koly_here(tail))
        return judge_wrapper(probe);
    if (dmg_koly_parse(tail, probe->size, &koly, &fault) != TARN_OK)
        return TARN_PROBE_WEAK;
    return koly.plist_length > 0 || koly.fork_length > 0 || koly.segments > 1 ? TARN_PROBE_SURE
                                                                              : TARN_PROBE_WEAK;
}
