/* SPDX-License-Identifier: BSD-2-Clause
 *
 * layout.c - prints where the members are of the structures that src/abi.rs has written down again,
 * one "structure.member offset" to a line, as the test of the binding does: the two must be alike.
 */
#include <stdio.h>

#include <tarn/module.h>

#define SIZE(type) printf("%s %zu\n", #type, sizeof(struct type))
#define AT(type, member) printf("%s.%s %zu\n", #type, #member, offsetof(struct type, member))

int main(void)
{
    SIZE(tarn_call);
    AT(tarn_call, struct_size);
    AT(tarn_call, reserved);
    AT(tarn_call, host);
    AT(tarn_call, module_state);
    AT(tarn_call, pool);
    AT(tarn_call, volume);
    AT(tarn_host, struct_size);
    AT(tarn_host, abi_version);
    AT(tarn_host, fail);
    AT(tarn_host, forget);
    AT(tarn_host, interrupted);
    AT(tarn_host, cancel_fd);
    AT(tarn_host, time_left);
    AT(tarn_host, progress);
    AT(tarn_host, log);
    AT(tarn_host, option);
    AT(tarn_host, query);
    AT(tarn_host, secret);
    AT(tarn_host, volume_known);
    AT(tarn_host, open_related);
    AT(tarn_host, create_related);
    AT(tarn_host, amend);
    AT(tarn_host, identify);
    AT(tarn_host, notify);
    AT(tarn_host, emit_volume);
    AT(tarn_host, emit_pool);
    AT(tarn_host, emit_source);
    AT(tarn_host, emit_capability);
    AT(tarn_host, emit_free);
    AT(tarn_host, emit_claim);
    AT(tarn_host, emit_changed);
    AT(tarn_host, emit_image);
    SIZE(tarn_io);
    AT(tarn_io, struct_size);
    AT(tarn_io, flags);
    AT(tarn_io, fd);
    AT(tarn_io, block_size);
    AT(tarn_io, pread);
    AT(tarn_io, pwrite);
    AT(tarn_io, flush);
    AT(tarn_io, size);
    AT(tarn_io, truncate);
    AT(tarn_io, extents);
    AT(tarn_io, zero);
    AT(tarn_io, discard);
    AT(tarn_io, allocate);
    AT(tarn_io, identity);
    AT(tarn_io, close);
    SIZE(tarn_image_info);
    AT(tarn_image_info, struct_size);
    AT(tarn_image_info, flags);
    AT(tarn_image_info, capacity);
    AT(tarn_image_info, cluster_size);
    AT(tarn_image_info, subformat);
    AT(tarn_image_info, compat);
    AT(tarn_image_info, features);
    AT(tarn_image_info, backing_name);
    AT(tarn_image_info, backing_format);
    AT(tarn_image_info, encryption);
    AT(tarn_image_info, compression);
    AT(tarn_image_info, creator);
    AT(tarn_image_info, files);
    AT(tarn_image_info, properties);
    SIZE(tarn_magic);
    AT(tarn_magic, struct_size);
    AT(tarn_magic, length);
    AT(tarn_magic, offset);
    AT(tarn_magic, bytes);
    SIZE(tarn_probe);
    AT(tarn_probe, struct_size);
    AT(tarn_probe, reserved);
    AT(tarn_probe, head);
    AT(tarn_probe, head_length);
    AT(tarn_probe, tail);
    AT(tarn_probe, tail_length);
    AT(tarn_probe, size);
    SIZE(tarn_image_spec);
    AT(tarn_image_spec, struct_size);
    AT(tarn_image_spec, preallocation);
    AT(tarn_image_spec, capacity);
    AT(tarn_image_spec, allocation);
    AT(tarn_image_spec, backing_name);
    AT(tarn_image_spec, backing_format);
    AT(tarn_image_spec, subformat);
    AT(tarn_image_spec, compat);
    AT(tarn_image_spec, cluster_size);
    AT(tarn_image_spec, features);
    AT(tarn_image_spec, options);
    SIZE(tarn_image_open);
    AT(tarn_image_open, struct_size);
    AT(tarn_image_open, flags);
    AT(tarn_image_open, snapshot);
    SIZE(tarn_format);
    AT(tarn_format, struct_size);
    AT(tarn_format, capabilities);
    AT(tarn_format, name);
    AT(tarn_format, summary);
    AT(tarn_format, magics);
    AT(tarn_format, head_needed);
    AT(tarn_format, tail_needed);
    AT(tarn_format, params);
    AT(tarn_format, probe);
    AT(tarn_format, info);
    AT(tarn_format, measure);
    AT(tarn_format, create);
    AT(tarn_format, open);
    AT(tarn_format, check);
    SIZE(tarn_module);
    AT(tarn_module, struct_size);
    AT(tarn_module, abi_version);
    AT(tarn_module, name);
    AT(tarn_module, version);
    AT(tarn_module, summary);
    AT(tarn_module, licence);
    AT(tarn_module, threads);
    AT(tarn_module, reserved);
    AT(tarn_module, lock_domain);
    AT(tarn_module, pool_types);
    AT(tarn_module, formats);
    AT(tarn_module, params);
    AT(tarn_module, load);
    AT(tarn_module, unload);
    return 0;
}
