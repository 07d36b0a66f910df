// SPDX-License-Identifier: BSD-2-Clause
//
// memory-cxx.cc - the pool type of memory.c in C++17: volumes are memory of the process. What is
// different: no exception leaves a callback, descriptors are made when it is compiled, and the
// linker is told what is exported (memory-cxx.map), since templates of the library are not hidden.
#include <cstddef>
#include <cstring>
#include <map>
#include <memory>
#include <new>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <tarn/module.h>

namespace {

using Bytes = std::vector<std::uint8_t>;

// A volume, as long as its name or a byte store has it.
using Volume = std::shared_ptr<Bytes>;

// By the UUID of the pool, and the name.
using Key = std::pair<std::string, std::string>;

// What load makes, once for each context of the host.
struct Memory {
    std::map<Key, Volume> volumes;
};

Memory &state_of(tarn_call *call)
{
    return *static_cast<Memory *>(call->module_state);
}

Key key_of(tarn_call *call, const char *name)
{
    return {call->pool->uuid, name};
}

// No exception may leave a callback: it would end the host.
template <typename Action>
std::int32_t guarded(tarn_call *call, Action action) noexcept
{
    try {
        return action();
    } catch (const std::bad_alloc &) {
        return tarn_fail(call, TARN_E_NO_SPACE, 0, "there is no memory left");
    } catch (const std::length_error &) {
        return tarn_fail(call, TARN_E_NO_SPACE, 0, "no memory is as large as was asked for");
    } catch (const std::exception &error) {
        return tarn_fail(call, TARN_E_INTERNAL, 0, "%s", error.what());
    }
}

std::int32_t not_found(tarn_call *call)
{
    return tarn_fail(call, TARN_E_NOT_FOUND, 0, "no volume of this name is in the pool %s",
                     call->pool->name);
}

// --- the bytes of a volume ---------------------------------------------------------------------

struct Store {
    tarn_io io{}; // first: the host's pointer to it is ours to the whole
    Volume volume;
};
static_assert(offsetof(Store, io) == 0, "the host's pointer is ours");

Bytes &bytes_of(tarn_io *io)
{
    return *reinterpret_cast<Store *>(io)->volume;
}

bool passes_end(const Bytes &bytes, std::uint64_t length, std::uint64_t offset)
{
    return offset > bytes.size() || length > bytes.size() - offset;
}

std::int32_t store_pread(tarn_call *call, tarn_io *io, void *buffer, std::uint64_t length,
                         std::uint64_t offset)
{
    const Bytes &bytes = bytes_of(io);

    if (passes_end(bytes, length, offset))
        return tarn_fail(call, TARN_E_INVALID, 0, "a read passes the end of the volume");
    if (length > 0)
        std::memcpy(buffer, bytes.data() + offset, length);
    return TARN_OK;
}

std::int32_t store_pwrite(tarn_call *call, tarn_io *io, const void *buffer, std::uint64_t length,
                          std::uint64_t offset)
{
    Bytes &bytes = bytes_of(io);

    if (!(io->flags & TARN_IO_WRITABLE))
        return tarn_fail(call, TARN_E_ACCESS, 0, "the volume is open for reading only");
    if (passes_end(bytes, length, offset))
        return tarn_fail(call, TARN_E_NO_SPACE, 0, "a write passes the end of the volume");
    if (length > 0)
        std::memcpy(bytes.data() + offset, buffer, length);
    return TARN_OK;
}

std::int32_t store_size(tarn_call *, tarn_io *io, std::uint64_t *out)
{
    *out = bytes_of(io).size();
    return TARN_OK;
}

std::int32_t store_close(tarn_call *, tarn_io *io)
{
    delete reinterpret_cast<Store *>(io);
    return TARN_OK;
}

tarn_io *store_new(const Volume &volume, bool writable)
{
    auto *store = new Store;

    store->volume = volume;
    store->io.struct_size = sizeof(store->io);
    store->io.flags = TARN_IO_FIXED_SIZE | (writable ? TARN_IO_WRITABLE : 0);
    store->io.fd = -1;
    store->io.pread = store_pread;
    store->io.pwrite = store_pwrite;
    store->io.size = store_size;
    store->io.close = store_close;
    return &store->io;
}

// --- the pool type -----------------------------------------------------------------------------

std::int32_t pool_open(tarn_call *, void **out_pool)
{
    *out_pool = nullptr; // the call has the definition, and the state the volumes
    return TARN_OK;
}

std::int32_t emit(tarn_call *call, const std::string &name, const Bytes &bytes)
{
    const std::string path = "memory-cxx:" + std::string(call->pool->uuid) + "/" + name;
    tarn_volume_info info{};

    info.struct_size = sizeof(info);
    info.name = name.c_str();
    info.path = path.c_str();
    info.type = "network";
    info.capacity = info.allocation = info.physical = bytes.size();
    info.head = bytes.data(); // where the host finds out the format
    info.head_length = bytes.size();
    return call->host->emit_volume(call, &info);
}

std::int32_t refresh(tarn_call *call, void *)
{
    return guarded(call, [call] {
        std::int32_t status = tarn_interrupted(call);

        for (const auto &[key, volume] : state_of(call).volumes)
            if (status == TARN_OK && key.first == call->pool->uuid)
                status = emit(call, key.second, *volume);
        return status;
    });
}

struct Container {
    std::string name;
    Volume volume;
};

std::int32_t volume_allocate(tarn_call *call, void *, const tarn_container_spec *spec,
                             void **out_container, tarn_io **out_io)
{
    if (spec->name[0] == '\0')
        return tarn_fail(call, TARN_E_INVALID, 0, "a volume has a name");
    return guarded(call, [&] {
        auto born = std::make_unique<Container>();

        born->name = spec->name;
        born->volume = std::make_shared<Bytes>(spec->size);
        *out_io = store_new(born->volume, true);
        *out_container = born.release();
        return TARN_OK;
    });
}

void volume_abort(tarn_call *, void *, void *container)
{
    delete static_cast<Container *>(container);
}

std::int32_t volume_publish(tarn_call *call, void *, void *container)
{
    return guarded(call, [&] {
        const std::unique_ptr<Container> born(static_cast<Container *>(container));

        if (state_of(call).volumes.emplace(key_of(call, born->name.c_str()), born->volume).second)
            return TARN_OK;
        return tarn_fail(call, TARN_E_EXISTS, 0, "there is a volume of this name in the pool %s",
                         call->pool->name);
    });
}

std::int32_t volume_open(tarn_call *call, void *, const char *name, std::uint32_t flags,
                         tarn_io **out_io)
{
    return guarded(call, [&] {
        const auto &volumes = state_of(call).volumes;
        const auto found = volumes.find(key_of(call, name));

        if (found == volumes.end())
            return not_found(call);
        *out_io = store_new(found->second, (flags & TARN_OPEN_WRITE) != 0);
        return TARN_OK;
    });
}

// Whoever has it open keeps the bytes, and nobody finds them.
std::int32_t volume_delete(tarn_call *call, void *, const char *name)
{
    return guarded(call, [&] {
        return state_of(call).volumes.erase(key_of(call, name)) != 0 ? TARN_OK : not_found(call);
    });
}

constexpr tarn_pool_type make_type()
{
    tarn_pool_type type{};

    type.struct_size = sizeof(type);
    type.flags = TARN_POOL_NO_TARGET | TARN_POOL_IMAGES | TARN_POOL_SIZED_CONTAINERS;
    type.name = "memory-cxx";
    type.summary = "volumes in the memory of the process";
    type.default_volume_format = "raw";
    type.open = pool_open;
    type.refresh = refresh;
    type.volume_allocate = volume_allocate;
    type.volume_publish = volume_publish;
    type.volume_abort = volume_abort;
    type.volume_open = volume_open;
    type.volume_delete = volume_delete;
    return type;
}

// --- the module --------------------------------------------------------------------------------

std::int32_t load(tarn_call *call, void **out_state)
{
    return guarded(call, [&] {
        *out_state = new Memory;
        return TARN_OK;
    });
}

void unload(void *state)
{
    delete static_cast<Memory *>(state);
}

constexpr tarn_pool_type type = make_type();
constexpr const tarn_pool_type *types[] = {&type, nullptr};

constexpr tarn_module make_module()
{
    tarn_module module{};

    module.struct_size = sizeof(module);
    module.abi_version = TARN_ABI_VERSION;
    module.name = "memory-cxx";
    module.version = "1.0";
    module.summary = "an example: the smallest pool type, in C++";
    module.licence = "BSD-2-Clause";
    module.threads = TARN_THREADS_MODULE;
    module.pool_types = types;
    module.load = load;
    module.unload = unload;
    return module;
}

constexpr tarn_module module = make_module();

} // namespace

const tarn_module *tarn_module_entry(std::uint32_t host_abi_version)
{
    return TARN_ABI_MAJOR_OF(host_abi_version) == TARN_ABI_MAJOR ? &module : nullptr;
}
