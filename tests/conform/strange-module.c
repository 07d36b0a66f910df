/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A module whose load ends the process, waits for ever, or does what else -DDEED= says: the kit has
 * to outlive it.
 */
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include <tarn/module.h>

static int32_t load(struct tarn_call *call, void **out_state)
{
    (void)call;
    *out_state = NULL;
    DEED;
    return TARN_OK;
}

static int32_t info(struct tarn_call *call, struct tarn_io *io)
{
    (void)io;
    return tarn_fail(call, TARN_E_CORRUPT, 0, "nothing is of this format");
}

static const struct tarn_format format = { .struct_size = sizeof(format), .name = "strange",
                                           .summary = "nothing", .info = info };
static const struct tarn_format *const formats[] = { &format, NULL };
static const struct tarn_module module = {
    .struct_size = sizeof(module),
    .abi_version = TARN_ABI_VERSION,
    .name = "strange",
    .version = "1.0",
    .summary = "strange deeds",
    .licence = "LGPL-2.1-or-later",
    .threads = TARN_THREADS_POOL,
    .formats = formats,
    .load = load,
};

const struct tarn_module *tarn_module_entry(uint32_t host_abi_version)
{
    (void)host_abi_version;
    return &module;
}
